//! Output: aligned tables for people, JSON for machines, errors on stderr.

use crate::error::Error;
use comfy_table::presets::NOTHING;
use comfy_table::{Attribute, Cell, CellAlignment, ContentArrangement, Table};
use serde::Serialize;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;

/// Why a command ended early.
#[derive(Debug)]
pub(super) enum Stop {
    /// An error to tell.
    Error(Error),
    /// Whoever read our output has gone; nothing to tell, nobody to tell it to.
    ReaderGone,
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Error(error)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Stop::ReaderGone,
            _ => Stop::Error(Error::failed(format!("cannot write the output: {error}"))),
        }
    }
}

/// A command's result.
pub(super) type Outcome = Result<ExitCode, Stop>;

/// Tells why a command ended, and gives its exit code.
pub(super) fn report(stop: &Stop) -> ExitCode {
    match stop {
        Stop::ReaderGone => ExitCode::SUCCESS,
        Stop::Error(error) => {
            note(&format!("error: {error}"));
            if let Some(hint) = error.next_step() {
                note(&format!("  hint: {hint}"));
            }
            ExitCode::from(error.kind().exit_code())
        }
    }
}

/// A line on stderr; nobody listening is no reason to fail.
pub(super) fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Where a command's answer goes.
pub(super) struct Output {
    stdout: BufWriter<io::Stdout>,
    /// Whether machines read it.
    pub(super) json: bool,
}

impl Output {
    pub(super) fn new(json: bool) -> Output {
        Output {
            stdout: BufWriter::new(io::stdout()),
            json,
        }
    }

    /// A line of text.
    pub(super) fn line(&mut self, text: impl AsRef<str>) -> Result<(), Stop> {
        Ok(writeln!(self.stdout, "{}", text.as_ref())?)
    }

    /// A line that is seen at once, as what it tells is done.
    pub(super) fn line_now(&mut self, text: impl AsRef<str>) -> Result<(), Stop> {
        self.line(text)?;
        Ok(self.stdout.flush()?)
    }

    /// A JSON document, on lines of its own where it is the whole answer.
    pub(super) fn document(&mut self, value: &impl Serialize) -> Result<(), Stop> {
        serde_json::to_writer_pretty(&mut self.stdout, value).map_err(io::Error::from)?;
        Ok(writeln!(self.stdout)?)
    }

    /// A JSON object on a line of its own.
    pub(super) fn record(&mut self, value: &impl Serialize) -> Result<(), Stop> {
        serde_json::to_writer(&mut self.stdout, value).map_err(io::Error::from)?;
        Ok(writeln!(self.stdout)?)
    }

    /// Rows of JSON as one document: an array, a row a line.
    pub(super) fn array(&mut self, rows: &[String]) -> Result<(), Stop> {
        write!(self.stdout, "[")?;
        for (i, row) in rows.iter().enumerate() {
            write!(self.stdout, "{}\n  {row}", if i == 0 { "" } else { "," })?;
        }
        Ok(writeln!(
            self.stdout,
            "{}]",
            if rows.is_empty() { "" } else { "\n" }
        )?)
    }

    /// A table, its lines without spaces at their ends.
    pub(super) fn table(&mut self, table: &Table) -> Result<(), Stop> {
        for line in table.to_string().lines() {
            writeln!(self.stdout, "{}", line.trim_end())?;
        }
        Ok(())
    }

    /// What was written reaches its reader now.
    pub(super) fn flush(&mut self) -> Result<(), Stop> {
        Ok(self.stdout.flush()?)
    }

    pub(super) fn finish(mut self) -> Result<(), Stop> {
        Ok(self.stdout.flush()?)
    }
}

/// A table with these columns; a name that begins with `>` is a column of numbers.
pub(super) fn table(columns: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic);
    if !colour() {
        table.force_no_tty();
        // Without a terminal nothing is known of a width: rows stay on one line each.
        if !io::stdout().is_terminal() {
            table.set_content_arrangement(ContentArrangement::Disabled);
        }
    }
    let names: Vec<Cell> = columns
        .iter()
        .map(|name| {
            let cell = Cell::new(name.trim_start_matches('>'));
            if colour() {
                cell.add_attribute(Attribute::Bold)
            } else {
                cell
            }
        })
        .collect();
    table.set_header(names);
    for (i, name) in columns.iter().enumerate() {
        if let (Some(column), true) = (table.column_mut(i), name.starts_with('>')) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 1));
    }
    table
}

/// Whether stdout is a terminal whose user likes colours (<https://no-color.org>).
fn colour() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// A text on one line: white space is one space, and no control character reaches the terminal.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace()
        .map(printable)
        .collect::<Vec<_>>()
        .join(" ")
}

/// A text without control characters but for line breaks.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control() || *c == '\n')
        .collect()
}

/// At most `length` characters on one line, cut with an ellipsis.
pub(super) fn shortened(text: &str, length: usize) -> String {
    let line = one_line(text);
    match line.char_indices().nth(length) {
        Some((at, _)) => format!("{}…", line[..at].trim_end()),
        None => line,
    }
}

/// A memory's words behind its speaker's name.
pub(super) fn said(speaker: Option<&str>, content: &str, length: usize) -> String {
    let content = shortened(content, length);
    match speaker {
        Some(speaker) => format!("{}: {content}", one_line(speaker)),
        None => content,
    }
}

/// RFC 3339 as people read it: `2026-03-02 07:12`.
pub(super) fn minute(moment: &str) -> String {
    moment.get(..16).unwrap_or(moment).replace('T', " ")
}

/// The same, or a dash where there is none.
pub(super) fn minute_or_dash(moment: Option<&str>) -> String {
    moment.map_or_else(|| "–".to_owned(), minute)
}

/// A size as people read it.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1_048_576 => format!("{} KiB", bytes.div_ceil(1024)),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

/// A count with its noun: `1 memory`, `3 memories`.
pub(super) fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_never_reach_the_terminal() {
        assert_eq!(one_line("a\u{1b}[31mred\n\tb\u{7}"), "a[31mred b");
    }

    #[test]
    fn long_texts_are_cut_at_characters() {
        assert_eq!(shortened("Coração de boi", 6), "Coraçã…");
        assert_eq!(shortened("short", 6), "short");
    }
}
