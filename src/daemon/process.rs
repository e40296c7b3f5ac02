//! Starting and stopping the daemon.

use super::client::Probe;
use super::instance;
use super::log;
use super::setup::{Loaded, Setup};
use crate::config::LogLevel;
use crate::engine::request::Failure;
use crate::engine::{Holder, canonical};
use crate::error::{Error, Result};
use daemonize::{Daemonize, Outcome};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};
use tracing_subscriber::filter::LevelFilter;

/// Lines of the log that are shown when a daemon does not start.
const LAST_LINES: usize = 5;
/// How long whoever has the store may take to say that it is a daemon.
const FIRST_WORDS: Duration = Duration::from_secs(5);
/// How long a daemon may take, past its grace, before it is killed.
const LAST_WORDS: Duration = Duration::from_secs(15);

/// What starting came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Started {
    /// It answers.
    Now(u32),
    /// It did already.
    Already(u32),
}

/// What stopping came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// It has ended.
    Ended(u32),
    /// It did not end in time and was killed.
    Killed(u32),
    /// None ran.
    NotRunning,
}

/// Says to whoever waits for it that the daemon answers.
pub(super) struct Ready {
    waiting: Option<PipeWriter>,
}

/// What comes through the pipe.
#[derive(Debug, Serialize, Deserialize)]
enum Word {
    Ready(u32),
    Failed(Failure),
}

impl Ready {
    /// It answers.
    pub(super) fn tell(mut self) {
        self.say(&Word::Ready(std::process::id()));
    }

    fn say(&mut self, word: &Word) {
        if let (Some(pipe), Ok(mut line)) = (&mut self.waiting, serde_json::to_vec(word)) {
            line.push(b'\n');
            let _ = pipe.write_all(&line);
        }
    }
}

/// Starts a daemon in the background; returns when it answers.
///
/// # Errors
/// Usage when configuration, project or schedule are wrong; otherwise why it does not run, with the last lines of its log.
pub fn start(setup: Setup) -> Result<Started> {
    let loaded = setup.load()?;
    let database = canonical(&loaded.config.settings.database)?;
    if let Some(other) = Probe::of(&database).client()? {
        return Ok(Started::Already(other.pid()));
    }
    make_directory(&database)?;
    let (reader, writer) =
        std::io::pipe().map_err(|e| Error::failed(format!("a pipe cannot be made: {e}")))?;
    // Nothing has started a thread yet, and DuckDB is not open: the child may.
    match Daemonize::new()
        .working_directory("/")
        .umask(own_umask())
        .execute()
    {
        Outcome::Parent(Ok(_)) => {
            drop(writer);
            wait(reader, &database)
        }
        Outcome::Parent(Err(e)) => Err(Error::failed(format!("the daemon cannot be started: {e}"))),
        Outcome::Child(child) => {
            drop(reader);
            let ended = match child {
                Ok(_) => serve(setup, loaded, &database, Some(writer)),
                Err(e) => Err(Error::failed(format!("the daemon cannot be started: {e}"))),
            };
            // A process of its own now: nothing of the caller's is to be run here.
            std::process::exit(i32::from(ended.is_err()));
        }
    }
}

/// Runs the daemon in this process, for systemd, launchd and people who watch; returns when it has stopped.
///
/// # Errors
/// Usage when configuration, project or schedule are wrong; unavailable when one runs already.
pub fn run_here(setup: Setup) -> Result<()> {
    let loaded = setup.load()?;
    let database = canonical(&loaded.config.settings.database)?;
    if let Some(other) = Probe::of(&database).client()? {
        return Err(
            Error::unavailable(format!("the daemon (pid {}) runs already", other.pid()))
                .hint("`codex daemon stop` stops it"),
        );
    }
    make_directory(&database)?;
    serve(setup, loaded, &database, None)
}

/// This process's umask: what the daemon writes for others looks as if they had written it.
fn own_umask() -> u32 {
    use rustix::fs::Mode;
    let own = rustix::process::umask(Mode::RWXG | Mode::RWXO);
    rustix::process::umask(own);
    own.as_raw_mode()
}

fn make_directory(database: &Path) -> Result<()> {
    let dir = database.parent().unwrap_or(database);
    std::fs::create_dir_all(dir)
        .map_err(|e| Error::failed(format!("cannot make the directory {}: {e}", dir.display())))
}

fn serve(setup: Setup, loaded: Loaded, database: &Path, waiting: Option<PipeWriter>) -> Result<()> {
    let settings = &loaded.config.settings.daemon;
    let level = match settings.log_level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    let days = settings.log_days.max(1) as usize;
    let copy = waiting.as_ref().and_then(|pipe| pipe.try_clone().ok());
    let watched = waiting.is_none();
    let ended = log::start(&log::directory(database), days, level, watched)
        .and_then(|()| instance::run(setup, loaded, Ready { waiting }));
    if let Err(e) = &ended {
        tracing::error!(error = %e, "the daemon ends");
        let mut ready = Ready { waiting: copy };
        let mut failure = Error::new(e.kind(), e.to_string()).code(e.error_code());
        if let Some(hint) = e.next_step() {
            failure = failure.hint(hint);
        }
        ready.say(&Word::Failed(Failure::from(failure)));
    }
    ended
}

/// Waits for the child's word.
fn wait(reader: PipeReader, database: &Path) -> Result<Started> {
    let mut line = String::new();
    let read = BufReader::new(reader).read_line(&mut line);
    let error = match serde_json::from_str(&line) {
        Ok(Word::Ready(pid)) => return Ok(Started::Now(pid)),
        Ok(Word::Failed(failure)) => Error::from(failure),
        Err(_) => Error::failed(match read {
            Ok(_) => "the daemon ended before it answered".to_owned(),
            Err(e) => format!("the daemon was not heard: {e}"),
        }),
    };
    // Somebody else's daemon was faster.
    if let Ok(Some(other)) = Probe::of(database).client() {
        return Ok(Started::Already(other.pid()));
    }
    let dir = log::directory(database);
    let lines = log::last(&dir, LAST_LINES, |_| true).unwrap_or_default();
    if lines.is_empty() {
        return Err(error);
    }
    let mut what = format!(
        "the daemon does not start: {error}\nthe last lines of its log ({}):",
        dir.display()
    );
    for line in lines {
        what.push_str(&format!("\n  {line}"));
    }
    let told = Error::new(error.kind(), what).code(error.error_code());
    Err(match error.next_step() {
        Some(hint) => told.hint(hint),
        None => told,
    })
}

/// Stops the daemon of the store at `database`: what runs has its grace to end, is interrupted then, and killed at last. The grace
/// is the daemon's own; `otherwise` where it does not say.
///
/// # Errors
/// Unavailable when the store is in the hands of somebody who is no daemon; failed when it cannot be stopped.
pub fn stop(database: &Path, otherwise: Duration) -> Result<Stopped> {
    let database = canonical(database)?;
    let holder = announced(&database);
    if !Holder::is_there(&database) {
        return Ok(Stopped::NotRunning);
    }
    let (Some(pid), Some(_)) = (holder.pid, &holder.socket) else {
        return Err(Error::unavailable(format!(
            "no daemon runs; {} is in use by {}",
            database.display(),
            holder.name
        ))
        .hint("it will be free when that command is done"));
    };
    let grace = own_grace(&database).unwrap_or(otherwise);
    signal(pid, Signal::TERM)?;
    if gone_within(&database, pid, grace + LAST_WORDS) {
        return Ok(Stopped::Ended(pid));
    }
    signal(pid, Signal::KILL)?;
    match gone_within(&database, pid, LAST_WORDS) {
        true => Ok(Stopped::Killed(pid)),
        false => Err(Error::failed(format!(
            "the daemon (pid {pid}) does not end, even killed"
        ))),
    }
}

/// Who has the store; one that may be a daemon about to answer is given the time to say so.
fn announced(database: &Path) -> Holder {
    let started = Instant::now();
    loop {
        let holder = Holder::of(database);
        let is_known = holder.socket.is_some() || !Holder::is_there(database);
        if is_known || started.elapsed() > FIRST_WORDS {
            return holder;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// What the daemon itself leaves to what is running.
fn own_grace(database: &Path) -> Option<Duration> {
    let mut client = Probe::of(database).client().ok()??;
    let status = client.status_soon()?;
    Some(Duration::from_secs(u64::from(status.grace_seconds)))
}

fn signal(pid: u32, signal: Signal) -> Result<()> {
    let process = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let Some(process) = process else {
        return Err(Error::failed(format!("{pid} is no process")));
    };
    match kill_process(process, signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(e) => Err(
            Error::failed(format!("the daemon (pid {pid}) cannot be told: {e}"))
                .hint("it may be another user's"),
        ),
    }
}

/// Whether the store is free of this process in time.
fn gone_within(database: &Path, pid: u32, time: Duration) -> bool {
    let started = Instant::now();
    while Holder::is_there(database) && Holder::of(database).pid == Some(pid) {
        if started.elapsed() > time {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}
