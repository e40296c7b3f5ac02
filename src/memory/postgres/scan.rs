//! What there is to read, and reading it into files. Only here is PostgreSQL waited for.

use super::queries::Queries;
use super::shape::Shape;
use super::state::{State, Window};
use super::{Intake, IntakeRequest, Mode};
use crate::config::PostgresSettings;
use crate::error::{Error, Result};
use crate::warehouse::postgres::{Limits, Reader, failure};
use crate::warehouse::{Warehouse, text_literal};
use chrono::{Duration, NaiveDateTime};
use duckdb::Connection;
use postgres::Client;
use std::path::{Path, PathBuf};

/// Ids that one query asks for.
const IDS: usize = 1_000;
/// Changed rows up to which a reconciliation fetches them by their ids; beyond, it reads everything.
const BY_ID: usize = 20_000;
/// Rows of a table without a trusted updated_at that are compared per second of waiting: such a table costs a pass each time.
const ROWS_PER_SECOND: i64 = 2_000;

/// What a look at the table showed.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// PostgreSQL's clock, UTC.
    pub now: NaiveDateTime,
    /// What changed since before the watermark; none before the first read, or where updated_at cannot be relied on.
    pub since_watermark: Option<Window>,
    /// What changed within the overlap.
    pub recent: Window,
    /// Whether updated_at tells all changes.
    pub incremental: bool,
    /// What the person should know.
    pub notes: Vec<String>,
}

/// What is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    Nothing,
    /// Nothing new, but the watermark can move past what is long known.
    CycleProgress,
    Tick,
    Whole,
    Compare,
}

/// Looks at what changed: one query that the index on updated_at answers.
pub(super) fn look(
    intake: &Intake<'_>,
    client: &mut Client,
    queries: &Queries,
    shape: &Shape,
    state: &State,
) -> Result<Seen> {
    let fail = |e| failure(intake.address, e);
    let mut seen = Seen {
        incremental: shape.updated_at_indexed && shape.trusted,
        ..Seen::default()
    };
    if seen.incremental
        && shape.updated_at_nullable
        && let Some(query) = queries.without_updated_at()
        && client
            .query_one(&query, &[])
            .map_err(fail)?
            .get::<_, bool>(0)
    {
        seen.incremental = false;
        seen.notes.push(
            "some rows have no updated_at, so the whole table is compared; give it NOT NULL DEFAULT now()".to_owned(),
        );
    }
    let overlap = intake.settings.overlap;
    // Before the first read only the overlap matters: it is what the next tick compares with.
    let query = match state.watermark {
        _ if !seen.incremental => None,
        Some(watermark) => queries.window(watermark, overlap),
        None => queries.recent(overlap),
    };
    match query {
        None => {
            seen.now = client
                .query_one(Queries::clock(), &[])
                .map_err(fail)?
                .get(0)
        }
        Some(query) => {
            let row = client.query_one(&query, &[]).map_err(fail)?;
            seen.recent = Window {
                rows: row.get(2),
                hash: row.get(3),
            };
            seen.now = row.get(4);
            seen.since_watermark = state.watermark.map(|_| Window {
                rows: row.get(0),
                hash: row.get(1),
            });
        }
    }
    Ok(seen)
}

/// What to do about it.
pub(super) fn decide(
    conn: &Connection,
    state: &State,
    shape: &Shape,
    seen: &Seen,
    settings: &PostgresSettings,
    request: IntakeRequest,
) -> Result<Reading> {
    let Some(watermark) = state.watermark else {
        return Ok(if state.known(conn)? == 0 {
            Reading::Whole
        } else {
            Reading::Compare
        });
    };
    let every = if seen.incremental {
        i64::from(settings.reconcile_every)
    } else {
        state.known(conn)?.max(shape.estimated_rows) / ROWS_PER_SECOND
    };
    let since = state.reconciled_at.map(|at| seen.now - at);
    // A clock that was set back must not put a comparison off.
    let due =
        since.is_none_or(|since| since >= Duration::seconds(every) || since < Duration::zero());
    if due || request.reconcile || request.accept_deletions {
        return Ok(Reading::Compare);
    }
    Ok(match &seen.since_watermark {
        Some(window) if *window != state.window => Reading::Tick,
        Some(window)
            if window.rows > 0
                && seen.now - watermark > Duration::seconds(i64::from(settings.overlap)) =>
        {
            Reading::CycleProgress
        }
        _ => Reading::Nothing,
    })
}

/// What was scanned.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    pub mode: Mode,
    /// Parquet files of rows with all their columns.
    pub rows: Vec<PathBuf>,
    /// A Parquet file of ids that are gone.
    pub gone: Option<PathBuf>,
}

/// Reads into files in `room`.
pub(super) fn scan(
    warehouse: &Warehouse,
    intake: &Intake<'_>,
    queries: &Queries,
    state: &State,
    seen: &Seen,
    reading: Reading,
    room: &Path,
) -> Result<Scanned> {
    if reading == Reading::Compare {
        write_known(warehouse.conn(), &state.source, &room.join("known.parquet"))?;
    }
    let reader = Reader::open(intake.extension_directory, &room.join("spill"))?;
    let limits = Limits::of(intake.settings);
    let read = |query: &str, order: &str, name: &str| -> Result<(PathBuf, u64)> {
        let file = room.join(name);
        let rows = reader.scan(intake.address, &limits, query, order, &file)?;
        Ok((file, rows))
    };
    const IN_ORDER: &str = "ORDER BY created_at, id";
    match reading {
        Reading::Nothing | Reading::CycleProgress => Ok(Scanned::default()),
        Reading::Tick => {
            let watermark = state.watermark.unwrap_or(seen.now);
            let query = queries
                .changed(watermark, intake.settings.overlap)
                .ok_or_else(|| Error::failed("there is no updated_at to read changes by"))?;
            Ok(Scanned {
                mode: Mode::Tick,
                rows: vec![read(&query, IN_ORDER, "changed.parquet")?.0],
                gone: None,
            })
        }
        Reading::Whole => Ok(Scanned {
            mode: Mode::Whole,
            rows: vec![read(&queries.whole(), IN_ORDER, "whole.parquet")?.0],
            gone: None,
        }),
        Reading::Compare => {
            let (hashes, _) = read(&queries.hashes(), "", "hashes.parquet")?;
            let known = room.join("known.parquet");
            let gone = room.join("gone.parquet");
            let wanted = compare(reader.conn(), &hashes, &known, &gone)?;
            let mut rows = Vec::new();
            if wanted.len() > BY_ID {
                rows.push(read(&queries.whole(), IN_ORDER, "whole.parquet")?.0);
            } else {
                for (i, ids) in wanted.chunks(IDS).enumerate() {
                    let name = format!("wanted-{i}.parquet");
                    rows.push(read(&queries.by_id(ids), IN_ORDER, &name)?.0);
                }
            }
            Ok(Scanned {
                mode: Mode::Reconciled,
                rows,
                gone: Some(gone),
            })
        }
    }
}

/// What the store knows of the source, for comparing it outside the store.
fn write_known(conn: &Connection, source: &str, file: &Path) -> Result<()> {
    conn.execute_batch(&format!(
        "COPY (SELECT id, hash FROM codex.source_rows WHERE source = {} AND NOT deleted) TO {} (FORMAT parquet)",
        text_literal(source),
        text_literal(&file.to_string_lossy())
    ))?;
    Ok(())
}

/// Writes the ids that are gone; returns those that are new or differ.
fn compare(conn: &Connection, hashes: &Path, known: &Path, gone: &Path) -> Result<Vec<String>> {
    let [hashes, known, gone] =
        [hashes, known, gone].map(|file| text_literal(&file.to_string_lossy()));
    conn.execute_batch(&format!(
        "COPY (SELECT k.id FROM read_parquet({known}) k ANTI JOIN read_parquet({hashes}) h ON h.id = k.id ORDER BY k.id)
         TO {gone} (FORMAT parquet)"
    ))?;
    let mut statement = conn.prepare(&format!(
        "SELECT h.id FROM read_parquet({hashes}) h ANTI JOIN read_parquet({known}) k ON k.id = h.id AND k.hash = h.hash
         WHERE h.id IS NOT NULL ORDER BY h.id"
    ))?;
    let ids = statement.query_map([], |r| r.get::<_, String>(0))?;
    Ok(ids.collect::<duckdb::Result<_>>()?)
}
