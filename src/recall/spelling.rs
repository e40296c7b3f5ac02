//! Words that no memory has, read as the nearest that one has.

use super::queries::{self, Scope};
use super::resident::MindIndex;
use crate::error::Result;
use crate::template::Renderer;
use crate::text;
use duckdb::Connection;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use unicode_segmentation::UnicodeSegmentation;

/// A word of a question and what it was read as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spelling {
    /// The word as it was asked.
    pub asked: String,
    /// Its term; no memory has it.
    #[serde(skip)]
    pub asked_term: String,
    /// The term that was looked for in its place.
    pub term: String,
}

/// Letters from which a word may differ by one edit; shorter words are too often other words.
const ONE_EDIT: usize = 5;
/// Letters from which it may differ by two.
const TWO_EDITS: usize = 9;
/// Words of a question that are looked at.
const MOST: usize = 64;

/// The terms of the texts that some memory of the mind has.
pub(super) fn known_terms(
    conn: &Connection,
    renderer: &Renderer,
    scope: &Scope<'_>,
    terms: &BTreeSet<String>,
) -> Result<BTreeSet<String>> {
    let mut statement = conn.prepare(&queries::sql(renderer, "known_terms", scope)?)?;
    let rows = statement.query_map([json!(terms).to_string()], |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How to read the words of the texts that no memory has, by term. A word that a memory has is never read as another one.
pub(super) fn corrections(
    conn: &Connection,
    renderer: &Renderer,
    scope: &Scope<'_>,
    texts: &[&str],
    index: Option<&MindIndex>,
) -> Result<BTreeMap<String, Spelling>> {
    let words: BTreeMap<String, String> = texts.iter().flat_map(|text| long_words(text)).collect();
    if words.is_empty() {
        return Ok(BTreeMap::new());
    }
    let terms = words.keys().cloned().collect();
    let known = match index {
        Some(index) => index.known(&terms),
        None => known_terms(conn, renderer, scope, &terms)?,
    };
    let unknown: Vec<Value> = words
        .iter()
        .filter(|(term, _)| !known.contains(*term))
        .map(|(term, word)| json!({"term": term, "edits": edits(word)}))
        .collect();
    if unknown.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut statement = conn.prepare(&queries::sql(renderer, "spelling", scope)?)?;
    let rows = statement.query_map([Value::Array(unknown).to_string()], |r| {
        Ok((r.get::<_, String>("asked")?, r.get::<_, String>("term")?))
    })?;
    let mut found = BTreeMap::new();
    for row in rows {
        let (asked_term, term) = row?;
        let asked = words.get(&asked_term).cloned().unwrap_or_default();
        let spelling = Spelling {
            asked,
            asked_term: asked_term.clone(),
            term,
        };
        found.insert(asked_term, spelling);
    }
    Ok(found)
}

/// Words of letters alone that are long enough to be misspelt, by their one term.
fn long_words(text: &str) -> impl Iterator<Item = (String, String)> {
    text.unicode_words().take(MOST).filter_map(|word| {
        if edits(word) == 0 || !word.chars().all(char::is_alphabetic) {
            return None;
        }
        match &text::terms(word)[..] {
            [term] => Some((term.clone(), word.to_owned())),
            _ => None,
        }
    })
}

fn edits(word: &str) -> usize {
    match word.chars().count() {
        TWO_EDITS.. => 2,
        ONE_EDIT.. => 1,
        _ => 0,
    }
}
