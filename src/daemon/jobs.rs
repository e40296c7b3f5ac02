//! Work besides cycles that has a rhythm: what comes in by itself, goes out by itself, or is owed.
//!
//! A job is a name that a rhythm of `schedules/biological_rhythms.yaml` may give (`job: NAME`) and a function. It runs beside
//! everything else, on a thread of its own and never twice at once; where it writes, it takes its turn
//! ([`Engine::writing`](crate::engine::Engine::writing)), and never while it waits for a network or a model.

use crate::config::{Config, Embeddings, Enrichment};
use crate::engine::Engine;
use crate::error::Result;
use chrono::NaiveDateTime;

/// A job.
#[derive(Debug, Clone, Copy)]
pub struct Job {
    /// What rhythms call it.
    pub name: &'static str,
    /// Whether the configuration gives it anything to do.
    pub wanted: fn(&Config) -> bool,
    /// Does what there is to do, with the configuration in force, at a clock (UTC). Says in a line what it did; nothing when there
    /// was nothing to do.
    pub run: fn(&mut Engine, &Config, NaiveDateTime) -> Result<Option<String>>,
}

/// What the intake is called.
pub const INTAKE: &str = "intake";

/// All of them.
pub const JOBS: &[Job] = &[
    Job {
        name: INTAKE,
        wanted: has_postgres,
        run: |engine, _, _| engine.take_in_by_rhythm(),
    },
    Job {
        name: "write_back",
        wanted: has_postgres,
        run: |engine, _, _| engine.write_back_by_rhythm(),
    },
    Job {
        name: "enrich",
        wanted: may_ask_models,
        run: |engine, config, _| {
            engine.use_settings(&config.settings);
            engine.enrich_tick()
        },
    },
];

fn has_postgres(config: &Config) -> bool {
    config.postgres.is_some()
}

fn may_ask_models(config: &Config) -> bool {
    let settings = &config.settings;
    settings.enrichment != Enrichment::Rules || settings.embeddings != Embeddings::None
}

/// The job called `name`.
pub fn find(name: &str) -> Option<&'static Job> {
    JOBS.iter().find(|job| job.name == name)
}
