//! Time expressions in text, resolved against the local time of writing.
//!
//! A small grammar over words, not a parser of English: it takes the longest match at each word. Choices, where
//! English leaves one:
//!
//! * Ranges are half-open and as long as the words are vague: "at 5:30 pm" is a minute, "at 5pm" an hour,
//!   "yesterday" a day, "two weeks ago" the Monday–Sunday week two before this one, "3 years ago" a calendar year.
//! * A date without its year, or a bare weekday, is the nearest one in either direction. "last" is the latest that is
//!   over, "next" the first that has not begun, "this" the one of the current week or year.
//! * `5/8/2023` is month first unless the first number is above 12; `8.5.2023` is day first.
//! * Seasons are the northern meteorological ones. Morning is 6–12, afternoon 12–18, evening 18–22, night 18–6.
//! * Years run from 1 to 9999; anything outside is no expression.

mod calendar;
mod grammar;
mod lexer;
mod numbers;
mod phrases;

pub use calendar::{Looking, MONTHS};
use chrono::{Datelike, NaiveDateTime};
use serde::{Deserialize, Serialize};

use calendar::Now;
pub use calendar::Span;

/// An expression of time and the half-open range of local time it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeExpression {
    /// The words as written.
    pub text: String,
    /// The first moment, local time.
    pub start: NaiveDateTime,
    /// The first moment after it, local time; always later than `start`.
    pub end: NaiveDateTime,
}

/// At most this many expressions are taken from one text.
pub const MAX_EXPRESSIONS: usize = 64;

/// The time expressions of a text in order, without overlaps.
///
/// `now` is the local time at which the text was written.
pub fn time_expressions(text: &str, now: NaiveDateTime) -> Vec<TimeExpression> {
    time_expressions_looking(text, now, Looking::Around)
}

/// The same where it is known in which direction a date without its year, or a weekday, lies: "Where was I on Friday?" looks back.
pub fn time_expressions_looking(
    text: &str,
    now: NaiveDateTime,
    looking: Looking,
) -> Vec<TimeExpression> {
    let now = Now { at: now, looking };
    let units = lexer::units(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < units.len() && found.len() < MAX_EXPRESSIONS {
        match grammar::expression(&units[at..], now) {
            Some((span, taken)) => {
                let (start, end) = (units[at].start, units[at + taken - 1].end);
                found.push(TimeExpression {
                    text: text[start..end].to_owned(),
                    start: span.start,
                    end: span.end,
                });
                at += taken;
            }
            None => at += 1,
        }
    }
    found
}

/// The lexical terms of the day a memory was made, as a person would write it: 8 May 2023 → `8`, `may`, `2023`.
///
/// They go through [`terms`](super::terms), so they match the same words in a query.
pub fn header_terms(created_at: NaiveDateTime) -> Vec<String> {
    super::terms(&format!(
        "{} {} {}",
        created_at.day(),
        calendar::month_name(created_at.month()),
        created_at.year()
    ))
}

#[cfg(test)]
mod tests;
