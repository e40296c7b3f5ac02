//! Everything out, and in again.

use super::Engine;
use crate::error::Result;
use crate::memory::{self, ExportOptions, ExportReport, FoundExport, RestoreReport};

impl Engine {
    /// Writes everything the store holds; `progress` hears rows written.
    ///
    /// # Errors
    /// See [`memory::export`].
    pub fn export(
        &self,
        options: &ExportOptions,
        progress: impl FnMut(u64),
    ) -> Result<ExportReport> {
        memory::export(&self.warehouse, options, progress)
    }

    /// Reads an export back; what it merged gets its features and index. `progress` hears rows read.
    ///
    /// # Errors
    /// See [`memory::restore`].
    pub fn restore(
        &self,
        export: &FoundExport,
        dry_run: bool,
        mut progress: impl FnMut(u64),
    ) -> Result<RestoreReport> {
        let report = memory::restore(&self.warehouse, export, dry_run, &mut progress)?;
        if !dry_run {
            self.enrich(|_| ())?;
        }
        Ok(report)
    }
}
