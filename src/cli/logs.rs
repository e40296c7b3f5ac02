//! `codex daemon logs`.

use super::context::Context;
use super::daemon::database;
use super::render::{Outcome, Output, Stop, one_line};
use super::times;
use crate::clock;
use crate::daemon::log::{self, Line};
use crate::error::Error;
use chrono::Duration;
use clap::{Args, ValueEnum};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tracing::Level;

/// Time between two looks at a log that is followed.
const FOLLOW: std::time::Duration = std::time::Duration::from_millis(200);

/// What it logged
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex daemon logs --lines 20
  codex daemon logs --level ERROR --since 7d
  codex daemon logs --follow
  codex daemon logs --json            a JSON object a line, as stored")]
pub(super) struct Logs {
    /// At most the last N lines
    #[arg(short = 'n', long, default_value_t = 100, value_name = "N")]
    lines: usize,
    /// Only lines of this level or a more serious one
    #[arg(long, value_enum, ignore_case = true, value_name = "LEVEL")]
    level: Option<Least>,
    /// Only lines younger than this: a number and a unit (30m, 24h, 7d, 2w)
    #[arg(long, value_name = "DURATION", value_parser = times::duration)]
    since: Option<Duration>,
    /// Go on with what is logged from now on, until interrupted
    #[arg(short, long)]
    follow: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Least {
    Error,
    Warn,
    Info,
    Debug,
}

impl From<Least> for Level {
    fn from(least: Least) -> Level {
        match least {
            Least::Error => Level::ERROR,
            Least::Warn => Level::WARN,
            Least::Info => Level::INFO,
            Least::Debug => Level::DEBUG,
        }
    }
}

impl Logs {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let dir = log::directory(&database(context)?);
        let since = self
            .since
            .and_then(|period| clock::now().checked_sub_signed(period));
        let least = self.level.map(Level::from);
        let wanted = |line: &Line| {
            least.is_none_or(|least| line.level() <= least)
                && since.is_none_or(|since| line.moment().is_some_and(|at| at >= since))
        };
        let files = log::files(&dir)?;
        if files.is_empty() && !self.follow {
            return Err(
                Error::usage(format!("there is no log in {}", dir.display()))
                    .hint("`codex daemon start` begins one")
                    .into(),
            );
        }
        // What comes after this is what is followed.
        let end = files.last().map(|file| (file.clone(), length(file)));
        for line in log::last(&dir, self.lines, wanted)? {
            tell(&line, out)?;
        }
        if self.follow {
            out.flush()?;
            follow(&dir, end, wanted, out)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn tell(line: &Line, out: &mut Output) -> Result<(), Stop> {
    match out.json {
        true => out.record(line),
        false => out.line(one_line(&line.to_string())),
    }
}

fn length(file: &Path) -> u64 {
    std::fs::metadata(file).map_or(0, |found| found.len())
}

/// Tells what is added to the log, from `end` on, file after file; ends when nobody reads it any more.
fn follow(
    dir: &Path,
    end: Option<(PathBuf, u64)>,
    wanted: impl Fn(&Line) -> bool,
    out: &mut Output,
) -> Result<(), Stop> {
    let (mut current, mut at) = match end {
        Some((file, at)) => (Some(file), at),
        None => (None, 0),
    };
    let mut rest = Vec::new();
    // The next day's file, once it was seen: what came into this one before is read first.
    let mut next: Option<PathBuf> = None;
    loop {
        if let Some(file) = &current {
            let mut added = Vec::new();
            let read = std::fs::File::open(file).and_then(|mut file| {
                file.seek(SeekFrom::Start(at))?;
                file.read_to_end(&mut added)
            });
            at += read.unwrap_or(0) as u64;
            rest.extend(added);
        }
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let text: Vec<u8> = rest.drain(..=end).collect();
            if let Some(line) = Line::read(&String::from_utf8_lossy(&text))
                && wanted(&line)
            {
                tell(&line, out)?;
            }
        }
        out.flush()?;
        if let Some(file) = next.take() {
            // A line that was torn off, by a full disk for one, is never completed.
            rest.clear();
            current = Some(file);
            at = 0;
            continue;
        }
        next = log::files(dir)?
            .into_iter()
            .find(|file| current.as_ref().is_none_or(|current| file > current));
        if next.is_none() {
            std::thread::sleep(FOLLOW);
        }
    }
}
