//! Diary apps: Day One's JSON, jrnl's JSON and text.

use serde_json::{Map, Value};

use super::json::elements;
use crate::draft::Draft;
use crate::format::{Detected, Format, Head, Items, has};
use crate::input::InputSet;
use crate::input::source::Source;
use crate::record::Scope;
use crate::time::moment;

pub(crate) struct DayOne;
pub(crate) struct Jrnl;
pub(crate) struct JrnlText;

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or("")
}

impl Format for DayOne {
    const NAME: &'static str = "day-one";
    const ABOUT: &'static str =
        "Day One's JSON export, a journal a file, also zipped with its photos";
    const IDENTITY: &'static str = "the entry's uuid";

    fn detect(&self, head: &Head<'_>, _: &InputSet) -> Detected {
        head.json()
            .and_then(|value| value.pointer("/entries/0"))
            .is_some_and(|entry| {
                has(entry, &["creationDate"]) && (has(entry, &["uuid"]) || has(entry, &["text"]))
            })
            .into()
    }

    fn read(&self, source: Source, _: &InputSet) -> Items {
        let context = source.context();
        let journal = source.stem();
        Box::new(elements(
            source,
            Some(Box::new(move |export: Map<String, Value>, line| {
                let entries = export
                    .get("entries")
                    .and_then(Value::as_array)
                    .cloned()
                    .unwrap_or_default();
                entries
                    .iter()
                    .map(|entry| {
                        let uuid = text(entry, "uuid");
                        let mut draft = Draft {
                            key: Some(uuid.to_owned()).filter(|id| !id.is_empty()),
                            scope: (!uuid.is_empty()).then_some(Scope::Everywhere),
                            content: without_photos(text(entry, "text")),
                            session: Some(journal.clone()),
                            metadata_counts: false,
                            ..Draft::default()
                        };
                        if draft.content.trim().is_empty() {
                            draft.kind = Some("media");
                        }
                        draft.about("tags", entry.get("tags").cloned().unwrap_or_default());
                        let place = ["placeName", "localityName", "country"]
                            .into_iter()
                            .filter_map(|name| entry.get("location")?.get(name)?.as_str())
                            .collect::<Vec<_>>();
                        draft.about("place", place.join(", "));
                        draft.about(
                            "starred",
                            entry
                                .get("starred")
                                .filter(|starred| **starred == Value::Bool(true))
                                .cloned()
                                .unwrap_or_default(),
                        );
                        match context.clock.text(text(entry, "creationDate")) {
                            Ok(time) => draft.created_at = Some(time),
                            Err(reason) => {
                                return context.reject(
                                    line,
                                    format!("entry {uuid}: `creationDate`: {reason}"),
                                );
                            }
                        }
                        context.finish(draft, line)
                    })
                    .collect()
            })),
        ))
    }
}

/// Without `![](dayone-moment://…)`, and without the backslashes before punctuation that Day One writes.
fn without_photos(text: &str) -> String {
    let lines = text.lines().filter(|line| {
        !(line.trim_start().starts_with("![](dayone-moment") && line.trim_end().ends_with(')'))
    });
    let joined = lines.collect::<Vec<_>>().join("\n");
    let mut out = String::with_capacity(joined.len());
    let mut characters = joined.trim().chars().peekable();
    while let Some(c) = characters.next() {
        if c != '\\'
            || !characters
                .peek()
                .is_some_and(|next| next.is_ascii_punctuation())
        {
            out.push(c);
        }
    }
    out
}

impl Format for Jrnl {
    const NAME: &'static str = "jrnl";
    const ABOUT: &'static str =
        "jrnl's JSON export: `{\"tags\",\"entries\":[{\"title\",\"body\",\"date\",\"time\"}]}`";
    const IDENTITY: &'static str = "time and text";

    fn detect(&self, head: &Head<'_>, _: &InputSet) -> Detected {
        head.json()
            .and_then(|value| value.pointer("/entries/0"))
            .is_some_and(|entry| {
                has(entry, &["title", "date"]) && (has(entry, &["time"]) || has(entry, &["body"]))
            })
            .into()
    }

    fn read(&self, source: Source, _: &InputSet) -> Items {
        let context = source.context();
        let journal = source.stem();
        Box::new(elements(
            source,
            Some(Box::new(move |export: Map<String, Value>, line| {
                let entries = export
                    .get("entries")
                    .and_then(Value::as_array)
                    .cloned()
                    .unwrap_or_default();
                entries
                    .iter()
                    .map(|entry| {
                        let parts = [text(entry, "title"), text(entry, "body")];
                        let content = parts
                            .into_iter()
                            .map(str::trim)
                            .filter(|part| !part.is_empty())
                            .collect::<Vec<_>>()
                            .join("\n");
                        let mut draft = Draft {
                            content,
                            session: Some(journal.clone()),
                            session_from_file: true,
                            ..Draft::default()
                        };
                        draft.about("tags", entry.get("tags").cloned().unwrap_or_default());
                        draft.about(
                            "starred",
                            entry
                                .get("starred")
                                .filter(|starred| **starred == Value::Bool(true))
                                .cloned()
                                .unwrap_or_default(),
                        );
                        match context.clock.text(&format!(
                            "{} {}",
                            text(entry, "date"),
                            text(entry, "time")
                        )) {
                            Ok(time) => draft.created_at = Some(time),
                            Err(reason) => {
                                return context.reject(line, format!("`date`: {reason}"));
                            }
                        }
                        context.finish(draft, line)
                    })
                    .collect()
            })),
        ))
    }
}

impl Format for JrnlText {
    const NAME: &'static str = "jrnl-text";
    const ABOUT: &'static str = "a jrnl journal: `[2024-03-05 09:12] A title. And what follows.`, an entry until the next stamp";
    const IDENTITY: &'static str = "time and text";

    fn detect(&self, head: &Head<'_>, _: &InputSet) -> Detected {
        let named = head.name().to_lowercase().contains("journal")
            || head.name().to_lowercase().contains("jrnl");
        (named
            && matches!(head.extension.as_str(), "txt" | "")
            && entry_start(head.first_line()).is_some())
        .into()
    }

    fn read(&self, mut source: Source, _: &InputSet) -> Items {
        let context = source.context();
        let journal = source.stem();
        let text = match source.text() {
            Ok(text) => text,
            Err(item) => return Box::new(std::iter::once(*item)),
        };
        let mut entries: Vec<(usize, moment::Moment, String)> = Vec::new();
        let mut items = Vec::new();
        for (index, line) in text.lines().enumerate() {
            match (entry_start(line), entries.last_mut()) {
                (Some((moment, rest)), _) => entries.push((index + 1, moment, rest.to_owned())),
                (None, Some((_, _, words))) => {
                    words.push('\n');
                    words.push_str(line);
                }
                (None, None) if line.trim().is_empty() => {}
                (None, None) => items.push(context.reject(
                    index + 1,
                    "the text has no time stamp: begin entries with [2024-03-05 14:30]",
                )),
            }
        }
        for (line, moment, words) in entries {
            let draft = Draft {
                content: words.trim().to_owned(),
                session: Some(journal.clone()),
                session_from_file: true,
                ..Draft::default()
            };
            items.push(match context.clock.utc(&moment) {
                Ok(time) => context.finish(
                    Draft {
                        created_at: Some(time),
                        ..draft
                    },
                    line,
                ),
                Err(reason) => context.reject(line, reason),
            });
        }
        Box::new(items.into_iter())
    }
}

fn entry_start(line: &str) -> Option<(moment::Moment, &str)> {
    let (moment, rest) = moment::leading(line.strip_prefix('[')?).ok()??;
    let rest = rest.trim_start().strip_prefix(']')?;
    Some((moment, rest.trim_start()))
}
