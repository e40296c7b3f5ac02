//! A Markdown text's headings, and what headings and file names say about the time.

use std::path::Path;

use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};

use crate::time::clock::no_such;
use crate::time::moment::{self, Date, Moment, TimeOfDay};

/// A heading, before its section is cut out.
pub(crate) struct Heading {
    pub level: HeadingLevel,
    pub title: String,
    pub start: usize,
    pub end: usize,
}

/// What a heading, or a file's name, says about the time.
#[derive(Clone)]
pub(crate) enum Dated {
    Not,
    At(Moment),
    /// A time of day, of the day of whatever is around.
    TimeOnly(TimeOfDay),
    Wrong(String),
    /// A year, of the dates below it.
    Year(i32),
}

/// Headings of the text itself: not those in code, quotations, lists or comments.
pub(crate) fn headings(text: &str, start: usize) -> Vec<Heading> {
    let mut headings = Vec::new();
    let mut depth = 0_usize;
    let mut current: Option<Heading> = None;
    for (event, range) in Parser::new(&text[start..]).into_offset_iter() {
        match event {
            Event::Start(tag) => {
                if let (Tag::Heading { level, .. }, 0) = (&tag, depth) {
                    let title = String::new();
                    current = Some(Heading {
                        level: *level,
                        title,
                        start: start + range.start,
                        end: start + range.end,
                    });
                }
                depth += 1;
            }
            Event::End(tag) => {
                depth = depth.saturating_sub(1);
                if let (TagEnd::Heading(_), 0) = (tag, depth) {
                    headings.extend(current.take());
                }
            }
            Event::Text(piece) | Event::Code(piece) => {
                if let Some(heading) = &mut current {
                    heading.title.push_str(&piece);
                }
            }
            Event::SoftBreak | Event::HardBreak => {
                if let Some(heading) = &mut current {
                    heading.title.push(' ');
                }
            }
            _ => {}
        }
    }
    for heading in &mut headings {
        heading.title = heading.title.trim().to_owned();
    }
    headings
}

/// A date that a heading begins with, or ends with in parentheses; or a time of day it begins with; or a year alone.
/// `versions` says that numbers with dots are versions in this file.
pub(crate) fn date_of_title(title: &str, versions: bool) -> Dated {
    let title =
        title.trim_matches(|c: char| matches!(c, '[' | ']' | '*' | '_') || c.is_whitespace());
    if is_dotted_number(title) && (versions || !is_padded(title)) {
        return Dated::Not;
    }
    let in_parentheses = title
        .strip_suffix(')')
        .and_then(|rest| Some(rest.rsplit_once('(')?.1));
    match moment::leading(title) {
        Ok(Some((moment, rest))) if is_heading_date(&moment, rest) => return Dated::At(moment),
        // "1.2.2023 vs 1.3.2023" compares two things.
        Ok(Some((moment, _))) if matches!(moment.date, Date::NoYear { .. }) => return Dated::Not,
        Ok(Some(_)) => return Dated::Not,
        Err(impossible) => return Dated::Wrong(no_such(&impossible)),
        Ok(None) => {}
    }
    if let Some(Ok(Some((moment, "")))) = in_parentheses.map(moment::leading)
        && !matches!(moment.date, Date::NoYear { .. })
    {
        return Dated::At(moment);
    }
    if let Ok(Some((time, _))) = moment::leading_time(title) {
        return Dated::TimeOnly(time);
    }
    if title.len() == 4
        && title.bytes().all(|byte| byte.is_ascii_digit())
        && (title.starts_with("19") || title.starts_with("20"))
    {
        return Dated::Year(title.parse().unwrap_or_default());
    }
    if moment::looks_like_date(title) {
        let reason = format!(
            "the heading \"{}\" begins like a date and was not understood: write it as YYYY-MM-DD",
            title.chars().take(40).collect::<String>()
        );
        return Dated::Wrong(reason);
    }
    Dated::Not
}

/// A date without a year counts where it is all, or its weekday is there: "May 5 people join" is a sentence.
fn is_heading_date(moment: &Moment, rest: &str) -> bool {
    let rest = rest.trim_start_matches([' ', ',', ':', '.', '-', '–', '—', '(']);
    let compared = moment::leading(
        rest.trim_start_matches(|c: char| c.is_alphabetic() || c == '.')
            .trim_start(),
    );
    let begins_with_word = rest.starts_with(char::is_alphabetic);
    let compares = begins_with_word
        && matches!(
            compared,
            Ok(Some((
                Moment {
                    date: Date::Known(_) | Date::Numeric(_),
                    ..
                },
                _
            )))
        )
        && rest
            .split_whitespace()
            .next()
            .is_some_and(|word| word.to_lowercase().starts_with("v"));
    match moment.date {
        Date::NoYear { weekdays, .. } => weekdays != 0 || rest.is_empty(),
        _ => !compares,
    }
}

/// 2024.13.1 or 1.10.2: numbers and dots alone.
pub(crate) fn is_dotted_number(title: &str) -> bool {
    let token = title
        .split_whitespace()
        .next()
        .unwrap_or("")
        .trim_start_matches('v');
    token.matches('.').count() >= 2
        && !token.ends_with('.')
        && token
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

/// A dotted number with the year first is a date where month and day have two digits; with the year last it is one anyway.
fn is_padded(title: &str) -> bool {
    let token = title.split_whitespace().next().unwrap_or("");
    let parts: Vec<_> = token.split('.').collect();
    match parts.as_slice() {
        [year, month, day] if year.len() == 4 => month.len() == 2 && day.len() == 2,
        [_, _, year] => year.len() == 4,
        _ => false,
    }
}

/// Whether the headings of a file number versions: one of them is dotted and no date.
pub(crate) fn has_versions(headings: &[Heading]) -> bool {
    headings.iter().any(|heading| {
        is_dotted_number(&heading.title) && !matches!(moment::leading(&heading.title), Ok(Some((moment, _))) if moment.date.resolve(None).is_none_or(|day| day.is_ok()))
    })
}

pub(crate) fn is_only_a_date(title: &str) -> bool {
    let rest = match (moment::leading(title), moment::leading_time(title)) {
        (Ok(Some((_, rest))), _) | (_, Ok(Some((_, rest)))) => rest,
        _ => return title.is_empty(),
    };
    rest.trim().is_empty()
}

/// A date that a file's name begins with: 2024-03-05-walk.md, 20240305.md, 202403051430 Walk.md.
pub(crate) fn date_of_name(path: &Path) -> Dated {
    let Some(stem) = path.file_stem().map(|stem| stem.to_string_lossy()) else {
        return Dated::Not;
    };
    let stem = stem.as_ref();
    // A Zettelkasten's number: the minute of the note.
    let digits = stem.bytes().take_while(u8::is_ascii_digit).count();
    if matches!(digits, 12 | 14) {
        let spelled = format!("{}T{}", &stem[..8], &stem[8..digits]);
        if let Ok(Some((moment, ""))) = moment::leading(&spelled) {
            return Dated::At(moment);
        }
    }
    match moment::leading(stem) {
        Ok(Some((moment, _))) if !matches!(moment.date, Date::NoYear { .. }) => Dated::At(moment),
        Ok(_) => match trailing_date(stem) {
            Some(moment) => Dated::At(moment),
            None => Dated::Not,
        },
        Err(impossible) => Dated::Wrong(format!("the file's name: {}", no_such(&impossible))),
    }
}

/// Letters and digits, the rest as single hyphens.
pub(crate) fn slug(title: &str) -> String {
    let words = title
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    let slug = words.map(str::to_lowercase).collect::<Vec<_>>().join("-");
    if slug.is_empty() {
        "section".to_owned()
    } else {
        slug
    }
}

/// A date that a name ends with or holds between hyphens or spaces: `Walk 2024-03-05`, `journal-2024-03-05`.
fn trailing_date(stem: &str) -> Option<Moment> {
    let starts = stem.char_indices().filter(|(at, c)| {
        c.is_ascii_digit() && !stem[..*at].ends_with(|c: char| c.is_ascii_digit())
    });
    starts
        .map(|(at, _)| &stem[at..])
        .find_map(|text| match moment::leading(text) {
            Ok(Some((moment, _))) if matches!(moment.date, Date::Known(_)) => Some(moment),
            _ => None,
        })
}
