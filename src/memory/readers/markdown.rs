//! Markdown notes and diaries: one memory a section.
//!
//! A section is a heading with what follows up to the next heading; what stands before the first heading is one too,
//! and a file without headings is one as a whole. A section is dated by what is closest: its heading, the headings
//! around it, the front matter, the file's name. Its key is `path#heading/sub-heading`, so that a note that is imported
//! again is known again.

use std::collections::HashSet;
use std::io::Read;
use std::path::PathBuf;

use chrono::NaiveDateTime;
use pulldown_cmark::HeadingLevel;
use serde_json::json;

use super::clock::Clock;
use super::draft::Draft;
use super::front_matter::{self, FrontMatter};
use super::headings::{
    Dated, Heading, date_of_name, date_of_title, headings, is_only_a_date, slug,
};
use super::lines::{self, MAX_LINE_BYTES};
use super::moment::{self, Moment, TimeOfDay};
use super::source::{Source, unreadable};
use super::{Item, Origin};

/// The sections of a Markdown file. The file is read as a whole, so it has a limit; the limit is [`MAX_LINE_BYTES`].
pub(super) fn read(source: Source) -> impl Iterator<Item = Item> + Send {
    let mut source = Some(source);
    let whole = std::iter::from_fn(move || source.take());
    whole.flat_map(|mut source| {
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
            Ok(_) => File::new(source.path, source.name, source.clock, bytes).items(),
        }
    })
}

struct File {
    path: PathBuf,
    name: String,
    clock: Clock,
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
    fn new(path: PathBuf, name: String, clock: Clock, mut bytes: Vec<u8>) -> Self {
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
            path,
            name,
            clock,
            text,
            broken,
            skipped,
        }
    }

    fn items(&self) -> Vec<Item> {
        let front = match front_matter::read(&self.text, self.clock) {
            Ok(front) => front,
            Err((line, column, reason)) => {
                return vec![Item::reject(&self.path, line, column, reason)];
            }
        };
        if let Some(rejection) = self.broken_within(0, front.end) {
            return vec![rejection];
        }
        let headings = headings(&self.text, front.end);
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
                date: date_of_title(&heading.title),
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
            return Some(Item::note(
                &self.path,
                Some(line),
                format!("nothing is written under \"{title}\""),
            ));
        }
        let created_at = match self.created_at(front, open) {
            Ok(created_at) => created_at,
            Err(reason) => return Some(Item::reject(&self.path, line, None, reason)),
        };
        let mut metadata = front.about.metadata.clone();
        if let [around @ .., _] = open
            && !around.is_empty()
        {
            let titles: Vec<_> = around.iter().map(|open| open.title.as_str()).collect();
            super::fields::add(&mut metadata, "headings".to_owned(), json!(titles));
        }
        let content = match (title, body) {
            ("", body) => body.to_owned(),
            (title, "") => title.to_owned(),
            (title, body) => format!("{title}\n\n{body}"),
        };
        let draft = Draft {
            key: Some(key),
            content,
            created_at,
            speaker: front.about.speaker.clone(),
            session: front.about.session.clone(),
            mind: front.about.mind.clone(),
            metadata,
        };
        Some(draft.finish(Origin {
            file: self.path.clone(),
            line,
        }))
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

    fn created_at(
        &self,
        front: &FrontMatter,
        open: &[Open],
    ) -> Result<Option<NaiveDateTime>, String> {
        let mut time = None;
        for open in open.iter().rev() {
            match &open.date {
                Dated::Not => {}
                Dated::TimeOnly(own) => time = time.or(Some(*own)),
                Dated::At(moment) => return self.clock.utc(&at_time(*moment, time)).map(Some),
                Dated::Wrong(reason) => return Err(reason.clone()),
            }
        }
        if let Some(date) = &front.date {
            return match moment::leading(date) {
                Ok(Some((moment, _))) if time.is_some() => {
                    self.clock.utc(&at_time(moment, time)).map(Some)
                }
                _ => Ok(front.created_at),
            };
        }
        match date_of_name(&self.path) {
            Dated::At(moment) => self.clock.utc(&at_time(moment, time)).map(Some),
            Dated::Wrong(reason) => Err(reason),
            Dated::Not | Dated::TimeOnly(_) => Ok(None),
        }
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
            &self.path,
            line,
            Some(column),
            lines::invalid_utf8(byte, (at + self.skipped) as u64),
        ))
    }
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
