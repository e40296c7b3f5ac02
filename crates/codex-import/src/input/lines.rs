//! Lines of bytes, of which no single one can exhaust the memory.

use std::io::{self, BufRead};

/// The longest line, JSON element, CSV record or Markdown file that is read: 64 MiB. Larger ones are rejected without
/// being held in memory.
pub const MAX_LINE_BYTES: usize = 64 << 20;

/// A line without its end (LF or CRLF).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// From 1.
    pub number: usize,
    /// Of its first byte in the file.
    pub offset: u64,
    /// The bytes; only a first part when `too_long`.
    pub bytes: &'a [u8],
    /// Longer than the limit.
    pub too_long: bool,
}

/// Reads lines one after another into one buffer.
pub(crate) struct Lines<R> {
    reader: R,
    limit: usize,
    buffer: Vec<u8>,
    number: usize,
    offset: u64,
}

/// Kept of a line that is too long: enough to see what it is.
const KEPT_OF_TOO_LONG: usize = 256;
/// A buffer that had to hold a huge line is given back before the next one.
const BUFFER_KEPT: usize = 1 << 20;

impl<R: BufRead> Lines<R> {
    pub fn new(reader: R) -> Self {
        Self::with_limit(reader, MAX_LINE_BYTES)
    }

    pub fn with_limit(reader: R, limit: usize) -> Self {
        Self {
            reader,
            limit,
            buffer: Vec::new(),
            number: 0,
            offset: 0,
        }
    }

    /// The number of the last line that was read.
    pub fn number(&self) -> usize {
        self.number
    }

    /// The next line, or `None` at the end of the file. A byte order mark before the first line is skipped.
    pub fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.buffer.clear();
        if self.buffer.capacity() > BUFFER_KEPT {
            self.buffer.shrink_to(BUFFER_KEPT);
        }
        let mut start = self.offset;
        let mut too_long = false;
        loop {
            let available = match self.reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            if available.is_empty() {
                break;
            }
            let end = available.iter().position(|&byte| byte == b'\n');
            let taken = end.map_or(available.len(), |end| end + 1);
            // Two bytes more than the limit, for the line's end.
            if !too_long && self.buffer.len() + taken <= self.limit + 2 {
                self.buffer.extend_from_slice(&available[..taken]);
            } else if !too_long {
                too_long = true;
                self.buffer.truncate(KEPT_OF_TOO_LONG);
            }
            self.reader.consume(taken);
            self.offset += taken as u64;
            if end.is_some() {
                break;
            }
        }
        if self.offset == start {
            return Ok(None);
        }
        self.number += 1;
        let mut bytes = self.buffer.as_slice();
        if !too_long {
            bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
            bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        }
        if start == 0
            && let Some(after_mark) = bytes.strip_prefix(b"\xef\xbb\xbf")
        {
            bytes = after_mark;
            start = 3;
        }
        let too_long = too_long || bytes.len() > self.limit;
        Ok(Some(Line {
            number: self.number,
            offset: start,
            bytes,
            too_long,
        }))
    }
}

/// The line's text, or where it stops being UTF-8, as the column (in bytes, from 1) and a reason.
pub(crate) fn utf8(bytes: &[u8], offset: u64) -> Result<&str, (usize, String)> {
    std::str::from_utf8(bytes).map_err(|error| {
        let valid = error.valid_up_to();
        (valid + 1, invalid_utf8(bytes[valid], offset + valid as u64))
    })
}

/// The reason for a byte that is not UTF-8.
pub(crate) fn invalid_utf8(byte: u8, offset: u64) -> String {
    format!(
        "invalid UTF-8: byte 0x{byte:02x} at byte offset {offset} of the file; convert the file to UTF-8"
    )
}

/// The reason for something over the limit.
pub(crate) fn too_long(what: &str) -> String {
    format!(
        "the {what} is longer than {} MiB; split it",
        MAX_LINE_BYTES >> 20
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_over_the_limit_is_marked_and_the_next_one_is_whole() {
        let text = format!("ab\r\n{}\nlast", "x".repeat(1000));
        // A small buffer, so that lines come in pieces.
        let reader = io::BufReader::with_capacity(7, text.as_bytes());
        let mut lines = Lines::with_limit(reader, 10);
        let line = lines.next().unwrap().unwrap();
        assert_eq!(
            (line.number, line.offset, line.bytes, line.too_long),
            (1, 0, &b"ab"[..], false)
        );
        let line = lines.next().unwrap().unwrap();
        assert!(line.too_long && line.bytes.len() <= KEPT_OF_TOO_LONG);
        let line = lines.next().unwrap().unwrap();
        assert_eq!(
            (line.number, line.offset, line.bytes),
            (3, 1005, &b"last"[..])
        );
        assert!(lines.next().unwrap().is_none());
    }

    #[test]
    fn a_byte_order_mark_belongs_to_no_line() {
        let mut lines = Lines::new(&b"\xef\xbb\xbfa\n\xef\xbb\xbfb"[..]);
        let line = lines.next().unwrap().unwrap();
        assert_eq!((line.offset, line.bytes), (3, &b"a"[..]));
        assert_eq!(lines.next().unwrap().unwrap().bytes, b"\xef\xbb\xbfb");
    }
}
