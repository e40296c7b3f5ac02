//! `codex status`, `health`, `metrics` and `verify`.

use super::context::Context;
use super::postgres;
use super::render::{
    Outcome, Output, Stop, counted, minute, minute_or_dash, one_line, size, table,
};
use super::times;
use crate::clock;
use crate::engine::request::{CheckHealth, ReadMetrics, ReadPostgres, ReadStatus, VerifyStore};
use crate::engine::{self, ModelStatus, STATES};
use crate::error::Error;
use chrono::Duration;
use clap::Args;
use serde::Serialize;
use serde_json::json;
use std::process::ExitCode;

/// What the store holds, at a glance
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex status
  codex status --mind nora --json

Every memory is in one tier: pending, working, short_term, long_term, forgotten or deleted. Forgotten ones can still be recalled.")]
pub(super) struct Status {}

/// Checks of every mind; exit code 1 when one is CRITICAL
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex health                 what needs attention
  codex health --verbose       every check
  codex health --json || mail -s \"codex needs you\" me")]
pub(super) struct Health {
    /// Every check, also those that are well
    #[arg(long)]
    verbose: bool,
}

/// What cycles cost: runs, rows and time by cycle, stage and model
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex metrics
  codex metrics --period 7d --json

The period is of wall-clock time, whatever time of memory the cycles lived through.")]
pub(super) struct Metrics {
    /// How far back: a number and a unit (30m, 24h, 7d, 2w)
    #[arg(long, default_value = "24h", value_name = "DURATION", value_parser = times::duration)]
    period: Duration,
}

/// Check the invariants: every memory in exactly one state, caches as computing them again gives; exit code 1 when not
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex verify
  codex verify --json          ok, state_hash, and each mind's counts")]
pub(super) struct Verify {}

impl Status {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let mut session = context.session()?;
        let mind = context.only_mind();
        let status = session.ask(ReadStatus { mind }, &mut |_| ())?;
        let postgres = session.ask(ReadPostgres {}, &mut |_| ())?;
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
        if let Some(postgres) = &postgres {
            out.line(postgres::summary(postgres))?;
        }
        out.line("")?;
        tiers(&status.minds, out)?;
        out.line("")?;
        network(&status.minds, out)?;
        models(&status.models, out)?;
        Ok(ExitCode::SUCCESS)
    }
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

/// A document about the store, with PostgreSQL beside it where one is configured.
#[derive(Serialize)]
struct WithPostgres<T> {
    #[serde(flatten)]
    of_the_store: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    postgres: Option<engine::PostgresHealth>,
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

impl Health {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let mut session = context.session()?;
        let mind = context.only_mind();
        let checks = session.ask(CheckHealth { mind }, &mut |_| ())?;
        let postgres = session.ask(ReadPostgres {}, &mut |_| ())?;
        let away = postgres.as_ref().is_some_and(|p| p.failures > 0);
        let worst = ["CRITICAL", "WARNING"]
            .into_iter()
            .find(|level| {
                checks.iter().any(|c| c.alert_level == *level) || (away && *level == "WARNING")
            })
            .unwrap_or("OK");
        let code = if worst == "CRITICAL" {
            ExitCode::from(1)
        } else {
            ExitCode::SUCCESS
        };
        if out.json {
            out.document(&WithPostgres {
                of_the_store: json!({"ok": worst != "CRITICAL", "alert_level": worst, "checks": checks}),
                postgres,
            })?;
            return Ok(code);
        }
        let shown: Vec<_> = checks
            .iter()
            .filter(|c| self.verbose || c.alert_level != "OK")
            .collect();
        if !shown.is_empty() {
            let mut rows = table(&["level", "mind", "check", ">value", ">bound", "what to do"]);
            for check in shown {
                rows.add_row([
                    check.alert_level.clone(),
                    one_line(&check.mind),
                    check.check.clone(),
                    number(check.value),
                    number(check.threshold),
                    check.what_to_do.clone().unwrap_or_default(),
                ]);
            }
            out.table(&rows)?;
        }
        let odd = |p: &engine::PostgresHealth| p.rejected + p.kept > 0;
        let shown = |p: &&engine::PostgresHealth| self.verbose || away || odd(p);
        if let Some(postgres) = postgres.as_ref().filter(shown) {
            out.line(postgres::summary(postgres))?;
            if let Some(error) = postgres.last_error.as_ref().filter(|_| away) {
                out.line(format!(
                    "  {}; `codex doctor` looks closer",
                    one_line(error)
                ))?;
            }
        }
        let well = checks.iter().filter(|c| c.alert_level == "OK").count();
        out.line(format!(
            "{worst}: {well} of {} checks are well",
            checks.len()
        ))?;
        Ok(code)
    }
}

/// Without decimals where there is nothing behind the point.
fn number(value: Option<f64>) -> String {
    match value {
        Some(value) if value.fract() == 0.0 => format!("{value:.0}"),
        Some(value) => format!("{value:.3}"),
        None => "–".to_owned(),
    }
}

impl Metrics {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let since = clock::now()
            .checked_sub_signed(self.period)
            .ok_or_else(|| {
                Error::usage("the period reaches before all time").hint("use a shorter one")
            })?;
        let metrics = context.ask(ReadMetrics { since })?;
        if out.json {
            out.document(&metrics)?;
            return Ok(ExitCode::SUCCESS);
        }
        if metrics.cycles.is_empty() {
            out.line(format!("no cycle ran since {} UTC", minute(&metrics.since)))?;
            return Ok(ExitCode::SUCCESS);
        }
        out.line(format!("since {} UTC", minute(&metrics.since)))?;
        out.line("")?;
        let columns = |first| {
            [
                first,
                ">runs",
                ">rows",
                ">total ms",
                ">average ms",
                ">slowest ms",
            ]
        };
        let mut cycles = table(&columns("cycle"));
        for c in &metrics.cycles {
            cycles.add_row(measured(
                &c.cycle,
                c.runs,
                c.rows,
                &[c.total_ms, c.average_ms, c.slowest_ms],
            ));
        }
        out.table(&cycles)?;
        out.line("")?;
        let mut stages = table(&columns("stage"));
        for s in &metrics.stages {
            stages.add_row(measured(
                &s.stage,
                s.runs,
                s.rows,
                &[s.total_ms, s.average_ms, s.slowest_ms],
            ));
        }
        out.table(&stages)?;
        out.line("")?;
        let mut models = table(&[
            "slowest models",
            ">runs",
            ">rows",
            ">total ms",
            ">average ms",
        ]);
        for m in &metrics.slowest {
            models.add_row(measured(
                &m.model,
                m.runs,
                m.rows,
                &[m.total_ms, m.average_ms],
            ));
        }
        out.table(&models)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn measured(name: &str, runs: i64, rows: i64, times: &[f64]) -> Vec<String> {
    let mut row = vec![name.to_owned(), runs.to_string(), rows.to_string()];
    row.extend(times.iter().map(|ms| format!("{ms:.1}")));
    row
}

impl Verify {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let found = context.ask(VerifyStore {
            mind: context.only_mind(),
        })?;
        let code = if found.ok {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(1)
        };
        if out.json {
            out.document(&found)?;
            return Ok(code);
        }
        let mut checks = table(&["check", "found"]);
        for check in &found.checks {
            let finding = if check.finding.is_empty() {
                "well".to_owned()
            } else {
                one_line(&check.finding)
            };
            checks.add_row([check.name.clone(), finding]);
        }
        out.table(&checks)?;
        out.line("")?;
        let mut columns = vec!["mind".to_owned()];
        columns.extend(STATES.iter().rev().map(|state| format!(">{state}")));
        let mut counts = table(&columns.iter().map(String::as_str).collect::<Vec<_>>());
        for (mind, states) in &found.minds {
            let mut row = vec![one_line(mind)];
            row.extend(
                STATES
                    .iter()
                    .rev()
                    .map(|state| states.get(*state).copied().unwrap_or(0).to_string()),
            );
            counts.add_row(row);
        }
        out.table(&counts)?;
        out.line("")?;
        out.line(format!("state hash {}", found.state_hash))?;
        if !found.ok {
            context.note("the store does not verify: keep a copy (`codex snapshot`), and tell the authors of codex what you did before");
        }
        Ok(code)
    }
}
