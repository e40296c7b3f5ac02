//! `codex doctor`.

use super::context::Context;
use super::render::{Outcome, Output, one_line};
use crate::engine::{Level, examine};
use clap::Args;
use serde_json::json;
use std::process::ExitCode;

/// What codex needs from outside, whether it is there, and what to do; exit code 1 when something does not work
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex doctor
  codex doctor --json

It looks at the configuration, DuckDB's PostgreSQL extension, the connection, the tables and columns of pipeline/sources.yaml,
indexes, rights, and the schema `dreams`. It changes nothing but the extension directory, and opens no store.")]
pub(super) struct Doctor {}

impl Doctor {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let findings = examine(&context.config()?, &context.project()?);
        let ok = findings
            .iter()
            .all(|finding| finding.level != Level::Problem);
        if out.json {
            out.document(&json!({"ok": ok, "findings": findings}))?;
        } else {
            for finding in &findings {
                out.line(format!(
                    "{:8}{}: {}",
                    finding.level.as_str(),
                    one_line(&finding.what),
                    one_line(&finding.found)
                ))?;
                if let Some(advice) = &finding.what_to_do {
                    out.line(format!("        → {}", one_line(advice)))?;
                }
            }
        }
        Ok(if ok {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(1)
        })
    }
}
