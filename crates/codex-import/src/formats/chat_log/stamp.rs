//! The time stamp a message begins with.

use crate::time::moment::{self, Impossible, Moment};
use crate::time::tokens::{decimal, digits, is_mark, is_space, skip_marks, skip_spaces};

/// How a stamp is set off from the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `[05.03.24, 14:30:00] Ann: …`
    Bracketed,
    /// `05.03.24, 14:30 - Ann: …`
    Dashed,
    /// `2024-03-05T14:30:00Z Ann: …`
    Plain,
}

/// A line that begins a message.
#[derive(Debug)]
pub(super) struct Stamp<'a> {
    pub moment: Moment,
    pub style: Style,
    /// The year stands first, as programs write dates.
    pub year_first: bool,
    pub rest: &'a str,
}

/// What a line begins with.
#[derive(Debug)]
pub(super) enum Found<'a> {
    Stamp(Stamp<'a>),
    /// A stamp of a day or time that there is not.
    Impossible(Impossible),
    /// It looks like one, and is not understood.
    Unread(String),
}

/// The stamp of a line; `None` for text.
pub(super) fn find(line: &str) -> Option<Found<'_>> {
    let line = line.trim_start_matches(|c| is_mark(c) || c == ' ');
    if let Some(inside) = line.strip_prefix(['[', '［']) {
        let inside = skip_marks(inside);
        return match moment::leading(inside) {
            Ok(Some((moment, rest))) => {
                let rest = skip_spaces(rest);
                match rest.strip_prefix([']', '］']) {
                    Some(rest) => Some(Found::Stamp(Stamp {
                        moment,
                        style: Style::Bracketed,
                        year_first: leads_with_year(inside),
                        rest: skip_spaces_but_mark(rest),
                    })),
                    None => unread_in_brackets(inside),
                }
            }
            Ok(None) => unread_in_brackets(inside),
            Err(impossible) => inside
                .contains(']')
                .then_some(Found::Impossible(impossible)),
        };
    }
    // A sentence may begin with a date in words; a time stamp begins with digits and has a time.
    if !line.starts_with(|c: char| decimal(c).is_some()) {
        return None;
    }
    let year_first = leads_with_year(line);
    let (moment, rest) = match moment::leading(line) {
        Ok(Some(found)) => found,
        Ok(None) => return unread(line),
        Err(impossible) => {
            // Only what would have been a stamp otherwise; "1/2/2024 25:00" in a message is a message.
            let rest = &line[impossible.0.len().min(line.len())..];
            let is_stamp = (year_first && impossible.0.len() >= 8 && rest.contains(':'))
                || dash_after_time(line);
            return is_stamp.then_some(Found::Impossible(impossible));
        }
    };
    if moment.time.is_none() {
        return unread(line);
    }
    let after = skip_spaces(rest);
    let dashed = ["- ", "– ", "— "]
        .into_iter()
        .find_map(|dash| after.strip_prefix(dash));
    let colon = rest.strip_prefix(": ").filter(|_| !year_first);
    match (dashed.or(colon), year_first) {
        (Some(rest), _) => Some(Found::Stamp(Stamp {
            moment,
            style: Style::Dashed,
            year_first,
            rest: skip_spaces_but_mark(rest),
        })),
        (None, true) if rest.is_empty() || rest.starts_with([' ', '\t']) => {
            Some(Found::Stamp(Stamp {
                moment,
                style: Style::Plain,
                year_first,
                rest: rest.trim_start(),
            }))
        }
        _ => unread(line),
    }
}

fn leads_with_year(text: &str) -> bool {
    digits(text, 4, 4).is_some()
}

/// WhatsApp's left-to-right mark before a message says that the platform wrote it, and stays.
fn skip_spaces_but_mark(text: &str) -> &str {
    text.trim_start_matches(|c| is_space(c) && !is_mark(c))
}

/// A line of the shape "numbers, a time, a dash": nobody writes that inside a message.
fn unread(line: &str) -> Option<Found<'static>> {
    let starts_with_date = {
        let head: String = line
            .chars()
            .take_while(|c| !is_space(*c) && *c != ',')
            .collect();
        let separators = head.chars().filter(|c| "./-年月".contains(*c)).count();
        let numbers = head.chars().filter(|c| decimal(*c).is_some()).count();
        separators >= 2 && numbers >= 3
    };
    (starts_with_date && dash_after_time(line)).then(|| Found::Unread(shown(line, " - ")))
}

fn unread_in_brackets(inside: &str) -> Option<Found<'static>> {
    let (stamp, _) = inside.split_once(']')?;
    let numbers = stamp.chars().filter(|c| decimal(*c).is_some()).count();
    let separators = stamp.chars().filter(|c| "./-,".contains(*c)).count();
    let short = stamp.chars().count() <= 40;
    (short && numbers >= 5 && separators >= 1 && has_time(stamp))
        .then(|| Found::Unread(shown(inside, "]")))
}

fn dash_after_time(line: &str) -> bool {
    let head: String = line.chars().take(44).collect();
    head.find(" - ").is_some_and(|at| has_time(&head[..at]))
}

/// Two digits after a colon, a dot or an h somewhere.
fn has_time(text: &str) -> bool {
    let characters: Vec<char> = text.chars().collect();
    characters.windows(4).any(|w| {
        decimal(w[0]).is_some()
            && ":.h：".contains(w[1])
            && decimal(w[2]).is_some()
            && decimal(w[3]).is_some()
    })
}

fn shown(text: &str, end: &str) -> String {
    text.split(end)
        .next()
        .unwrap_or(text)
        .chars()
        .take(40)
        .collect()
}
