//! How far a source has been read.

use super::scan::Seen;
use crate::error::{Error, Result};
use crate::warehouse::Warehouse;
use chrono::NaiveDateTime;
use duckdb::{Connection, OptionalExt, params};

/// Where the store remembers how many rows of a source are missing and were kept.
const KEPT: &str = "kept/";

/// What the store knows of rows that are not as they should be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IntakeAnomalies {
    /// Rows that cannot be memories.
    pub rejected: u64,
    /// Rows that are missing from their table and were kept, since they were too many at once.
    pub kept: u64,
}

impl IntakeAnomalies {
    /// Of all sources.
    ///
    /// # Errors
    /// Failed when the store cannot be read.
    pub fn of(conn: &Connection) -> Result<IntakeAnomalies> {
        let rejected: i64 = conn.query_row(
            "SELECT count(*) FROM codex.source_rows WHERE memory_id = 0 AND NOT deleted",
            [],
            |r| r.get(0),
        )?;
        let kept: i64 = conn.query_row(
            "SELECT coalesce(sum(value::BIGINT), 0)::BIGINT FROM codex.meta WHERE starts_with(key, ?)",
            [KEPT],
            |r| r.get(0),
        )?;
        Ok(IntakeAnomalies {
            rejected: rejected as u64,
            kept: kept as u64,
        })
    }
}

/// A row of `codex.intakes`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct State {
    /// As in the raw log.
    pub source: String,
    /// Grows by one with every read that found something.
    pub run: i64,
    /// PostgreSQL's clock when changes were last read; none before the first read.
    pub watermark: Option<NaiveDateTime>,
    /// What was within the overlap then.
    pub window: Window,
    /// PostgreSQL's clock when the whole table was last compared.
    pub reconciled_at: Option<NaiveDateTime>,
}

/// What changed within the overlap: how many rows, and a hash of what they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Window {
    pub rows: i64,
    pub hash: String,
}

impl State {
    pub(super) fn of(conn: &Connection, source: &str) -> Result<State> {
        let found = conn
            .query_row(
                "SELECT run, watermark, window_rows, window_hash, reconciled_at FROM codex.intakes WHERE source = ?",
                [source],
                |r| {
                    Ok(State {
                        source: source.to_owned(),
                        run: r.get(0)?,
                        watermark: r.get(1)?,
                        window: Window {
                            rows: r.get(2)?,
                            hash: r.get(3)?,
                        },
                        reconciled_at: r.get(4)?,
                    })
                },
            )
            .optional()?;
        Ok(found.unwrap_or(State {
            source: source.to_owned(),
            ..State::default()
        }))
    }

    /// Rows that are known and not gone. Only asked where it matters: a tick must not grow with the table.
    pub(super) fn known(&self, conn: &Connection) -> Result<i64> {
        Ok(conn.query_row(
            "SELECT count(*) FROM codex.source_rows WHERE source = ? AND NOT deleted",
            [&self.source],
            |r| r.get(0),
        )?)
    }

    /// Moves the watermark past changes that are long known.
    pub(super) fn advance(&self, warehouse: &Warehouse, seen: &Seen) -> Result<()> {
        warehouse.transaction(|conn| {
            self.is_latest(conn)?;
            self.remember(conn, seen, self.reconciled_at)
        })
    }

    /// Notes how many rows are missing from the table and were kept nevertheless.
    pub(super) fn note_kept(&self, conn: &Connection, rows: i64) -> Result<()> {
        let key = format!("{KEPT}{}", self.source);
        conn.execute("DELETE FROM codex.meta WHERE key = ?", [&key])?;
        if rows > 0 {
            conn.execute(
                "INSERT INTO codex.meta VALUES (?, ?)",
                params![key, rows.to_string()],
            )?;
        }
        Ok(())
    }

    /// Refuses what was read before something else that has come in since: it would undo that.
    pub(super) fn is_latest(&self, conn: &Connection) -> Result<()> {
        match State::of(conn, &self.source)?.run == self.run {
            true => Ok(()),
            false => Err(Error::failed(format!(
                "{} was taken in by somebody else meanwhile, so this reading was left out",
                self.source
            ))
            .hint("nothing is lost; run the command again")),
        }
    }

    /// Notes that everything up to `seen` has been read, in the caller's transaction.
    pub(super) fn remember(
        &self,
        conn: &Connection,
        seen: &Seen,
        reconciled_at: Option<NaiveDateTime>,
    ) -> Result<()> {
        conn.execute("DELETE FROM codex.intakes WHERE source = ?", [&self.source])?;
        conn.execute(
            "INSERT INTO codex.intakes VALUES (?, ?, ?, ?, ?, ?)",
            params![
                self.source,
                self.run + 1,
                seen.now,
                seen.recent.rows,
                seen.recent.hash,
                reconciled_at
            ],
        )?;
        Ok(())
    }
}
