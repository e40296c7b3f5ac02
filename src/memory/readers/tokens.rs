//! The smallest parts of written dates and times. Each function takes one from the start of a text and leaves the rest.

use crate::text::dates::MONTHS;

const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// A run of `least` to `most` digits and what follows; `None` when the run is shorter or longer.
pub(super) fn digits(text: &str, least: usize, most: usize) -> Option<(u32, &str)> {
    let count = text.bytes().take_while(u8::is_ascii_digit).count();
    if count < least || count > most {
        return None;
    }
    Some((text[..count].parse().ok()?, &text[count..]))
}

/// .250 or ,250 in microseconds; finer digits are cut off.
pub(super) fn fraction(text: &str) -> (u32, &str) {
    let Some(rest) = text.strip_prefix(['.', ',']) else {
        return (0, text);
    };
    let count = rest.bytes().take_while(u8::is_ascii_digit).count();
    if count == 0 {
        return (0, text);
    }
    let micros = rest
        .bytes()
        .take(count)
        .chain(std::iter::repeat(b'0'))
        .take(6);
    (
        micros.fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')),
        &rest[count..],
    )
}

/// AM or PM (`true`), in any of the ways phones write them.
pub(super) fn half_of_day(text: &str) -> Option<(bool, &str)> {
    let text = text.trim_start_matches([' ', '\u{a0}', '\u{202f}']);
    ["AM", "A.M.", "PM", "P.M."]
        .into_iter()
        .find_map(|name| strip_word(text, name).map(|rest| (name.starts_with('P'), rest)))
}

pub(super) fn after_weekday(text: &str) -> &str {
    let word = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let name = text[..word].to_ascii_lowercase();
    let is_weekday = WEEKDAYS
        .iter()
        .any(|day| *day == name || (name.len() >= 3 && name.len() <= 5 && day.starts_with(&name)));
    if is_weekday {
        text[word..].trim_start_matches(['.', ',', ' '])
    } else {
        text
    }
}

pub(super) fn month(text: &str) -> Option<(u32, &str)> {
    let word = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let name = text[..word].to_ascii_lowercase();
    let short = |month: &str| {
        name.len() == 3 && month.starts_with(&name) || name == "sept" && month == "september"
    };
    let index = MONTHS
        .iter()
        .position(|month| *month == name || short(month))?;
    let rest = &text[word..];
    Some((index as u32 + 1, rest.strip_prefix('.').unwrap_or(rest)))
}

pub(super) fn after_ordinal(text: &str) -> &str {
    ["st", "nd", "rd", "th"]
        .into_iter()
        .find_map(|suffix| strip_word(text, suffix))
        .unwrap_or(text)
}

/// Strips an ASCII word, in any case, that ends where it should.
pub(super) fn strip_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let rest = text.get(word.len()..)?;
    let same = text.as_bytes()[..word.len()].eq_ignore_ascii_case(word.as_bytes());
    (same && !rest.starts_with(char::is_alphanumeric)).then_some(rest)
}
