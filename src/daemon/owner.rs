//! The daemon at work: it owns the store, looks when its rhythms say so, and answers until it is told to stop.

use super::client::Probe;
use super::jobs;
use super::process::Ready;
use super::rhythms::{self, Rhythm, Work};
use super::scheduler::{Outcome, Scheduler};
use super::setup::{Loaded, Setup};
use super::status::Alert;
use super::watch::Activity;
use super::{listening, log, server, socket};
use crate::clock;
use crate::config::Config;
use crate::engine::{
    Consolidation, Engine, Holder, Interrupt, Pipeline, ProjectSource, Shared, StoreNeeds,
    canonical,
};
use crate::error::{Error, Result};
use chrono::NaiveDateTime;
use std::collections::BTreeSet;
use std::os::unix::net::UnixListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How the look of a rhythm is called.
const RHYTHM: &str = "the rhythm ";
/// The longest it sleeps: a clock that was set and a machine that was asleep are noticed so soon.
const NAP: Duration = Duration::from_secs(5);
/// The same while something runs whose deadline is watched.
const WATCHFUL_NAP: Duration = Duration::from_millis(500);

/// Something under way that can be stopped.
#[derive(Clone)]
pub(super) struct Running {
    pub(super) what: String,
    /// The rhythm, where it is one's look.
    pub(super) rhythm: Option<String>,
    pub(super) since: Instant,
    /// How long it may take.
    pub(super) deadline: Option<Duration>,
    pub(super) interrupt: Arc<Interrupt>,
}

/// The daemon.
pub(super) struct Owner {
    setup: Setup,
    pub(super) shared: Shared,
    config: Mutex<Config>,
    pub(super) scheduler: Mutex<Scheduler>,
    /// Rings when the loop should look up before its time.
    pub(super) bell: Condvar,
    running: Mutex<Vec<(u64, Running)>>,
    numbers: AtomicU64,
    /// Looks and other writes that the zones of the minds were last read after.
    zones_read: AtomicU64,
    pub(super) stopping: AtomicBool,
    pub(super) answered: AtomicU64,
    pub(super) alerts: Mutex<Vec<Alert>>,
    pub(super) activity: Mutex<Activity>,
    pub(super) started: Instant,
    pub(super) started_at: NaiveDateTime,
    pub(super) socket: PathBuf,
    pub(super) logs: PathBuf,
}

/// Runs until a signal ends it: the process's exit is all that is left to do. `ready` hears when it answers.
pub(super) fn run(setup: Setup, loaded: Loaded, ready: Ready) -> Result<()> {
    // Nobody reads a daemon's stderr.
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!("a mistake in codex itself: {panic}")
    }));
    let (owner, listener) = Owner::open(setup, loaded)?;
    owner.hear_signals()?;
    let (looks, due) = channel();
    let cycles = {
        let owner = owner.clone();
        spawn("cycles", move || owner.run_cycles(&due))?
    };
    {
        let owner = owner.clone();
        spawn("server", move || server::serve(&owner, &listener))?;
    }
    {
        let owner = owner.clone();
        spawn("listening", move || listening::listen(&owner))?;
    }
    owner.shared.announce(&owner.socket);
    ready.tell();
    tracing::info!(pid = std::process::id(), socket = %owner.socket.display(), "the daemon answers");
    owner.beat(&looks);
    owner.end();
    drop(looks);
    let _ = cycles.join();
    let settled = owner.shared.settle();
    let _ = std::fs::remove_file(&owner.socket);
    tracing::info!("the daemon has stopped");
    settled
}

pub(super) fn spawn(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> Result<std::thread::JoinHandle<()>> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(|e| Error::failed(format!("no thread can be started: {e}")))
}

impl Owner {
    fn open(setup: Setup, loaded: Loaded) -> Result<(Arc<Owner>, UnixListener)> {
        let config = loaded.config;
        let path = canonical(&config.settings.database)?;
        let pipeline = Pipeline::new(loaded.project, &config.parameters)?;
        let warehouse = wait_for_store(&config, &path)?;
        let engine = Engine::over_as(warehouse, pipeline, StoreNeeds::Made)?.configured(&config);
        // The file has its one name only now that it exists.
        let path = engine.warehouse().path().to_owned();
        let zones = rhythms::zones_or(engine.zones()?, &config.settings);
        let mut scheduler = Scheduler::new(loaded.rhythms, zones, clock::now());
        scheduler.set_paused(engine.paused_rhythms()?);
        let (listener, socket) = socket::listen(&path)?;
        let owner = Owner {
            setup,
            shared: Shared::new(engine),
            config: Mutex::new(config),
            scheduler: Mutex::new(scheduler),
            bell: Condvar::new(),
            running: Mutex::default(),
            numbers: AtomicU64::new(0),
            zones_read: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
            answered: AtomicU64::new(0),
            alerts: Mutex::default(),
            activity: Mutex::default(),
            started: Instant::now(),
            started_at: clock::now(),
            socket,
            logs: log::directory(&path),
        };
        Ok((Arc::new(owner), listener))
    }

    /// Looks when it is time to, until it is stopped.
    fn beat(self: &Arc<Owner>, looks: &Sender<String>) {
        while !self.is_stopping() {
            let due = self.scheduler().due(clock::now());
            for name in due {
                self.dispatch(&name, looks);
            }
            self.watch();
            let scheduler = self.scheduler();
            if self.is_stopping() {
                break;
            }
            let now = clock::now();
            let until = scheduler
                .next()
                .and_then(|next| (next - now).to_std().ok())
                .unwrap_or(Duration::ZERO)
                // Waking a moment before its time would be waking twice.
                + Duration::from_millis(1);
            let nap = match self.running().is_empty() {
                true => NAP,
                false => WATCHFUL_NAP,
            };
            drop(
                self.bell
                    .wait_timeout(scheduler, until.min(nap))
                    .unwrap_or_else(PoisonError::into_inner),
            );
        }
    }

    fn dispatch(self: &Arc<Owner>, name: &str, looks: &Sender<String>) {
        let work = self.rhythm(name).map(|rhythm| rhythm.work);
        let sent = match work {
            Some(Work::Cycle(_)) => looks.send(name.to_owned()).is_ok(),
            // A job may wait for a network: it has a thread of its own.
            Some(Work::Job(_)) => {
                let (owner, name) = (self.clone(), name.to_owned());
                spawn("job", move || owner.run_rhythm(&name)).is_ok()
            }
            None => false,
        };
        if !sent {
            let outcome = Outcome::Failed("it could not be started".to_owned());
            self.scheduler().finished(name, clock::now(), outcome);
        }
    }

    /// Runs what is due, one after another, in the order it became due.
    fn run_cycles(&self, due: &Receiver<String>) {
        for name in due {
            if self.is_stopping() {
                continue;
            }
            self.run_rhythm(&name);
        }
    }

    fn run_rhythm(&self, name: &str) {
        let Some(rhythm) = self.rhythm(name) else {
            return;
        };
        let settings = self.config().settings.daemon;
        let deadline = rhythm.deadline.unwrap_or(settings.deadline);
        let what = format!("{RHYTHM}{name}");
        let deadline = Duration::from_secs(u64::from(deadline));
        let started = Instant::now();
        let done = self.under_way(&what, Some(deadline), |interrupt| match &rhythm.work {
            Work::Cycle(cycle) => self
                .shared
                .look(*cycle, clock::now(), interrupt)
                .map(|found| found.as_ref().map(told)),
            Work::Job(job) => match jobs::find(job) {
                Some(job) if !(job.wanted)(&self.config()) => Ok(None),
                Some(job) => {
                    let config = self.config();
                    self.shared
                        .work_beside(interrupt, |engine| (job.run)(engine, &config, clock::now()))
                }
                None => Err(Error::failed(format!("there is no job '{job}'"))),
            },
        });
        let seconds = started.elapsed().as_secs_f64();
        let outcome = match done {
            Ok(None) => Outcome::Nothing,
            Ok(Some(did)) => {
                tracing::info!(rhythm = name, seconds, "{did}");
                Outcome::Did(did)
            }
            Err(e) if started.elapsed() >= deadline => {
                tracing::error!(rhythm = name, seconds, error = %e, "a look took longer than its deadline and was interrupted");
                Outcome::Failed(format!(
                    "interrupted at its deadline of {} s",
                    deadline.as_secs()
                ))
            }
            Err(e) if self.is_stopping() => {
                tracing::warn!(rhythm = name, seconds, error = %e, "interrupted by the end of the daemon");
                Outcome::Failed(e.to_string())
            }
            Err(e) => {
                tracing::error!(rhythm = name, seconds, error = %e, "a look failed");
                Outcome::Failed(e.to_string())
            }
        };
        self.scheduler().finished(name, clock::now(), outcome);
        self.read_zones();
        self.bell.notify_all();
    }

    /// Runs `work` where it can be seen and stopped. A mistake of codex's own ends this work and nothing else.
    pub(super) fn under_way<T>(
        &self,
        what: &str,
        deadline: Option<Duration>,
        work: impl FnOnce(&Arc<Interrupt>) -> Result<T>,
    ) -> Result<T> {
        let interrupt = Arc::new(Interrupt::default());
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let entry = Running {
            what: what.to_owned(),
            rhythm: what.strip_prefix(RHYTHM).map(str::to_owned),
            since: Instant::now(),
            deadline,
            interrupt: interrupt.clone(),
        };
        lock(&self.running).push((number, entry));
        let done = catch_unwind(AssertUnwindSafe(|| work(&interrupt)));
        lock(&self.running).retain(|(n, _)| *n != number);
        done.unwrap_or_else(|_| {
            Err(
                Error::failed(format!("{what} met a mistake in codex itself"))
                    .hint("`codex daemon logs --level ERROR` says more; please report it"),
            )
        })
    }

    /// New minds may live in other zones.
    pub(super) fn read_zones(&self) {
        let writes = self.shared.lane().writes();
        if self.zones_read.swap(writes, Ordering::Relaxed) == writes {
            return;
        }
        let interrupt = Arc::new(Interrupt::default());
        match self.shared.work_beside(&interrupt, |engine| engine.zones()) {
            Ok(zones) => {
                let zones = rhythms::zones_or(zones, &self.config().settings);
                self.scheduler().set_zones(zones);
            }
            Err(e) => tracing::warn!(error = %e, "the zones of the minds cannot be read"),
        }
    }

    /// Reads configuration, project and schedule anew and puts them in force: all of them, or none.
    pub(super) fn reload(&self) -> Result<String> {
        let loaded = self.setup.load()?;
        let before = self.config().settings;
        let after = &loaded.config.settings;
        let mut notes = Vec::new();
        if before.memory_limit != after.memory_limit || before.threads != after.threads {
            notes.push("memory_limit and threads change with the next start");
        }
        let patience = Duration::from_secs(u64::from(after.lock_timeout));
        self.shared
            .put_in_force(loaded.project, &loaded.config, patience)?;
        let number = loaded.rhythms.len();
        *lock(&self.config) = loaded.config;
        self.scheduler().replace(loaded.rhythms, clock::now());
        self.bell.notify_all();
        tracing::info!(rhythms = number, "reloaded");
        let mut text = format!("configuration, project and {number} rhythms are read anew");
        for note in notes {
            text.push_str("; ");
            text.push_str(note);
        }
        Ok(text)
    }

    /// Has a rhythm rest, or go on; `all` means every one.
    pub(super) fn rest(&self, name: &str, rest: bool) -> Result<String> {
        let known: BTreeSet<String> = self
            .scheduler()
            .beats()
            .iter()
            .map(|beat| beat.rhythm.name.clone())
            .collect();
        let mut paused = self.scheduler().paused().clone();
        if name != "all" && !known.contains(name) {
            return Err(rhythms::unknown(name, known.iter().map(String::as_str)));
        }
        let names = match name {
            "all" => known,
            name => BTreeSet::from([name.to_owned()]),
        };
        for name in names {
            match rest {
                true => paused.insert(name),
                false => paused.remove(&name),
            };
        }
        let interrupt = Arc::new(Interrupt::default());
        self.shared.work("schedule pause", &interrupt, |engine| {
            engine.set_paused_rhythms(&paused)
        })?;
        self.scheduler().set_paused(paused);
        self.bell.notify_all();
        tracing::info!(rhythm = name, rest, "paused or resumed");
        Ok(name.to_owned())
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    pub(super) fn running(&self) -> Vec<Running> {
        let running = lock(&self.running);
        running.iter().map(|(_, running)| running.clone()).collect()
    }

    pub(super) fn config(&self) -> Config {
        lock(&self.config).clone()
    }

    pub(super) fn project(&self) -> Option<PathBuf> {
        match self.setup.source() {
            ProjectSource::Directory(dir) => Some(dir.clone()),
            ProjectSource::Embedded => None,
        }
    }

    pub(super) fn scheduler(&self) -> MutexGuard<'_, Scheduler> {
        lock(&self.scheduler)
    }

    fn rhythm(&self, name: &str) -> Option<Rhythm> {
        let scheduler = self.scheduler();
        let beat = scheduler.beats().iter().find(|b| b.rhythm.name == name)?;
        Some(beat.rhythm.clone())
    }
}

/// The store, once whoever has it for a moment is done.
fn wait_for_store(config: &Config, path: &Path) -> Result<crate::engine::Warehouse> {
    let patience = Duration::from_secs(u64::from(config.settings.lock_timeout));
    let deadline = Instant::now() + patience;
    loop {
        if let Some(warehouse) = Engine::try_open_store(config, StoreNeeds::Made)? {
            return Ok(warehouse);
        }
        if let Some(other) = Probe::of(path).client()? {
            return Err(Error::unavailable(format!(
                "the daemon (pid {}) runs already",
                other.pid()
            )));
        }
        if Instant::now() >= deadline {
            return Err(Holder::of(path).refusal(path));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// What a look did, in a line.
fn told(found: &Consolidation) -> String {
    let count = |n: u64, one: &str, many: &str| {
        (n > 0).then(|| format!("{n} {}", if n == 1 { one } else { many }))
    };
    let parts: Vec<String> = [
        count(found.nights, "night", "nights"),
        count(found.steps, "step of sleep", "steps of sleep"),
        count(found.ticks, "tick by day", "ticks by day"),
        count(found.relived, "mind lived anew", "minds lived anew"),
    ]
    .into_iter()
    .flatten()
    .collect();
    parts.join(", ")
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
