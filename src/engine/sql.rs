//! Read-only SQL, and a consistent copy of the store for other clients.

use super::Engine;
use super::rows::json_rows;
use crate::error::{Error, Result};
use crate::project::quoted;
use crate::warehouse::text_literal;
use duckdb::Connection;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

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

impl Engine {
    /// Runs one query that only reads, as a table for people.
    ///
    /// # Errors
    /// Usage when it is not one query, or would change anything, or has a mistake.
    pub fn sql(&self, text: &str) -> Result<Table> {
        let text = trimmed(text);
        let conn = self.warehouse.conn();
        if let Some(explained) = explained(text) {
            self.check_reads_only(explained)?;
            return self.reading(|| {
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
            });
        }
        self.check_reads_only(text)?;
        self.reading(|| {
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

    /// Runs one query that only reads; each row as one JSON object.
    ///
    /// # Errors
    /// See [`Engine::sql`].
    pub fn sql_json(&self, text: &str) -> Result<Vec<String>> {
        let text = trimmed(text);
        if explained(text).is_some() {
            let table = self.sql(text)?;
            return Ok(table
                .rows
                .iter()
                .map(|row| serde_json::json!({"plan": row[0], "explanation": row[1]}).to_string())
                .collect());
        }
        self.check_reads_only(text)?;
        self.reading(|| {
            let conn = self.warehouse.conn();
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

    /// Only what DuckDB's own parser takes for one query passes.
    fn check_reads_only(&self, text: &str) -> Result<()> {
        const HINT: &str = "codex sql only reads: one SELECT, FROM, WITH, VALUES, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN";
        if text.is_empty() {
            return Err(Error::usage("there is no query").hint(HINT));
        }
        let json: String = self.warehouse.conn().query_row(
            "SELECT json_serialize_sql(?::VARCHAR)::VARCHAR",
            [text],
            |r| r.get(0),
        )?;
        let parsed: Parsed = serde_json::from_str(&json)
            .map_err(|e| Error::failed(format!("DuckDB's parser said {json}: {e}")))?;
        if parsed.error && parsed.error_type == "parser" {
            return Err(
                Error::usage(format!("SQL: {}", parsed.error_message)).hint("mend the query")
            );
        }
        if parsed.error || parsed.statements.len() != 1 {
            return Err(
                Error::usage("this is not one query that only reads; nothing was run").hint(HINT),
            );
        }
        Ok(())
    }

    /// Runs `work` in a transaction that cannot write, whatever it holds.
    fn reading<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let conn = self.warehouse.conn();
        conn.execute_batch("BEGIN TRANSACTION READ ONLY")?;
        let result = work();
        let ended = conn.execute_batch("ROLLBACK");
        let result = result.map_err(error_with_hint)?;
        ended?;
        Ok(result)
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
        let dir = match output.parent() {
            Some(dir) if !dir.as_os_str().is_empty() => dir,
            _ => Path::new("."),
        };
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
        // DuckDB wants to make the file itself, so it gets a new directory on the same disk.
        let room = tempfile::Builder::new()
            .prefix(".codex-snapshot-")
            .tempdir_in(dir)
            .map_err(|e| {
                Error::failed(format!("cannot write in {}: {e}", dir.display()))
                    .hint("check that the directory exists and can be written")
            })?;
        let copy = room.path().join("snapshot.duckdb");
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
        fs::rename(&copy, output)
            .map_err(|e| Error::failed(format!("cannot write {shown}: {e}")))?;
        let memories = conn.query_row("SELECT count(*) FROM raw.memories", [], |r| r.get(0))?;
        let bytes = fs::metadata(output).map(|m| m.len()).unwrap_or(0);
        Ok(Snapshot {
            output: output.to_owned(),
            bytes,
            memories,
        })
    }
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
