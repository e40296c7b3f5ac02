//! History again: replay into another file, and the rebuild that takes this one's place.

use super::Engine;
use crate::cycle::{self, ConsolidateOptions, ConsolidateReport, CycleProgress, Replay};
use crate::error::{Error, Result};
use crate::warehouse::move_to;
use chrono::NaiveDateTime;
use std::fs;
use std::path::{Path, PathBuf};

impl Engine {
    /// Rebuilds every tier from the raw log and the ledger, up to `until`, into the new file `into`.
    ///
    /// # Errors
    /// Usage when the file exists; failed when a transition cannot be repeated. Nothing is left of the file then.
    pub fn replay(
        &self,
        into: &Path,
        until: Option<NaiveDateTime>,
        heard: impl FnMut(u64, u64),
    ) -> Result<Replay> {
        let into = std::path::absolute(into)
            .map_err(|e| Error::usage(format!("{}: {e}", into.display())))?;
        if into.exists() {
            return Err(Error::usage(format!("{} exists already", into.display()))
                .hint("give a new file's name, or remove it"));
        }
        let done = self
            .fresh(&into, false)
            .and_then(|target| cycle::replay(&self.warehouse, &target, until, heard));
        if done.is_err() {
            remove(&into);
        }
        done
    }

    /// Lives through all events anew, in event order and with everything known from the start, checks the result and puts it
    /// in the store's place. A new generation of the ledger begins; the raw log is the same.
    ///
    /// # Errors
    /// Failed when a night or the check fails; the store then stays as it was.
    pub fn rebuild(
        &mut self,
        as_of: NaiveDateTime,
        heard: impl FnMut(CycleProgress),
    ) -> Result<ConsolidateReport> {
        if self.warehouse.is_shared() {
            return Err(
                Error::unavailable("the store is in use and cannot be rebuilt now").hint(
                    "`codex daemon status` says by what; run the command again when that is done",
                ),
            );
        }
        self.enrich(|_| ())?;
        let mut name = self.warehouse.path().as_os_str().to_owned();
        name.push(".rebuild");
        let beside = PathBuf::from(name);
        // What an earlier rebuild left when it was killed.
        remove(&beside);
        let built = self.fresh(&beside, true).and_then(|target| {
            cycle::prepare_store(&target, self.pipeline())?;
            let report = cycle::consolidate(
                &target,
                self.pipeline(),
                &ConsolidateOptions {
                    cycle: None,
                    as_of,
                    by_clock: false,
                    mind: None,
                },
                heard,
            )?;
            let verification = cycle::verify(&target, self.pipeline())?;
            if !verification.ok {
                return Err(Error::failed(
                    "the rebuilt store did not pass verification; the store stays as it was",
                ));
            }
            target.conn().execute_batch("CHECKPOINT")?;
            Ok(report)
        });
        match built {
            Ok(report) => {
                self.warehouse.replace_with(&beside)?;
                remove(&beside);
                cycle::prepare_store(&self.warehouse, self.pipeline())?;
                Ok(report)
            }
            Err(e) => {
                remove(&beside);
                Err(e)
            }
        }
    }

    /// A fresh store at `path` with this one's log.
    fn fresh(&self, path: &Path, history: bool) -> Result<crate::warehouse::Warehouse> {
        if path.exists() {
            return Err(Error::usage(format!("{} exists already", path.display()))
                .hint("give a new file's name, or remove it"));
        }
        // Made by codex, closed, filled through this connection, put in its place and opened again.
        let staging = self.warehouse.staging_dir()?;
        let staged = staging.path().join("fresh.duckdb");
        drop(self.warehouse.open_fresh(&staged)?);
        cycle::copy_log(&self.warehouse, &staged, history)?;
        move_to(&staged, path)
            .map_err(|e| Error::failed(format!("cannot write {}: {e}", path.display())))?;
        let fresh = self.warehouse.open_existing(path)?;
        if let Some(interrupt) = &self.interrupt {
            interrupt.reach(&fresh);
        }
        Ok(fresh)
    }
}

/// Removes a store's files, where there are any.
fn remove(path: &Path) {
    for suffix in ["", ".wal", ".lock"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let _ = fs::remove_file(PathBuf::from(name));
    }
}
