//! `codex daemon`: the service.

use super::context::Context;
use super::render::{Outcome, Output, Stop, minute, one_line, size, table};
use super::{logs, service};
use crate::daemon::protocol::ControlCommand;
use crate::daemon::{Client, DaemonStatus, Probe, Started, Stopped, run_here, start, stop};
use crate::engine::{Holder, canonical};
use crate::error::{Error, Result};
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// Run codex as a service: it owns the store, looks on biological rhythms, and answers every other command
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  codex daemon start                  in the background; returns when it answers
  codex daemon status                 rhythms, work, memory; exit code 3 when none runs
  codex daemon logs --level ERROR --since 1d
  codex daemon install                as a service that starts with you

Every command works the same with and without it. A daemon belongs to one store (--db), project (--project-dir) and configuration.")]
pub(super) enum Daemon {
    Start(Start),
    Stop(StopIt),
    Restart(Restart),
    Status(Status),
    Logs(logs::Logs),
    Reload(Reload),
    Install(service::Install),
    Uninstall(service::Uninstall),
}

/// Start it; returns when it answers, or says why it does not
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex daemon start
  codex --db diary.duckdb --project-dir my-memory daemon start
  codex daemon start --foreground     for systemd, launchd, containers, and to watch it")]
pub(super) struct Start {
    /// Stay in this process, and log on stderr too
    #[arg(long)]
    foreground: bool,
}

/// Stop it: what runs is given time to end, then interrupted
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex daemon stop")]
pub(super) struct StopIt {}

/// Stop it, if it runs, and start it: after an upgrade of codex, for one
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex daemon restart")]
pub(super) struct Restart {}

/// How it is: process, memory, rhythms, what runs and who waits; exit code 3 when none runs
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex daemon status
  codex daemon status --json")]
pub(super) struct Status {}

/// Read configuration, project and schedule anew; what is wrong is refused, and the old ones stay in force
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex daemon reload
  kill -HUP PID                       does the same")]
pub(super) struct Reload {}

impl Daemon {
    /// Whether it writes a log of its own: then this process has none before.
    pub(super) fn logs_itself(&self) -> bool {
        matches!(self, Daemon::Start(_) | Daemon::Restart(_))
    }

    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        match self {
            Daemon::Start(start) if start.foreground => {
                run_here(context.setup()?)?;
                Ok(ExitCode::SUCCESS)
            }
            Daemon::Start(_) => begin(context, out),
            Daemon::Stop(_) => finish(context, out),
            Daemon::Restart(_) => {
                end(context, out)?;
                begin(context, out)
            }
            Daemon::Status(_) => status(context, out),
            Daemon::Logs(logs) => logs.run(context, out),
            Daemon::Reload(_) => {
                let text = running(context)?.tell(ControlCommand::Reload)?;
                said(out, &text, json!({"reloaded": true}))?;
                Ok(ExitCode::SUCCESS)
            }
            Daemon::Install(install) => install.run(context, out),
            Daemon::Uninstall(_) => service::remove(context, out),
        }
    }
}

/// The daemon of the store.
pub(super) fn running(context: &Context) -> Result<Client> {
    let database = database(context)?;
    Probe::of(&database).client()?.ok_or_else(|| {
        Error::unavailable(format!("no daemon runs for {}", database.display()))
            .hint("`codex daemon start` starts one")
    })
}

pub(super) fn database(context: &Context) -> Result<PathBuf> {
    canonical(&context.config()?.settings.database)
}

pub(super) fn said(out: &mut Output, text: &str, machine: serde_json::Value) -> Result<(), Stop> {
    match out.json {
        true => out.document(&machine),
        false => out.line(text),
    }
}

fn begin(context: &Context, out: &mut Output) -> Outcome {
    let setup = context.setup()?;
    let (text, pid, already) = match start(setup)? {
        Started::Now(pid) => (format!("the daemon runs (pid {pid})"), pid, false),
        Started::Already(pid) => (format!("the daemon runs already (pid {pid})"), pid, true),
    };
    said(
        out,
        &text,
        json!({"running": true, "pid": pid, "already": already}),
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Stops it and says so, unless it is quiet about there being none.
fn end(context: &Context, out: &mut Output) -> Result<Stopped, Stop> {
    let config = context.config()?;
    let grace = std::time::Duration::from_secs(u64::from(config.settings.daemon.grace));
    let stopped = stop(&config.settings.database, grace)?;
    if let (Stopped::Ended(pid), false) = (stopped, out.json) {
        out.line(format!("the daemon (pid {pid}) has stopped"))?;
    }
    if let Stopped::Killed(pid) = stopped {
        context.note(&format!(
            "warning: the daemon (pid {pid}) did not end in time and was killed; the store is as before the step it was at"
        ));
    }
    Ok(stopped)
}

fn finish(context: &Context, out: &mut Output) -> Outcome {
    let stopped = end(context, out)?;
    if out.json {
        let (pid, killed) = match stopped {
            Stopped::Ended(pid) => (Some(pid), false),
            Stopped::Killed(pid) => (Some(pid), true),
            Stopped::NotRunning => (None, false),
        };
        out.document(&json!({"running": false, "pid": pid, "killed": killed}))?;
    } else if stopped == Stopped::NotRunning {
        out.line("no daemon runs")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn status(context: &Context, out: &mut Output) -> Outcome {
    let database = database(context)?;
    let Some(mut client) = Probe::of(&database).client()? else {
        let holder = Holder::is_there(&database).then(|| Holder::of(&database));
        let owner = holder.map(|holder| holder.name);
        match (out.json, owner) {
            (true, owner) => {
                out.document(&json!({"running": false, "database": database, "owner": owner}))?;
            }
            (false, Some(owner)) => out.line(format!(
                "no daemon runs; {} is in use by {owner}",
                database.display()
            ))?,
            (false, None) => out.line(format!(
                "no daemon runs for {}; `codex daemon start` starts one",
                database.display()
            ))?,
        }
        return Ok(ExitCode::from(3));
    };
    let status = client.status()?;
    if out.json {
        let mut document = json!({"running": true});
        if let (Some(object), Ok(serde_json::Value::Object(fields))) =
            (document.as_object_mut(), serde_json::to_value(&status))
        {
            object.extend(fields);
        }
        out.document(&document)?;
    } else {
        show(&status, out)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn show(status: &DaemonStatus, out: &mut Output) -> Result<(), Stop> {
    let memory = status.memory_bytes.map_or(String::new(), |bytes| {
        format!(", {} of memory", size(bytes))
    });
    out.line(format!(
        "the daemon runs: pid {}, codex {}, since {} UTC ({}){memory}",
        status.pid,
        status.version,
        minute(&status.started_at),
        lasting(status.uptime_seconds)
    ))?;
    out.line(format!(
        "store: {} ({}), owned by the daemon",
        status.database.display(),
        size(status.database_bytes)
    ))?;
    if let Some(project) = &status.project {
        out.line(format!("project: {}", project.display()))?;
    }
    out.line(format!("log: {}", status.logs.display()))?;
    let busy: Vec<String> = status
        .busy
        .iter()
        .map(|work| format!("{} ({:.1} s)", work.what, work.seconds))
        .collect();
    out.line(format!(
        "at work: {}; {} waiting; {} answered",
        match busy.is_empty() {
            true => "nothing".to_owned(),
            false => busy.join(", "),
        },
        status.waiting,
        status.answered
    ))?;
    for alert in &status.alerts {
        out.line(format!("{}: {}", alert.level, one_line(&alert.what)))?;
    }
    out.line("")?;
    let mut rows = table(&[
        "rhythm",
        "state",
        "last look",
        "next look",
        ">looks",
        "last done",
        "what",
    ]);
    let or_dash = |at: Option<&String>| at.map_or("–".to_owned(), |at| second(at));
    for rhythm in &status.rhythms {
        let state = match &rhythm.rests_until {
            Some(until) => format!("{} until {}", rhythm.state, second(until)),
            None => rhythm.state.clone(),
        };
        rows.add_row([
            rhythm.name.clone(),
            state,
            or_dash(rhythm.last_look.as_ref()),
            or_dash(rhythm.next_looks.first()),
            rhythm.looks.to_string(),
            or_dash(rhythm.last_done.as_ref()),
            one_line(rhythm.outcome.as_deref().unwrap_or("–")),
        ]);
    }
    out.table(&rows)
}

/// RFC 3339 as people read it, with seconds: `2026-03-02 07:12:30`.
pub(super) fn second(moment: &str) -> String {
    moment.get(..19).unwrap_or(moment).replace('T', " ")
}

/// A length of time as people read it.
fn lasting(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// This program, by its own path.
pub(super) fn program() -> Result<PathBuf> {
    std::env::current_exe()
        .map_err(|e| Error::failed(format!("codex does not find its own file: {e}")))
}
