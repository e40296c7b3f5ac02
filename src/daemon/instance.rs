//! The daemon at work: it owns the store, looks when its rhythms say so, and answers until it is told to stop.

use super::client::Probe;
use super::process::Ready;
use super::rhythms;
use super::scheduler::Scheduler;
use super::setup::{Loaded, Setup};
use super::status::Alert;
use super::watch::Activity;
use super::{listening, log, server, socket};
use crate::clock;
use crate::config::{Config, Settings};
use crate::doors::http::Http;
use crate::engine::{
    Engine, Holder, Interrupt, Pipeline, ProjectSource, SharedStore, StoreNeeds, canonical, lock,
};
use crate::error::{Error, Result};
use crate::service::{Running, Service};
use chrono::NaiveDateTime;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The longest it sleeps: a clock that was set and a machine that was asleep are noticed so soon.
const NAP: Duration = Duration::from_secs(5);
/// The same while something runs whose deadline is watched.
const WATCHFUL_NAP: Duration = Duration::from_millis(500);

/// The daemon.
pub(super) struct Daemon {
    setup: Setup,
    pub(super) shared: Arc<SharedStore>,
    pub(super) service: Arc<Service>,
    config: Mutex<Config>,
    /// One reload after another.
    reloading: Mutex<()>,
    /// One after another learns which rhythms rest.
    pausing: Mutex<()>,
    pub(super) scheduler: Mutex<Scheduler>,
    /// Rings when the loop should look up before its time.
    pub(super) bell: Condvar,
    /// Looks and other writes that the zones of the minds were last read after.
    zones_read: AtomicU64,
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
    let (daemon, listener) = Daemon::open(setup, loaded)?;
    daemon.hear_signals()?;
    let owner = Arc::downgrade(&daemon);
    daemon.service.on_reply(move |reply| {
        if let Some(daemon) = owner.upgrade() {
            daemon.add_to(reply);
        }
    });
    let http = daemon.open_http()?;
    let (looks, due) = channel();
    let cycles = {
        let daemon = daemon.clone();
        spawn("cycles", move || daemon.run_cycles(&due))?
    };
    {
        let daemon = daemon.clone();
        spawn("server", move || server::serve(&daemon, &listener))?;
    }
    {
        let daemon = daemon.clone();
        spawn("listening", move || listening::listen(&daemon))?;
    }
    daemon.shared.announce(&daemon.socket);
    ready.tell();
    tracing::info!(pid = std::process::id(), socket = %daemon.socket.display(), "the daemon answers");
    daemon.beat(&looks);
    if let Some(http) = http {
        http.close(daemon.grace());
    }
    daemon.end();
    drop(looks);
    let _ = cycles.join();
    let settled = daemon.shared.settle();
    let _ = std::fs::remove_file(&daemon.socket);
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

impl Daemon {
    /// Opens the door for HTTP, where the configuration says so.
    fn open_http(self: &Arc<Daemon>) -> Result<Option<Http>> {
        let config = self.config();
        if !config.settings.server.enabled {
            return Ok(None);
        }
        let daemon = Arc::downgrade(self);
        let status = move || {
            let daemon = daemon.upgrade()?;
            serde_json::to_value(daemon.status()).ok()
        };
        Http::open(self.service.clone(), &config.settings, Box::new(status)).map(Some)
    }

    fn open(setup: Setup, loaded: Loaded) -> Result<(Arc<Daemon>, UnixListener)> {
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
        let shared = Arc::new(SharedStore::new(engine));
        let admin_key = config.settings.server.first_key()?;
        let service = Service::start(shared.clone(), &path, admin_key.as_deref())?;
        let daemon = Daemon {
            setup,
            service,
            shared,
            config: Mutex::new(config),
            reloading: Mutex::default(),
            pausing: Mutex::default(),
            scheduler: Mutex::new(scheduler),
            bell: Condvar::new(),
            zones_read: AtomicU64::new(0),
            alerts: Mutex::default(),
            activity: Mutex::default(),
            started: Instant::now(),
            started_at: clock::now(),
            socket,
            logs: log::directory(&path),
        };
        Ok((Arc::new(daemon), listener))
    }

    /// Looks when it is time to, until it is stopped.
    fn beat(self: &Arc<Daemon>, looks: &Sender<String>) {
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
            let busy = !self.running().is_empty();
            let nap = nap(scheduler.next(), clock::now(), busy);
            drop(
                self.bell
                    .wait_timeout(scheduler, nap)
                    .unwrap_or_else(PoisonError::into_inner),
            );
        }
    }

    /// New minds may live in other zones.
    pub(super) fn read_zones(&self) {
        let writes = self.shared.queue().writes();
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
        let _one = lock(&self.reloading);
        let loaded = self.setup.load()?;
        let before = self.config().settings;
        let after = &loaded.config.settings;
        let mut notes = Vec::new();
        if before.memory_limit != after.memory_limit || before.threads != after.threads {
            notes.push("memory_limit and threads change with the next start");
        }
        let log = |settings: &Settings| (settings.daemon.log_level, settings.daemon.log_days);
        if log(&before) != log(after) {
            notes.push("log_level and log_days change with the next start");
        }
        let patience = Duration::from_secs(u64::from(after.lock_timeout));
        let wanted = || !self.is_stopping();
        self.shared
            .put_in_force(loaded.project, &loaded.config, patience, &wanted)?;
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

    /// Has the rhythms rest that the store says, and no others.
    pub(super) fn read_paused(&self) {
        // Who reads last has seen what all before have written.
        let _one = lock(&self.pausing);
        let interrupt = Arc::new(Interrupt::default());
        let read = |engine: &mut Engine| engine.paused_rhythms();
        match self.shared.work_beside(&interrupt, read) {
            Ok(paused) => {
                tracing::info!(?paused, "paused or resumed");
                self.scheduler().set_paused(paused);
                self.bell.notify_all();
            }
            Err(e) => tracing::warn!(error = %e, "the paused rhythms cannot be read"),
        }
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.service.is_stopping()
    }

    /// What is under way.
    pub(super) fn running(&self) -> Vec<Running> {
        self.service.running()
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
}

/// How long to sleep until the next rhythm looks at `next`, if any does.
fn nap(next: Option<NaiveDateTime>, now: NaiveDateTime, busy: bool) -> Duration {
    let longest = if busy { WATCHFUL_NAP } else { NAP };
    let Some(next) = next else {
        return longest;
    };
    let until = (next - now).to_std().unwrap_or(Duration::ZERO);
    // Waking a moment before its time would be waking twice.
    longest.min(until + Duration::from_millis(1))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_sleeps_until_the_next_look_and_as_long_as_it_may_where_there_is_none() {
        let now = NaiveDateTime::default();
        let at = |ms| Some(now + chrono::Duration::milliseconds(ms));
        assert_eq!(nap(None, now, false), NAP);
        assert_eq!(nap(None, now, true), WATCHFUL_NAP);
        assert_eq!(nap(at(40), now, true), Duration::from_millis(41));
        assert_eq!(nap(at(-40), now, false), Duration::from_millis(1));
        assert_eq!(nap(at(60_000), now, false), NAP);
        assert_eq!(nap(at(60_000), now, true), WATCHFUL_NAP);
    }
}
