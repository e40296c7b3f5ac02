//! How far a source has been read.

use super::scan::Seen;
use crate::error::{Error, Result};
use crate::warehouse::Warehouse;
use chrono::NaiveDateTime;
use duckdb::{Connection, OptionalExt, params};

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
