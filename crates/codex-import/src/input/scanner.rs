//! Finds where JSON values begin and end, so that a large file is parsed an element at a time.
//!
//! The scanner only knows brackets and strings; whether a value is right is serde's business, once it is cut out.

use std::io::{self, BufRead};

/// A place in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// From 1.
    pub line: usize,
    /// In bytes, from 1.
    pub column: usize,
    /// In bytes, from 0.
    pub offset: u64,
}

/// A value's bytes.
#[derive(Debug)]
pub(crate) struct Cut {
    pub start: Place,
    pub bytes: Vec<u8>,
    /// The value was larger than asked for, and `bytes` is not all of it.
    pub too_long: bool,
}

/// Why scanning cannot go on.
#[derive(Debug)]
pub(crate) enum Stop {
    Read(io::Error),
    Syntax(Place, String),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

pub(crate) struct Scanner<R> {
    reader: R,
    place: Place,
}

impl<R: BufRead> Scanner<R> {
    /// Starts at the beginning of the file; a byte order mark is skipped.
    pub fn new(mut reader: R) -> io::Result<Self> {
        let mut offset = 0;
        if reader.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
            reader.consume(3);
            offset = 3;
        }
        Ok(Self {
            reader,
            place: Place {
                line: 1,
                column: 1,
                offset,
            },
        })
    }

    pub fn into_reader(self) -> R {
        self.reader
    }

    /// Where the next byte is.
    pub fn place(&self) -> Place {
        self.place
    }

    /// The next byte that is not white space, which stays unread.
    pub fn peek(&mut self) -> io::Result<Option<u8>> {
        loop {
            match self.byte()? {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.advance(),
                other => return Ok(other),
            }
        }
    }

    /// Reads the one byte that must come next.
    pub fn expect(&mut self, wanted: u8, after: &str) -> Result<(), Stop> {
        match self.peek()? {
            Some(byte) if byte == wanted => {
                self.advance();
                Ok(())
            }
            found => Err(self.unexpected(found, &format!("`{}` {after}", wanted as char))),
        }
    }

    /// A syntax error at the next byte.
    pub fn unexpected(&self, found: Option<u8>, wanted: &str) -> Stop {
        let found = match found {
            None => "the end of the file".to_owned(),
            Some(byte) if byte.is_ascii_graphic() => format!("`{}`", byte as char),
            Some(byte) => format!("byte 0x{byte:02x}"),
        };
        Stop::Syntax(self.place, format!("expected {wanted}, found {found}"))
    }

    /// Reads the next byte, which [`Scanner::peek`] has shown.
    pub fn advance(&mut self) {
        if let Ok(Some(byte)) = self.byte() {
            self.reader.consume(1);
            self.place.offset += 1;
            if byte == b'\n' {
                self.place.line += 1;
                self.place.column = 1;
            } else {
                self.place.column += 1;
            }
        }
    }

    /// Reads the next value and keeps at most `limit` bytes of it.
    pub fn value(&mut self, limit: usize) -> Result<Cut, Stop> {
        let first = self.peek()?;
        let mut cut = Cut {
            start: self.place,
            bytes: Vec::new(),
            too_long: false,
        };
        match first {
            Some(b'{' | b'[' | b'"') => self.nested(&mut cut, limit)?,
            Some(byte) if byte.is_ascii_alphanumeric() || byte == b'-' => {
                while let Some(byte) = self.byte()? {
                    if !(byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) {
                        break;
                    }
                    cut.push(byte, limit);
                    self.advance();
                }
            }
            found => return Err(self.unexpected(found, "a value")),
        }
        Ok(cut)
    }

    fn nested(&mut self, cut: &mut Cut, limit: usize) -> Result<(), Stop> {
        let mut depth = 0_usize;
        let mut in_string = false;
        let mut escaped = false;
        while let Some(byte) = self.byte()? {
            cut.push(byte, limit);
            self.advance();
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_string => escaped = true,
                b'"' => in_string = !in_string,
                b'{' | b'[' if !in_string => depth += 1,
                b'}' | b']' if !in_string => depth -= 1,
                _ => continue,
            }
            if depth == 0 && !in_string {
                return Ok(());
            }
        }
        let what = if in_string {
            "string is not closed"
        } else {
            "value is not closed"
        };
        Err(Stop::Syntax(
            cut.start,
            format!("the file ends before this value does: a {what}"),
        ))
    }

    fn byte(&mut self) -> io::Result<Option<u8>> {
        loop {
            match self.reader.fill_buf() {
                Ok(available) => return Ok(available.first().copied()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Cut {
    fn push(&mut self, byte: u8, limit: usize) {
        if self.bytes.len() < limit {
            self.bytes.push(byte);
        } else {
            self.too_long = true;
        }
    }
}
