//! `codex pause` and `codex resume`: off the record.

use super::context::Context;
use super::render::{Outcome, Output};
use super::times;
use crate::clock::{self, rfc3339};
use crate::engine::pause_file;
use crate::error::Error;
use chrono::Duration;
use clap::Args;
use serde_json::json;
use std::process::ExitCode;

/// Keep nothing that hooks hear, until `codex resume` or for a while
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex pause
  codex pause --for 1h

What is imported or added by a command is kept all the same; recall goes on.")]
pub(super) struct Pause {
    /// For how long: a number and a unit (30m, 1h) [default: until `codex resume`]
    #[arg(long = "for", value_name = "DURATION", value_parser = times::duration)]
    period: Option<Duration>,
}

/// Keep what hooks hear again
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex resume")]
pub(super) struct Resume {}

impl Pause {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let path = pause_file(&context.config()?.settings.database)?;
        let until = match self.period {
            Some(period) => Some(clock::now().checked_add_signed(period).ok_or_else(|| {
                Error::usage("--for reaches beyond all time").hint("use a shorter period")
            })?),
            None => None,
        };
        let text = until.map_or_else(String::new, rfc3339);
        if let Some(dir) = path.parent() {
            std::fs::create_dir_all(dir)
                .map_err(|e| Error::failed(format!("cannot make {}: {e}", dir.display())))?;
        }
        std::fs::write(&path, &text)
            .map_err(|e| Error::failed(format!("cannot write {}: {e}", path.display())))?;
        if out.json {
            out.document(&json!({"paused": true, "until": until.map(rfc3339)}))?;
        } else {
            match until {
                Some(until) => out.line(format!("paused until {}", rfc3339(until)))?,
                None => out.line("paused until `codex resume`")?,
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Resume {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let path = pause_file(&context.config()?.settings.database)?;
        match std::fs::remove_file(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::failed(format!("cannot remove {}: {e}", path.display())).into());
            }
            _ => {}
        }
        if out.json {
            out.document(&json!({"paused": false}))?;
        } else {
            out.line("what hooks hear is kept again")?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
