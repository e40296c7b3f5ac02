//! `codex import`.

use super::context::Context;
use super::progress::ProgressLine;
use super::render::{Outcome, Output, counted, note, one_line, table};
use crate::engine::request::ImportFiles;
use crate::engine::{
    self, FoundExport, ImportOptions, ImportProgress, ImportReport, absolute, find_export,
    parse_time_zone,
};
use crate::error::{Error, Result};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Take memories in from files: JSONL, JSON, CSV, Markdown, chat logs
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex import diary.jsonl
  codex import notes/ --mind nora --time-zone Europe/Lisbon
  codex import chat.csv --dry-run           read and report, write nothing
  codex import everything.jsonl             what `codex export` wrote: the whole store again

A JSONL line: {\"id\",\"content\",\"created_at\",\"speaker\"?,\"session\"?,\"mind\"?,\"metadata\"?}
Importing a file again adds only what is new: a memory is known by mind, source and id. What cannot be taken in is told as
file:line:col on stderr, the rest goes in, and the exit code is 1.")]
pub(super) struct Import {
    /// Files and directories
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Read and report, write nothing
    #[arg(long)]
    dry_run: bool,
    /// A name for where they come from, instead of the files' own names
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// IANA zone of new minds, and of times written without one
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
}

impl Import {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        if let Some(export) = self.export(context)? {
            return super::transfer::restore(&export, self.dry_run, context, out);
        }
        let time_zone = match &self.time_zone {
            Some(name) => parse_time_zone(name)?,
            None => context.config()?.settings.time_zone.0,
        };
        let mut session = context.session_for(self.dry_run)?;
        let given = Given::new(self.paths)?;
        let options = ImportOptions {
            paths: given.absolute(),
            mind: context.only_mind(),
            time_zone,
            source: self.source,
            dry_run: self.dry_run,
        };
        let mut progress = ProgressLine::start("records", context.quiet());
        let report = session.ask(ImportFiles { options }, &mut |update| match update {
            engine::Progress::Import(ImportProgress::Read(n)) => progress.tell(n, None, "read"),
            engine::Progress::Import(ImportProgress::Understood(n)) => {
                progress.tell(n, None, "understood and indexed");
            }
            _ => (),
        });
        progress.finish();
        let report = given.named(report?);
        tell_rejections(&report);
        if !context.quiet() {
            tell_notes(&report);
        }
        if out.json {
            out.document(&report)?;
        } else {
            summary(&report, out)?;
        }
        Ok(if report.rejected.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(1)
        })
    }
}

impl Import {
    /// The export that is to be read back, if it is one: it says itself what is whose.
    fn export(&self, context: &Context) -> Result<Option<FoundExport>> {
        for path in &self.paths {
            let Some(export) = find_export(path)? else {
                continue;
            };
            if self.paths.len() > 1 {
                return Err(Error::usage(format!(
                    "{} is an export, and cannot be imported together with others",
                    path.display()
                ))
                .hint("import it in a command of its own"));
            }
            if self.source.is_some() || self.time_zone.is_some() || context.mind_name().is_some() {
                return Err(Error::usage(format!(
                    "{} is an export: it names minds, zones and sources itself",
                    path.display()
                ))
                .hint("leave out --mind, --source and --time-zone"));
            }
            return Ok(Some(export));
        }
        Ok(None)
    }
}

/// The paths as they were given, and where they are.
struct Given {
    paths: Vec<(PathBuf, PathBuf)>,
}

impl Given {
    fn new(paths: Vec<PathBuf>) -> Result<Given> {
        let paths = paths
            .into_iter()
            .map(|path| Ok((absolute(&path)?, path)))
            .collect::<Result<_>>()?;
        Ok(Given { paths })
    }

    fn absolute(&self) -> Vec<PathBuf> {
        self.paths.iter().map(|(at, _)| at.clone()).collect()
    }

    /// The report with every file as the person named it.
    fn named(&self, mut report: ImportReport) -> ImportReport {
        let rejected = report.rejected.iter_mut().map(|r| &mut r.file);
        for file in rejected.chain(report.notes.iter_mut().map(|n| &mut n.file)) {
            let named = self.paths.iter().find_map(|(at, given)| {
                let below = file.strip_prefix(at).ok()?;
                Some(match below.as_os_str().is_empty() {
                    true => given.clone(),
                    false => given.join(below),
                })
            });
            if let Some(named) = named {
                *file = named;
            }
        }
        report
    }
}

fn tell_rejections(report: &ImportReport) {
    for rejection in &report.rejected {
        let file = rejection.file.display();
        let column = rejection
            .column
            .map(|column| format!(":{column}"))
            .unwrap_or_default();
        note(&format!(
            "{file}:{}{column}: {}",
            rejection.line,
            one_line(&rejection.reason)
        ));
    }
}

/// Notes about whole files one by one; those about lines would drown them and are counted.
fn tell_notes(report: &ImportReport) {
    for about in report.notes.iter().filter(|n| n.line.is_none()) {
        note(&format!(
            "note: {}: {}",
            about.file.display(),
            one_line(&about.text)
        ));
    }
    let lines = report.notes.iter().filter(|n| n.line.is_some()).count();
    if lines > 0 {
        note(&format!(
            "note: {} that are no memories left out",
            counted(lines as u64, "line", "lines")
        ));
    }
}

fn summary(report: &ImportReport, out: &mut Output) -> Result<(), super::render::Stop> {
    let mut counts = table(&["outcome", ">memories"]);
    let added = if report.dry_run {
        "would be taken in"
    } else {
        "added"
    };
    counts.add_row([added.to_owned(), report.added.to_string()]);
    for (name, n) in [
        ("edited", report.edited),
        ("unchanged", report.unchanged),
        ("rejected", report.rejected.len() as u64),
    ] {
        if n > 0 {
            counts.add_row([name.to_owned(), n.to_string()]);
        }
    }
    out.table(&counts)?;
    if !report.minds.is_empty() {
        let minds: Vec<String> = report
            .minds
            .iter()
            .map(|(name, n)| format!("{} ({n})", one_line(name)))
            .collect();
        out.line(format!(
            "{} {}",
            if minds.len() == 1 { "mind:" } else { "minds:" },
            minds.join(", ")
        ))?;
    }
    Ok(())
}
