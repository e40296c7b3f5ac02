//! `codex import`: files in, raw log out; what is known already is known again, wherever it lies now.
//!
//! # Layout
//!
//! [`stage`] reads the files into a temporary table and keeps what identifies each record; `resolve` decides which records are
//! known, by ids and by what they say; `apply` appends what is new and weighs what changed, all in one transaction; `undo`
//! takes an import back.

mod apply;
mod resolve;
mod stage;
mod undo;

use crate::error::{Error, Result};
use crate::warehouse::Warehouse;
use chrono_tz::Tz;
pub use codex_import::{DateOrder, FormatInfo, LEFT_OUT_KINDS, Note, Rejection, formats};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

pub use undo::{UndoReport, undo};

/// What to import, and for whom.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ImportOptions {
    /// Files, directories and zips.
    pub paths: Vec<PathBuf>,
    /// The mind of records that name none.
    pub mind: Option<String>,
    /// The zone of new minds, and of times written without one.
    #[serde(with = "super::minds::zone_name")]
    pub time_zone: Tz,
    /// Names the source instead of the file's own name.
    pub source: Option<String>,
    /// Reads and reports, writes nothing.
    pub dry_run: bool,
    /// Which number of 05/03/2024 is the day.
    #[serde(default)]
    pub date_order: Option<DateOrder>,
    /// Dates what has no date by its file.
    #[serde(default)]
    pub date_from_file: bool,
    /// The format of all files.
    #[serde(default)]
    pub format: Option<String>,
    /// Kinds of entries to take in that are no memories.
    #[serde(default)]
    pub include: Vec<String>,
    /// Fields under other names: (theirs, ours).
    #[serde(default)]
    pub map: Vec<(String, String)>,
    /// Where a person's edit and the source's differ, takes the source's.
    #[serde(default)]
    pub prefer_source: bool,
    /// Takes secrets out before anything is stored.
    #[serde(default)]
    pub redact: bool,
}

/// What an import did.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct ImportReport {
    /// New memories.
    pub added: u64,
    /// Known memories whose content or metadata changed.
    pub edited: u64,
    /// Known and the same.
    pub unchanged: u64,
    /// Changed at the source and edited by a person: the person's words stand.
    #[serde(default)]
    pub kept: Vec<KeptEdit>,
    /// Known, and deleted here: they stay deleted.
    #[serde(default)]
    pub deleted: u64,
    /// Of those that are known: by an id of their own.
    #[serde(default)]
    pub known_by_id: u64,
    /// Of those that are known: by time, speaker and text.
    #[serde(default)]
    pub known_by_text: u64,
    /// Sources found again in other files: the source, and the file it lies in now.
    #[serde(default)]
    pub found_again: Vec<(String, PathBuf)>,
    /// Entries that are no memories, by kind.
    #[serde(default)]
    pub left_out: BTreeMap<String, u64>,
    /// Records that could not be taken in, with file, line and reason.
    pub rejected: Vec<Rejection>,
    /// What was assumed or passed over.
    pub notes: Vec<Note>,
    /// Texts that hold what looks like a key or password of a known shape.
    #[serde(default)]
    pub secrets: Vec<FoundSecret>,
    /// Minds that received memories, by name, with the number of their records.
    pub minds: BTreeMap<String, u64>,
    /// Names this import for `--undo`; nothing where nothing was written.
    #[serde(default)]
    pub batch: Option<i64>,
    /// Whether nothing was written.
    pub dry_run: bool,
}

/// A memory that a person edited and whose source says something else now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeptEdit {
    /// The memory.
    pub id: i64,
    /// Its key.
    pub key: String,
    /// The file that says something else.
    pub file: PathBuf,
    /// The line there.
    pub line: usize,
}

/// Something secret in a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundSecret {
    /// What it is.
    pub kind: String,
    /// The file.
    pub file: PathBuf,
    /// The record's line.
    pub line: usize,
}

/// Reads the paths and appends what is new of them, all or nothing; `progress` hears the number of records read.
///
/// # Errors
/// Usage when a path does not exist or a setting is impossible; failed when the store cannot be written, and then nothing is.
/// Records that are wrong in themselves are no error of the import: they are in the report.
pub fn import(
    warehouse: &Warehouse,
    options: &ImportOptions,
    progress: impl FnMut(u64),
) -> Result<ImportReport> {
    let settings = codex_import::Settings {
        time_zone: options.time_zone,
        date_order: options.date_order,
        date_from_file: options.date_from_file,
        include: options.include.clone(),
        format: options.format.clone(),
        map: options.map.clone(),
    };
    let reader = codex_import::read_paths(&options.paths, &settings).map_err(|error| {
        Error::usage(error.to_string())
            .hint("check the path and the options; `codex import --formats` lists formats")
    })?;
    let staged = stage::stage(warehouse.conn(), options, reader, progress)?;
    let work = |conn: &duckdb::Connection| apply::apply(conn, options, staged);
    let report = match options.dry_run {
        true => warehouse.rehearse(work),
        false => warehouse.transaction(work),
    };
    let dropped = warehouse.conn().execute_batch(stage::DROP);
    let report = report?;
    dropped?;
    Ok(report)
}
