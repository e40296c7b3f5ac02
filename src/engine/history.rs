//! History again: replay into another file, and the rebuild that takes this one's place.

use super::Engine;
use crate::cycle::{
    self, ConsolidateOptions, ConsolidateReport, CycleProgress, GenerationChange, Replay,
};
use crate::enrich::enrich_pending;
use crate::error::{Error, Result};
use crate::memory::set_model_generation;
use crate::project::Generation;
use crate::warehouse::{Warehouse, move_to};
use chrono::NaiveDateTime;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    /// in the store's place. A new generation of the ledger begins; the raw log is the same. Under another model generation all
    /// memories are read anew too, and the store as it was is kept beside it.
    ///
    /// # Errors
    /// Failed when a night or the check fails; the store then stays as it was.
    pub fn rebuild(
        &mut self,
        as_of: NaiveDateTime,
        generation: Option<Generation>,
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
        let from = self.pipeline().generation();
        let to = generation.unwrap_or(from);
        let models = self.models.in_generation(to)?;
        let pipeline = models.pipeline();
        let built = self.fresh(&beside, true).and_then(|target| {
            if to != from {
                read_anew(&target, to)?;
            }
            cycle::prepare_store(&target, pipeline)?;
            let mut report = cycle::consolidate(
                &target,
                pipeline,
                &ConsolidateOptions {
                    cycle: None,
                    as_of,
                    by_clock: false,
                    mind: None,
                },
                heard,
            )?;
            let verification = cycle::verify(&target, pipeline)?;
            if !verification.ok {
                return Err(Error::failed(
                    "the rebuilt store did not pass verification; the store stays as it was",
                ));
            }
            target.conn().execute_batch("CHECKPOINT")?;
            if to != from {
                let kept = self.keep_beside(from)?;
                report.generation = Some(GenerationChange {
                    from: from.number(),
                    to: to.number(),
                    kept,
                    before: cycle::state_counts(&self.warehouse)?,
                    after: verification.minds,
                });
            }
            Ok(report)
        });
        match built {
            Ok(report) => {
                self.warehouse.replace_with(&beside)?;
                remove(&beside);
                self.adopt(Arc::new(models))?;
                Ok(report)
            }
            Err(e) => {
                remove(&beside);
                Err(e)
            }
        }
    }

    /// Keeps the store as it is under a name of its generation; the file that takes its place is another.
    fn keep_beside(&self, generation: Generation) -> Result<PathBuf> {
        self.warehouse.conn().execute_batch("CHECKPOINT")?;
        let path = self.warehouse.path();
        let named = |number: usize| {
            let mut name = path.as_os_str().to_owned();
            name.push(format!(".generation-{}", generation.number()));
            if number > 1 {
                name.push(format!("-{number}"));
            }
            PathBuf::from(name)
        };
        let kept = (1..)
            .map(named)
            .find(|name| !name.exists())
            .unwrap_or_else(|| named(1));
        // A second name where the file system has such, else a copy.
        fs::hard_link(path, &kept)
            .or_else(|_| fs::copy(path, &kept).map(|_| ()))
            .map_err(|e| {
                Error::failed(format!("cannot keep the store as {}: {e}", kept.display()))
                    .hint("make room beside the store, or make its directory writable")
            })?;
        Ok(kept)
    }

    /// A fresh store at `path` with this one's log.
    fn fresh(&self, path: &Path, history: bool) -> Result<Warehouse> {
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

/// Has a fresh store of `generation` read every memory anew.
fn read_anew(target: &Warehouse, generation: Generation) -> Result<()> {
    target.transaction(|conn| {
        set_model_generation(conn, generation)?;
        conn.execute_batch(
            "DELETE FROM enrichment.features WHERE provider = 'rules';
             DELETE FROM lexical.postings;
             DELETE FROM lexical.documents;
             DELETE FROM lexical.former_postings",
        )?;
        Ok(())
    })?;
    enrich_pending(target, |_| ())?;
    Ok(())
}

/// Removes a store's files, where there are any.
fn remove(path: &Path) {
    for suffix in ["", ".wal", ".lock"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let _ = fs::remove_file(PathBuf::from(name));
    }
}
