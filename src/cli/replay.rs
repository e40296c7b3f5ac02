//! `codex replay`.

use super::context::Context;
use super::progress::ProgressLine;
use super::render::{Outcome, Output};
use super::times;
use crate::engine;
use crate::engine::request::ReplayInto;
use crate::error::Error;
use chrono::NaiveDateTime;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Rebuild every tier from the raw log and the ledger into a new file, and compare
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex replay --into again.duckdb                        the same state hash, or exit code 1
  codex replay --until 2026-03-09 --into monday.duckdb    the store as it was then

Every night runs with the models and parameters it ran with, and sees the events it saw.")]
pub(super) struct Replay {
    /// The new file
    #[arg(long, value_name = "FILE")]
    into: PathBuf,
    /// Only nights up to then: RFC 3339, or YYYY-MM-DD with or without HH:MM:SS, in UTC
    #[arg(long, value_name = "TIME", value_parser = times::moment)]
    until: Option<NaiveDateTime>,
}

impl Replay {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let order = ReplayInto {
            into: engine::absolute(&self.into)?,
            until: self.until,
        };
        let mut progress = ProgressLine::start("steps", context.quiet());
        let replayed = context.session()?.ask(order, &mut |update| {
            if let engine::Progress::Steps { done, all } = update {
                progress.tell(done, Some(all), "");
            }
        });
        progress.finish();
        let replayed = replayed?;
        if out.json {
            out.document(&replayed)?;
        } else {
            out.line(format!(
                "{} steps repeated into {}",
                replayed.transitions,
                self.into.display()
            ))?;
            out.line(format!("state hash {}", replayed.state_hash))?;
            if let (Some(original), true) = (&replayed.original_hash, replayed.ok) {
                out.line(format!("the same as the store's, {original}"))?;
            }
        }
        if !replayed.ok {
            let original = replayed.original_hash.unwrap_or_default();
            return Err(Error::failed(format!(
                "the replay came to another state than the store, whose hash is {original}"
            ))
            .hint("the new file is kept: compare the tables of its schema `state` with the store's")
            .into());
        }
        Ok(ExitCode::SUCCESS)
    }
}
