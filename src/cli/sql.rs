//! `codex sql` and `codex snapshot`.

use super::context::Context;
use super::render::{Outcome, Output, one_line, size, table};
use crate::engine::request::{SelectJson, SelectTable, TakeSnapshot};
use crate::engine::{ReadQuery, absolute, sql_json_over_files, sql_over_files};
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

  codex sql --allow-files data \"FROM 'data/steps.csv' LIMIT 5\"       files below data/, without the store

One SELECT, FROM, WITH, VALUES, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN; anything else is refused before it runs.")]
pub(super) struct Sql {
    /// The query
    query: String,
    /// Ask the files below this directory instead of the store; a query over the store reads no files
    #[arg(long, value_name = "DIR")]
    allow_files: Option<PathBuf>,
    /// Seconds the query may take, 0 for as long as it takes [default: the setting sql_timeout]
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u32>,
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
        let timeout = match self.timeout {
            Some(seconds) => seconds,
            None => context.config()?.settings.sql_timeout,
        };
        let query = ReadQuery {
            text: self.query,
            timeout,
        };
        if out.json {
            let rows = match &self.allow_files {
                Some(dir) => sql_json_over_files(dir, &query)?,
                None => context.ask(SelectJson { query })?,
            };
            out.array(&rows)?;
            return Ok(ExitCode::SUCCESS);
        }
        let found = match &self.allow_files {
            Some(dir) => sql_over_files(dir, &query)?,
            None => context.ask(SelectTable { query })?,
        };
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
