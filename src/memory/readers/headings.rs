//! A Markdown text's headings, and what headings and file names say about the time.

use std::path::Path;

use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};

use super::clock::no_such;
use super::moment::{self, Moment, TimeOfDay};

/// A heading, before its section is cut out.
pub(super) struct Heading {
    pub level: HeadingLevel,
    pub title: String,
    pub start: usize,
    pub end: usize,
}

/// What a heading, or a file's name, says about the time.
#[derive(Clone)]
pub(super) enum Dated {
    Not,
    At(Moment),
    /// A time of day, of the day of whatever is around.
    TimeOnly(TimeOfDay),
    Wrong(String),
}

/// Headings of the text itself: not those in code, quotations, lists or comments.
pub(super) fn headings(text: &str, start: usize) -> Vec<Heading> {
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

/// A date that a heading begins with, or ends with in parentheses; or a time of day it begins with.
pub(super) fn date_of_title(title: &str) -> Dated {
    let in_parentheses = title
        .strip_suffix(')')
        .and_then(|rest| Some(rest.rsplit_once('(')?.1));
    match moment::leading(title) {
        Ok(Some((moment, _))) => return Dated::At(moment),
        Err(impossible) => return Dated::Wrong(no_such(&impossible)),
        Ok(None) => {}
    }
    if let Some(Ok(Some((moment, "")))) = in_parentheses.map(moment::leading) {
        return Dated::At(moment);
    }
    match moment::leading_time(title) {
        Ok(Some((time, _))) => Dated::TimeOnly(time),
        _ => Dated::Not,
    }
}

pub(super) fn is_only_a_date(title: &str) -> bool {
    let rest = match (moment::leading(title), moment::leading_time(title)) {
        (Ok(Some((_, rest))), _) | (_, Ok(Some((_, rest)))) => rest,
        _ => return title.is_empty(),
    };
    rest.trim().is_empty()
}

/// A date that a file's name begins with: 2024-03-05-walk.md, 20240305.md, 202403051430 Walk.md.
pub(super) fn date_of_name(path: &Path) -> Dated {
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
        Ok(Some((moment, _))) => Dated::At(moment),
        Ok(None) => Dated::Not,
        Err(impossible) => Dated::Wrong(format!("the file's name: {}", no_such(&impossible))),
    }
}

/// Letters and digits, the rest as single hyphens.
pub(super) fn slug(title: &str) -> String {
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
