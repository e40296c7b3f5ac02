//! basic-memory's notes: Markdown with a permalink, observations `- [category] words #tag` and relations `- kind [[Note]]`.

use serde_json::Value;

use super::super::markdown::{front_matter, sections};
use crate::draft::Draft;
use crate::format::{Detected, Format, Head, Items};
use crate::input::InputSet;
use crate::input::source::Source;
use crate::record::{Scope, TimeFrom};

pub(crate) struct BasicMemory;

impl Format for BasicMemory {
    const NAME: &'static str = "basic-memory";
    const ABOUT: &'static str =
        "basic-memory's notes: Markdown with a `permalink`, observations and relations";
    const IDENTITY: &'static str = "the note's permalink and the observation's words; without times, --date-from-file dates them";

    fn detect(&self, head: &Head<'_>, _: &InputSet) -> Detected {
        let front = head.text.starts_with("---")
            && head
                .text
                .lines()
                .take(40)
                .any(|line| line.starts_with("permalink:"));
        (front && matches!(head.extension.as_str(), "md" | "markdown")).into()
    }

    fn read(&self, mut source: Source, _: &InputSet) -> Items {
        let context = source.context();
        let text = match source.text() {
            Ok(text) => text,
            Err(item) => return Box::new(std::iter::once(*item)),
        };
        if source.rewind().is_err() {
            return Box::new(std::iter::once(context.reject(1, "cannot be read again")));
        }
        let (front, _) = front_matter::read(&text, &context);
        let about = |name: &str| {
            front
                .about
                .metadata
                .get(name)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let permalink = about("permalink").unwrap_or_else(|| source.stem());
        let title = about("title")
            .or_else(|| front.about.speaker.clone())
            .unwrap_or_else(|| source.stem());
        let mut items = Vec::new();
        let mut rest = String::new();
        let mut part = "";
        for (index, line) in text.lines().enumerate() {
            if let Some(heading) = line.strip_prefix("## ") {
                part = match heading.trim().to_lowercase().as_str() {
                    "observations" => "observation",
                    "relations" => "relation",
                    _ => "",
                };
            }
            let entry = line
                .trim_start()
                .strip_prefix("- ")
                .filter(|_| !part.is_empty());
            match entry {
                None => {
                    // Lines that are taken apart leave their places empty, so that others keep theirs.
                    rest.push_str(if part.is_empty() { line } else { "" });
                    rest.push('\n');
                }
                Some(entry) => {
                    rest.push('\n');
                    items.push(context.finish(
                        dated(observation(entry, part, &title, &permalink), &front),
                        index + 1,
                    ));
                }
            }
        }
        // What is left is a note like any other; its title alone says nothing.
        let title_only = rest[front.end.min(rest.len())..]
            .lines()
            .all(|line| line.trim().is_empty() || line.starts_with("# "));
        if !title_only {
            source.input =
                std::io::BufReader::new(Box::new(std::io::Cursor::new(rest.into_bytes())));
            items.extend(sections(source));
        } else if items.is_empty() {
            items.push(context.left_out("blank", 1));
        }
        Box::new(items.into_iter())
    }
}

fn dated(mut draft: Draft, front: &front_matter::FrontMatter) -> Draft {
    draft.created_at = front.created_at;
    draft.time_from = TimeFrom::FrontMatter;
    draft
}

fn observation(entry: &str, part: &str, title: &str, permalink: &str) -> Draft {
    let mut draft = Draft {
        session: Some(permalink.to_owned()),
        scope: Some(Scope::Everywhere),
        ..Draft::default()
    };
    draft.about("note", title);
    if part == "relation" {
        let words = entry.replace(['[', ']'], "").replace('_', " ");
        draft.content = format!("{title} {words}");
    } else {
        let (category, words) = match entry
            .strip_prefix('[')
            .and_then(|rest| rest.split_once(']'))
        {
            Some((category, words)) => (category.trim(), words.trim()),
            None => ("", entry.trim()),
        };
        draft.content = if words.to_lowercase().contains(&title.to_lowercase()) {
            words.to_owned()
        } else {
            format!("{title}: {words}")
        };
        draft.about("category", category);
        draft.about(
            "tags",
            Value::Array(
                words
                    .split_whitespace()
                    .filter_map(|word| word.strip_prefix('#'))
                    .map(Value::from)
                    .collect(),
            ),
        );
    }
    draft.key = Some(
        format!("basic-memory:{permalink}/{entry}")
            .chars()
            .take(1000)
            .collect(),
    );
    draft
}
