//! What is told, kind by kind: each file says what it models, what must be true before it may speak, and what silences it.
//!
//! # Layout
//!
//! * this file: [`Finding`] and what the kinds share
//! * `due`: tasks and appointments with a day, overdue tasks, questions without an answer
//! * `fact`: what holds about the person where it is new
//! * `change`: changes of mind; `debt`: who owes whom; `habit`: what has stopped, who has not been there; `progress`: numbers that move

pub(super) mod change;
pub(super) mod debt;
pub(super) mod due;
pub(super) mod fact;
pub(super) mod habit;
pub(super) mod progress;

use super::reading::cues::Phrases;
use super::reading::{Diary, Place};
use chrono::NaiveDate;
use serde_json::Value;
use std::collections::BTreeSet;

/// Characters of a memory that a sentence quotes.
const LONGEST_QUOTE: usize = 160;

/// Something that may be told.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    pub(super) kind: &'static str,
    /// A sentence for a person.
    pub(super) title: String,
    /// The memories it rests on, in the order that tells it.
    pub(super) evidence: Vec<i64>,
    /// The day of the newest of them.
    pub(super) newest: NaiveDate,
    /// What it is about.
    pub(super) matter: BTreeSet<String>,
    /// How glad one is of its kind, and how much it presses.
    pub(super) weight: f64,
    pub(super) urgency: f64,
    /// Whether it grows with age rather than fading.
    pub(super) is_lasting: bool,
    /// Of those told on texts that nobody tuned on, how many were right.
    pub(super) confidence: f64,
    pub(super) details: Value,
}

/// A sentence as it is quoted, with the one before it where it has nothing to say alone.
fn quote(place: &Place<'_>) -> String {
    let text = &place.sentence.text;
    let is_bare = place.sentence.stems.len() < 2 && place.number > 0;
    let whole = match place.entry.sentences.get(place.number.wrapping_sub(1)) {
        Some(before) if is_bare => format!("{} {text}", before.text),
        _ => text.clone(),
    };
    if whole.chars().count() <= LONGEST_QUOTE {
        return whole;
    }
    let cut: String = whole.chars().take(LONGEST_QUOTE).collect();
    format!(
        "{}…",
        cut.rsplit_once(' ')
            .map_or(cut.as_str(), |(start, _)| start)
    )
}

/// How insights speak of this sentence.
fn say(place: &Place<'_>) -> &'static Phrases {
    &place.cues().say
}

/// The rare ones among stems.
fn rare<'a>(diary: &Diary, stems: impl IntoIterator<Item = &'a String>) -> BTreeSet<&'a str> {
    stems
        .into_iter()
        .filter(|stem| diary.is_rare(stem))
        .map(String::as_str)
        .collect()
}

fn shared<'a>(one: &BTreeSet<&'a str>, other: &'a [String]) -> BTreeSet<&'a str> {
    other
        .iter()
        .map(String::as_str)
        .filter(|stem| one.contains(stem))
        .collect()
}
