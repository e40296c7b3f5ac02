//! Memories from PostgreSQL: what changed in the user's tables becomes memories, edits and deletions in the raw log.
//!
//! A read looks at what changed since the last one (a tick), compares the whole table (a reconciliation, which finds deletions
//! and what committed late), or, the first time, takes everything. No transaction of the store is open while PostgreSQL is
//! asked: rows are scanned into a file first and taken in from there, in one transaction, by their ids and hashes. So a read
//! that breaks off anywhere leaves nothing, and the next one begins where the last whole one ended.
//!
//! # Layout
//!
//! * `shape`: whether the table has the columns the mapping names, and what they are
//! * `queries`: what PostgreSQL is asked
//! * `state`: how far each source has been read
//! * `scan`: what there is to read, and reading it into files
//! * `absorb`: from the files into the raw log

mod absorb;
mod queries;
mod scan;
mod shape;
mod state;

pub use queries::Queries;
pub use shape::{Shape, inspect};

use crate::config::{PostgresAddress, PostgresSettings};
use crate::error::Result;
use crate::project::SourceMapping;
use crate::warehouse::Warehouse;
use crate::warehouse::postgres::{Limits, Purpose, connect};
use chrono_tz::Tz;
use scan::Reading;
use serde::{Deserialize, Serialize};
use state::State;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// How a source is to be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntakeRequest {
    /// Compares the whole table, whenever that was done last.
    pub reconcile: bool,
    /// Takes in deletions of more than half of the known rows.
    pub accept_deletions: bool,
}

/// Where from, and how.
pub struct Intake<'a> {
    /// The server.
    pub address: &'a PostgresAddress,
    /// How to deal with it.
    pub settings: &'a PostgresSettings,
    /// Where DuckDB's extensions are; empty for DuckDB's own place.
    pub extension_directory: &'a Path,
    /// The zone of new minds.
    pub time_zone: Tz,
}

/// What a read did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Nothing had changed.
    #[default]
    Nothing,
    /// What changed since the last read.
    Tick,
    /// Everything, for the first time.
    Whole,
    /// Everything was compared.
    Reconciled,
}

/// What was read from a source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceReport {
    /// Its table.
    pub table: String,
    /// What kind of read it was.
    pub mode: Mode,
    /// New memories.
    pub added: u64,
    /// Rows whose content or metadata changed.
    pub edited: u64,
    /// Rows that are gone.
    pub deleted: u64,
    /// Rows that were looked at and had not changed.
    pub unchanged: u64,
    /// Rows that cannot be memories.
    pub rejected: u64,
    /// The first of them, with the reasons.
    pub rejections: Vec<RejectedRow>,
    /// What the person should know.
    pub notes: Vec<String>,
}

/// A row that cannot be a memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedRow {
    /// Its id.
    pub id: String,
    /// Why.
    pub reason: String,
}

/// Reads one source into the raw log.
///
/// # Errors
/// Unavailable when PostgreSQL cannot be reached; failed when the table is not as the mapping says, or must not be read. The
/// raw log is as it was then.
pub fn take_in(
    warehouse: &Warehouse,
    intake: &Intake<'_>,
    mapping: &SourceMapping,
    request: IntakeRequest,
) -> Result<SourceReport> {
    let started = Instant::now();
    let limits = Limits::of(intake.settings);
    let state = State::of(warehouse.conn(), &mapping.source())?;
    let mut client = connect(intake.address, &limits, Purpose::Read)?;
    let shape = inspect(intake.address, &mut client, mapping)?;
    let queries = Queries::new(mapping, &shape);
    let seen = scan::look(intake, &mut client, &queries, &shape, &state)?;
    // A connection less while the scan runs.
    drop(client);
    let mut report = SourceReport {
        table: mapping.relation(),
        notes: seen.notes.clone(),
        ..SourceReport::default()
    };
    let reading = scan::decide(&state, &shape, &seen, intake.settings, request);
    match reading {
        Reading::Nothing => {}
        Reading::Advance => state.advance(warehouse, &seen)?,
        Reading::Tick | Reading::Whole | Reading::Compare => {
            let room = room(warehouse)?;
            let scanned = scan::scan(
                warehouse,
                intake,
                &queries,
                &state,
                &seen,
                reading,
                room.path(),
            )?;
            absorb::absorb(
                warehouse,
                intake,
                mapping,
                &state,
                &seen,
                &scanned,
                request,
                &mut report,
            )?;
        }
    }
    tracing::info!(
        table = report.table,
        mode = ?report.mode,
        added = report.added,
        edited = report.edited,
        deleted = report.deleted,
        ms = started.elapsed().as_millis(),
        "PostgreSQL read"
    );
    Ok(report)
}

/// A directory beside the store for what is on its way into it: only its owner can look into it, and what a killed process left
/// is removed.
fn room(warehouse: &Warehouse) -> Result<tempfile::TempDir> {
    use crate::error::Error;
    let store = warehouse.path();
    let (dir, prefix) = match (store.parent(), store.file_name()) {
        (Some(dir), Some(name)) if dir.is_dir() && !dir.as_os_str().is_empty() => (
            dir.to_path_buf(),
            format!(".{}.intake-", name.to_string_lossy()),
        ),
        _ => (
            std::env::temp_dir(),
            format!(".codex-{}.intake-", std::process::id()),
        ),
    };
    // The store's lock is held: nobody else's reading is on its way.
    let left: Vec<PathBuf> = std::fs::read_dir(&dir)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
        .map(|entry| entry.path())
        .collect();
    for path in left {
        let _ = std::fs::remove_dir_all(path);
    }
    tempfile::Builder::new()
        .prefix(&prefix)
        .tempdir_in(&dir)
        .map_err(|e| {
            Error::failed(format!("cannot write in {}: {e}", dir.display()))
                .hint("free some room, or make the directory writable")
        })
}
