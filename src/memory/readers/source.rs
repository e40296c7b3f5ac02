//! An open file that can be read more than once.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::Item;
use super::clock::Clock;

/// What a reader needs of an open file.
pub(super) trait Input: Read + Seek + Send {}
impl<T: Read + Seek + Send> Input for T {}

/// A file being read: its path, its name within the source, and its bytes.
pub(super) struct Source {
    pub path: PathBuf,
    /// The path below the given directory, with slashes; the file's name where it was given itself.
    pub name: String,
    pub input: BufReader<Box<dyn Input>>,
    pub clock: Clock,
}

impl Source {
    /// Opens a file. What cannot be read twice, such as a pipe, is copied to a temporary file first.
    pub fn open(path: PathBuf, name: String, clock: Clock) -> io::Result<Self> {
        let mut file = File::open(&path)?;
        if !file.metadata()?.is_file() {
            let mut copy = tempfile::tempfile()?;
            io::copy(&mut file, &mut copy)?;
            copy.rewind()?;
            file = copy;
        }
        Ok(Self::new(path, name, clock, file))
    }

    pub fn new(path: PathBuf, name: String, clock: Clock, input: impl Input + 'static) -> Self {
        Self {
            path,
            name,
            input: BufReader::with_capacity(1 << 16, Box::new(input)),
            clock,
        }
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
}

/// The rejection for a file that fails while it is read.
pub(super) fn unreadable(path: &Path, line: usize, error: &io::Error) -> Item {
    Item::reject(
        path,
        line.max(1),
        None,
        format!("cannot be read from here on: {error}"),
    )
}
