//! Work besides cycles that has a rhythm: what comes in by itself, goes out by itself, or is owed.
//!
//! A job is a name that a rhythm of `schedules/biological_rhythms.yaml` may give (`job: NAME`) and a function. It runs beside
//! everything else, on a thread of its own and never twice at once; where it writes, it takes its turn
//! ([`Engine::writing`](crate::engine::Engine::writing)), and never while it waits for a network or a model.

use crate::config::Config;
use crate::engine::Engine;
use crate::error::Result;
use chrono::NaiveDateTime;

/// A job.
#[derive(Debug, Clone, Copy)]
pub struct Job {
    /// What rhythms call it.
    pub name: &'static str,
    /// Does what there is to do, with the configuration in force, at a clock (UTC). Says in a line what it did; nothing when there
    /// was nothing to do.
    pub run: fn(&mut Engine, &Config, NaiveDateTime) -> Result<Option<String>>,
}

/// All of them.
pub const JOBS: &[Job] = &[Job {
    name: "enrich",
    run: |engine, config, _| {
        engine.use_settings(&config.settings);
        engine.enrich_tick()
    },
}];

/// The job called `name`.
pub fn find(name: &str) -> Option<&'static Job> {
    JOBS.iter().find(|job| job.name == name)
}
