//! `codex daemon install` and `uninstall`.

use super::context::Context;
use super::daemon::{program, said};
use super::render::{Outcome, Output};
use crate::daemon::{Unit, install, uninstall};
use crate::error::Result;
use clap::Args;
use serde_json::json;
use std::process::ExitCode;

/// Write a service for systemd or launchd, and say how to switch it on
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex daemon install --print        see what it would say
  codex --db /srv/diary.duckdb daemon install")]
pub(super) struct Install {
    /// Only show what would be written
    #[arg(long)]
    print: bool,
    /// Overwrite one that says something else
    #[arg(long)]
    force: bool,
}

/// Remove the service's file
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex daemon uninstall")]
pub(super) struct Uninstall {}

fn unit(context: &Context) -> Result<Unit> {
    let grace = context.config()?.settings.daemon.grace;
    Unit::of(&context.setup()?, &program()?, grace)
}

impl Install {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let unit = unit(context)?;
        tell_left_behind(context, "the service does")?;
        if !self.print {
            install(&unit, self.force)?;
        }
        if out.json {
            out.document(
                &json!({"path": unit.path, "text": unit.text, "written": !self.print, "enable": unit.enable}),
            )?;
            return Ok(ExitCode::SUCCESS);
        }
        if self.print {
            out.line(unit.text.trim_end())?;
            return Ok(ExitCode::SUCCESS);
        }
        out.line(format!("written: {}", unit.path.display()))?;
        out.line("")?;
        out.line("Switch it on with:")?;
        for command in &unit.enable {
            out.line(format!("  {command}"))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Says which settings of this shell's environment do not reach whom.
pub(super) fn tell_left_behind(context: &Context, whom: &str) -> Result<()> {
    let names = context.setup()?.left_behind()?;
    if !names.is_empty() {
        context.note(&format!(
            "note: {whom} not see {} of this shell; put such settings into a file (--config) or into .env",
            names.join(", ")
        ));
    }
    Ok(())
}

/// Removes it and says so.
pub(super) fn remove(context: &Context, out: &mut Output) -> Outcome {
    let unit = unit(context)?;
    let removed = uninstall(&unit)?;
    let path = unit.path.display();
    let mut text = match removed {
        true => format!("removed: {path}\n\nIf it is switched on still:"),
        false => format!("there is no {path}"),
    };
    if removed {
        for command in &unit.disable {
            text.push_str(&format!("\n  {command}"));
        }
    }
    said(out, &text, json!({"path": unit.path, "removed": removed}))?;
    Ok(ExitCode::SUCCESS)
}
