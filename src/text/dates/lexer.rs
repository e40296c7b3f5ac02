//! Words, numbers and the marks that hold a date together.

use crate::text::fold::fold;
use crate::text::words::{Word, surface_words};

/// A lower-case word or number with its place in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit {
    /// Folded; a possessive `'s` is cut off.
    pub(super) word: String,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Whether it is written with a capital.
    pub(super) capital: bool,
    /// What stands between the previous unit and this one holds a phrase together: blanks, a comma, `@`, a hyphen.
    pub(super) joined: bool,
}

/// Words longer than this are no part of a time expression.
const MAX_WORD: usize = 32;

pub(super) fn units(text: &str) -> Vec<Unit> {
    let words = surface_words(text);
    let mut units: Vec<Unit> = Vec::with_capacity(words.len());
    let mut last = 0;
    for word in words {
        let gap = &text[last..word.start];
        last = word.end;
        let joined = gap.len() <= 4
            && gap
                .chars()
                .all(|c| matches!(c, ' ' | ',' | '\t' | '\n' | '.' | '@' | '-' | '('));
        let full_stop =
            gap.contains('.') && !units.last().is_some_and(|unit| is_shortened(&unit.word));
        push_parts(word, joined && !full_stop, &mut units);
    }
    units
}

/// "Aug. 5" and "5 p.m." go on after their period.
fn is_shortened(word: &str) -> bool {
    matches!(
        word,
        "jan"
            | "feb"
            | "mar"
            | "apr"
            | "jun"
            | "jul"
            | "aug"
            | "sep"
            | "sept"
            | "oct"
            | "nov"
            | "dec"
            | "a"
            | "p"
            | "m"
            | "mon"
            | "tue"
            | "tues"
            | "wed"
            | "thu"
            | "thur"
            | "thurs"
            | "fri"
            | "sat"
            | "sun"
    )
}

/// Splits `5pm` and `3-day`, so that the grammar sees `5`, `pm`; keeps dates and times of day whole.
fn push_parts(word: Word<'_>, joined: bool, units: &mut Vec<Unit>) {
    let capital = word.text.starts_with(char::is_uppercase);
    if word.text.len() > MAX_WORD {
        units.push(Unit {
            word: String::new(),
            start: word.start,
            end: word.end,
            capital,
            joined,
        });
        return;
    }
    let digits = word.text.len()
        - word
            .text
            .trim_start_matches(|c: char| c.is_ascii_digit() || c == ':')
            .len();
    let rest = &word.text[digits..];
    if digits > 0 && rest.chars().all(|c| c.is_ascii_alphabetic()) && !rest.is_empty() {
        let middle = word.start + digits;
        let suffix = rest.to_ascii_lowercase();
        if matches!(suffix.as_str(), "st" | "nd" | "rd" | "th") {
            let ordinal = format!("{}th", &word.text[..digits]);
            units.push(Unit {
                word: ordinal,
                start: word.start,
                end: word.end,
                capital,
                joined,
            });
        } else {
            let number = word.text[..digits].to_owned();
            units.push(Unit {
                word: number,
                start: word.start,
                end: middle,
                capital,
                joined,
            });
            units.push(Unit {
                word: suffix,
                start: middle,
                end: word.end,
                capital: false,
                joined: true,
            });
        }
        return;
    }
    let folded = fold(word.text);
    if let Some(parts) = hyphenated(word, &folded) {
        units.extend(
            parts
                .into_iter()
                .enumerate()
                .map(|(i, (word, start, end))| Unit {
                    word,
                    start,
                    end,
                    capital,
                    joined: joined || i > 0,
                }),
        );
        return;
    }
    let bare = folded.strip_suffix("'s").unwrap_or(&folded);
    let end = if bare.len() < folded.len() {
        possessive_start(word)
    } else {
        word.end
    };
    units.push(Unit {
        word: bare.to_owned(),
        start: word.start,
        end,
        capital,
        joined,
    });
}

/// Where `'s` begins: "yesterday's" is the expression "yesterday".
fn possessive_start(word: Word<'_>) -> usize {
    let apostrophe = word.text.rfind(['\'', '\u{2019}', '\u{2018}', '\u{02BC}']);
    word.start + apostrophe.unwrap_or(word.text.len())
}

/// "mid-May" and "three-week" are two words to the grammar; dates like 2023-05-08 are one.
fn hyphenated(word: Word<'_>, folded: &str) -> Option<Vec<(String, usize, usize)>> {
    if folded.starts_with(|c: char| c.is_ascii_digit())
        || !word.text.is_ascii()
        || !word.text.contains('-')
    {
        return None;
    }
    let mut start = word.start;
    let parts = folded.split('-').map(|part| {
        let end = start + part.len();
        let unit = (part.to_owned(), start, end);
        start = end + 1;
        unit
    });
    Some(parts.collect())
}
