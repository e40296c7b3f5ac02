//! Everything in and out: import, restore, export, snapshot.

use super::{AccessMode, Operation, Progress, Requirements, StoreNeeds};
use crate::engine::{
    Engine, ExportOptions, ExportReport, FoundExport, ImportOptions, ImportReport, RestoreReport,
    Snapshot, UndoReport,
};
use crate::error::Result;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Take memories in from files.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImportFiles {
    /// Which, and for whom. Paths are absolute.
    pub options: ImportOptions,
}

impl Operation for ImportFiles {
    type Answer = ImportReport;

    fn requirements(&self) -> Requirements {
        Requirements::MAKE
    }

    fn answer(
        self,
        engine: &mut Engine,
        on_progress: &mut dyn FnMut(Progress),
    ) -> Result<ImportReport> {
        engine.import(&self.options, |advance| {
            on_progress(Progress::Import(advance))
        })
    }
}

/// Take an import back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UndoImport {
    /// Its number.
    pub batch: i64,
}

impl Operation for UndoImport {
    type Answer = UndoReport;

    fn requirements(&self) -> Requirements {
        Requirements::MAKE
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<UndoReport> {
        engine.undo_import(self.batch)
    }
}

/// Take an export in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RestoreExport {
    /// Where it is, absolute.
    pub export: FoundExport,
    /// Read and report, write nothing.
    pub dry_run: bool,
}

impl Operation for RestoreExport {
    type Answer = RestoreReport;

    fn requirements(&self) -> Requirements {
        Requirements::MAKE
    }

    fn answer(
        self,
        engine: &mut Engine,
        on_progress: &mut dyn FnMut(Progress),
    ) -> Result<RestoreReport> {
        engine.restore(&self.export, self.dry_run, |rows| {
            on_progress(Progress::Rows(rows))
        })
    }
}

/// Write everything the store holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WriteExport {
    /// What and where to, absolute.
    pub options: ExportOptions,
}

impl Operation for WriteExport {
    type Answer = ExportReport;

    fn requirements(&self) -> Requirements {
        Requirements::LOOK
    }

    fn answer(
        self,
        engine: &mut Engine,
        on_progress: &mut dyn FnMut(Progress),
    ) -> Result<ExportReport> {
        engine.export(&self.options, |rows| on_progress(Progress::Rows(rows)))
    }
}

/// Copy the store into a file of its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TakeSnapshot {
    /// Where to, absolute.
    pub output: PathBuf,
    /// Overwrite what is there.
    pub force: bool,
}

impl Operation for TakeSnapshot {
    type Answer = Snapshot;

    /// DuckDB attaches the copy for all of the process, so it is made after those that write.
    fn requirements(&self) -> Requirements {
        Requirements {
            store: StoreNeeds::Readable,
            mode: AccessMode::Write,
        }
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<Snapshot> {
        engine.snapshot(&self.output, self.force)
    }
}
