//! CSV and TSV with a header, quoted as RFC 4180 has it.
//!
//! Written by hand because of what goes wrong in real files: a quote that is never closed must be reported instead of
//! swallowing the file, a record's line must be right after blank lines and within multi-line fields, and memory must
//! stay bounded.

use std::collections::HashSet;
use std::io::{self, BufRead};
use std::path::PathBuf;

use serde_json::{Map, Value};

use super::clock::Clock;
use super::content::shorten;
use super::lines::{self, Lines, MAX_LINE_BYTES};
use super::source::{Source, unreadable};
use super::{Item, Origin, fields};

/// The items of a file whose first record names the columns. Without a `separator` the header shows it.
pub(super) fn read(source: Source, separator: Option<u8>) -> impl Iterator<Item = Item> + Send {
    let Source {
        path, input, clock, ..
    } = source;
    let mut table = Table {
        path,
        clock,
        lines: Lines::new(input),
        separator,
        columns: Vec::new(),
        done: false,
    };
    std::iter::from_fn(move || table.next())
}

/// Whether a line looks like the header of a table with memories.
pub(super) fn is_header(line: &str) -> bool {
    let separator = separator_of(line.as_bytes());
    let names: Vec<_> = line
        .split(separator as char)
        .map(|name| name.trim().trim_matches('"'))
        .collect();
    names.len() > 1
        && names
            .iter()
            .any(|name| fields::known_name(name).is_some_and(fields::is_content))
}

struct Table<R> {
    path: PathBuf,
    clock: Clock,
    lines: Lines<R>,
    separator: Option<u8>,
    columns: Vec<String>,
    done: bool,
}

/// A record's fields, or why it has none.
struct Row {
    line: usize,
    fields: Result<Vec<String>, (usize, Option<usize>, String)>,
    /// Nothing after it can be understood.
    last: bool,
}

impl<R: BufRead> Table<R> {
    fn next(&mut self) -> Option<Item> {
        loop {
            if self.done {
                return None;
            }
            let row = match self.row() {
                Ok(row) => row?,
                Err(error) => {
                    self.done = true;
                    return Some(unreadable(&self.path, self.lines.number() + 1, &error));
                }
            };
            self.done = row.last;
            let is_header = self.columns.is_empty();
            let cells = match row.fields {
                Ok(cells) => cells,
                Err((line, column, reason)) => {
                    self.done |= is_header;
                    return Some(Item::reject(&self.path, line, column, reason));
                }
            };
            if !is_header {
                return Some(self.item(cells, row.line));
            }
            if let Err(reason) = self.set_columns(cells) {
                self.done = true;
                return Some(Item::reject(&self.path, row.line, None, reason));
            }
        }
    }

    fn set_columns(&mut self, header: Vec<String>) -> Result<(), String> {
        let mut seen = HashSet::new();
        for (index, name) in header.iter().enumerate() {
            let name = match name.trim() {
                "" => format!("column_{}", index + 1),
                name => fields::known_name(name).unwrap_or(name).to_owned(),
            };
            if !seen.insert(name.clone()) {
                return Err(format!(
                    "the header has the column `{}` twice; rename one",
                    shorten(&name)
                ));
            }
            self.columns.push(name);
        }
        if self.columns.iter().any(|name| fields::is_content(name)) {
            return Ok(());
        }
        Err(format!(
            "the header ({}) has no column `content` (nor `text`, `message`, `body`); rename the column with the text",
            shorten(&self.columns.join(", "))
        ))
    }

    fn item(&self, cells: Vec<String>, line: usize) -> Item {
        let (found, wanted) = (cells.len(), self.columns.len());
        if found != wanted {
            let reason = format!(
                "the record has {found} fields, the header {wanted}; quote fields that hold separators or line breaks"
            );
            return Item::reject(&self.path, line, None, reason);
        }
        let mut object = Map::new();
        for (name, cell) in self.columns.iter().zip(cells) {
            // An empty cell is an absent field, but an empty content is a mistake to report as such.
            if cell.is_empty() && !fields::is_content(name) {
                continue;
            }
            let value = match name.as_str() {
                // What is no JSON stays a text, which is then rejected as no object.
                "metadata" => serde_json::from_str(&cell).unwrap_or(Value::String(cell)),
                _ => Value::String(cell),
            };
            object.insert(name.clone(), value);
        }
        fields::item(
            object,
            Origin {
                file: self.path.clone(),
                line,
            },
            self.clock,
            None,
        )
    }

    /// The next record that is not blank.
    fn row(&mut self) -> io::Result<Option<Row>> {
        let mut parser: Option<Parser> = None;
        let mut utf8_problem = None;
        loop {
            let number = self.lines.number() + 1;
            let Some(line) = self.lines.next()? else {
                return Ok(parser.map(Parser::unclosed));
            };
            let row = match &mut parser {
                None if line.bytes.trim_ascii().is_empty() && !line.too_long => continue,
                None => {
                    let separator = *self
                        .separator
                        .get_or_insert_with(|| separator_of(line.bytes));
                    parser.insert(Parser::new(separator, number))
                }
                Some(row) => row,
            };
            let start = row.line;
            let failed = |line, column, reason, last| {
                Ok(Some(Row {
                    line: start,
                    fields: Err((line, column, reason)),
                    last,
                }))
            };
            if line.too_long {
                return failed(number, None, lines::too_long("line"), false);
            }
            if utf8_problem.is_none()
                && let Err((column, reason)) = lines::utf8(line.bytes, line.offset)
            {
                utf8_problem = Some((number, Some(column), reason));
            }
            match row.feed(line.bytes, number) {
                Err((column, reason)) => {
                    return failed(number, Some(column), reason.to_owned(), false);
                }
                Ok(false) if row.size > MAX_LINE_BYTES => {
                    let reason = format!(
                        "{}; is a quote not closed? The rest of the file is not read",
                        lines::too_long("record")
                    );
                    return failed(row.quote.0, Some(row.quote.1), reason, true);
                }
                Ok(false) => {}
                Ok(true) => {
                    let fields = std::mem::take(&mut row.fields);
                    let fields = match utf8_problem {
                        Some(problem) => Err(problem),
                        None => Ok(fields
                            .into_iter()
                            .map(|field| String::from_utf8_lossy(&field).into_owned())
                            .collect()),
                    };
                    return Ok(Some(Row {
                        line: start,
                        fields,
                        last: false,
                    }));
                }
            }
        }
    }
}

/// Splits one record, a line at a time.
struct Parser {
    separator: u8,
    line: usize,
    fields: Vec<Vec<u8>>,
    size: usize,
    in_quotes: bool,
    /// Line and column of the last opening quote.
    quote: (usize, usize),
}

impl Parser {
    fn new(separator: u8, line: usize) -> Self {
        Self {
            separator,
            line,
            fields: vec![Vec::new()],
            size: 0,
            in_quotes: false,
            quote: (line, 1),
        }
    }

    /// Takes a line; `true` when the record ends with it.
    fn feed(&mut self, bytes: &[u8], number: usize) -> Result<bool, (usize, &'static str)> {
        self.size += bytes.len() + 1;
        let mut at_start = !self.in_quotes;
        let mut closed = false;
        if self.in_quotes {
            // The line break that the last line ended with.
            self.push(b'\n');
        }
        let mut bytes = bytes.iter().copied().enumerate().peekable();
        while let Some((index, byte)) = bytes.next() {
            if self.in_quotes {
                if byte != b'"' {
                    self.push(byte);
                } else if bytes.next_if(|&(_, next)| next == b'"').is_some() {
                    self.push(b'"');
                } else {
                    self.in_quotes = false;
                    closed = true;
                }
            } else if byte == self.separator {
                self.fields.push(Vec::new());
                (at_start, closed) = (true, false);
            } else if closed {
                return Err((
                    index + 1,
                    "text after a closing quote; double the quotes within a quoted field (\"\")",
                ));
            } else if byte == b'"' && at_start {
                self.in_quotes = true;
                self.quote = (number, index + 1);
                at_start = false;
            } else {
                self.push(byte);
                at_start = false;
            }
        }
        Ok(!self.in_quotes)
    }

    fn push(&mut self, byte: u8) {
        if let Some(field) = self.fields.last_mut() {
            field.push(byte);
        }
    }

    fn unclosed(self) -> Row {
        let reason = "the quote opened here is never closed, so the rest of the file is not read; close it or double it";
        Row {
            line: self.line,
            fields: Err((self.quote.0, Some(self.quote.1), reason.to_owned())),
            last: true,
        }
    }
}

/// What separates most names in a header: a comma, a semicolon (spreadsheets in much of Europe) or a tab.
fn separator_of(header: &[u8]) -> u8 {
    let count = |separator: u8| header.iter().filter(|&&byte| byte == separator).count();
    [b'\t', b';', b',']
        .into_iter()
        .max_by_key(|&separator| count(separator))
        .unwrap_or(b',')
}
