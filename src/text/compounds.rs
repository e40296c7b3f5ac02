//! Terms that stand for several words, or for a number however it is grouped, beside the words they are made of.
//!
//! `e-mail` is also `email`, `snake_case` also `snakecase`, `camelCase` also `camel` and `case`; `12,500`, `12.500` and `12 500` are
//! also `12500`; a telephone number is also its last eight digits; `-18` is also itself. A query goes through the same analyser.

use super::fold::{fold, is_unspaced, is_word_char};

/// Parts a joined word has at most.
const MOST_PARTS: usize = 6;
/// Digits of a telephone number: national ones have 7 at least, the longest of ITU-T E.164 has 15.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// The end of a telephone number is the same with and without the country's prefix.
const PHONE_END: usize = 8;

/// Calls `found` with each such term of a folded text.
pub(super) fn for_each_compound(folded: &str, mut found: impl FnMut(&str)) {
    let chars: Vec<char> = folded.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        if !is_word_char(chars[at]) || is_unspaced(chars[at]) {
            at += 1;
            continue;
        }
        if chars[at].is_ascii_digit()
            && let Some(next) = number(&chars, at, &mut found)
        {
            at = next;
            continue;
        }
        at = joined(&chars, at, &mut found);
    }
}

/// The parts of camelCase words of a text, each folded.
pub(super) fn for_each_camel_part(text: &str, mut found: impl FnMut(&str)) {
    let mut part = String::new();
    let mut parts: Vec<String> = Vec::new();
    let mut before = ' ';
    for c in text.chars().chain([' ']) {
        if is_word_char(c) {
            if before.is_lowercase() && c.is_uppercase() {
                parts.push(std::mem::take(&mut part));
            }
            part.push(c);
        } else {
            parts.push(std::mem::take(&mut part));
            if parts.len() > 1 {
                parts
                    .iter()
                    .filter(|p| !p.is_empty())
                    .for_each(|p| found(&fold(p)));
            }
            parts.clear();
        }
        before = c;
    }
}

/// A word joined from parts by single hyphens or underscores; the place after it.
fn joined(chars: &[char], start: usize, found: &mut impl FnMut(&str)) -> usize {
    let mut at = start;
    let mut whole = String::new();
    let mut parts = 1;
    loop {
        while at < chars.len() && is_word_char(chars[at]) && !is_unspaced(chars[at]) {
            whole.push(chars[at]);
            at += 1;
        }
        let goes_on = matches!(chars.get(at), Some('-' | '_' | '\u{2010}' | '\u{2011}'))
            && chars
                .get(at + 1)
                .is_some_and(|&c| is_word_char(c) && !is_unspaced(c));
        if !goes_on {
            break;
        }
        at += 1;
        parts += 1;
    }
    if (2..=MOST_PARTS).contains(&parts) {
        found(&whole);
    }
    at.max(start + 1)
}

/// A number in groups; the place after it, or none where letters belong to it.
fn number(chars: &[char], start: usize, found: &mut impl FnMut(&str)) -> Option<usize> {
    let mut groups: Vec<String> = Vec::new();
    let mut separators: Vec<String> = Vec::new();
    let mut at = start;
    let mut end;
    loop {
        let mut group = String::new();
        while at < chars.len() && chars[at].is_ascii_digit() {
            group.push(chars[at]);
            at += 1;
        }
        if chars.get(at).is_some_and(|&c| is_word_char(c)) {
            return None;
        }
        groups.push(group);
        end = at;
        let gap: String = chars[at..]
            .iter()
            .take(2)
            .take_while(|c| is_separator(**c))
            .collect();
        at += gap.chars().count();
        if gap.is_empty() || !chars.get(at).is_some_and(char::is_ascii_digit) {
            break;
        }
        separators.push(gap);
    }
    let digits = groups.concat();
    if is_grouped_by_thousands(&groups, &separators) {
        found(&digits);
    }
    if PHONE_DIGITS.contains(&digits.len()) && !is_date(&groups) {
        found(&format!(
            "tel{}",
            &digits[digits.len() - PHONE_END.min(digits.len())..]
        ));
    }
    let sign = start.checked_sub(1).map(|before| chars[before]);
    let free = start < 2 || !is_word_char(chars[start - 2]);
    if matches!(sign, Some('-' | '\u{2212}')) && free {
        found(&format!("-{}", groups[0]));
    }
    Some(end)
}

fn is_separator(c: char) -> bool {
    matches!(
        c,
        ' ' | '-' | '.' | ',' | '\'' | '/' | '(' | ')' | '\u{a0}' | '\u{202f}' | '\u{2009}'
    )
}

fn is_grouped_by_thousands(groups: &[String], separators: &[String]) -> bool {
    let alike = separators.windows(2).all(|two| two[0] == two[1]);
    let by = separators.first().map(String::as_str);
    (1..=3).contains(&groups[0].len())
        && groups.len() > 1
        && groups[1..].iter().all(|group| group.len() == 3)
        && alike
        && matches!(
            by,
            Some("," | "." | "'" | " " | "\u{a0}" | "\u{202f}" | "\u{2009}")
        )
}

/// `2024-03-05` and `05.03.2024` are no telephone numbers.
fn is_date(groups: &[String]) -> bool {
    let lengths: Vec<usize> = groups.iter().map(String::len).collect();
    matches!(lengths[..], [4, 1..=2, 1..=2, ..] | [1..=2, 1..=2, 4, ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compounds(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        for_each_compound(&fold(text), |term| found.push(term.to_owned()));
        for_each_camel_part(text, |term| found.push(term.to_owned()));
        found
    }

    #[test]
    fn what_is_written_in_parts_is_found_as_a_whole_and_the_other_way_round() {
        for (text, terms) in [
            ("She sent an e-mail", &["email"][..]),
            ("COVID-19 and snake_case", &["covid19", "snakecase"]),
            ("call getUserName()", &["get", "user", "name"]),
            ("12,500 or 12.500 or 12 500", &["12500", "12500", "12500"]),
            ("+49 170 555-0142", &["tel05550142"]),
            ("01705550142", &["tel05550142"]),
            ("-18 degrees, 5-18 of them", &["-18"]),
            ("on 2024-03-05 at 10:30", &[]),
            ("plain words only, 1 and 22", &[]),
            ("", &[]),
        ] {
            assert_eq!(compounds(text), terms, "{text}");
        }
    }
}
