//! `codex status`.

use super::context::Context;
use super::postgres;
use super::render::{
    Outcome, Output, Stop, counted, minute, minute_or_dash, one_line, size, table,
};
use crate::clock;
use crate::engine::HealthCheck;
use crate::engine::request::{CheckHealth, GetPostgres, GetStatus};
use crate::engine::{self, ModelStatus};
use clap::Args;
use serde::Serialize;
use std::process::ExitCode;

/// What the store holds, at a glance
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex status
  codex status --mind nora --json

Every memory is in one tier: pending, working, short_term, long_term, forgotten or deleted. Forgotten ones can still be recalled.")]
pub(super) struct Status {}

impl Status {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let mut session = context.session()?;
        let mind = context.only_mind();
        let status = session.ask(GetStatus { mind: mind.clone() }, &mut |_| ())?;
        let now = clock::now();
        let checks = session.ask(CheckHealth { mind, now }, &mut |_| ())?;
        let postgres = session.ask(GetPostgres {}, &mut |_| ())?;
        if out.json {
            out.document(&WithPostgres {
                of_the_store: status,
                postgres,
            })?;
            return Ok(ExitCode::SUCCESS);
        }
        let access = if status.writable { "" } else { ", read-only" };
        out.line(format!(
            "store: {} ({}{access})",
            status.database.display(),
            size(status.bytes)
        ))?;
        out.line(match &status.as_of {
            Some(at) => format!("clock: {} UTC, that of the last cycle", minute(at)),
            None => "clock: no cycle has run yet; `codex consolidate` runs what is due".to_owned(),
        })?;
        out.line(generation(&status))?;
        if let Some(postgres) = &postgres {
            out.line(postgres::summary(postgres))?;
        }
        health(&checks, out)?;
        out.line("")?;
        tiers(&status.minds, out)?;
        out.line("")?;
        network(&status.minds, out)?;
        models(&status.models, out)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// How the checks of health stand, in a line.
fn health(checks: &[HealthCheck], out: &mut Output) -> Result<(), Stop> {
    let of = |level: &str| checks.iter().filter(|c| c.alert_level == level).count();
    let (critical, warnings) = (of("CRITICAL"), of("WARNING"));
    let worst = checks
        .iter()
        .find(|c| c.alert_level == "CRITICAL")
        .or_else(|| checks.iter().find(|c| c.alert_level == "WARNING"));
    out.line(match worst {
        None => "health: OK".to_owned(),
        Some(check) => format!(
            "health: {}, {critical} critical and {} (`codex health`): {} of {}",
            check.alert_level,
            counted(warnings as u64, "warning", "warnings"),
            check.check,
            one_line(&check.mind)
        ),
    })
}

/// What models have added, and what they owe; nothing where there are none.
fn models(models: &ModelStatus, out: &mut Output) -> Result<(), Stop> {
    if models.vectors.is_empty() && models.answers.is_empty() {
        return Ok(());
    }
    out.line("")?;
    for vectors in &models.vectors {
        let owed = match (vectors.active, models.vectors_owed) {
            (true, owed) => format!(", {owed} owed"),
            (false, _) => ", not asked with".to_owned(),
        };
        out.line(format!(
            "meaning: {} by {}{owed}",
            counted(vectors.vectors, "vector", "vectors"),
            vectors.model
        ))?;
    }
    if !models.answers.is_empty() {
        let mut rows = table(&[
            "answers about",
            "by",
            "model",
            ">number",
            ">from cache",
            ">repaired",
            ">set right",
        ]);
        for of in &models.answers {
            rows.add_row([
                of.kind.clone(),
                of.provider.clone(),
                of.model.clone(),
                of.subjects.to_string(),
                of.from_cache.to_string(),
                of.repaired.to_string(),
                of.clamped.to_string(),
            ]);
        }
        out.table(&rows)?;
    }
    if models.memories_owed > 0 {
        out.line(format!(
            "{} by rules alone: `codex enrich` asks the language model",
            counted(models.memories_owed, "memory read", "memories read")
        ))?;
    }
    if models.retries > 0 {
        out.line(format!(
            "{} another try",
            counted(models.retries, "failure waits for", "failures wait for")
        ))?;
    }
    Ok(())
}

/// Which model generation nights run under, and how to have the newest.
fn generation(status: &engine::Status) -> String {
    let number = status.model_generation;
    match number < status.latest_model_generation {
        true => format!(
            "models: generation {number} of {}; `codex consolidate --rebuild --generation latest` adopts the newest",
            status.latest_model_generation
        ),
        false => format!("models: generation {number}"),
    }
}

/// A document about the store, with PostgreSQL beside it where one is configured.
#[derive(Serialize)]
pub(super) struct WithPostgres<T> {
    #[serde(flatten)]
    pub(super) of_the_store: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) postgres: Option<engine::PostgresHealth>,
}

fn tiers(minds: &[engine::MindStatus], out: &mut Output) -> Result<(), Stop> {
    let mut rows = table(&[
        "mind",
        ">memories",
        ">pending",
        ">working",
        ">short_term",
        ">long_term",
        ">forgotten",
        ">deleted",
        "first",
        "last",
    ]);
    for m in minds {
        let counts = [
            m.memories,
            m.pending,
            m.working,
            m.short_term,
            m.long_term,
            m.forgotten,
            m.deleted,
        ];
        let mut row = vec![one_line(&m.mind)];
        row.extend(counts.map(|n| n.to_string()));
        row.push(minute_or_dash(m.first_memory_at.as_deref()));
        row.push(minute_or_dash(m.last_memory_at.as_deref()));
        rows.add_row(row);
    }
    out.table(&rows)
}

fn network(minds: &[engine::MindStatus], out: &mut Output) -> Result<(), Stop> {
    let mut rows = table(&[
        "mind",
        ">nights",
        ">episodes",
        ">associations",
        ">dreamt",
        ">concepts",
        ">columns",
        ">avg strength",
        "last night",
        "zone",
    ]);
    for m in minds {
        let counts = [
            m.nights,
            m.episodes,
            m.associations,
            m.provisional_associations,
            m.concepts,
            m.columns,
        ];
        let mut row = vec![one_line(&m.mind)];
        row.extend(counts.map(|n| n.to_string()));
        row.push(
            m.average_strength
                .map_or_else(|| "–".to_owned(), |s| format!("{s:.3}")),
        );
        row.push(minute_or_dash(m.last_night_at.as_deref()));
        row.push(m.time_zone.clone());
        rows.add_row(row);
    }
    out.table(&rows)
}
