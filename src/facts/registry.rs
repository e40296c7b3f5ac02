//! The registry of slots, `config/slots.yaml`, with its phrases made ready for matching.

use crate::error::{Error, Result};
use crate::text::fold::fold;
use md5::{Digest, Md5};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

/// How many values a slot has at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cardinality {
    /// One: a new value supersedes.
    One,
    /// Many: values stand beside each other.
    Many,
}

/// What a value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ValueKind {
    Name,
    Place,
    Phrase,
    Number,
    Date,
    Email,
    Address,
    Clause,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SlotEntry {
    cardinality: Cardinality,
    holds: f64,
    value: ValueKind,
    #[serde(default)]
    essential: bool,
    #[serde(default)]
    recurring: bool,
    #[serde(default)]
    planned: bool,
    #[serde(default)]
    negatable: bool,
    phrases: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    past: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    asks: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    slots: BTreeMap<String, SlotEntry>,
    lists: BTreeMap<String, String>,
}

/// A slot.
#[derive(Debug)]
pub struct Slot {
    /// Its name.
    pub name: String,
    /// How many values it has at a time.
    pub cardinality: Cardinality,
    /// Days until confidence has fallen to gradual_forgetting_rate.
    pub holds: f64,
    /// Whether an assistant should know it from the start.
    pub essential: bool,
    pub(super) value: ValueKind,
    pub(super) recurring: bool,
    pub(super) planned: bool,
    pub(super) negatable: bool,
}

/// A part of a phrase.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    /// Whoever the fact is about, with auxiliaries and adverbs after it.
    Subject,
    /// One of several sequences of words; an empty one may be left out.
    Words(Vec<Vec<String>>),
    /// A form of a verb; whether it tells of something that happened.
    Verb { base: String, event: bool },
    /// The value.
    Value,
    /// A value out of a list.
    Listed(String),
    /// What the slot is about: favourite {key}. The text before it belongs to the same word.
    Key(String),
}

#[derive(Debug)]
pub(super) struct Phrase {
    pub slot: usize,
    pub parts: Vec<Part>,
    /// The words of the text tell how it was.
    pub past: bool,
}

/// The slots, with what is needed to find them.
#[derive(Debug)]
pub struct Registry {
    pub(super) slots: Vec<Slot>,
    /// By what they begin with; those that begin with a subject are under `i`.
    pub(super) phrases: HashMap<String, Vec<Phrase>>,
    pub(super) lists: HashMap<String, Vec<Vec<String>>>,
    /// Question, folded, and its slot.
    pub(super) asks: Vec<(Vec<String>, usize)>,
    /// Of the file's text and the rules' version.
    pub(super) version: String,
}

/// Grows when the rules read texts otherwise.
const RULES: u32 = 1;

const EMBEDDED: &str = include_str!("../../config/slots.yaml");

/// The registry that comes with codex.
///
/// # Errors
/// Failed when it is malformed, which a test rules out.
pub fn registry() -> Result<&'static Registry> {
    static REGISTRY: LazyLock<std::result::Result<Registry, String>> =
        LazyLock::new(|| Registry::parse(EMBEDDED));
    REGISTRY
        .as_ref()
        .map_err(|e| Error::failed(format!("config/slots.yaml: {e}")))
}

impl Registry {
    fn parse(text: &str) -> std::result::Result<Registry, String> {
        let file: File = serde_yaml::from_str(text).map_err(|e| e.to_string())?;
        let lists = file
            .lists
            .iter()
            .map(|(name, items)| {
                let mut items: Vec<Vec<String>> = items
                    .split_whitespace()
                    .map(|item| item.split('_').map(fold).collect())
                    .collect();
                // The longest first: "data engineer" before "engineer".
                items.sort_by_key(|item: &Vec<String>| std::cmp::Reverse(item.len()));
                (name.clone(), items)
            })
            .collect::<HashMap<_, _>>();
        let mut registry = Registry {
            slots: Vec::new(),
            phrases: HashMap::new(),
            lists,
            asks: Vec::new(),
            version: format!("{RULES}:{}", md5_of(text)),
        };
        for (name, entry) in file.slots {
            registry.add(name, entry)?;
        }
        Ok(registry)
    }

    fn add(&mut self, name: String, entry: SlotEntry) -> std::result::Result<(), String> {
        let slot = self.slots.len();
        for (phrases, past) in [(&entry.phrases, false), (&entry.past, true)] {
            for (language, phrases) in phrases {
                for phrase in phrases {
                    let parts = self
                        .parts(phrase, language == "en")
                        .map_err(|e| format!("slot {name}: '{phrase}': {e}"))?;
                    for first in first_words(&parts) {
                        self.phrases.entry(first).or_default().push(Phrase {
                            slot,
                            parts: parts.clone(),
                            past,
                        });
                    }
                }
            }
        }
        for ask in &entry.asks {
            self.asks.push((plain(ask), slot));
        }
        self.slots.push(Slot {
            name,
            cardinality: entry.cardinality,
            holds: entry.holds,
            essential: entry.essential,
            value: entry.value,
            recurring: entry.recurring,
            planned: entry.planned,
            negatable: entry.negatable,
        });
        Ok(())
    }

    fn parts(&self, phrase: &str, english: bool) -> std::result::Result<Vec<Part>, String> {
        let mut parts = Vec::new();
        for piece in split(phrase) {
            let part = if english && piece == "I" && parts.is_empty() {
                Part::Subject
            } else if let Some(choices) = piece.strip_prefix('(').and_then(|p| p.split_once(')')) {
                // (sister|brother)'s
                let (choices, end) = choices;
                Part::Words(
                    choices
                        .split('|')
                        .map(|choice| plain(&format!("{choice}{end}")))
                        .collect(),
                )
            } else if piece == "{}" {
                Part::Value
            } else if let Some((before, list)) = piece
                .strip_suffix('}')
                .and_then(|piece| piece.split_once('{'))
            {
                match list {
                    "key" => Part::Key(fold(before)),
                    "number" => Part::Listed(list.to_owned()),
                    _ if self.lists.contains_key(list) => Part::Listed(list.to_owned()),
                    _ => return Err(format!("there is no list {list}")),
                }
            } else if let Some(base) = piece.strip_suffix('*') {
                Part::Verb {
                    base: base.to_owned(),
                    event: false,
                }
            } else if let Some(base) = piece.strip_suffix('!') {
                Part::Verb {
                    base: base.to_owned(),
                    event: true,
                }
            } else {
                Part::Words(vec![plain(&piece)])
            };
            parts.push(part);
        }
        if !parts
            .iter()
            .any(|part| matches!(part, Part::Value | Part::Listed(_)))
        {
            return Err("it has no {}".to_owned());
        }
        Ok(parts)
    }

    /// The slot of that name; `favourite:tea` is one of `favourite`.
    pub fn slot(&self, name: &str) -> Option<&Slot> {
        let base = name.split_once(':').map_or(name, |(base, _)| base);
        self.slots.iter().find(|slot| slot.name == base)
    }

    /// Every slot, by name.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }
}

fn md5_of(text: &str) -> String {
    format!("{:x}", Md5::digest(text))
}

/// The words of a text, folded.
fn plain(text: &str) -> Vec<String> {
    let words = super::words::words(text).into_iter();
    words.map(|word| word.word).collect()
}

/// At blanks outside of brackets.
fn split(phrase: &str) -> Vec<String> {
    let (mut pieces, mut depth) = (vec![String::new()], 0);
    for c in phrase.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ' ' if depth == 0 => {
                pieces.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = pieces.last_mut() {
            last.push(c);
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

fn first_words(parts: &[Part]) -> Vec<String> {
    match parts.first() {
        Some(Part::Words(choices)) => {
            let mut first: Vec<String> =
                choices.iter().filter_map(|c| c.first().cloned()).collect();
            first.dedup();
            first
        }
        _ => vec!["i".to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_is_read_whole() {
        let registry = registry().unwrap();
        assert!(registry.slots.len() >= 60, "{}", registry.slots.len());
        assert_eq!(
            registry.slot("favourite:tea").map(|s| s.cardinality),
            Some(Cardinality::One)
        );
    }
}
