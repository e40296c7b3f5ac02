//! `codex intake`, `codex write-back`, and what `status` and `health` say of PostgreSQL.

use super::context::Context;
use super::render::{Outcome, Output, Stop, counted, minute, one_line, table};
use crate::config::Config;
use crate::engine::request::{PublishDreams, SyncPostgres};
use crate::engine::{
    Exchange, IntakeReport, IntakeRequest, Listener, Mode, NotificationDebouncer, PostgresHealth,
    SourceReport, WriteBack,
};
use crate::error::{Error, ErrorKind, Result};
use clap::Args;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Take in what changed in PostgreSQL: new rows, edits, deletions
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex intake                     what changed since the last time
  codex intake --reconcile         compare the whole table: finds deletions, and what committed late
  codex intake --watch             stay, and take in at once what the trigger of `codex init postgres --trigger` tells

POSTGRES_DB_URL says where PostgreSQL is, pipeline/sources.yaml which tables and columns. They are read, never changed.
`codex consolidate` takes in by itself. `codex doctor` looks for what is wrong.")]
pub(super) struct Intake {
    /// Compare the whole table, whenever that was done last
    #[arg(long)]
    reconcile: bool,
    /// Take it for meant when more than half of the known rows are gone
    #[arg(long)]
    accept_deletions: bool,
    /// Stay and wait for changes, until interrupted
    #[arg(long)]
    watch: bool,
}

/// Publish what cycles changed into PostgreSQL's schema `dreams`
#[derive(Debug, Args)]
#[command(
    name = "write-back",
    after_help = "\
Examples:
  codex write-back                 what has changed since the last time
  codex write-back --take-over     replace what another store has published

`codex init postgres` makes the schema; `codex consolidate` publishes by itself. Only what changed travels, in one transaction;
what could not travel is owed, and goes with the next one."
)]
pub(super) struct WriteBackCommand {
    /// Replace what another store has published there
    #[arg(long)]
    take_over: bool,
}

/// How long a watch waits before it looks by itself.
const PATIENCE: Duration = Duration::from_secs(30);

impl Intake {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let request = IntakeRequest {
            reconcile: self.reconcile,
            accept_deletions: self.accept_deletions,
        };
        if self.watch {
            return watch(context, request, out);
        }
        let report = take_in(context, request)?;
        show(&report, context, out)?;
        Ok(ended(&report))
    }
}

/// The exit code of the worst of several tables: one that is not as mapped is worse than one that cannot be reached.
fn ended(report: &IntakeReport) -> ExitCode {
    let kinds = report.sources.iter().filter_map(|s| s.error_kind);
    let worst = kinds.map(ErrorKind::exit_code).min();
    ExitCode::from(worst.unwrap_or(0))
}

fn take_in(context: &Context, request: IntakeRequest) -> Result<IntakeReport> {
    context
        .ask(SyncPostgres { request })?
        .ok_or_else(not_configured)
}

fn not_configured() -> Error {
    Error::usage("no PostgreSQL is configured").hint(
        "set POSTGRES_DB_URL in the environment or in .env: postgresql://user@host:5432/database",
    )
}

/// Takes in now, and again with every notification; the store is nobody's while nothing happens.
fn watch(context: &Context, first: IntakeRequest, out: &mut Output) -> Outcome {
    let config = context.config()?;
    let mut listener = None;
    let mut debouncer = NotificationDebouncer::default();
    debouncer.hear(first);
    loop {
        match watch_once(context, &config, &mut listener, &mut debouncer, out) {
            Ok(ExitCode::SUCCESS) => {}
            Ok(code) => return Ok(code),
            // A server that restarts is waited for, and what was notified is done then; anything else is for the person to see.
            Err(Stop::Error(e)) if e.kind() == ErrorKind::Unavailable => {
                context.note(&format!("warning: {e}"));
                listener = None;
                debouncer.hear(IntakeRequest::default());
                std::thread::sleep(Duration::from_secs(5));
            }
            Err(stop) => return Err(stop),
        }
    }
}

/// Takes in what is due, and waits for more. Any other code than success ends the watch.
fn watch_once(
    context: &Context,
    config: &Config,
    listener: &mut Option<Listener>,
    debouncer: &mut NotificationDebouncer,
    out: &mut Output,
) -> Outcome {
    // Listening begins before the read: what happens in between is noticed.
    let open = match listener {
        Some(open) => open,
        None => listener.insert(Listener::open(config)?.ok_or_else(not_configured)?),
    };
    if let Some(request) = debouncer.due(Instant::now()) {
        let report = take_in(context, request)?;
        let news = |source: &SourceReport| source.mode != Mode::Nothing || source.error.is_some();
        if report.sources.iter().any(news) {
            show(&report, context, out)?;
            out.flush()?;
        }
        let failed = |kind| report.sources.iter().any(|s| s.error_kind == Some(kind));
        if failed(ErrorKind::Failed) || failed(ErrorKind::Usage) {
            return Ok(ended(&report));
        }
        if failed(ErrorKind::Unavailable) {
            return Err(Error::unavailable("not every table could be read").into());
        }
        debouncer.done(request, Instant::now());
    }
    let more = open.wait(debouncer.patience(Instant::now(), PATIENCE))?;
    debouncer.hear(more.unwrap_or_default());
    Ok(ExitCode::SUCCESS)
}

fn show(report: &IntakeReport, context: &Context, out: &mut Output) -> Result<(), Stop> {
    for source in &report.sources {
        tell(source, context);
    }
    if out.json {
        return out.document(report);
    }
    let mut rows = table(&[
        "table",
        "read",
        ">added",
        ">edited",
        ">deleted",
        ">unchanged",
        ">rejected",
    ]);
    for source in &report.sources {
        rows.add_row([
            one_line(&source.table),
            match source.error {
                Some(_) => "not read".to_owned(),
                None => read(source.mode).to_owned(),
            },
            source.added.to_string(),
            source.edited.to_string(),
            source.deleted.to_string(),
            source.unchanged.to_string(),
            source.rejected.to_string(),
        ]);
    }
    out.table(&rows)
}

fn tell(source: &SourceReport, context: &Context) {
    if let Some(error) = &source.error {
        context.note(&format!("error: {}: {}", source.table, one_line(error)));
        if let Some(hint) = &source.hint {
            context.note(&format!("  hint: {}", one_line(hint)));
        }
    }
    for note in &source.notes {
        context.note(&format!("note: {}: {note}", source.table));
    }
    for row in &source.rejections {
        context.note(&format!(
            "rejected: {}, row {}: {}",
            source.table,
            one_line(&row.id),
            row.reason
        ));
    }
    let unnamed = source
        .rejected
        .saturating_sub(source.rejections.len() as u64);
    if unnamed > 0 {
        context.note(&format!(
            "rejected: {}: {}",
            source.table,
            counted(unnamed, "more row", "more rows")
        ));
    }
}

fn read(mode: Mode) -> &'static str {
    match mode {
        Mode::Nothing => "nothing new",
        Mode::Tick => "what changed",
        Mode::Whole => "everything",
        Mode::Reconciled => "compared",
    }
}

impl WriteBackCommand {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let session = context.session()?;
        if session.config().postgres.is_none() {
            return Err(not_configured().into());
        }
        drop(session);
        let done = context.ask(PublishDreams {
            take_over: self.take_over,
        })?;
        let Some(done) = done else {
            return Err(Error::usage("nothing is published: the database has no schema `dreams`, or postgres.write_back is false")
                .hint("`codex init postgres` makes the schema")
                .into());
        };
        warn(&done, context);
        if out.json {
            out.document(&done)?;
        } else {
            out.line(sentence(&done))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn warn(done: &WriteBack, context: &Context) {
    for refused in &done.refused {
        context.note(&format!(
            "warning: PostgreSQL cannot hold {}",
            one_line(refused)
        ));
    }
}

fn sentence(done: &WriteBack) -> String {
    let anew = if done.anew { "everything anew: " } else { "" };
    match done.written + done.removed {
        0 => "dreams: nothing had changed".to_owned(),
        _ => format!(
            "dreams: {anew}{} written, {} removed",
            counted(done.written, "row", "rows"),
            done.removed
        ),
    }
}

/// What a consolidation exchanged, in a line or two.
pub(super) fn exchanged(
    exchange: &Exchange,
    context: &Context,
    out: &mut Output,
) -> Result<(), Stop> {
    for warning in &exchange.warnings {
        context.note(&format!("warning: {}", one_line(warning)));
    }
    for said in &exchange.notes {
        context.note(&format!("note: {}", one_line(said)));
    }
    for source in exchange.intake.iter().flat_map(|report| &report.sources) {
        // Why it could not be read is among the warnings.
        if source.error.is_none() {
            tell(source, context);
        }
        if !out.json && source.added + source.edited + source.deleted > 0 {
            out.line(format!(
                "{}: {} added, {} edited, {} deleted",
                one_line(&source.table),
                source.added,
                source.edited,
                source.deleted
            ))?;
        }
    }
    if let Some(done) = &exchange.write_back {
        warn(done, context);
        if !out.json && done.written + done.removed > 0 {
            out.line(sentence(done))?;
        }
    }
    Ok(())
}

/// A line for `status` and `health`.
pub(super) fn summary(postgres: &PostgresHealth) -> String {
    let mut parts = vec![format!("PostgreSQL: {}", postgres.address)];
    if postgres.circuit != "closed" || postgres.failures > 0 {
        let after = counted(
            postgres.failures.unsigned_abs().into(),
            "failure",
            "failures",
        );
        parts.push(format!("circuit {} after {after}", postgres.circuit));
        if let Some(at) = &postgres.retry_at {
            parts.push(format!(
                "next try {} UTC",
                at.trim_end_matches('Z').replace('T', " ")
            ));
        }
    }
    match postgres.read_at.values().max() {
        Some(at) => parts.push(format!("last change read {} UTC", minute(at))),
        None => parts.push("nothing read yet".to_owned()),
    }
    if postgres.rejected > 0 {
        let rows = counted(postgres.rejected, "row", "rows");
        parts.push(format!("{rows} cannot be memories"));
    }
    if postgres.kept > 0 {
        let rows = counted(postgres.kept, "row", "rows");
        parts.push(format!("{rows} missing there but kept"));
    }
    if let Some(owed) = postgres.owed.filter(|owed| *owed > 0) {
        parts.push(format!("{} owed to dreams", counted(owed, "row", "rows")));
    }
    parts.join(", ")
}
