//! `codex sql` and `codex snapshot`.

use super::context::Context;
use super::render::{Outcome, Output, one_line, size, table};
use crate::engine::absolute;
use crate::engine::request::{SelectJson, SelectTable, TakeSnapshot};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Ask the store in SQL; it only reads
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex sql \"SELECT * FROM memory_dashboard\"
  codex sql \"SELECT column_id, label, memories FROM long_term_memory.cortical_columns ORDER BY memories DESC LIMIT 5\"
  codex sql \"SHOW ALL TABLES\" --json

One SELECT, FROM, WITH, VALUES, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN; anything else is refused before it runs.")]
pub(super) struct Sql {
    /// The query
    query: String,
}

/// Copy the whole store into a file of its own, for other DuckDB clients and for safety
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex snapshot --output backup.duckdb
  codex snapshot --output backup.duckdb --force     overwrite an earlier one

The copy is complete when it gets its name, and codex can work on it: codex --db backup.duckdb status")]
pub(super) struct Snapshot {
    /// Where to write it
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Overwrite the file where it exists
    #[arg(short, long)]
    force: bool,
}

impl Sql {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let query = self.query;
        if out.json {
            out.array(&context.ask(SelectJson { query })?)?;
            return Ok(ExitCode::SUCCESS);
        }
        let found = context.ask(SelectTable { query })?;
        let columns: Vec<String> = found
            .columns
            .iter()
            .zip(&found.numeric)
            .map(|(name, numeric)| format!("{}{}", if *numeric { ">" } else { "" }, one_line(name)))
            .collect();
        let mut rows = table(&columns.iter().map(String::as_str).collect::<Vec<_>>());
        let plan = found.columns.iter().any(|name| name == "explanation");
        for row in &found.rows {
            rows.add_row(row.iter().map(|value| match value {
                Some(text) if plan => super::render::printable(text),
                Some(text) => one_line(text),
                None => "∅".to_owned(),
            }));
        }
        out.table(&rows)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Snapshot {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let mut snapshot = context.ask(TakeSnapshot {
            output: absolute(&self.output)?,
            force: self.force,
        })?;
        snapshot.output = self.output;
        if out.json {
            out.document(&snapshot)?;
        } else {
            out.line(format!(
                "{}: {} memories, {}",
                snapshot.output.display(),
                snapshot.memories,
                size(snapshot.bytes)
            ))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
