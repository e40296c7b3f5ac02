//! Logseq's graphs: a page is an outline; a memory is a block with what is below it.

use serde_json::Value;

use crate::draft::Draft;
use crate::format::{Detected, Format, Head, Items};
use crate::input::InputSet;
use crate::input::source::Source;
use crate::record::{Scope, TimeFrom};
use crate::time::moment;

use super::markdown::headings::{Dated, date_of_name};

pub(crate) struct Logseq;

impl Format for Logseq {
    const NAME: &'static str = "logseq";
    const ABOUT: &'static str =
        "a Logseq graph: `journals/2024_03_05.md` and `pages/`, a memory a block";
    const IDENTITY: &'static str = "the block's id, else its page's day and its text";

    fn detect(&self, head: &Head<'_>, _: &InputSet) -> Detected {
        let path = &head.entry.path;
        let folder = path
            .parent()
            .and_then(|folder| folder.file_name())
            .and_then(|name| name.to_str())
            .unwrap_or("");
        let in_graph = path
            .ancestors()
            .skip(1)
            .take(4)
            .any(|folder| folder.join("logseq").join("config.edn").is_file());
        let outline = || {
            let lines = head.text.lines().filter(|line| !line.trim().is_empty());
            lines.take(30).all(|line| {
                is_property(line) || line.starts_with('-') || line.starts_with([' ', '\t'])
            })
        };
        let named = folder == "journals"
            && head.name().len() == "2024_03_05.md".len()
            && head.name().contains('_');
        let is = head.extension == "md"
            && (in_graph || named)
            && matches!(folder, "journals" | "pages")
            && outline();
        is.into()
    }

    fn read(&self, mut source: Source, _: &InputSet) -> Items {
        let context = source.context();
        let text = match source.text() {
            Ok(text) => text,
            Err(item) => return Box::new(std::iter::once(*item)),
        };
        let stem = source.stem();
        let day = match date_of_name(&source.path) {
            Dated::At(moment) => Some(moment),
            _ => None,
        };
        let page = blocks(&text);
        let title = page
            .properties
            .iter()
            .find(|(name, _)| name == "title")
            .map_or(stem.replace("___", "/"), |(_, title)| title.clone());
        let mut items = Vec::new();
        for block in page.blocks {
            let words = block.words.trim();
            let only_links = words.split("[[").all(|part| {
                part.rsplit_once("]]")
                    .map_or(part.trim().is_empty(), |(_, after)| {
                        after.trim_matches(['-', ' ', '\n', '\t']).is_empty()
                    })
            });
            if words.is_empty() || only_links || stem.starts_with("hls__") {
                items.push(context.left_out("blank", block.line));
                continue;
            }
            let mut draft = Draft {
                key: block.id.clone(),
                scope: block.id.as_ref().map(|_| Scope::Everywhere),
                content: words.to_owned(),
                session: Some(title.clone()),
                time_from: TimeFrom::FileName,
                ..Draft::default()
            };
            for (name, value) in &page.properties {
                draft.about(name, value.as_str());
            }
            draft.about(
                "properties",
                Value::Object(
                    block
                        .properties
                        .into_iter()
                        .map(|(name, value)| (name, Value::String(value)))
                        .collect(),
                ),
            );
            if let Some(day) = day {
                let time = moment::leading_time(words.trim_start_matches("**"))
                    .ok()
                    .flatten()
                    .map(|(time, _)| time);
                match context.clock.utc(&moment::Moment { time, ..day }) {
                    Ok(at) => draft.created_at = Some(at),
                    Err(reason) => {
                        items.push(context.reject(block.line, reason));
                        continue;
                    }
                }
            }
            items.push(context.finish(draft, block.line));
        }
        if items.is_empty() {
            items.push(context.left_out("blank", 1));
        }
        Box::new(items.into_iter())
    }
}

struct Page {
    properties: Vec<(String, String)>,
    blocks: Vec<Block>,
}

struct Block {
    line: usize,
    id: Option<String>,
    properties: Vec<(String, String)>,
    words: String,
}

fn is_property(line: &str) -> bool {
    line.trim_start()
        .split_once("::")
        .is_some_and(|(name, rest)| {
            !name.is_empty()
                && name
                    .chars()
                    .all(|c| c.is_alphanumeric() || "-_.".contains(c))
                && (rest.is_empty() || rest.starts_with(' '))
        })
}

/// The outline's first level, each block with what is below it, without what Logseq keeps for itself.
fn blocks(text: &str) -> Page {
    let mut page = Page {
        properties: Vec::new(),
        blocks: Vec::new(),
    };
    let mut in_drawer = false;
    for (index, line) in text.lines().enumerate() {
        let trimmed = line.trim();
        if trimmed.starts_with(":LOGBOOK:") {
            in_drawer = true;
        }
        if in_drawer {
            in_drawer = trimmed != ":END:";
            continue;
        }
        if let Some(words) = line
            .strip_prefix('-')
            .filter(|rest| rest.is_empty() || rest.starts_with(' '))
        {
            page.blocks.push(Block {
                line: index + 1,
                id: None,
                properties: Vec::new(),
                words: words.trim_start().to_owned(),
            });
            continue;
        }
        let property = is_property(line)
            .then(|| trimmed.split_once("::"))
            .flatten()
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
        match (page.blocks.last_mut(), property) {
            (None, Some(property)) => page.properties.push(property),
            (Some(block), Some((name, value))) => match name.as_str() {
                "id" if block.id.is_none() && !block.words.contains('\n') => {
                    block.id = Some(format!("logseq:{value}"))
                }
                "id" | "collapsed" => {}
                _ => block.properties.push((name, value)),
            },
            (Some(block), None) => {
                block.words.push('\n');
                block.words.push_str(
                    line.strip_prefix("  ")
                        .or_else(|| line.strip_prefix('\t'))
                        .unwrap_or(line)
                        .trim_end(),
                );
            }
            (None, None) if trimmed.is_empty() => {}
            (None, None) => page.blocks.push(Block {
                line: index + 1,
                id: None,
                properties: Vec::new(),
                words: line.to_owned(),
            }),
        }
    }
    page
}
