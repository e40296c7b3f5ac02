//! `codex import`.

use super::context::Context;
use super::progress::ProgressLine;
use super::render::{Outcome, Output, counted, note, one_line, table};
use crate::engine::request::{ImportFiles, UndoImport};
use crate::engine::{
    self, DateOrder, FoundExport, ImportOptions, ImportProgress, ImportReport, absolute,
    find_export, parse_time_zone,
};
use crate::error::{Error, Result};
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Take memories in from files, folders and zips: exports of chats and assistants, notes, diaries, tables, logs
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex import diary.jsonl
  codex import notes/ --mind nora --time-zone Europe/Lisbon
  codex import chatgpt-export.zip --dry-run   read and report, write nothing
  codex import \"WhatsApp Chat with Ann.txt\" --date-order dmy
  codex import vault/ --date-from-file        notes without a date take their file's
  codex import table.csv --map Remark=content --map When=created_at
  codex import old.jsonl --rejects repair.jsonl   what could not go in, to mend and import
  codex import --undo 3                       take the third import back
  codex import --formats                      what can be read, and what identifies a record there
  codex import everything.jsonl               what `codex export` wrote: the whole store again

A JSONL line: {\"id\",\"content\",\"created_at\",\"speaker\"?,\"session\"?,\"mind\"?,\"metadata\"?}
Importing again adds only what is new, also from files that were renamed, moved, zipped or exported anew: records are known by
their own ids, else by time, speaker and text. What was edited by hand stays, unless --prefer-source is given; what was deleted by
hand does not come back. What cannot be taken in is told as file:line:col on stderr, the rest goes in, and the exit code is 1.")]
pub(super) struct Import {
    /// Files, folders and zips
    #[arg(required_unless_present_any = ["formats", "undo"], value_name = "PATH")]
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
    /// List the formats that can be read, with what identifies a record in each
    #[arg(long, conflicts_with_all = ["paths", "undo"])]
    formats: bool,
    /// Read all files as this format, instead of what each looks like
    #[arg(long, value_name = "NAME")]
    format: Option<String>,
    /// Which number of 05/03/2024 is the day, where a whole file does not show it: dmy, mdy or ymd
    #[arg(long, value_name = "ORDER")]
    date_order: Option<String>,
    /// Date what has no date by when its file was last changed
    #[arg(long)]
    date_from_file: bool,
    /// Take in kinds of entries that are no memories, separated by commas: tools, thinking, notices, branches, …
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    include: Vec<String>,
    /// Take a column or field under another name, such as Remark=content
    #[arg(long, value_name = "THEIRS=OURS")]
    map: Vec<String>,
    /// Where both a memory and its source were edited, take the source's words
    #[arg(long)]
    prefer_source: bool,
    /// Take keys, tokens and private keys of known shapes out before anything is stored
    #[arg(long)]
    redact: bool,
    /// Write the records that could not be taken in to this file, as JSON Lines to mend and import
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Take a whole import back: what it added is deleted, what it edited reads as before
    #[arg(long, value_name = "BATCH", conflicts_with = "paths")]
    undo: Option<i64>,
}

impl Import {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        if self.formats {
            return list_formats(out);
        }
        if let Some(batch) = self.undo {
            return undo(batch, context, out);
        }
        if let Some(export) = self.export(context)? {
            return super::transfer::restore(&export, self.dry_run, context, out);
        }
        let time_zone = match &self.time_zone {
            Some(name) => parse_time_zone(name)?,
            None => context.config()?.settings.time_zone.0,
        };
        let date_order = self.date_order.as_deref().map(date_order).transpose()?;
        let map = self
            .map
            .iter()
            .map(|pair| mapped(pair))
            .collect::<Result<_>>()?;
        let mut session = context.session_for(self.dry_run)?;
        let given = Given::new(self.paths)?;
        let options = ImportOptions {
            paths: given.absolute(),
            mind: context.only_mind(),
            time_zone,
            source: self.source,
            dry_run: self.dry_run,
            date_order,
            date_from_file: self.date_from_file,
            format: self.format,
            include: self.include,
            map,
            prefer_source: self.prefer_source,
            redact: self.redact,
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
        if let Some(file) = &self.rejects {
            write_rejects(file, &report)?;
        }
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
        let files = rejected
            .chain(report.notes.iter_mut().map(|n| &mut n.file))
            .chain(report.kept.iter_mut().map(|k| &mut k.file))
            .chain(report.secrets.iter_mut().map(|s| &mut s.file))
            .chain(report.found_again.iter_mut().map(|(_, file)| file));
        for file in files {
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

/// Notes about files, and what else a person should hear of.
fn tell_notes(report: &ImportReport) {
    for about in &report.notes {
        let line = about
            .line
            .map(|line| format!(":{line}"))
            .unwrap_or_default();
        note(&format!(
            "note: {}{line}: {}",
            about.file.display(),
            one_line(&about.text)
        ));
    }
    if let Some(first) = report.secrets.first() {
        let mut kinds: Vec<&str> = report
            .secrets
            .iter()
            .map(|secret| secret.kind.as_str())
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        note(&format!(
            "warning: {} what looks like a secret ({}), the first at {}:{}: --redact takes them out before anything is stored",
            counted(report.secrets.len() as u64, "place holds", "places hold"),
            kinds.join(", "),
            first.file.display(),
            first.line
        ));
    }
    for kept in report.kept.iter().take(SHOWN) {
        note(&format!(
            "note: {}:{}: memory {} ('{}') was edited by hand and keeps its words: --prefer-source takes the file's",
            kept.file.display(),
            kept.line,
            kept.id,
            one_line(&kept.key)
        ));
    }
    for (source, file) in report.found_again.iter().take(SHOWN) {
        note(&format!(
            "note: {}: the same records as of '{}', known from there",
            file.display(),
            one_line(source)
        ));
    }
}

/// Notes of one kind that are printed one by one; `--json` has all of them.
const SHOWN: usize = 10;

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
        ("edited by hand, kept", report.kept.len() as u64),
        ("deleted here, left so", report.deleted),
        ("rejected", report.rejected.len() as u64),
    ] {
        if n > 0 {
            counts.add_row([name.to_owned(), n.to_string()]);
        }
    }
    out.table(&counts)?;
    let known = report.known_by_id + report.known_by_text;
    if known > 0 {
        out.line(format!(
            "known already: {known} ({} by their ids, {} by time, speaker and text)",
            report.known_by_id, report.known_by_text
        ))?;
    }
    if !report.left_out.is_empty() {
        let kinds: Vec<String> = report
            .left_out
            .iter()
            .map(|(kind, n)| format!("{n} {kind}"))
            .collect();
        out.line(format!(
            "left out, no memories: {} (--include takes kinds in)",
            kinds.join(", ")
        ))?;
    }
    if !report.minds.is_empty() {
        let mut minds: Vec<String> = report
            .minds
            .iter()
            .take(SHOWN)
            .map(|(name, n)| format!("{} ({n})", one_line(name)))
            .collect();
        if report.minds.len() > SHOWN {
            minds.push(format!("and {} more", report.minds.len() - SHOWN));
        }
        out.line(format!(
            "{} {}",
            if minds.len() == 1 { "mind:" } else { "minds:" },
            minds.join(", ")
        ))?;
    }
    if let Some(batch) = report.batch {
        out.line(format!(
            "import {batch}: `codex import --undo {batch}` takes it back"
        ))?;
    }
    Ok(())
}

fn list_formats(out: &mut Output) -> Outcome {
    let known = engine::import_formats();
    if out.json {
        out.document(&known)?;
        return Ok(ExitCode::SUCCESS);
    }
    for format in known {
        out.line(format!(
            "{}\n  {}\n  known by: {}",
            format.name, format.about, format.identity
        ))?;
    }
    out.line("\nEntries that are no memories, for --include:")?;
    for (kind, about) in engine::LEFT_OUT_KINDS {
        out.line(format!("  {kind}: {about}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn undo(batch: i64, context: &Context, out: &mut Output) -> Outcome {
    let mut session = context.session_for(false)?;
    let report = session.ask(UndoImport { batch }, &mut |_| ())?;
    if out.json {
        out.document(&report)?;
    } else {
        out.line(format!(
            "import {batch} is taken back: {} deleted, {} read as before",
            counted(report.deleted, "memory", "memories"),
            report.restored
        ))?;
        if report.kept > 0 {
            out.line(format!(
                "{} edited since stay as they are",
                counted(report.kept, "memory", "memories")
            ))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn date_order(name: &str) -> Result<DateOrder> {
    DateOrder::parse(name).ok_or_else(|| {
        Error::usage(format!("'{name}' is no date order")).hint("write dmy, mdy or ymd")
    })
}

fn mapped(pair: &str) -> Result<(String, String)> {
    match pair.split_once('=') {
        Some((theirs, ours)) if !theirs.trim().is_empty() && !ours.trim().is_empty() => {
            Ok((theirs.trim().to_owned(), ours.trim().to_owned()))
        }
        _ => Err(Error::usage(format!("'{pair}' maps nothing"))
            .hint("write --map THEIRS=OURS, such as --map Remark=content")),
    }
}

/// The rejected records, to be mended and imported: as records where there is enough of them, else as they were written.
fn write_rejects(file: &Path, report: &ImportReport) -> Result<()> {
    let mut text = String::new();
    for rejection in &report.rejected {
        let record = rejection.record.as_deref().unwrap_or("");
        let mut line = match serde_json::from_str::<serde_json::Value>(record) {
            Ok(serde_json::Value::Object(fields)) => fields,
            _ => serde_json::Map::from_iter([(
                "content".to_owned(),
                serde_json::Value::String(record.to_owned()),
            )]),
        };
        let reason = format!(
            "{}:{}: {}",
            rejection.file.display(),
            rejection.line,
            rejection.reason
        );
        line.insert("rejected".to_owned(), serde_json::Value::String(reason));
        text.push_str(&serde_json::Value::Object(line).to_string());
        text.push('\n');
    }
    std::fs::write(file, text)
        .map_err(|error| Error::failed(format!("{}: cannot be written: {error}", file.display())))
}
