//! Which format a file has: by its extension, else by its first bytes.

use std::path::Path;

use super::clock::Clock;
use super::files::Found;
use super::source::{Source, unreadable};
use super::{Item, chat_log, delimited, json, jsonl, markdown};

/// The formats there are readers for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    JsonLines,
    Json,
    /// Comma-separated, or whatever its header is separated by.
    Csv,
    Tsv,
    Markdown,
    ChatLog,
}

/// How much of a file is looked at to tell its format.
const SNIFFED_BYTES: u64 = 64 << 10;

type Items = Box<dyn Iterator<Item = Item> + Send>;

impl Format {
    pub fn by_extension(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match extension.as_str() {
            "jsonl" | "ndjson" => Self::JsonLines,
            "json" => Self::Json,
            "csv" => Self::Csv,
            "tsv" | "tab" => Self::Tsv,
            "md" | "markdown" => Self::Markdown,
            "txt" | "log" => Self::ChatLog,
            _ => return None,
        })
    }

    /// What the first bytes look like.
    pub fn by_content(prefix: &[u8], clock: Clock) -> Option<Self> {
        let text = String::from_utf8_lossy(prefix);
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        let first = lines.next()?.trim_start();
        if chat_log::is_stamped(first, clock) {
            return Some(Self::ChatLog);
        }
        if first.starts_with(['{', '[']) {
            return Some(if is_json_lines(prefix) {
                Self::JsonLines
            } else {
                Self::Json
            });
        }
        if first.starts_with("# ") || first.starts_with("## ") || first.trim_end() == "---" {
            return Some(Self::Markdown);
        }
        delimited::is_header(first).then_some(Self::Csv)
    }

    fn items(self, source: Source) -> Items {
        match self {
            Self::JsonLines => Box::new(jsonl::read(source)),
            Self::Json => Box::new(json::read(source)),
            Self::Csv => Box::new(delimited::read(source, None)),
            Self::Tsv => Box::new(delimited::read(source, Some(b'\t'))),
            Self::Markdown => Box::new(markdown::read(source)),
            Self::ChatLog => Box::new(chat_log::read(source)),
        }
    }
}

/// Opens a file with the reader of its format. Whatever goes wrong is an item.
pub(super) fn open(found: Found, clock: Clock) -> Items {
    match Source::open(found.path.clone(), found.name, clock) {
        Ok(source) => read(source, found.format),
        Err(error) => one(Item::reject(
            &found.path,
            1,
            None,
            format!("cannot be opened: {error}"),
        )),
    }
}

/// Reads an open file.
pub(super) fn read(mut source: Source, format: Option<Format>) -> Items {
    let prefix = match source.prefix(SNIFFED_BYTES) {
        Ok(prefix) => prefix,
        Err(error) => return one(unreadable(&source.path, 1, &error)),
    };
    if prefix.starts_with(b"\xff\xfe") || prefix.starts_with(b"\xfe\xff") {
        return one(Item::reject(
            &source.path,
            1,
            None,
            "the file is UTF-16; save it as UTF-8",
        ));
    }
    let format = match format {
        // Many programs call their JSON Lines .json.
        Some(Format::Json) if is_json_lines(&prefix) => Some(Format::JsonLines),
        Some(format) => Some(format),
        None => Format::by_content(&prefix, source.clock),
    };
    match format {
        Some(format) => format.items(source),
        None if prefix.trim_ascii().is_empty() => Box::new(std::iter::empty()),
        None => one(Item::reject(
            &source.path,
            1,
            None,
            "cannot tell the format from the name or the first line; \
             name it .jsonl, .json, .csv, .tsv, .md, .txt or .log",
        )),
    }
}

fn one(item: Item) -> Items {
    Box::new(std::iter::once(item))
}

/// A whole object on the first line and another one beginning after it.
fn is_json_lines(prefix: &[u8]) -> bool {
    let mut lines = prefix
        .split(|&byte| byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty());
    let (Some(first), Some(second)) = (lines.next(), lines.next()) else {
        return false;
    };
    first.starts_with(b"{")
        && second.starts_with(b"{")
        && serde_json::from_slice::<serde::de::IgnoredAny>(first).is_ok()
}
