//! The store's versioned tables.

use crate::error::{Error, Result};
use duckdb::Connection;

/// Every migration, oldest first; its place is its version. Never edited, only added to.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_store.sql"),
    include_str!("migrations/0002_former_postings.sql"),
    include_str!("migrations/0003_postgres.sql"),
    include_str!("migrations/0004_answers.sql"),
    include_str!("migrations/0005_naps.sql"),
    include_str!("migrations/0006_filings.sql"),
    include_str!("migrations/0007_facts.sql"),
];

/// Brings the file to this program's version, each migration in a transaction of its own.
///
/// # Errors
/// A file that is not codex's, or of a newer codex, is refused and stays as it was.
pub(super) fn migrate(conn: &Connection) -> Result<()> {
    let version = version(conn)?;
    if version == 0 && has_tables(conn)? {
        return Err(
            Error::usage("this DuckDB file holds tables, but they are not codex's")
                .hint("give codex a file of its own with --db PATH or DUCKDB_PATH"),
        );
    }
    if version > MIGRATIONS.len() {
        return Err(Error::usage(format!(
            "this file was written by a newer codex (store version {version}; this one knows {})",
            MIGRATIONS.len()
        ))
        .hint("upgrade codex"));
    }
    for (i, sql) in MIGRATIONS.iter().enumerate().skip(version) {
        conn.execute_batch("BEGIN")?;
        let applied = conn.execute_batch(sql).and_then(|()| {
            conn.execute_batch(&format!(
                "DELETE FROM codex.meta WHERE key = 'store_version';
                 INSERT INTO codex.meta VALUES ('store_version', '{}');
                 COMMIT",
                i + 1
            ))
        });
        if let Err(e) = applied {
            let _ = conn.execute_batch("ROLLBACK");
            return Err(Error::from(e).context(format!("store migration {}", i + 1)));
        }
    }
    Ok(())
}

/// Whether the file holds a store this program can read as it is.
pub(super) fn is_current(conn: &Connection) -> Result<bool> {
    Ok(version(conn)? == MIGRATIONS.len())
}

fn version(conn: &Connection) -> Result<usize> {
    let known: i64 = conn.query_row(
        "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'codex' AND table_name = 'meta' AND database_name = current_database()",
        [],
        |r| r.get(0),
    )?;
    if known == 0 {
        return Ok(0);
    }
    let text: Option<String> = conn.query_row(
        "SELECT max(value) FROM codex.meta WHERE key = 'store_version'",
        [],
        |r| r.get(0),
    )?;
    Ok(text.and_then(|t| t.parse().ok()).unwrap_or(0))
}

fn has_tables(conn: &Connection) -> Result<bool> {
    let n: i64 = conn.query_row(
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database()",
        [],
        |r| r.get(0),
    )?;
    Ok(n > 0)
}
