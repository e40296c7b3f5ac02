//! `codex export`, and `codex import` of what it wrote.

use super::context::Context;
use super::progress::ProgressLine;
use super::render::{Outcome, Output, counted, note, size, table};
use crate::engine::request::{RestoreExport, WriteExport};
use crate::engine::{self, ExportFormat, ExportOptions, FoundExport, absolute};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;

/// Write everything the store holds, losslessly; `codex import` reads it back
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex export --format jsonl --output everything.jsonl
  codex export --format parquet --output everything/       a file a table, and a manifest.json
  codex export --format json --output nora.json --mind nora

Raw log, features, lexical index, ledger, projects and state. Importing it into an empty store gives the same store: same numbers,
same state hash. Into a store with memories, or with one mind only, raw events are merged as new arrivals.")]
pub(super) struct Export {
    /// What the files look like
    #[arg(short, long, value_enum)]
    format: Format,
    /// The file; for csv and parquet the directory
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Overwrite an earlier one
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Json,
    Jsonl,
    Csv,
    Parquet,
}

impl Export {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let options = ExportOptions {
            format: match self.format {
                Format::Json => ExportFormat::Json,
                Format::Jsonl => ExportFormat::Jsonl,
                Format::Csv => ExportFormat::Csv,
                Format::Parquet => ExportFormat::Parquet,
            },
            output: absolute(&self.output)?,
            mind: context.only_mind(),
            force: self.force,
        };
        let mut progress = ProgressLine::start("rows written", context.quiet());
        let report = context
            .session()?
            .ask(WriteExport { options }, &mut |update| {
                if let engine::Progress::Rows(done) = update {
                    progress.tell(done, None, "");
                }
            });
        progress.finish();
        let mut report = report?;
        report.output = self.output;
        if out.json {
            out.document(&report)?;
        } else {
            let memories = report.tables.get("raw.memories").copied().unwrap_or(0);
            let rows: u64 = report.tables.values().sum();
            out.line(format!(
                "{}: {}, {} in {}, {}",
                report.output.display(),
                counted(memories, "memory", "memories"),
                counted(rows, "row", "rows"),
                counted(report.tables.len() as u64, "table", "tables"),
                size(report.bytes)
            ))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Takes an export in.
pub(super) fn restore(
    export: &FoundExport,
    dry_run: bool,
    context: &Context,
    out: &mut Output,
) -> Outcome {
    let mut session = context.session_for(dry_run)?;
    let order = RestoreExport {
        export: FoundExport {
            path: absolute(&export.path)?,
            format: export.format,
        },
        dry_run,
    };
    let mut progress = ProgressLine::start("rows read", context.quiet());
    let report = session.ask(order, &mut |update| {
        if let engine::Progress::Rows(read) = update {
            progress.tell(read, None, "");
        }
    });
    progress.finish();
    let mut report = report?;
    report.path.clone_from(&export.path);
    if out.json {
        out.document(&report)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut counts = table(&["table", if dry_run { ">would be added" } else { ">added" }]);
    for (name, rows) in &report.added {
        counts.add_row([name.clone(), rows.to_string()]);
    }
    if report.added.is_empty() {
        out.line("nothing new")?;
    } else {
        out.table(&counts)?;
    }
    if report.known > 0 {
        out.line(format!(
            "{} known already",
            counted(report.known, "memory", "memories")
        ))?;
    }
    if !context.quiet() {
        for text in &report.notes {
            note(&format!("note: {text}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}
