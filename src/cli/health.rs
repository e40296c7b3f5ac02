//! `codex health`.

use super::context::Context;
use super::postgres;
use super::render::{Outcome, Output, one_line, table};
use super::status::WithPostgres;
use crate::clock;
use crate::engine::PostgresHealth;
use crate::engine::request::{CheckHealth, GetPostgres};
use clap::Args;
use serde_json::json;
use std::process::ExitCode;

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

impl Health {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let mut session = context.session()?;
        let (mind, now) = (context.only_mind(), clock::now());
        let checks = session.ask(CheckHealth { mind, now }, &mut |_| ())?;
        let postgres = session.ask(GetPostgres {}, &mut |_| ())?;
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
        let odd = |p: &PostgresHealth| p.rejected + p.kept > 0;
        let shown = |p: &&PostgresHealth| self.verbose || away || odd(p);
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
