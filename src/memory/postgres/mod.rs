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
pub use state::IntakeAnomalies;

use crate::config::{PostgresAddress, PostgresSettings};
use crate::error::{Error, ErrorKind, Result};
use crate::project::SourceMapping;
use crate::warehouse::postgres::{Limits, Purpose, connect};
use crate::warehouse::{StagingDir, Warehouse};
use absorb::RowMerge;
use chrono_tz::Tz;
use scan::{Reading, Scanned, Seen};
use serde::{Deserialize, Serialize};
use state::State;
use std::path::Path;

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
    /// Why it could not be read, where it could not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What to do about that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What kind of failure that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_kind: Option<ErrorKind>,
}

impl SourceReport {
    /// Of a table that could not be read.
    pub fn failed(mapping: &SourceMapping, error: &Error) -> SourceReport {
        SourceReport {
            table: mapping.relation(),
            error: Some(error.to_string()),
            hint: error.next_step().map(str::to_owned),
            error_kind: Some(error.kind()),
            ..SourceReport::default()
        }
    }
}

/// A row that cannot be a memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedRow {
    /// Its id.
    pub id: String,
    /// Why.
    pub reason: String,
}

/// What was read from a source, on its way into the raw log. Nobody has to wait for it: it is in files of its own.
pub struct Read {
    state: State,
    seen: Seen,
    reading: Reading,
    scanned: Scanned,
    notes: Vec<String>,
    /// Where the files are; removed with this.
    _staging: Option<StagingDir>,
}

/// Reads one source; this is where PostgreSQL is waited for. Nothing is written into the store.
///
/// # Errors
/// Unavailable when PostgreSQL cannot be reached; failed when the table is not as the mapping says, or must not be read.
pub fn read(
    warehouse: &Warehouse,
    intake: &Intake<'_>,
    mapping: &SourceMapping,
    request: IntakeRequest,
) -> Result<Read> {
    let limits = Limits::of(intake.settings);
    let state = State::of(warehouse.conn(), &mapping.source())?;
    let mut client = connect(intake.address, &limits, Purpose::Read)?;
    let shape = inspect(intake.address, &mut client, mapping)?;
    let queries = Queries::new(mapping, &shape);
    let seen = scan::look(intake, &mut client, &queries, &shape, &state)?;
    // A connection less while the scan runs.
    drop(client);
    let reading = scan::decide(
        warehouse.conn(),
        &state,
        &shape,
        &seen,
        intake.settings,
        request,
    )?;
    let notes = seen.notes.clone();
    let (scanned, staging) = match reading {
        Reading::Nothing | Reading::CycleProgress => (Scanned::default(), None),
        Reading::Tick | Reading::Whole | Reading::Compare => {
            let staging = warehouse.staging_dir()?;
            let scanned = scan::scan(
                warehouse,
                intake,
                &queries,
                &state,
                &seen,
                reading,
                staging.path(),
            )?;
            (scanned, Some(staging))
        }
    };
    Ok(Read {
        state,
        seen,
        reading,
        scanned,
        notes,
        _staging: staging,
    })
}

impl Read {
    /// Whether there is anything to write into the store.
    pub fn is_news(&self) -> bool {
        self.reading != Reading::Nothing
    }
}

/// Takes what was read into the raw log, in one transaction.
///
/// # Errors
/// Failed when the store cannot be written; the raw log is as it was then.
pub fn take_in(
    warehouse: &Warehouse,
    intake: &Intake<'_>,
    mapping: &SourceMapping,
    request: IntakeRequest,
    read: &Read,
) -> Result<SourceReport> {
    let mut report = SourceReport {
        table: mapping.relation(),
        notes: read.notes.clone(),
        ..SourceReport::default()
    };
    match read.reading {
        Reading::Nothing => {}
        Reading::CycleProgress => read.state.advance(warehouse, &read.seen)?,
        Reading::Tick | Reading::Whole | Reading::Compare => {
            report = RowMerge::new(
                intake,
                mapping,
                &read.state,
                &read.seen,
                &read.scanned,
                request,
            )
            .run(warehouse, report)?;
        }
    }
    tracing::info!(
        table = report.table,
        mode = ?report.mode,
        added = report.added,
        edited = report.edited,
        deleted = report.deleted,
        "PostgreSQL read"
    );
    Ok(report)
}
