//! Work besides cycles that has a rhythm: what comes in by itself, goes out by itself, or is owed.
//!
//! A job is a name that a rhythm of `schedules/biological_rhythms.yaml` may give (`job: NAME`) and a function. It runs beside
//! everything else, on a thread of its own and never twice at once; where it writes, it takes its turn
//! ([`Engine::writing`](crate::engine::Engine::writing)), and never while it waits for a network or a model.

use crate::config::{Config, Embeddings, Enrichment};
use crate::engine::{Engine, EnrichReport, EnrichRequest, IntakeReport, SourceReport};
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

/// All of them.
pub const JOBS: &[Job] = &[
    Job {
        name: "intake",
        wanted: has_postgres,
        run: |engine, _, _| Ok(engine.look_in()?.and_then(|report| took_in(&report))),
    },
    Job {
        name: "write_back",
        wanted: has_postgres,
        run: |engine, _, _| {
            let sent = engine.look_out()?;
            Ok(sent.and_then(|sent| match sent.written + sent.removed {
                0 => None,
                _ => Some(format!(
                    "{} rows written, {} removed in PostgreSQL",
                    sent.written, sent.removed
                )),
            }))
        },
    },
    Job {
        name: "enrich",
        wanted: has_models,
        run: |engine, _, _| {
            let request = EnrichRequest {
                budgeted: true,
                ..EnrichRequest::default()
            };
            Ok(enriched(&engine.enrich_owed(&request, |_| ())?))
        },
    },
];

fn has_models(config: &Config) -> bool {
    let settings = &config.settings;
    settings.enrichment != Enrichment::Rules || settings.embeddings != Embeddings::None
}

/// What models added, where they added anything.
fn enriched(report: &EnrichReport) -> Option<String> {
    let answers = [
        &report.memories,
        &report.episodes,
        &report.clusters,
        &report.insights,
    ];
    let answered: u64 = answers.iter().map(|kind| kind.answered).sum();
    let embedded = report.vectors.embedded;
    (answered + embedded > 0).then(|| format!("{embedded} vectors, {answered} answers"))
}

fn has_postgres(config: &Config) -> bool {
    config.postgres.is_some()
}

/// What came in, where anything did.
fn took_in(report: &IntakeReport) -> Option<String> {
    let sum = |of: fn(&SourceReport) -> u64| report.sources.iter().map(of).sum::<u64>();
    let (added, edited, deleted, rejected) = (
        sum(|s| s.added),
        sum(|s| s.edited),
        sum(|s| s.deleted),
        sum(|s| s.rejected),
    );
    (added + edited + deleted > 0).then(|| {
        format!("{added} memories added, {edited} edited, {deleted} deleted, {rejected} rejected")
    })
}

/// The job called `name`.
pub fn find(name: &str) -> Option<&'static Job> {
    JOBS.iter().find(|job| job.name == name)
}
