//! Files into records: the edge where other people's formats become memories.
//!
//! # Layout
//!
//! [`read_paths`] lists the files ([`files`]), tells their format (`format`) and hands each to the one reader of that
//! format ([`jsonl`], [`json`], [`delimited`], [`markdown`], [`chat_log`]). The readers share how a line is read within
//! bounds ([`lines`]), how times are understood ([`moment`] for the text and [`tokens`] for its parts, [`clock`] for zones and numbers), which
//! names a field goes by ([`fields`]) and what a valid record is ([`draft`]).
//!
//! Nothing here knows a database. Reading is streaming: memory is bounded by the largest line, JSON element, CSV record
//! or Markdown file, each at most [`MAX_LINE_BYTES`]. The same files give the same items in the same order.

mod chat_log;
mod chatgpt;
mod clock;
mod content;
mod conversation;
mod delimited;
mod draft;
mod fields;
mod files;
mod format;
mod front_matter;
mod headings;
mod json;
mod jsonl;
mod lines;
mod markdown;
mod moment;
mod scanner;
mod session_log;
mod source;
mod survey;
#[cfg(test)]
mod tests;
mod tokens;

use std::path::{Path, PathBuf};

use chrono::NaiveDateTime;
use serde_json::{Map, Value};

pub use draft::{MAX_CONTENT_BYTES, MAX_NAME_BYTES};
pub use lines::MAX_LINE_BYTES;
pub use moment::DateOrder;

use clock::Clock;
use files::Listed;

/// One memory as a file tells it, before it has an id or a mind.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The record's own name within its source. `None` where the format gives none; the importer derives one.
    pub key: Option<String>,
    /// What was said or written: never blank, free of NUL, at most [`MAX_CONTENT_BYTES`].
    pub content: String,
    /// When it happened, in UTC with microseconds, years 1 to 9999. `None` where the file does not say.
    pub created_at: Option<NaiveDateTime>,
    /// Who said it.
    pub speaker: Option<String>,
    /// The conversation it belongs to.
    pub session: Option<String>,
    /// The mind it asks to go into.
    pub mind: Option<String>,
    /// Everything else the record held.
    pub metadata: Map<String, Value>,
    /// Where it was read.
    pub origin: Origin,
}

/// Where a record was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The file, as it was reached from the given path.
    pub file: PathBuf,
    /// The record's first line, from 1. A message inside a JSON conversation has the conversation's line.
    pub line: usize,
}

/// A record, or a whole file, that cannot go in.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Rejection {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1; 1 when the file as a whole is meant.
    pub line: usize,
    /// The column in bytes, from 1, where the format knows it.
    pub column: Option<usize>,
    /// What is wrong and what to do.
    pub reason: String,
}

/// Something left out on purpose: no error, but the user should be able to see it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Note {
    /// The file or directory.
    pub file: PathBuf,
    /// The line that holds no memory; `None` when the note is about the whole file or directory.
    pub line: Option<usize>,
    /// What was left out and why.
    pub text: String,
}

/// What a reader finds, in the order of the files and of their lines.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A memory.
    Record(Record),
    /// Something that should have been a memory and is not.
    Rejection(Rejection),
    /// Something that is no memory, such as a tool call in a session log or a picture in a directory of notes.
    Note(Note),
}

/// What to assume where a file does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Defaults {
    /// The zone of local times, those without an offset.
    pub time_zone: chrono_tz::Tz,
    /// How to read 05/03/2024. Without it chat logs are read by what the whole file shows, and rejected when that
    /// leaves both readings open; other formats reject such dates.
    pub date_order: Option<DateOrder>,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            time_zone: chrono_tz::UTC,
            date_order: None,
        }
    }
}

/// Why nothing can be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A given path does not exist.
    #[error("{}: no such file or directory", .path.display())]
    Missing {
        /// The path as given.
        path: PathBuf,
    },
    /// A given path exists and cannot be looked at.
    #[error("{}: cannot be read: {source}", .path.display())]
    Unreadable {
        /// The path as given.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// The items of a list of files, read one file at a time.
pub struct Reader {
    listed: std::vec::IntoIter<Listed>,
    items: Box<dyn Iterator<Item = Item> + Send>,
    /// The file the items come from, until it gives one.
    silent: Option<PathBuf>,
    clock: Clock,
}

/// Lists the files under `paths` and returns their items as they are read.
///
/// Directories are read recursively, by path. In them hidden files and files of unknown types are skipped, which one
/// note per directory says. A file given by name is read whatever it is called; its format is then told by its first
/// bytes. A file reached twice (by a link, or given twice) is read once. A file that holds nothing is one note.
///
/// # Errors
///
/// A given path that does not exist or cannot be looked at. Trouble with a file's contents is a [`Rejection`].
pub fn read_paths(paths: &[PathBuf], defaults: &Defaults) -> Result<Reader, ReadError> {
    Ok(Reader {
        listed: files::list(paths)?.into_iter(),
        items: Box::new(std::iter::empty()),
        silent: None,
        clock: Clock::new(defaults),
    })
}

impl Iterator for Reader {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            if let Some(item) = self.items.next() {
                self.silent = None;
                return Some(item);
            }
            if let Some(file) = self.silent.take() {
                return Some(Item::note(&file, None, "is empty: it holds no memories"));
            }
            match self.listed.next()? {
                Listed::Item(item) => return Some(item),
                Listed::File(file) => {
                    self.silent = Some(file.path.clone());
                    self.items = format::open(file, self.clock);
                }
            }
        }
    }
}

impl Item {
    fn reject(file: &Path, line: usize, column: Option<usize>, reason: impl Into<String>) -> Self {
        Self::Rejection(Rejection {
            file: file.to_path_buf(),
            line,
            column,
            reason: reason.into(),
        })
    }

    fn note(file: &Path, line: Option<usize>, text: impl Into<String>) -> Self {
        Self::Note(Note {
            file: file.to_path_buf(),
            line,
            text: text.into(),
        })
    }
}
