//! `codex schedule`: the rhythms.

use super::context::Context;
use super::daemon::{program, second};
use super::render::{Outcome, Output, Stop, table};
use super::service::tell_left_behind;
use crate::clock::{self, rfc3339};
use crate::daemon::rhythms::{self, Rhythm};
use crate::daemon::{NEXT_LOOKS, Probe, crontab};
use crate::engine::canonical;
use crate::engine::request::{GetSchedule, PauseRhythms, ScheduleState};
use crate::error::Result;
use chrono_tz::Tz;
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use std::process::ExitCode;

/// The biological rhythms: when codex looks, and for what
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  codex schedule list                 every rhythm with its next five looks
  codex schedule pause rem_sleep
  codex schedule crontab              the same for cron, without the daemon

The rhythms are in schedules/biological_rhythms.yaml (`codex init` writes it). They say when codex looks; what is due is decided
for every mind by its own clock, so a look that is missed, doubled or late changes nothing but latency.")]
pub(super) enum Schedule {
    List(List),
    Pause(Pause),
    Resume(Resume),
    Crontab(Crontab),
}

/// Every rhythm with its state and its next five looks, in UTC
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex schedule list
  codex schedule list --json")]
pub(super) struct List {}

/// Have rhythms rest, also after a restart, until they are resumed
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex schedule pause rem_sleep
  codex schedule pause --all          codex does nothing by itself

A rhythm that rests does not look. What has become due is done by whichever looks next: only pausing all of them stops cycles.")]
pub(super) struct Pause {
    #[command(flatten)]
    which: Which,
}

/// Have rhythms that rest go on
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex schedule resume rem_sleep
  codex schedule resume --all")]
pub(super) struct Resume {
    #[command(flatten)]
    which: Which,
}

#[derive(Debug, Args)]
struct Which {
    /// Their names
    #[arg(required_unless_present = "all", value_name = "NAME")]
    names: Vec<String>,
    /// Every rhythm
    #[arg(long, conflicts_with = "names")]
    all: bool,
}

/// Lines for cron, for people without the daemon
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex schedule crontab
  (crontab -l; codex schedule crontab) | crontab -

cron has no seconds: what comes every 30 seconds comes every minute. Beside the daemon these lines do no harm.")]
pub(super) struct Crontab {}

impl Schedule {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        match self {
            Schedule::List(_) => list(context, out)?,
            Schedule::Pause(pause) => pause.which.rest(true, context, out)?,
            Schedule::Resume(resume) => resume.which.rest(false, context, out)?,
            Schedule::Crontab(_) => {
                let setup = context.setup()?;
                let text = crontab(&setup.rhythms()?, &setup, &program()?);
                tell_left_behind(context, "these lines do")?;
                match out.json {
                    true => out.document(&json!({"crontab": text}))?,
                    false => out.line(text.trim_end())?,
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A rhythm in a list.
#[derive(Debug, Serialize)]
struct Listed {
    name: String,
    looks_for: String,
    cron: Vec<String>,
    zone: String,
    state: String,
    next_looks: Vec<String>,
}

fn list(context: &Context, out: &mut Output) -> Result<(), Stop> {
    let config = context.config()?;
    let database = canonical(&config.settings.database)?;
    let (daemon, rhythms) = match Probe::of(&database).client()? {
        Some(mut client) => {
            let status = client.status()?;
            let rhythms = status.rhythms.into_iter().map(|rhythm| Listed {
                cron: rhythm.cron.iter().map(|p| p.as_str().to_owned()).collect(),
                zone: rhythm.zone.name().to_owned(),
                name: rhythm.name,
                looks_for: rhythm.looks_for,
                state: rhythm.state,
                next_looks: rhythm.next_looks,
            });
            (true, rhythms.collect())
        }
        None => {
            let state = match database.exists() {
                true => context.ask(GetSchedule {})?,
                false => ScheduleState::default(),
            };
            let zones: Vec<Tz> = state.zones.iter().filter_map(|z| z.parse().ok()).collect();
            let zones = rhythms::zones_or(zones, &config.settings);
            let rhythms = context.setup()?.rhythms()?;
            let listed: Vec<Listed> = rhythms
                .iter()
                .map(|rhythm| without_daemon(rhythm, &zones, &state))
                .collect();
            (false, listed)
        }
    };
    if out.json {
        return out.document(&json!({"daemon": daemon, "rhythms": rhythms}));
    }
    let mut rows = table(&[
        "rhythm",
        "looks for",
        "cron",
        "zone",
        "state",
        "next looks (UTC)",
    ]);
    for rhythm in &rhythms {
        let next: Vec<String> = rhythm.next_looks.iter().map(|at| second(at)).collect();
        rows.add_row([
            rhythm.name.clone(),
            rhythm.looks_for.clone(),
            rhythm.cron.join(" | "),
            rhythm.zone.clone(),
            rhythm.state.clone(),
            next.join(", "),
        ]);
    }
    out.table(&rows)?;
    if !daemon {
        context.note("note: no daemon runs, so nobody looks; `codex daemon start` starts one, `codex schedule crontab` is for cron");
    }
    Ok(())
}

fn without_daemon(rhythm: &Rhythm, zones: &[Tz], state: &ScheduleState) -> Listed {
    let paused = state.paused.contains(&rhythm.name);
    let next = match rhythm.enabled {
        true => rhythm.next_looks(clock::now(), zones, NEXT_LOOKS),
        false => Vec::new(),
    };
    Listed {
        name: rhythm.name.clone(),
        looks_for: rhythm.looks_for().to_owned(),
        cron: rhythm.when.iter().map(|p| p.as_str().to_owned()).collect(),
        zone: rhythm.zone.name().to_owned(),
        state: match (rhythm.enabled, paused) {
            (false, _) => "disabled",
            (true, true) => "paused",
            (true, false) => "no daemon",
        }
        .to_owned(),
        next_looks: next.into_iter().map(rfc3339).collect(),
    }
}

impl Which {
    fn rest(self, rest: bool, context: &Context, out: &mut Output) -> Result<(), Stop> {
        let known = known(context)?;
        let names = match self.all {
            true => known,
            false => {
                let known = || known.iter().map(String::as_str);
                if let Some(name) = self.names.iter().find(|n| !known().any(|k| k == **n)) {
                    return Err(rhythms::unknown(name, known()).into());
                }
                self.names
            }
        };
        let asked = PauseRhythms {
            names: names.clone(),
            rest,
        };
        context.ask(asked)?;
        if out.json {
            return out.document(&json!({"rhythms": names, "paused": rest}));
        }
        let names = match self.all {
            true => "all".to_owned(),
            false => names.join(", "),
        };
        out.line(match rest {
            true => format!("paused: {names}"),
            false => format!("resumed: {names}"),
        })
    }
}

/// The names of the rhythms: the daemon's, or the schedule's where none runs.
fn known(context: &Context) -> Result<Vec<String>> {
    let database = canonical(&context.config()?.settings.database)?;
    Ok(match Probe::of(&database).client()? {
        Some(mut client) => {
            let rhythms = client.status()?.rhythms.into_iter();
            rhythms.map(|rhythm| rhythm.name).collect()
        }
        None => {
            let rhythms = context.setup()?.rhythms()?.into_iter();
            rhythms.map(|rhythm| rhythm.name).collect()
        }
    })
}
