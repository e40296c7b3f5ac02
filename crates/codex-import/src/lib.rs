//! Files into records: the edge where other people's formats become memories.
//!
//! # Layout
//!
//! [`read_paths`] lists what the paths hold, files, folders and zips alike ([`input`]), asks the registry which format each
//! file has ([`mod@format`]), and hands each to its reader ([`mod@formats`], one folder a format). The readers share how times are
//! understood ([`time`]), which names a field goes by ([`fields`]) and what a valid record is ([`draft`]).
//!
//! Nothing here knows a database. Plain formats are read as they stream by: memory is bounded by the largest line, JSON
//! element, CSV record or Markdown file, each at most [`MAX_LINE_BYTES`]. The same files give the same items in the same order.

mod draft;
mod fields;
mod format;
mod formats;
mod input;
mod record;
mod secrets;
mod time;

use std::path::PathBuf;
use std::sync::Arc;

pub use draft::{MAX_CONTENT_BYTES, MAX_NAME_BYTES};
pub use format::{FormatInfo, formats};
pub use input::lines::MAX_LINE_BYTES;
pub use record::{Item, LEFT_OUT_KINDS, LeftOut, Note, Origin, Record, Rejection, Scope, TimeFrom};
pub use secrets::{Secret, redact, secrets};
pub use time::moment::DateOrder;

use format::Plan;
use input::InputSet;

/// What to assume where a file does not say, and what to take in.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The zone of local times, those without an offset.
    pub time_zone: chrono_tz::Tz,
    /// How to read 05/03/2024. Without it files are read by what the whole of them shows, and rejected when that leaves both
    /// readings open.
    pub date_order: Option<DateOrder>,
    /// Dates what has no date by when its file was last changed.
    pub date_from_file: bool,
    /// Kinds of entries that are no memories and are taken in all the same ([`LEFT_OUT_KINDS`]).
    pub include: Vec<String>,
    /// The format of all files, by name, instead of what each looks like.
    pub format: Option<String>,
    /// Columns and fields to take under another name: (theirs, ours).
    pub map: Vec<(String, String)>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            time_zone: chrono_tz::UTC,
            date_order: None,
            date_from_file: false,
            include: Vec::new(),
            format: None,
            map: Vec::new(),
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
    /// A setting names something there is not.
    #[error("{0}")]
    Setting(String),
}

/// The items of a list of files, read one file at a time.
pub struct Reader {
    plan: Plan,
    items: Box<dyn Iterator<Item = Item> + Send>,
    /// The file the items come from, until it gives one.
    silent: Option<PathBuf>,
}

/// Lists the files under `paths` and returns their items as they are read.
///
/// Directories and zips are read recursively, by path. In them hidden files, files of unknown types and those of an export that
/// hold no memories are passed over, which one note per directory says. A file given by name is read whatever it is called. A
/// file reached twice (by a link, or given twice) is read once. A file that holds nothing is one note.
///
/// # Errors
///
/// A given path that does not exist or cannot be looked at; a setting that names no format or kind. Trouble with a file's
/// contents is a [`Rejection`].
pub fn read_paths(paths: &[PathBuf], settings: &Settings) -> Result<Reader, ReadError> {
    if let Some(kind) = settings
        .include
        .iter()
        .find(|kind| !LEFT_OUT_KINDS.iter().any(|(name, _)| name == kind))
    {
        let names: Vec<_> = LEFT_OUT_KINDS.iter().map(|(name, _)| *name).collect();
        return Err(ReadError::Setting(format!(
            "there is no kind '{kind}' to include: {}",
            names.join(", ")
        )));
    }
    let set = InputSet::list(paths)?;
    let plan = Plan::new(set, Arc::new(settings.clone()))?;
    Ok(Reader {
        plan,
        items: Box::new(std::iter::empty()),
        silent: None,
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
            let opened = self.plan.next()?;
            self.silent = opened.expected.then_some(opened.path);
            self.items = opened.items;
        }
    }
}
