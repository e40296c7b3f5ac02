//! Which format a file has, and the readers of all formats.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use crate::formats::FORMATS;
use crate::input::source::{Source, unreadable};
use crate::input::{Entry, InputSet, json};
use crate::record::Item;
use crate::{ReadError, Settings};

/// How much of a file is looked at to tell its format.
const SNIFFED_BYTES: u64 = 64 << 10;

pub(crate) type Items = Box<dyn Iterator<Item = Item> + Send>;

/// One format: how its files are known, what names a record in it, and how it is read.
pub(crate) trait Format: Sync {
    /// The name for `--format`.
    const NAME: &'static str;
    /// What the files are.
    const ABOUT: &'static str;
    /// What identifies a conversation and a record in it.
    const IDENTITY: &'static str;

    /// Whether a file is of this format.
    fn detect(&self, head: &Head<'_>, set: &InputSet) -> Detected;

    /// The items of a file of this format.
    fn read(&self, source: Source, set: &InputSet) -> Items;
}

/// [`Format`] for a table of formats.
pub(crate) trait AnyFormat: Sync {
    fn info(&self) -> FormatInfo;
    fn detect(&self, head: &Head<'_>, set: &InputSet) -> Detected;
    fn read(&self, source: Source, set: &InputSet) -> Items;
}

impl<F: Format> AnyFormat for F {
    fn info(&self) -> FormatInfo {
        FormatInfo {
            name: F::NAME,
            about: F::ABOUT,
            identity: F::IDENTITY,
        }
    }

    fn detect(&self, head: &Head<'_>, set: &InputSet) -> Detected {
        Format::detect(self, head, set)
    }

    fn read(&self, source: Source, set: &InputSet) -> Items {
        Format::read(self, source, set)
    }
}

/// What `codex import --formats` says of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct FormatInfo {
    /// The name for `--format`.
    pub name: &'static str,
    /// What the files are.
    pub about: &'static str,
    /// What identifies a conversation and a record in it.
    pub identity: &'static str,
}

/// All formats, in the order in which a file is held against them.
pub fn formats() -> Vec<FormatInfo> {
    FORMATS.iter().map(|format| format.info()).collect()
}

/// What a file is to a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detected {
    No,
    Memories,
    /// Part of such an export, without memories of its own.
    Beside,
}

impl From<bool> for Detected {
    fn from(found: bool) -> Self {
        if found { Self::Memories } else { Self::No }
    }
}

/// The beginning of a file.
pub(crate) struct Head<'a> {
    pub entry: &'a Entry,
    /// In lower case, without the dot.
    pub extension: String,
    pub text: String,
    json: OnceCell<Option<Value>>,
    lines: OnceCell<Vec<Value>>,
}

impl<'a> Head<'a> {
    fn new(entry: &'a Entry, prefix: &[u8]) -> Self {
        let name = entry.name.rsplit('/').next().unwrap_or(&entry.name);
        let extension = name
            .rsplit_once('.')
            .map_or("", |(_, extension)| extension)
            .to_ascii_lowercase();
        Self {
            entry,
            extension,
            text: String::from_utf8_lossy(prefix).into_owned(),
            json: OnceCell::new(),
            lines: OnceCell::new(),
        }
    }

    /// The file's own name.
    pub fn name(&self) -> &str {
        self.entry
            .name
            .rsplit('/')
            .next()
            .unwrap_or(&self.entry.name)
    }

    /// A JSON document as far as it was looked at; `None` for JSON Lines and everything else.
    pub fn json(&self) -> Option<&Value> {
        let read = || {
            if self.lines().is_empty() {
                json::beginning(&self.text)
            } else {
                None
            }
        };
        self.json.get_or_init(read).as_ref()
    }

    /// The first element of a JSON list, or the document's object itself.
    pub fn first(&self) -> Option<&Value> {
        match self.json()? {
            Value::Array(list) => list.first(),
            other => Some(other),
        }
    }

    /// The first objects of JSON Lines; empty for everything else.
    pub fn lines(&self) -> &[Value] {
        self.lines.get_or_init(|| {
            let mut lines = self.text.lines().filter(|line| !line.trim().is_empty());
            let whole = |line: &str| {
                json::parse(line.trim().as_bytes())
                    .ok()
                    .map(|(value, _)| value)
                    .filter(Value::is_object)
            };
            let first: Vec<_> = lines.by_ref().take(40).filter_map(whole).collect();
            let named = matches!(self.extension.as_str(), "jsonl" | "ndjson");
            let begun = self.text.trim_start().starts_with('{');
            // One object on one line is a document, unless the name says otherwise; a line that was cut is no evidence.
            if begun && (first.len() >= 2 || (first.len() == 1 && named)) {
                first
            } else {
                Vec::new()
            }
        })
    }

    /// The first line that is not blank.
    pub fn first_line(&self) -> &str {
        self.text
            .lines()
            .find(|line| !line.trim().is_empty())
            .unwrap_or("")
            .trim()
    }
}

/// Whether an object has all of these fields.
pub(crate) fn has(value: &Value, fields: &[&str]) -> bool {
    fields.iter().all(|field| value.get(field).is_some())
}

/// The files still to be read.
pub(crate) struct Plan {
    set: InputSet,
    settings: Arc<Settings>,
    listing: std::vec::IntoIter<Item>,
    next: usize,
    forced: Option<&'static dyn AnyFormat>,
    /// Files of exports that hold no memories, by format.
    beside: BTreeMap<&'static str, (PathBuf, usize)>,
    done: bool,
}

/// A file that was opened, or what is to be said instead.
pub(crate) struct Opened {
    pub path: PathBuf,
    pub items: Items,
    /// A file that gives nothing is worth a note.
    pub expected: bool,
}

impl Plan {
    pub fn new(mut set: InputSet, settings: Arc<Settings>) -> Result<Self, ReadError> {
        let forced = match &settings.format {
            None => None,
            Some(name) => Some(
                *FORMATS
                    .iter()
                    .find(|format| format.info().name == name)
                    .ok_or_else(|| {
                        let names: Vec<_> =
                            formats().into_iter().map(|format| format.name).collect();
                        ReadError::Setting(format!(
                            "there is no format '{name}': {}",
                            names.join(", ")
                        ))
                    })?,
            ),
        };
        let listing = std::mem::take(&mut set.items).into_iter();
        Ok(Self {
            set,
            settings,
            listing,
            next: 0,
            forced,
            beside: BTreeMap::new(),
            done: false,
        })
    }

    pub fn next(&mut self) -> Option<Opened> {
        if let Some(item) = self.listing.next() {
            return Some(one(item));
        }
        let Some(entry) = self.set.entries.get(self.next).cloned() else {
            return self.close();
        };
        self.next += 1;
        Some(self.open(entry))
    }

    /// What was passed over, said once at the end.
    fn close(&mut self) -> Option<Opened> {
        if self.done || self.beside.is_empty() {
            return None;
        }
        self.done = true;
        let beside = std::mem::take(&mut self.beside);
        let notes: Vec<_> = beside
            .into_iter()
            .map(|(format, (path, count))| {
                let files = if count == 1 { "file" } else { "files" };
                Item::note(&path, None, format!("{count} {files} of a {format} export that hold no memories passed over, this one first"))
            })
            .collect();
        Some(Opened {
            path: PathBuf::new(),
            items: Box::new(notes.into_iter()),
            expected: false,
        })
    }

    fn open(&mut self, entry: Entry) -> Opened {
        let path = entry.path.clone();
        let mut source = match Source::open(entry, Arc::clone(&self.settings)) {
            Ok(source) => source,
            Err(error) => {
                return one(Item::reject(
                    &path,
                    1,
                    None,
                    format!("cannot be opened: {error}"),
                ));
            }
        };
        let prefix = match source.prefix(SNIFFED_BYTES) {
            Ok(prefix) => prefix,
            Err(error) => return one(unreadable(&path, 1, &error)),
        };
        let entry = source.entry.clone();
        let head = Head::new(&entry, &prefix);
        let (format, detected) = match self.forced {
            Some(format) => (Some(format), format.detect(&head, &self.set)),
            None => FORMATS
                .iter()
                .map(|format| (Some(*format), format.detect(&head, &self.set)))
                .find(|(_, detected)| *detected != Detected::No)
                .unwrap_or((None, Detected::No)),
        };
        let Some(format) = format else {
            if prefix.trim_ascii().is_empty() {
                return Opened {
                    path,
                    items: Box::new(std::iter::empty()),
                    expected: true,
                };
            }
            if !entry.given {
                self.beside
                    .entry("unknown")
                    .or_insert_with(|| (path.clone(), 0))
                    .1 += 1;
                return Opened {
                    path,
                    items: Box::new(std::iter::empty()),
                    expected: false,
                };
            }
            return one(Item::reject(
                &path,
                1,
                None,
                "cannot tell the format from the name or the first line; give --format (`codex import --formats` lists them)",
            ));
        };
        if detected == Detected::Beside {
            self.beside
                .entry(format.info().name)
                .or_insert_with(|| (path.clone(), 0))
                .1 += 1;
            return Opened {
                path,
                items: Box::new(std::iter::empty()),
                expected: false,
            };
        }
        let assumed = source
            .assumed
            .take()
            .map(|text| Item::note(&path, None, text));
        let items = format.read(source, &self.set);
        Opened {
            path,
            items: Box::new(assumed.into_iter().chain(items)),
            expected: true,
        }
    }
}

fn one(item: Item) -> Opened {
    Opened {
        path: PathBuf::new(),
        items: Box::new(std::iter::once(item)),
        expected: false,
    }
}
