//! Where a value begins and ends.

use super::lists::{CUTS, DETERMINERS, LIGHT, NO_BEGINNING, VAGUE};
pub(super) use super::lists::{MODIFIERS, is_stop};
use super::registry::ValueKind;
use super::words::{Gap, Word};
use crate::enrich::is_known_place;
use crate::text::MONTHS;
use crate::text::fold::fold;

/// A value and the word after it.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    pub text: String,
    pub start: usize,
    pub end: usize,
}

impl Taken {
    /// Cuts words of time and manner off its end.
    pub(super) fn trim(&mut self, words: &[Word<'_>], text: &str) {
        while self.end > self.start + 1 && is_stop(&words[self.end - 1].word) {
            self.end -= 1;
            *self = taken(words, self.start, self.end, text);
        }
    }
}

pub(super) fn taken(words: &[Word<'_>], start: usize, end: usize, text: &str) -> Taken {
    Taken {
        text: text[words[start].start..words[end - 1].end].to_owned(),
        start,
        end,
    }
}

/// The value of that kind that begins at `at`.
pub(super) fn take(words: &[Word<'_>], at: usize, kind: ValueKind, text: &str) -> Option<Taken> {
    take_until(words, at, kind, text, None)
}

/// The same, ending before the word `until` where one is given.
pub(super) fn take_until(
    words: &[Word<'_>],
    at: usize,
    kind: ValueKind,
    text: &str,
    until: Option<&String>,
) -> Option<Taken> {
    words.get(at)?;
    match kind {
        ValueKind::Name => name(words, at, text, false),
        ValueKind::Place => place(words, at, text),
        ValueKind::Phrase => phrase(words, at, text, until),
        ValueKind::Number => number(words, at, text),
        ValueKind::Date => date(words, at, text),
        ValueKind::Email => email(words, at, text),
        ValueKind::Address => address(words, at, text),
        ValueKind::Clause => clause(words, at, text, until),
    }
}

fn name(words: &[Word<'_>], at: usize, text: &str, place: bool) -> Option<Taken> {
    let mut at = at;
    if at > 0 && words[at].gap != Gap::Blank && words[at].gap != Gap::Comma {
        return None;
    }
    while DETERMINERS.contains(&words.get(at)?.word.as_str()) && !words[at].capital() {
        at += 1;
    }
    let start = at;
    let is_name = |w: &Word<'_>, inside: bool| {
        (w.capital() || inside && w.digits()) && !matches!(w.word.as_str(), "i" | "i'm")
    };
    if !is_name(words.get(at)?, false) {
        return None;
    }
    while at < words.len() && at < start + 6 {
        let word = &words[at];
        let joined = at > start && word.gap != Gap::Blank;
        let state =
            place && word.gap == Gap::Comma && word.capital() && at > start && !is_stop(&word.word);
        if joined && !state {
            break;
        }
        let links = at > start
            && matches!(
                word.word.as_str(),
                "of" | "de"
                    | "da"
                    | "do"
                    | "dos"
                    | "das"
                    | "del"
                    | "la"
                    | "van"
                    | "von"
                    | "der"
                    | "the"
                    | "du"
                    | "am"
                    | "&"
            )
            && words
                .get(at + 1)
                .is_some_and(|next| next.capital() && next.gap == Gap::Blank && next.word != "i");
        if !(is_name(word, at > start) || links) || at > start && is_day_or_month(&word.word) {
            break;
        }
        at += 1;
    }
    let mut found = (at > start && !is_day_or_month(&words[start].word))
        .then(|| taken(words, start, at, text))?;
    // "my daughter Sara's birthday" is about Sara.
    for own in ["'s", "’s"] {
        if let Some(name) = found.text.strip_suffix(own) {
            found.text = name.to_owned();
        }
    }
    Some(found)
}

fn is_day_or_month(word: &str) -> bool {
    let word = word.trim_end_matches("'s");
    [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "christmas",
        "easter",
        "english",
    ]
    .contains(&word)
        || is_month(word)
}

fn is_month(word: &str) -> bool {
    let long = MONTHS.iter().any(|month| fold(month) == word);
    long || [
        "januar",
        "februar",
        "marz",
        "mai",
        "juni",
        "juli",
        "oktober",
        "dezember",
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
        "janvier",
        "fevrier",
        "mars",
        "avril",
        "juin",
        "juillet",
        "aout",
        "septembre",
        "octobre",
        "novembre",
        "decembre",
        "janeiro",
        "fevereiro",
        "marco",
        "maio",
        "junho",
        "julho",
        "setembro",
        "outubro",
        "novembro",
        "dezembro",
    ]
    .contains(&word)
}

fn place(words: &[Word<'_>], at: usize, text: &str) -> Option<Taken> {
    if let Some(found) = name(words, at, text, true) {
        return Some(found);
    }
    for length in [3, 2, 1] {
        let end = at + length;
        if end <= words.len() {
            let joined: Vec<_> = words[at..end].iter().map(|w| w.word.as_str()).collect();
            if is_known_place(&joined.join(" ")) {
                return Some(taken(words, at, end, text));
            }
        }
    }
    None
}

fn phrase(words: &[Word<'_>], at: usize, text: &str, until: Option<&String>) -> Option<Taken> {
    let mut start = at;
    if words[start].gap != Gap::Blank && start > 0 {
        return None;
    }
    while DETERMINERS.contains(&words.get(start)?.word.as_str()) && words[start].text != "O" {
        start += 1;
    }
    if NO_BEGINNING.contains(&words.get(start)?.word.as_str()) || is_stop(&words[start].word) {
        return None;
    }
    let mut end = start;
    let limit = if until.is_some() { 8 } else { 5 };
    while end < words.len() && end < start + limit {
        let word = &words[end];
        if end > start && word.gap != Gap::Blank || until.is_some_and(|u| *u == word.word) {
            break;
        }
        if end > start && until.is_none() && is_stop(&word.word) {
            break;
        }
        end += 1;
    }
    // A phrase that would go on is cut in the middle of a thought: better none.
    let goes_on = until.is_none()
        && words.get(end).is_some_and(|next| {
            next.gap == Gap::Blank && (!is_stop(&next.word) || CUTS.contains(&next.word.as_str()))
        });
    let vague = words[start..end].iter().any(|w| VAGUE.contains(&w.word.as_str()))
        // "spending time", "going", "curling up": with whom and where is what counts, and stands behind.
        || LIGHT.contains(&words[start].word.as_str())
            && (end == start + 1 || end == start + 2 && ["up", "out", "time", "around"].contains(&words[start + 1].word.as_str()));
    (end > start && !goes_on && !vague).then(|| taken(words, start, end, text))
}

const NUMBERS: &[&str] = &[
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "zwei", "drei", "vier", "funf", "dos", "tres", "cuatro", "cinco", "deux", "trois",
    "quatre", "cinq", "dois", "duas", "quatro", "seis",
];

fn number(words: &[Word<'_>], at: usize, text: &str) -> Option<Taken> {
    if NUMBERS.contains(&words[at].word.as_str()) {
        return Some(taken(words, at, at + 1, text));
    }
    let mut end = at;
    while end < words.len()
        && words[end].digits()
        && (end == at
            || text[words[end - 1].end..words[end].start]
                .chars()
                .all(|c| matches!(c, ' ' | '-' | '(' | ')' | '/' | '.')))
    {
        end += 1;
    }
    if end == at {
        return None;
    }
    let mut found = taken(words, at, end, text);
    // The plus of an international number is no word.
    if text[..words[at].start].ends_with('+') {
        found.text = format!("+{}", found.text);
    }
    Some(found)
}

fn date(words: &[Word<'_>], at: usize, text: &str) -> Option<Taken> {
    let mut end = at;
    let (mut month, mut digits) = (false, false);
    while end < words.len() && end < at + 6 {
        let word = &words[end];
        if end > at && word.gap == Gap::Break {
            break;
        }
        let is_month = is_month(&word.word);
        let light = matches!(
            word.word.as_str(),
            "the" | "of" | "de" | "den" | "th" | "el" | "le"
        );
        if !(is_month || word.digits() || light) {
            break;
        }
        month |= is_month;
        digits |= word.digits();
        end += 1;
    }
    let mut start = at;
    while start < end && matches!(words[start].word.as_str(), "the" | "el" | "le") {
        start += 1;
    }
    let whole = end > start
        && digits
        && (month
            || words[start].text.matches(['.', '/', '-']).count() == 2
            || words[start].text.len() == 4 && end == start + 1);
    whole.then(|| taken(words, start, end, text))
}

/// A street and a number, over commas.
fn address(words: &[Word<'_>], at: usize, text: &str) -> Option<Taken> {
    let mut end = at;
    while end < words.len()
        && end < at + 10
        && (end == at || words[end].gap != Gap::Break)
        && !matches!(words[end].word.as_str(), "and" | "but" | "so")
    {
        end += 1;
    }
    (words[at..end].iter().any(Word::digits)).then(|| taken(words, at, end, text))
}

/// What somebody does: to the end of the clause.
fn clause(words: &[Word<'_>], at: usize, text: &str, until: Option<&String>) -> Option<Taken> {
    let ends = |w: &Word<'_>| {
        w.gap != Gap::Blank
            || matches!(
                w.word.as_str(),
                "but" | "because" | "so" | "when" | "if" | "though" | "before" | "after"
            )
            || until.is_some_and(|u| *u == w.word)
    };
    if words[at].gap != Gap::Blank
        || NO_BEGINNING.contains(&words[at].word.as_str())
        || is_stop(&words[at].word)
    {
        return None;
    }
    if DETERMINERS.contains(&words[at].word.as_str()) {
        return None;
    }
    let mut end = at + 1;
    while end < words.len() && !ends(&words[end]) {
        end += 1;
    }
    let vague = words[at..end]
        .iter()
        .any(|w| VAGUE.contains(&w.word.as_str()));
    let whole = !vague
        && end - at <= 10
        && until.is_none_or(|u| words.get(end).is_some_and(|w| w.word == *u));
    whole.then(|| taken(words, at, end, text))
}

fn email(words: &[Word<'_>], at: usize, text: &str) -> Option<Taken> {
    let rest = &text[words[at].start..];
    let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let found = rest[..length].trim_end_matches(['.', ',', ';', '!', ')']);
    let (name, host) = found.split_once('@')?;
    if name.is_empty() || !host.contains('.') {
        return None;
    }
    let stop = words[at].start + found.len();
    let end = words
        .iter()
        .position(|w| w.start >= stop)
        .unwrap_or(words.len());
    Some(Taken {
        text: found.to_owned(),
        start: at,
        end,
    })
}
