//! Markdown notes and diaries: one memory a section.
//!
//! A section is a heading with what follows up to the next heading; what stands before the first heading is one too,
//! and a file without headings is one as a whole. A section is dated by what is closest: its heading, the headings
//! around it, the front matter, the file's name. Its key is `path#heading/sub-heading`, so that a note that is imported
//! again is known again.

use std::collections::HashSet;

use chrono::{Datelike, NaiveDateTime};
use pulldown_cmark::HeadingLevel;
use serde_json::json;

use self::front_matter::FrontMatter;
use self::headings::{
    Dated, Heading, date_of_name, date_of_title, has_versions, headings, is_only_a_date, slug,
};
use crate::draft::Draft;
use crate::fields;
use crate::format::{Detected, Format, Head, Items};
use crate::input::InputSet;
use crate::input::lines::{self, MAX_LINE_BYTES};
use crate::input::source::{Context, Source, unreadable};
use crate::record::{Item, TimeFrom};
use crate::time::moment::{Date, Moment, TimeOfDay};
use crate::time::order::OrderEvidence;
use std::io::Read;

pub(crate) mod front_matter;
pub(crate) mod headings;

/// Notes and diaries in Markdown.
pub(crate) struct Markdown;

impl Format for Markdown {
    const NAME: &'static str = "markdown";
    const ABOUT: &'static str = "notes, diaries and vaults (Obsidian and others): a memory a heading, dated by headings, front matter or the file's name";
    const IDENTITY: &'static str = "the file and the headings; a section that is elsewhere word for word and of the same time is the same";

    fn detect(&self, head: &Head<'_>, _: &InputSet) -> Detected {
        let named = matches!(head.extension.as_str(), "md" | "markdown");
        let first = head.first_line();
        let begins = first.starts_with("# ") || first.starts_with("## ") || first == "---";
        (named || (begins && matches!(head.extension.as_str(), "" | "txt" | "text"))).into()
    }

    /// The file is read as a whole, so it has a limit; the limit is [`MAX_LINE_BYTES`].
    fn read(&self, source: Source, _: &InputSet) -> Items {
        Box::new(sections(source).into_iter())
    }
}

/// The sections of a Markdown file.
pub(crate) fn sections(mut source: Source) -> Vec<Item> {
    let mut bytes = Vec::new();
    match source
        .input
        .by_ref()
        .take(MAX_LINE_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
    {
        Err(error) => vec![unreadable(&source.path, 1, &error)],
        Ok(size) if size > MAX_LINE_BYTES => {
            vec![Item::reject(&source.path, 1, None, lines::too_long("file"))]
        }
        Ok(_) => File::new(&source, bytes).items(),
    }
}

struct File {
    context: Context,
    name: String,
    text: String,
    /// Where the text is not UTF-8.
    broken: Vec<(usize, u8)>,
    /// A byte order mark.
    skipped: usize,
}

/// A heading whose section is being read or encloses the one being read.
struct Open {
    level: HeadingLevel,
    title: String,
    slug: String,
    date: Dated,
}

impl File {
    fn new(source: &Source, mut bytes: Vec<u8>) -> Self {
        let skipped = if bytes.starts_with(b"\xef\xbb\xbf") {
            3
        } else {
            0
        };
        bytes.drain(..skipped);
        let mut broken = Vec::new();
        // Broken bytes are replaced one by one, so that the places of all others stay.
        let bytes = replace_broken(bytes, &mut broken);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Self {
            context: source.context(),
            name: source.entry.name.clone(),
            text,
            broken,
            skipped,
        }
    }

    fn items(mut self) -> Vec<Item> {
        let (mut front, problem) = front_matter::read(&self.text, &self.context);
        front.problem = problem;
        if self.is_template(&front) {
            return vec![self.context.left_out("blank", 1)];
        }
        if let Some(rejection) = self.broken_within(0, front.end) {
            return vec![rejection];
        }
        let headings = headings(&self.text, front.end);
        let versions = has_versions(&headings);
        if self.context.clock.order.is_none() {
            let mut evidence = OrderEvidence::default();
            for heading in &headings {
                if let Dated::At(moment) = date_of_title(&heading.title, versions) {
                    evidence.add(1, moment.date);
                }
            }
            self.context.clock.order = evidence.decide().ok().flatten();
        }
        let mut items = Vec::new();
        let mut keys = HashSet::new();
        let before_headings = headings
            .first()
            .map_or(self.text.len(), |heading| heading.start);
        items.extend(self.section(&front, &[], None, front.end, before_headings, &mut keys));

        let mut open: Vec<Open> = Vec::new();
        for (index, heading) in headings.iter().enumerate() {
            while open
                .last()
                .is_some_and(|around| around.level >= heading.level)
            {
                open.pop();
            }
            open.push(Open {
                level: heading.level,
                title: heading.title.clone(),
                slug: slug(&heading.title),
                date: date_of_title(&heading.title, versions),
            });
            let next = headings.get(index + 1);
            let end = next.map_or(self.text.len(), |next| next.start);
            let is_title_of_more = next.is_some_and(|next| next.level > heading.level);
            if is_title_of_more && self.text[heading.end..end].trim().is_empty() {
                // It only names the sections below it, and is kept in theirs as such.
                continue;
            }
            items.extend(self.section(&front, &open, Some(heading), heading.start, end, &mut keys));
        }
        items
    }

    /// The memory between `start` and `end`. Nothing for blank text; a note for a heading that is only a date.
    fn section(
        &self,
        front: &FrontMatter,
        open: &[Open],
        heading: Option<&Heading>,
        start: usize,
        end: usize,
        keys: &mut HashSet<String>,
    ) -> Option<Item> {
        let body = self.text[heading.map_or(start, |heading| heading.end)..end].trim();
        if heading.is_none() && body.is_empty() {
            return None;
        }
        let first = start + self.text[start..].len() - self.text[start..].trim_start().len();
        let line = self.text[..first].matches('\n').count() + 1;
        let key = self.key(open, keys);
        if let Some(rejection) = self.broken_within(start, end) {
            return Some(rejection);
        }
        let title = open.last().map_or("", |open| open.title.as_str());
        if heading.is_some() && body.is_empty() && is_only_a_date(title) {
            return Some(self.context.left_out("blank", line));
        }
        let dated = self.created_at(front, open);
        let mut metadata = front.about.metadata.clone();
        if let [around @ .., _] = open
            && !around.is_empty()
        {
            let titles: Vec<_> = around.iter().map(|open| open.title.as_str()).collect();
            fields::add(&mut metadata, "headings".to_owned(), json!(titles));
        }
        let content = match (title, body) {
            ("", body) => body.to_owned(),
            (title, "") => title.to_owned(),
            (title, body) => format!("{title}\n\n{body}"),
        };
        let mut draft = Draft {
            key: Some(key),
            content,
            speaker: front.about.speaker.clone(),
            session: front.about.session.clone().or_else(|| Some(self.session())),
            session_from_file: front.about.session.is_none(),
            mind: front.about.mind.clone(),
            metadata,
            metadata_counts: true,
            ..Draft::default()
        };
        match dated {
            Ok(Some((created_at, from))) => {
                (draft.created_at, draft.time_from) = (Some(created_at), from)
            }
            Ok(None) => {}
            Err(reason) => {
                let record = draft.repairable();
                let mut item = self.context.reject(line, reason);
                if let Item::Rejection(rejection) = &mut item {
                    rejection.record = record;
                }
                return Some(item);
            }
        }
        Some(self.context.finish(draft, line))
    }

    /// The note's name, without folders that only hold it.
    fn session(&self) -> String {
        let name = self.name.as_str();
        name.rsplit_once('.')
            .map_or(name, |(stem, _)| stem)
            .to_owned()
    }

    /// A note that only waits to be filled in: placeholders of Obsidian, Templater and their like instead of words.
    fn is_template(&self, front: &FrontMatter) -> bool {
        let body = &self.text[front.end..];
        let in_folder = self
            .name
            .split('/')
            .rev()
            .skip(1)
            .any(|folder| folder.to_lowercase().contains("template"));
        let placeholders = self.text.contains("{{") || self.text.contains("<%");
        let only_placeholders = |line: &str| {
            let line = line.trim_matches(|c: char| c == '#' || c == '-' || c.is_whitespace());
            line.is_empty()
                || (line.starts_with("{{") && line.ends_with("}}"))
                || (line.starts_with("<%") && line.ends_with("%>"))
        };
        placeholders && (in_folder || body.lines().all(only_placeholders))
    }

    fn key(&self, open: &[Open], keys: &mut HashSet<String>) -> String {
        let slugs: Vec<_> = open.iter().map(|open| open.slug.as_str()).collect();
        let key = match slugs.as_slice() {
            [] => self.name.clone(),
            slugs => format!("{}#{}", self.name, slugs.join("/")),
        };
        let mut free = key.clone();
        let mut count = 1;
        while !keys.insert(free.clone()) {
            count += 1;
            free = format!("{key}-{count}");
        }
        free
    }

    /// The best time that can be read: of the headings, the innermost first, then the front matter's, then the file name's.
    fn created_at(
        &self,
        front: &FrontMatter,
        open: &[Open],
    ) -> Result<Option<(NaiveDateTime, TimeFrom)>, String> {
        let mut time = None;
        for (index, heading) in open.iter().enumerate().rev() {
            match &heading.date {
                Dated::Not | Dated::Year(_) => {}
                Dated::TimeOnly(own) => time = time.or(Some(*own)),
                Dated::At(moment) => {
                    let moment = match moment.date {
                        Date::NoYear { .. } => self.with_year(*moment, front, &open[..index]).ok_or_else(|| {
                            format!("the date of \"{}\" has no year, and nothing around it names one: add it", heading.title)
                        })?,
                        _ => *moment,
                    };
                    return self
                        .context
                        .clock
                        .utc(&at_time(moment, time))
                        .map(|at| Some((at, TimeFrom::Heading)));
                }
                Dated::Wrong(reason) => return Err(reason.clone()),
            }
        }
        if let Some(created_at) = front.created_at {
            let day = front
                .date
                .as_deref()
                .and_then(front_matter::day_of)
                .filter(|_| time.is_some());
            let created_at = match day {
                Some(day) => self.context.clock.utc(&at_time(day, time))?,
                None => created_at,
            };
            return Ok(Some((created_at, TimeFrom::FrontMatter)));
        }
        match date_of_name(&self.context.file) {
            Dated::At(moment) => self
                .context
                .clock
                .utc(&at_time(moment, time))
                .map(|at| Some((at, TimeFrom::FileName))),
            Dated::Wrong(reason) => Err(reason),
            _ => match &front.problem {
                Some(reason) if !self.context.settings.date_from_file => {
                    Err(format!("front matter: {reason}"))
                }
                _ => Ok(None),
            },
        }
    }

    /// The year from the headings around, the front matter or the file's name.
    fn with_year(&self, moment: Moment, front: &FrontMatter, around: &[Open]) -> Option<Moment> {
        let of_heading = around.iter().rev().find_map(|open| match &open.date {
            Dated::Year(year) => Some(*year),
            Dated::At(Moment {
                date: Date::Known(day),
                ..
            }) => Some(day.year()),
            _ => year_in(&open.title),
        });
        let of_name = || match date_of_name(&self.context.file) {
            Dated::At(Moment {
                date: Date::Known(day),
                ..
            }) => Some(day.year()),
            _ => year_in(&self.name),
        };
        let year = of_heading
            .or_else(|| front.created_at.map(|time| time.year()))
            .or_else(of_name)?;
        let day = moment.date.with_year(year)?;
        Some(Moment {
            date: Date::Known(day),
            ..moment
        })
    }

    fn broken_within(&self, start: usize, end: usize) -> Option<Item> {
        let &(at, byte) = self
            .broken
            .iter()
            .find(|(at, _)| (start..end).contains(at))?;
        let before = &self.text.as_bytes()[..at];
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let column = at
            - before
                .iter()
                .rposition(|&byte| byte == b'\n')
                .map_or(0, |end| end + 1)
            + 1;
        Some(Item::reject(
            &self.context.file,
            line,
            Some(column),
            lines::invalid_utf8(byte, (at + self.skipped) as u64),
        ))
    }
}

/// A year that stands in a text on its own: "Diary 2024", "March 2024".
fn year_in(text: &str) -> Option<i32> {
    let numbers = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| part.len() == 4);
    numbers
        .filter_map(|part| part.parse().ok())
        .find(|year| (1900..2100).contains(year))
}

fn at_time(moment: Moment, time: Option<TimeOfDay>) -> Moment {
    match time {
        Some(time) => Moment {
            time: Some(time),
            ..moment
        },
        None => moment,
    }
}

fn replace_broken(mut bytes: Vec<u8>, broken: &mut Vec<(usize, u8)>) -> Vec<u8> {
    let mut places = Vec::new();
    let mut offset = 0;
    for chunk in bytes.utf8_chunks() {
        offset += chunk.valid().len();
        places.extend(offset..offset + chunk.invalid().len());
        offset += chunk.invalid().len();
    }
    for place in places {
        broken.push((place, bytes[place]));
        bytes[place] = b'?';
    }
    bytes
}
