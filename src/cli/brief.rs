//! `codex context`.

use super::context::Context;
use super::render::{Outcome, Output};
use super::times;
use crate::clock;
use crate::engine::request::BuildContext;
use chrono::NaiveDateTime;
use clap::Args;
use std::process::ExitCode;

/// What an assistant should know when a conversation starts: what is known, open, changed, and happened of late
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex context
  codex context --budget 500 --mind nora
  codex context --json                with the memories each line rests on, and a version

Every line names its memories; `codex explain ID` goes on from there. The same store and time give the same block; its version
changes when its text does. Memories that read like instructions to an assistant are left out.")]
pub(super) struct Brief {
    /// How long it may be, in tokens of four characters
    #[arg(long, default_value_t = 1500, value_name = "TOKENS")]
    budget: usize,
    /// The clock: RFC 3339, or YYYY-MM-DD with or without HH:MM:SS, in UTC [default: now]
    #[arg(long, value_name = "TIME", value_parser = times::moment)]
    as_of: Option<NaiveDateTime>,
}

impl Brief {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let block = context.ask(BuildContext {
            mind: context.mind(),
            budget: self.budget,
            as_of: self.as_of.unwrap_or_else(clock::now),
        })?;
        if out.json {
            out.document(&block)?;
        } else {
            out.line(block.text.trim_end())?;
            if !block.held_back.is_empty() {
                context.note(&format!(
                    "note: {} held back: it reads like an instruction to an assistant",
                    super::render::counted(
                        block.held_back.len() as u64,
                        "memory is",
                        "memories are"
                    )
                ));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
