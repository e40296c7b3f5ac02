//! `codex metrics`.

use super::context::Context;
use super::render::{Outcome, Output, minute, table};
use super::times;
use crate::clock;
use crate::engine::request::GetMetrics;
use crate::error::Error;
use chrono::Duration;
use clap::Args;
use std::process::ExitCode;

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

impl Metrics {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let since = clock::now()
            .checked_sub_signed(self.period)
            .ok_or_else(|| {
                Error::usage("the period reaches before all time").hint("use a shorter one")
            })?;
        let metrics = context.ask(GetMetrics { since })?;
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
