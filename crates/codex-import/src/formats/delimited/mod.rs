//! CSV and TSV with a header, quoted as RFC 4180 has it.
//!
//! Written by hand because of what goes wrong in real files: a quote that is never closed must be reported instead of
//! swallowing the file, a record's line must be right after blank lines and within multi-line fields, and memory must
//! stay bounded.

use std::collections::HashSet;
use std::io::{self, BufRead};
use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::fields;
use crate::fields::content::shorten;
use crate::format::{Detected, Format, Head, Items};
use crate::input::InputSet;
use crate::input::lines::{self, Lines, MAX_LINE_BYTES};
use crate::input::source::{Context, Source, unreadable};
use crate::record::Item;
use crate::time::moment;
use crate::time::order::OrderEvidence;

/// Tables of comma-, semicolon- or tab-separated values.
pub(crate) struct Csv;

impl Format for Csv {
    const NAME: &'static str = "csv";
    const ABOUT: &'static str = "a table with a header, separated by commas, semicolons or tabs; `sep=` lines, column names in many languages";
    const IDENTITY: &'static str = "a column `id` or `key`, else time, speaker and text";

    fn detect(&self, head: &Head<'_>, _: &InputSet) -> Detected {
        (matches!(head.extension.as_str(), "csv" | "tsv" | "tab") || is_header(head.first_line()))
            .into()
    }

    fn read(&self, source: Source, _: &InputSet) -> Items {
        let tabs = source.entry.name.to_ascii_lowercase();
        let separator = (tabs.ends_with(".tsv") || tabs.ends_with(".tab")).then_some(b'\t');
        let mut context = source.context();
        let Source {
            path, mut input, ..
        } = source;
        if context.settings.date_order.is_none() {
            // Which number is the day shows in the file as a whole, so it is read twice.
            let mut first = Table::new(path.clone(), context.clone(), &mut input, separator);
            if let Ok(Some(order)) = first.orders().decide() {
                context.clock.order = Some(order);
            }
            if let Err(error) = io::Seek::rewind(&mut input) {
                return Box::new(std::iter::once(unreadable(&path, 1, &error)));
            }
        }
        let mut table = Table::new(path, context, input, separator);
        Box::new(std::iter::from_fn(move || table.next()))
    }
}

/// The rows of a table as they are, by column and with their lines, for formats that are tables of their own.
pub(crate) fn rows(
    source: Source,
) -> impl Iterator<Item = Result<(usize, Map<String, Value>), Box<Item>>> + Send {
    let context = source.context();
    let Source { path, input, .. } = source;
    let mut table = Table::new(path, context, input, None);
    let mut columns: Option<Vec<String>> = None;
    std::iter::from_fn(move || {
        loop {
            if table.done {
                return None;
            }
            let row = match table.row() {
                Ok(row) => row?,
                Err(error) => {
                    table.done = true;
                    return Some(Err(Box::new(unreadable(
                        &table.path,
                        table.lines.number() + 1,
                        &error,
                    ))));
                }
            };
            table.done = row.last;
            match (row.fields, &columns) {
                (Err((line, column, reason)), _) => {
                    return Some(Err(Box::new(Item::reject(
                        &table.path,
                        line,
                        column,
                        reason,
                    ))));
                }
                (Ok(header), None) => columns = Some(header),
                (Ok(cells), Some(columns)) => {
                    let fields = columns
                        .iter()
                        .cloned()
                        .zip(cells.into_iter().map(Value::String));
                    return Some(Ok((row.line, fields.collect())));
                }
            }
        }
    })
}

/// Whether a line looks like the header of a table with memories.
fn is_header(line: &str) -> bool {
    if separator_line(line.as_bytes()).is_some() {
        return true;
    }
    let separator = separator_of(line.as_bytes());
    let names: Vec<_> = line
        .split(separator as char)
        .map(|name| name.trim().trim_matches('"'))
        .collect();
    names.len() > 1
        && names
            .iter()
            .any(|name| fields::known_name(name).is_some_and(fields::is_content))
        && names.iter().all(|name| name.chars().count() <= 40)
}

/// The separator that Excel is told in a first line of `sep=;`.
fn separator_line(line: &[u8]) -> Option<u8> {
    match line.trim_ascii() {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', separator] => Some(*separator),
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'='] if line.contains(&b'\t') => Some(b'\t'),
        _ => None,
    }
}

struct Table<R> {
    path: PathBuf,
    context: Context,
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
    fn new(path: PathBuf, context: Context, input: R, separator: Option<u8>) -> Self {
        Self {
            path,
            context,
            lines: Lines::new(input),
            separator,
            columns: Vec::new(),
            done: false,
        }
    }

    /// What the dates of all rows show about their order.
    fn orders(&mut self) -> OrderEvidence {
        let mut evidence = OrderEvidence::default();
        while let Ok(Some(row)) = self.row() {
            let Ok(cells) = row.fields else { continue };
            if self.columns.is_empty() {
                if self.set_columns(cells).is_err() {
                    break;
                }
                continue;
            }
            for (name, cell) in self.columns.iter().zip(&cells) {
                if fields::is_time(name)
                    && let Ok(Some((moment, _))) = moment::leading(cell.trim())
                {
                    evidence.add(row.line, moment.date);
                }
            }
            if row.last {
                break;
            }
        }
        evidence
    }

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
            let name = name.trim();
            let mapped = self
                .context
                .settings
                .map
                .iter()
                .find(|(theirs, _)| theirs == name)
                .map(|(_, ours)| ours.as_str());
            let name = match (mapped, name) {
                (Some(ours), _) => ours.to_owned(),
                (None, "") => format!("column_{}", index + 1),
                (None, name) => fields::known_name(name).unwrap_or(name).to_owned(),
            };
            // Two columns may be translated to one name: the second keeps its own.
            let name = if seen.contains(&name)
                && !header[..index]
                    .iter()
                    .any(|other| other.trim() == header[index].trim())
            {
                header[index].trim().to_owned()
            } else {
                name
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
            "the header ({}) has no column `content` (nor `text`, `message`, `body`); name the column with the text: --map COLUMN=content",
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
            if fields::is_time(name)
                && let Some(serial) = self.serial(&cell)
            {
                object.insert(name.clone(), Value::String(serial));
                continue;
            }
            // What is no JSON costs only itself: it stays a text.
            match (name.as_str(), serde_json::from_str(&cell)) {
                ("metadata", Ok(value @ Value::Object(_))) => {
                    drop(object.insert(name.clone(), value))
                }
                ("metadata", _) => {
                    drop(object.insert("metadata_text".to_owned(), Value::String(cell)))
                }
                _ => drop(object.insert(name.clone(), Value::String(cell))),
            }
        }
        fields::item(object, &self.context, line, None)
    }

    /// A spreadsheet's count of days as a stamp.
    fn serial(&self, cell: &str) -> Option<String> {
        let time = self.context.clock.serial(&cell.replace(',', "."))?.ok()?;
        Some(time.format("%Y-%m-%dT%H:%M:%SZ").to_string())
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
            if parser.is_none()
                && self.columns.is_empty()
                && let Some(separator) = separator_line(line.bytes)
            {
                self.separator = Some(separator);
                continue;
            }
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
    [b'|', b'\t', b';', b',']
        .into_iter()
        .max_by_key(|&separator| count(separator))
        .unwrap_or(b',')
}
