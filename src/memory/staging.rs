//! Rows of a text export on their way into a table: as text, cast by DuckDB.

use super::manifest::Column;
use crate::error::{Error, Result};
use crate::warehouse::text_literal;
use duckdb::{Connection, appender_params_from_iter};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// Rows, and bytes, of a batch.
const ROWS: usize = 20_000;
const BYTES: usize = 32 << 20;

/// Collects rows of one table after another.
pub(super) struct Staging<'a> {
    conn: &'a Connection,
    table: String,
    target: Option<(String, Vec<Column>)>,
    batch: Vec<Vec<Option<String>>>,
    bytes: usize,
    counts: BTreeMap<String, u64>,
    read: u64,
}

impl<'a> Staging<'a> {
    pub(super) fn new(conn: &'a Connection) -> Staging<'a> {
        Staging {
            conn,
            table: String::new(),
            target: None,
            batch: Vec::new(),
            bytes: 0,
            counts: BTreeMap::new(),
            read: 0,
        }
    }

    /// Takes a row; without a target it is only counted. Returns how many were read so far.
    pub(super) fn push(
        &mut self,
        table: &str,
        columns: &[Column],
        mut row: Map<String, Value>,
        target: Option<&(String, Vec<Column>)>,
    ) -> Result<u64> {
        if self.table != table {
            self.flush()?;
            self.table = table.to_owned();
            self.target = target.cloned();
        }
        match self.counts.get_mut(table) {
            Some(count) => *count += 1,
            None => {
                self.counts.insert(table.to_owned(), 1);
            }
        }
        self.read += 1;
        let mut values = Vec::with_capacity(columns.len());
        for column in columns {
            // swap_remove: the order of what is left does not matter.
            let value = row
                .swap_remove(&column.name)
                .ok_or_else(|| Error::usage(format!("a row of {table} has no {}", column.name)))?;
            values.push(match value {
                Value::Null => None,
                // A text within a column of lists is JSON that some tool has quoted once more.
                Value::String(text) => Some(text),
                other => Some(other.to_string()),
            });
        }
        if let Some((name, _)) = row.iter().next() {
            return Err(Error::usage(format!(
                "a row of {table} has {name}, which its header does not name"
            )));
        }
        if self.target.is_none() {
            return Ok(self.read);
        }
        self.bytes += values.iter().flatten().map(String::len).sum::<usize>();
        self.batch.push(values);
        if self.batch.len() >= ROWS || self.bytes >= BYTES {
            self.flush()?;
        }
        Ok(self.read)
    }

    /// Writes what has been collected.
    pub(super) fn flush(&mut self) -> Result<()> {
        let Some((target, columns)) = self.target.as_ref().filter(|_| !self.batch.is_empty())
        else {
            return Ok(());
        };
        let names: Vec<_> = columns.iter().map(Column::quoted).collect();
        let texts: Vec<_> = names.iter().map(|name| format!("{name} VARCHAR")).collect();
        self.conn.execute_batch(&format!(
            "CREATE OR REPLACE TEMP TABLE staged_texts ({})",
            texts.join(", ")
        ))?;
        {
            let mut appender =
                self.conn
                    .appender_to_catalog_and_db("staged_texts", "temp", "main")?;
            for row in &self.batch {
                appender.append_row(appender_params_from_iter(row))?;
            }
            appender.flush()?;
        }
        let values: Vec<_> = columns.iter().map(|c| typed(&c.quoted(), c)).collect();
        self.conn
            .execute_batch(&format!(
                "INSERT INTO {target} ({}) SELECT {} FROM temp.main.staged_texts; DROP TABLE temp.main.staged_texts",
                names.join(", "),
                values.join(", ")
            ))
            .map_err(|e| {
                let first = self.counts.get(&self.table).map_or(0, |n| n.saturating_sub(self.batch.len() as u64)) + 1;
                let last = self.counts.get(&self.table).copied().unwrap_or(first);
                Error::usage(format!("{}, rows {first} to {last}: {}", self.table, e.to_string().trim()))
            })?;
        self.batch.clear();
        self.bytes = 0;
        Ok(())
    }

    /// Rows read of a table.
    pub(super) fn rows(&self, table: &str) -> u64 {
        self.counts.get(table).copied().unwrap_or(0)
    }

    /// Rows read of all tables.
    pub(super) fn read(&self) -> u64 {
        self.read
    }
}

/// SQL that makes a value of the column's type out of its text.
pub(super) fn typed(text: &str, column: &Column) -> String {
    match column.kind.as_str() {
        "VARCHAR" => text.to_owned(),
        kind if column.is_nested() => format!("{text}::JSON::{kind}"),
        kind => format!("{text}::{kind}"),
    }
}

/// Lines of a file.
pub(super) fn newlines(file: &Path) -> Result<usize> {
    let mut reader = BufReader::new(File::open(file).map_err(|e| unreadable(file, &e))?);
    let mut lines = 0;
    loop {
        let part = reader.fill_buf().map_err(|e| unreadable(file, &e))?;
        if part.is_empty() {
            return Ok(lines);
        }
        lines += part.iter().filter(|b| **b == b'\n').count();
        let read = part.len();
        reader.consume(read);
    }
}

/// Whether the last byte of a file is a newline.
fn ends_its_last_line(file: &Path) -> io::Result<bool> {
    let mut file = File::open(file)?;
    let mut last = [0];
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// A CSV file, which DuckDB finds under the name `linked`, as text columns: a quoted empty value is an empty text, one without quotes is NULL.
pub(super) fn csv_source(file: &Path, linked: &Path, columns: &[Column]) -> Result<String> {
    let size = fs::metadata(file).map_err(|e| unreadable(file, &e))?.len();
    if !ends_its_last_line(file).map_err(|e| unreadable(file, &e))? {
        // Cut within a pair of quotes, the last value would look whole.
        let place = format!("{}:{}", file.display(), newlines(file)? + 1);
        return Err(Error::usage(format!("{place}: its last line has no end"))
            .hint("the export is cut off: export again; nothing was changed"));
    }
    let types: Vec<_> = columns
        .iter()
        .map(|c| format!("{}: 'VARCHAR'", text_literal(&c.name)))
        .collect();
    // A content may be as long as its file; the buffer has to hold one line.
    let line = size.clamp(1 << 20, 256 << 20);
    Ok(format!(
        "read_csv({}, columns = {{{}}}, auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"',
          new_line = '\\n', nullstr = '', allow_quoted_nulls = false, strict_mode = true, parallel = false,
          max_line_size = {line}, buffer_size = {})",
        text_literal(&linked.to_string_lossy()),
        types.join(", "),
        line + (1 << 20)
    ))
}

/// What to say of a file that cannot be read.
pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::usage(format!("cannot read {}: {error}", path.display()))
        .hint("check the path and its permissions")
}
