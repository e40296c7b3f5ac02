//! `codex doctor`.

use super::context::Context;
use super::progress::ProgressLine;
use super::render::{Outcome, Output, one_line};
use crate::clock;
use crate::config::Settings;
use crate::engine::request::{CheckHealth, GetPostgres};
use crate::engine::{
    Level, PullSource, examine, examine_models, health_findings, pull_model, pull_on_server,
    remembered,
};
use crate::error::Result;
use clap::Args;
use serde_json::json;
use std::process::ExitCode;

/// What codex needs from outside, whether it is there, and what to do; exit code 1 when something does not work
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex doctor
  codex doctor --json
  codex doctor --fix     fetch missing models

It looks at the configuration, the Ollama server and its models, the local model, DuckDB's PostgreSQL extension, the connection, the tables and columns of pipeline/sources.yaml,
indexes, rights, the schema `dreams`, what the store remembers of odd rows, and what `codex health` finds. It changes nothing but the extension directory.")]
pub(super) struct Doctor {
    /// Fetch the models that the settings name and that are not there: onto the Ollama server, or where embeddings is local, here
    #[arg(long)]
    fix: bool,
}

impl Doctor {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let config = context.config()?;
        if self.fix {
            fix(&config.settings, context)?;
        }
        let mut findings = examine(&config, &context.project()?);
        // A store that is busy is no finding.
        if config.postgres.is_some()
            && config.settings.database.exists()
            && let Ok(Some(postgres)) = context.ask(GetPostgres {})
        {
            findings.extend(remembered(&postgres));
        }
        if config.settings.database.exists() {
            let (mind, now) = (None, clock::now());
            if let Ok(checks) = context.ask(CheckHealth { mind, now }) {
                findings.extend(health_findings(&checks));
            }
        }
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

/// Fetches what the server lacks, and a local model that is asked for by name.
fn fix(settings: &Settings, context: &Context) -> Result<()> {
    let found = examine_models(settings)?;
    if found.local.needed && !found.local.there {
        let name = &found.local.name;
        context.note(&format!("fetching {name} from the hub"));
        let mut progress = ProgressLine::start("MB", context.quiet());
        let pulled = pull_model(&settings.models, name, &PullSource::Hub, |file, bytes| {
            progress.tell(bytes / 1_000_000, None, file);
        });
        progress.finish();
        pulled?;
    }
    for model in found.models {
        if model.there || model.fix.is_none() {
            continue;
        }
        context.note(&format!("fetching {} onto the Ollama server", model.name));
        let mut progress = ProgressLine::start("MB", context.quiet());
        let pulled = pull_on_server(settings, &model.name, |what, done, total| {
            let all = (total > 0).then_some(total / 1_000_000);
            progress.tell(done / 1_000_000, all, what);
        });
        progress.finish();
        pulled?;
    }
    Ok(())
}
