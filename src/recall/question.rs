//! What a question names: words, a person, times.

use crate::memory::{MindId, to_local};
use crate::text::{self, TimeExpression};
use chrono::NaiveDateTime;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Distinct terms taken from a question; the ranking keeps its rarest.
const MOST_TERMS: usize = 2_000;
/// Bytes of a question in which times are looked for.
const TIMES_WITHIN: usize = 10_000;

/// A question to one mind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The words asked.
    pub text: String,
    /// Whose memories.
    pub mind: MindId,
    /// At most this many results; at least 1.
    pub k: usize,
    /// The moment of asking, UTC: nothing made later comes up.
    pub as_of: NaiveDateTime,
    /// Whether results say why they came up.
    pub explain: bool,
}

/// A mind as questions to it need it.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) zone: Tz,
    pub(super) speakers: Vec<String>,
    pub(super) memories: usize,
    pub(super) lived_on: bool,
}

impl Question {
    /// The question as `ranking.sql` takes it.
    pub(super) fn as_json(&self, number: usize, asked: &Asked) -> Value {
        let mut terms = BTreeSet::new();
        text::for_each_term(&self.text, |term| {
            if terms.len() < MOST_TERMS {
                terms.insert(term.to_owned());
            }
        });
        let speaker = named_speaker(&terms, &asked.speakers);
        let time = |at: NaiveDateTime| at.format("%Y-%m-%d %H:%M:%S").to_string();
        let spans: Vec<_> = self
            .times(asked.zone)
            .iter()
            .map(|t| json!({"start": time(t.start), "end": time(t.end)}))
            .collect();
        json!({"question": number, "k": self.limit(), "terms": terms, "speaker": speaker, "spans": spans})
    }

    /// `k` as a number SQL can count to.
    pub(super) fn limit(&self) -> i64 {
        i64::from(u32::try_from(self.k).unwrap_or(u32::MAX))
    }

    fn times(&self, zone: Tz) -> Vec<TimeExpression> {
        let mut end = self.text.len().min(TIMES_WITHIN);
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        text::time_expressions(
            &self.text[..end],
            to_local(zone, self.as_of).unwrap_or(self.as_of),
        )
    }
}

/// The one speaker a question names: by the whole name, else by the first word of it. Two of them are none.
fn named_speaker<'a>(terms: &BTreeSet<String>, speakers: &'a [String]) -> Option<&'a str> {
    let names: Vec<(&str, Vec<String>)> = speakers
        .iter()
        .map(|s| (s.as_str(), text::terms(s)))
        .filter(|(s, name)| !name.is_empty() && !s.chars().any(char::is_control))
        .collect();
    let only = |named: Vec<&'a str>| match named[..] {
        [one] => Some(one),
        _ => None,
    };
    let whole: Vec<&str> = names
        .iter()
        .filter(|(_, n)| n.iter().all(|t| terms.contains(t)))
        .map(|(s, _)| *s)
        .collect();
    if !whole.is_empty() {
        return only(whole);
    }
    only(
        names
            .iter()
            .filter(|(_, n)| terms.contains(&n[0]))
            .map(|(s, _)| *s)
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_speaker_is_named_or_none() {
        let speakers = ["Ana Lima", "Ana Sousa", "Bento", "\u{1}"].map(str::to_owned);
        for (question, expected) in [
            ("What did Bento's sister say?", Some("Bento")),
            ("Where did Ana Sousa go?", Some("Ana Sousa")),
            ("Where did Ana go?", None),
            ("What do Bento and Ana Lima share?", None),
            ("What is it?", None),
        ] {
            let terms = text::terms(question).into_iter().collect();
            assert_eq!(named_speaker(&terms, &speakers), expected, "{question}");
        }
    }
}
