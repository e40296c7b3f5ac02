//! An open file that can be read more than once.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::decode::decode;
use super::{Entry, Place};
use crate::Settings;
use crate::draft::Draft;
use crate::record::{Item, Origin, TimeFrom};
use crate::time::clock::Clock;

/// What a reader needs of an open file.
pub(crate) trait Input: Read + Seek + Send {}
impl<T: Read + Seek + Send> Input for T {}

/// A file being read: which it is, its bytes as UTF-8, and what the run says about reading.
pub(crate) struct Source {
    pub path: PathBuf,
    pub entry: Entry,
    pub input: BufReader<Box<dyn Input>>,
    pub clock: Clock,
    pub settings: Arc<Settings>,
    /// What was assumed to read it.
    pub assumed: Option<String>,
}

impl Source {
    /// Opens a file. What cannot be read twice, such as a pipe, is copied to a temporary file first.
    pub fn open(entry: Entry, settings: Arc<Settings>) -> io::Result<Self> {
        let file = match &entry.place {
            Place::Zip(archive, index) => archive.unpack(*index)?,
            Place::Disk => {
                let mut file = File::open(&entry.path)?;
                if !file.metadata()?.is_file() {
                    let mut copy = tempfile::tempfile()?;
                    io::copy(&mut file, &mut copy)?;
                    copy.rewind()?;
                    file = copy;
                }
                file
            }
        };
        let (file, assumed) = decode(file)?;
        Ok(Self {
            path: entry.path.clone(),
            clock: Clock::new(settings.time_zone, settings.date_order),
            input: BufReader::with_capacity(1 << 16, Box::new(file)),
            entry,
            settings,
            assumed,
        })
    }

    /// The first bytes, without a byte order mark. The next read begins at the file's start again.
    pub fn prefix(&mut self, length: u64) -> io::Result<Vec<u8>> {
        let mut prefix = Vec::new();
        self.input.by_ref().take(length).read_to_end(&mut prefix)?;
        self.rewind()?;
        if prefix.starts_with(b"\xef\xbb\xbf") {
            prefix.drain(..3);
        }
        Ok(prefix)
    }

    pub fn rewind(&mut self) -> io::Result<()> {
        self.input.seek(SeekFrom::Start(0)).map(drop)
    }

    /// The whole text, what is not UTF-8 replaced; an item where it is too long or cannot be read.
    pub fn text(&mut self) -> Result<String, Box<Item>> {
        let mut bytes = Vec::new();
        let limit = super::lines::MAX_LINE_BYTES as u64 * 8;
        match self.input.by_ref().take(limit + 1).read_to_end(&mut bytes) {
            Err(error) => Err(Box::new(unreadable(&self.path, 1, &error))),
            Ok(size) if size as u64 > limit => Err(Box::new(Item::reject(
                &self.path,
                1,
                None,
                "the file is longer than 512 MiB; split it",
            ))),
            Ok(_) => {
                let text = match String::from_utf8(bytes) {
                    Ok(text) => text,
                    Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
                };
                Ok(text
                    .strip_prefix('\u{feff}')
                    .map(str::to_owned)
                    .unwrap_or(text))
            }
        }
    }

    pub fn context(&self) -> Context {
        Context {
            file: self.path.clone(),
            clock: self.clock,
            settings: Arc::clone(&self.settings),
            modified: self.entry.modified,
        }
    }

    /// The file's name without folders and extension.
    pub fn stem(&self) -> String {
        let name = self
            .entry
            .name
            .rsplit('/')
            .next()
            .unwrap_or(&self.entry.name);
        name.rsplit_once('.')
            .map_or(name, |(stem, _)| stem)
            .to_owned()
    }
}

/// What is needed to turn a draft into an item.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub file: PathBuf,
    pub clock: Clock,
    pub settings: Arc<Settings>,
    pub modified: Option<chrono::NaiveDateTime>,
}

impl Context {
    pub fn origin(&self, line: usize) -> Origin {
        Origin {
            file: self.file.clone(),
            line,
        }
    }

    /// The draft as an item; without a date it takes the file's, where that was asked for.
    pub fn finish(&self, mut draft: Draft, line: usize) -> Item {
        if draft.created_at.is_none() && draft.kind.is_none() && self.settings.date_from_file {
            draft.created_at = self.modified;
            draft.time_from = TimeFrom::File;
        }
        draft.finish(self.origin(line), &self.settings.include)
    }

    pub fn reject(&self, line: usize, reason: impl Into<String>) -> Item {
        Item::reject(&self.file, line, None, reason)
    }

    /// An entry that is left out, whatever was said to be included: it has no words.
    pub fn left_out(&self, kind: &'static str, line: usize) -> Item {
        Item::left_out(kind, &self.origin(line))
    }
}

/// The rejection for a file that fails while it is read.
pub(crate) fn unreadable(path: &Path, line: usize, error: &io::Error) -> Item {
    Item::reject(
        path,
        line.max(1),
        None,
        format!("cannot be read from here on: {error}"),
    )
}
