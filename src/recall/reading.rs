//! What a question means to a mind: its words as read, the times and the people that its memories tie to it.

use super::answer::recall;
use super::kin::{Alias, Ties, aliases};
use super::queries::{self, Scope};
use super::question::{Asked, Cut, Question};
use super::resident::MindIndex;
use super::spelling::{Spelling, corrections};
use super::times::{self, Event, NamedTime, TimeOrder};
use crate::error::Result;
use crate::memory::to_local;
use crate::template::Renderer;
use crate::text::terms;
use chrono::NaiveDateTime;
use duckdb::Connection;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Memories that may date an event.
const WITNESSES: usize = 3;

/// A question as one mind reads it.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Words that no memory has, and what was looked for in their place.
    pub(super) spelling: Vec<Spelling>,
    /// The times it names.
    pub(super) times: Vec<NamedTime>,
    /// Whether it asks for the first or the latest.
    pub(super) order: Option<TimeOrder>,
    /// People it speaks of in other words than memories may.
    pub(super) aliases: Vec<Alias>,
}

/// Reads questions to one mind, in their order.
pub(super) fn read_questions(
    conn: &Connection,
    renderer: &Renderer,
    scope: &Scope<'_>,
    asked: &Asked,
    questions: &[&Question],
    index: Option<&MindIndex>,
) -> Result<Vec<Reading>> {
    let texts: Vec<&str> = questions.iter().map(|q| q.text.as_str()).collect();
    let corrections = corrections(conn, renderer, scope, &texts, index)?;
    let mut ties = Ties::new(conn, renderer, scope);
    questions
        .iter()
        .map(|question| {
            let now = to_local(asked.zone, question.as_of).unwrap_or(question.as_of);
            let text = question.within_limit();
            let mut times = times::named_times(text, now);
            if let Some(event) = times::event(text).filter(|_| times.is_empty()) {
                times.extend(dated(
                    conn, renderer, scope, question, &event, now, &mut ties,
                )?);
            }
            Ok(Reading {
                spelling: spelling(question, &corrections),
                order: times::time_order(text, now),
                aliases: aliases(text, &mut ties)?,
                times,
            })
        })
        .collect()
}

/// The words of a question that are read as others.
fn spelling(question: &Question, corrections: &BTreeMap<String, Spelling>) -> Vec<Spelling> {
    if corrections.is_empty() {
        return Vec::new();
    }
    let terms: BTreeSet<String> = terms(&question.text).into_iter().collect();
    let read = terms.iter().filter_map(|term| corrections.get(term));
    read.cloned().collect()
}

/// When the event was, by what memories say of it.
fn dated(
    conn: &Connection,
    renderer: &Renderer,
    scope: &Scope<'_>,
    question: &Question,
    event: &Event,
    now: NaiveDateTime,
    ties: &mut Ties<'_>,
) -> Result<Option<NamedTime>> {
    if let Some((start, end, memory)) =
        ties.birthday(&event.what, now, times::looking(&question.text))?
    {
        return Ok(Some(event.side.span(&event.text, start, end, Some(memory))));
    }
    let witnesses = recall(
        conn,
        renderer,
        &Question {
            k: WITNESSES,
            cut: Cut::Usual,
            ..Question::new(&event.what, question.mind, question.as_of)
        },
        None,
    )?;
    for hit in &witnesses.results {
        if let Some((start, end)) = day_told(conn, renderer, scope, hit.id)? {
            return Ok(Some(event.side.span(&event.text, start, end, Some(hit.id))));
        }
    }
    Ok(None)
}

/// The day that a memory tells of.
fn day_told(
    conn: &Connection,
    renderer: &Renderer,
    scope: &Scope<'_>,
    id: i64,
) -> Result<Option<(NaiveDateTime, NaiveDateTime)>> {
    let mut statement = conn.prepare(&queries::sql(renderer, "day_told", scope)?)?;
    let mut rows = statement.query([Value::from(vec![id]).to_string()])?;
    Ok(match rows.next()? {
        Some(row) => Some((row.get("starts_at")?, row.get("ends_at")?)),
        None => None,
    })
}
