//! A short answer, read with the question before it.

use super::gate::asserts;
use super::read::{Reading, Says};
use super::registry::Registry;
use super::value;
use super::words::{Gap, without_quotes, words};
use crate::text::{sentences, time_expressions};
use chrono::NaiveDateTime;

/// The fact that a short answer states, read with the question before it.
pub fn read_answer(
    registry: &Registry,
    question: &str,
    answer: &str,
    now: NaiveDateTime,
) -> Vec<Reading> {
    let Some(asked) = sentences(question)
        .into_iter()
        .rfind(|s| s.text.ends_with('?'))
    else {
        return Vec::new();
    };
    let asked: Vec<String> = words(asked.text).into_iter().map(|w| w.word).collect();
    let Some((_, slot)) = registry.asks.iter().find(|(ask, _)| {
        asked
            .windows(ask.len())
            .any(|window| window == ask.as_slice())
    }) else {
        return Vec::new();
    };
    let unquoted = without_quotes(answer);
    let Some(first) = sentences(&unquoted).into_iter().next() else {
        return Vec::new();
    };
    let words = words(first.text);
    if words.len() > 8 || words.is_empty() || !asserts(first.text, &words) {
        return Vec::new();
    }
    let light = [
        "in",
        "at",
        "it's",
        "its",
        "it",
        "is",
        "on",
        "just",
        "currently",
        "near",
        "from",
        "for",
        "as",
        "a",
        "an",
        "the",
        "oh",
        "well",
        "i",
        "am",
        "my",
    ];
    let start = words
        .iter()
        .position(|w| !light.contains(&w.word.as_str()))
        .unwrap_or(0);
    let slot = &registry.slots[*slot];
    let taken = value::take(&words, start, slot.value, first.text);
    let Some(taken) = taken.filter(|t| t.end >= words.len() || words[t.end].gap != Gap::Blank)
    else {
        return Vec::new();
    };
    vec![Reading {
        subject: None,
        slot: slot.name.clone(),
        value: taken.text,
        positive: true,
        says: Says::Holds,
        from: None,
        until: None,
        words: first.text.trim().to_owned(),
    }]
    .into_iter()
    .filter(|reading| !reading.value.is_empty() && time_expressions(answer, now).len() < 4)
    .collect()
}
