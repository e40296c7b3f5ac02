//! `codex verify`.

use super::context::Context;
use super::render::{Outcome, Output, one_line, table};
use crate::engine::STATES;
use crate::engine::request::VerifyStore;
use clap::Args;
use std::process::ExitCode;

/// Check the invariants: every memory in exactly one state, caches as computing them again gives; exit code 1 when not
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex verify
  codex verify --json          ok, state_hash, and each mind's counts")]
pub(super) struct Verify {}

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
