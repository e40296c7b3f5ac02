//! Read-only SQL, and a consistent copy of the store for other clients.

use super::Engine;
use super::rows::json_rows;
use crate::error::{Error, Result};
use crate::project::quoted;
use crate::warehouse::{move_to, over_files, text_literal};
use duckdb::Connection;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

/// Rows of a query, each value as DuckDB writes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// The columns' names.
    pub columns: Vec<String>,
    /// Whether each column holds numbers.
    pub numeric: Vec<bool>,
    /// The values; NULL is none.
    pub rows: Vec<Vec<Option<String>>>,
}

/// A copy of the store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Snapshot {
    /// Where it is.
    pub output: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Memories in it.
    pub memories: i64,
}

/// What DuckDB's parser says of a text.
#[derive(Debug, Deserialize)]
struct Parsed {
    error: bool,
    #[serde(default)]
    error_type: String,
    #[serde(default)]
    error_message: String,
    #[serde(default)]
    statements: Vec<serde_json::Value>,
}

/// A query that only reads, and how long it may take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadQuery {
    /// One query that only reads.
    pub text: String,
    /// Seconds it may take; 0 for as long as it takes.
    pub timeout: u32,
}

impl From<&str> for ReadQuery {
    /// The query, for as long as it takes.
    fn from(text: &str) -> ReadQuery {
        ReadQuery {
            text: text.to_owned(),
            timeout: 0,
        }
    }
}

impl Engine {
    /// Runs one query that only reads, as a table for people.
    ///
    /// # Errors
    /// Usage when it is not one query, or would change anything, or has a mistake, or would read a file; failed when it takes too
    /// long.
    pub fn sql(&self, query: &ReadQuery) -> Result<Table> {
        run_table(self.warehouse.conn(), query)
    }

    /// Runs one query that only reads; each row as one JSON object.
    ///
    /// # Errors
    /// See [`Engine::sql`].
    pub fn sql_json(&self, query: &ReadQuery) -> Result<Vec<String>> {
        run_json(self.warehouse.conn(), query)
    }

    /// Writes a copy of the whole store to `output`: into a file beside it first, then under its name at once.
    ///
    /// # Errors
    /// Usage when the file exists and `force` is not given; failed when it cannot be written.
    pub fn snapshot(&self, output: &Path, force: bool) -> Result<Snapshot> {
        if !self.is_writable() {
            // DuckDB makes no file at all for a process that opened its first one to read.
            let store = self.warehouse.path().display();
            return Err(Error::failed(format!(
                "{store} cannot be written, so DuckDB makes no copy of it"
            ))
            .hint("nobody can be writing to it either: copy the file itself"));
        }
        let shown = output.display();
        if output.is_dir() {
            return Err(Error::usage(format!("{shown} is a directory")).hint("name a file in it"));
        }
        let same = output
            .canonicalize()
            .is_ok_and(|path| path == self.warehouse.path());
        if same {
            return Err(
                Error::usage(format!("{shown} is the store itself")).hint("name another file")
            );
        }
        if output.exists() && !force {
            return Err(Error::usage(format!("{shown} exists already"))
                .hint("name another file, or overwrite it with --force"));
        }
        let staging = self.warehouse.staging_dir()?;
        let copy = staging.path().join("snapshot.duckdb");
        let conn = self.warehouse.conn();
        let name: String = conn.query_row("SELECT current_database()", [], |r| r.get(0))?;
        conn.execute_batch(&format!(
            "ATTACH {} AS codex_snapshot",
            text_literal(&copy.to_string_lossy())
        ))?;
        let copied = conn.execute_batch(&format!(
            "COPY FROM DATABASE {} TO codex_snapshot",
            quoted(&name)
        ));
        let detached = conn.execute_batch("DETACH codex_snapshot");
        copied?;
        detached?;
        move_to(&copy, output).map_err(|e| {
            Error::failed(format!("cannot write {shown}: {e}"))
                .hint("check that the directory exists and can be written")
        })?;
        let memories = conn.query_row("SELECT count(*) FROM raw.memories", [], |r| r.get(0))?;
        let bytes = fs::metadata(output).map(|m| m.len()).unwrap_or(0);
        Ok(Snapshot {
            output: output.to_owned(),
            bytes,
            memories,
        })
    }
}

/// Runs one query that only reads over the files below `directory`, in a DuckDB that has no store.
///
/// # Errors
/// See [`Engine::sql`].
pub fn sql_over_files(directory: &Path, query: &ReadQuery) -> Result<Table> {
    run_table(&files_only(directory)?, query)
}

/// The same; each row as one JSON object.
///
/// # Errors
/// See [`Engine::sql`].
pub fn sql_json_over_files(directory: &Path, query: &ReadQuery) -> Result<Vec<String>> {
    run_json(&files_only(directory)?, query)
}

fn files_only(directory: &Path) -> Result<Connection> {
    if !directory.is_dir() {
        return Err(
            Error::usage(format!("{} is no directory", directory.display()))
                .hint("--allow-files names a directory whose files the query may read"),
        );
    }
    over_files(directory)
}

fn run_table(conn: &Connection, query: &ReadQuery) -> Result<Table> {
    let text = trimmed(&query.text);
    if let Some(explained) = explained(text) {
        check_reads_only(conn, explained)?;
        return reading(conn, query.timeout, || plan(conn, text));
    }
    check_reads_only(conn, text)?;
    reading(conn, query.timeout, || {
        let columns = described(conn, text)?;
        let mut statement =
            conn.prepare(&format!("SELECT columns(*)::VARCHAR FROM (\n{text}\n)"))?;
        let rows = statement
            .query_map([], |r| {
                (0..columns.len())
                    .map(|i| r.get::<_, Option<String>>(i))
                    .collect()
            })?
            .collect::<std::result::Result<_, _>>()?;
        let numeric = columns.iter().map(|(_, kind)| is_number(kind)).collect();
        Ok(Table {
            columns: columns.into_iter().map(|(name, _)| name).collect(),
            numeric,
            rows,
        })
    })
}

fn run_json(conn: &Connection, query: &ReadQuery) -> Result<Vec<String>> {
    let text = trimmed(&query.text);
    if explained(text).is_some() {
        let table = run_table(conn, query)?;
        return Ok(table
            .rows
            .iter()
            .map(|row| serde_json::json!({"plan": row[0], "explanation": row[1]}).to_string())
            .collect());
    }
    check_reads_only(conn, text)?;
    reading(conn, query.timeout, || {
        // JSON has no NaN and no infinity.
        let finite: Vec<String> = described(conn, text)?
            .iter()
            .filter(|(_, kind)| ["FLOAT", "DOUBLE"].contains(&kind.as_str()))
            .map(|(name, _)| quoted(name))
            .map(|name| format!("CASE WHEN isfinite({name}) THEN {name} END AS {name}"))
            .collect();
        match finite.is_empty() {
            true => json_rows(conn, text),
            false => json_rows(
                conn,
                &format!("SELECT * REPLACE ({}) FROM (\n{text}\n)", finite.join(", ")),
            ),
        }
    })
}

/// The rows of an EXPLAIN.
fn plan(conn: &Connection, text: &str) -> Result<Table> {
    let mut statement = conn.prepare(text)?;
    let rows = statement
        .query_map([], |r| {
            Ok(vec![
                Some(r.get::<_, String>(0)?),
                Some(r.get::<_, String>(1)?),
            ])
        })?
        .collect::<std::result::Result<_, _>>()?;
    Ok(Table {
        columns: vec!["plan".into(), "explanation".into()],
        numeric: vec![false, false],
        rows,
    })
}

/// Only what DuckDB's own parser takes for one query passes.
fn check_reads_only(conn: &Connection, text: &str) -> Result<()> {
    const HINT: &str = "codex sql only reads: one SELECT, FROM, WITH, VALUES, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN";
    if text.is_empty() {
        return Err(Error::usage("there is no query").hint(HINT));
    }
    let json: String = conn.query_row(
        "SELECT json_serialize_sql(?::VARCHAR)::VARCHAR",
        [text],
        |r| r.get(0),
    )?;
    let parsed: Parsed = serde_json::from_str(&json)
        .map_err(|e| Error::failed(format!("DuckDB's parser said {json}: {e}")))?;
    if parsed.error && parsed.error_type == "parser" {
        return Err(Error::usage(format!("SQL: {}", parsed.error_message)).hint("mend the query"));
    }
    if parsed.error || parsed.statements.len() != 1 {
        return Err(
            Error::usage("this is not one query that only reads; nothing was run").hint(HINT),
        );
    }
    Ok(())
}

/// Runs `work` in a transaction that cannot write, whatever it holds, for at most `timeout` seconds.
fn reading<T>(conn: &Connection, timeout: u32, work: impl FnOnce() -> Result<T>) -> Result<T> {
    conn.execute_batch("BEGIN TRANSACTION READ ONLY")?;
    let (result, was_too_long) = within(conn, timeout, work);
    let ended = conn.execute_batch("ROLLBACK");
    if was_too_long && result.is_err() {
        return Err(
            Error::failed(format!("SQL: the query was stopped after {timeout} s")).hint(
                "ask for less, or give it longer: --timeout SECONDS, or the setting sql_timeout",
            ),
        );
    }
    let result = result.map_err(error_with_hint)?;
    ended?;
    Ok(result)
}

/// Time between two tries to interrupt a query whose time is over.
const INSIST: Duration = Duration::from_millis(20);

/// Runs `work`, which is interrupted after `timeout` seconds, and tells whether that came.
fn within<T>(conn: &Connection, timeout: u32, work: impl FnOnce() -> T) -> (T, bool) {
    if timeout == 0 {
        return (work(), false);
    }
    let handle = conn.interrupt_handle();
    let (done, ended) = std::sync::mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let watch = scope.spawn(move || {
            let mut patience = Duration::from_secs(u64::from(timeout));
            let mut interrupted = false;
            // The sender goes when the work has ended.
            while ended.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                handle.interrupt();
                interrupted = true;
                patience = INSIST;
            }
            interrupted
        });
        let result = work();
        drop(done);
        (result, watch.join().unwrap_or(false))
    })
}

/// DuckDB's kinds of error that a query is to blame for, whatever the machine is like.
const OF_THE_QUERY: [&str; 14] = [
    "Parser",
    "Syntax",
    "Binder",
    "Catalog",
    "Conversion",
    "Invalid Input",
    "Invalid type",
    "Mismatch Type",
    "Out of Range",
    "Divide by Zero",
    "Expression",
    "Not implemented",
    "Parameter Not Resolved",
    "TransactionContext",
];

/// An error of a query that reads, for whoever wrote it.
fn error_with_hint(error: Error) -> Error {
    let text = error.to_string();
    let text = text.strip_prefix("DuckDB: ").unwrap_or(&text);
    let kind = text.split_once(" Error: ").map_or("", |(kind, _)| kind);
    if kind == "Permission" {
        return Error::usage("SQL: a query over the store reads no files and loads no extensions").hint(
            "to read files, ask without the store: codex sql --allow-files DIR \"FROM 'DIR/file.csv'\"",
        );
    }
    if OF_THE_QUERY.contains(&kind) {
        return Error::usage(format!("SQL: {text}"))
            .hint("mend the query; `codex sql \"SHOW ALL TABLES\"` lists what there is");
    }
    let failed = Error::failed(format!("SQL: {text}"));
    let hint = match (error.next_step(), kind) {
        (Some(hint), _) => hint,
        (None, "Out of Memory") => "ask for less, or raise the setting memory_limit",
        (None, "IO") => "check that the files it names are there and can be read",
        _ => return failed,
    };
    failed.hint(hint)
}

/// The query without the semicolon at its end and a comment behind that.
fn trimmed(text: &str) -> &str {
    let text = text.trim();
    let text = match text.rsplit_once(';') {
        Some((query, rest)) if rest.trim_start().starts_with("--") && !rest.contains('\n') => query,
        _ => text,
    };
    text.trim_end_matches(|c: char| c == ';' || c.is_whitespace())
}

/// The names and types of a query's columns.
fn described(conn: &Connection, text: &str) -> Result<Vec<(String, String)>> {
    let mut statement = conn.prepare(&format!(
        "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM (\n{text}\n))"
    ))?;
    let columns = statement.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?;
    Ok(columns.collect::<std::result::Result<_, _>>()?)
}

/// The query behind an EXPLAIN.
fn explained(text: &str) -> Option<&str> {
    let word = |text: &'_ str, word: &str| -> Option<usize> {
        let head = text.get(..word.len())?;
        let rest = &text[word.len()..];
        (head.eq_ignore_ascii_case(word) && rest.starts_with(char::is_whitespace))
            .then_some(word.len())
    };
    let rest = text[word(text, "EXPLAIN")?..].trim_start();
    Some(word(rest, "ANALYZE").map_or(rest, |at| rest[at..].trim_start()))
}

fn is_number(kind: &str) -> bool {
    kind.starts_with("DECIMAL")
        || [
            "TINYINT",
            "SMALLINT",
            "INTEGER",
            "BIGINT",
            "HUGEINT",
            "UTINYINT",
            "USMALLINT",
            "UINTEGER",
            "UBIGINT",
            "UHUGEINT",
            "FLOAT",
            "DOUBLE",
        ]
        .contains(&kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_machine_lacks_is_no_mistake_of_the_query() {
        for (text, code, hint) in [
            ("Binder Error: no such column", 2, Some("mend the query")),
            (
                "Conversion Error: 'x' is no number",
                2,
                Some("mend the query"),
            ),
            (
                "Out of Memory Error: could not allocate",
                1,
                Some("memory_limit"),
            ),
            ("IO Error: No files found", 1, Some("can be read")),
            (
                "IO Error: No space left on device",
                1,
                Some("the disk is full"),
            ),
            ("INTERRUPT Error: Interrupted!", 1, None),
            (
                "FATAL Error: Failed: database has been invalidated",
                1,
                None,
            ),
        ] {
            let of_duckdb = Error::from(duckdb::Error::DuckDBFailure(
                duckdb::ffi::Error::new(duckdb::ffi::DuckDBError),
                Some(text.to_owned()),
            ));
            let error = error_with_hint(of_duckdb);
            assert_eq!(error.to_string(), format!("SQL: {text}"));
            assert_eq!(error.kind().exit_code(), code, "{text}");
            let said = error.next_step();
            assert_eq!(said.is_some(), hint.is_some(), "{text}: {said:?}");
            assert!(
                hint.is_none_or(|hint| said.unwrap().contains(hint)),
                "{said:?}"
            );
        }
    }
}
