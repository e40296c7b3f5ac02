//! Watching itself: memory, the size of the store, deadlines, rhythms that keep failing; and saying how it is.

use super::instance::Daemon;
use super::scheduler::{Beat, Outcome};
use super::status::{Alert, DaemonStatus, RhythmStatus, Work};
use crate::clock::{self, rfc3339};
use crate::engine::{AccessMode, HealthCheck, Reply, lock};
use chrono::NaiveDateTime;
use chrono_tz::Tz;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Looks ahead that are told.
pub const NEXT_LOOKS: usize = 5;

/// How long nobody asks and nothing is due before memory is given back.
const IDLE: Duration = Duration::from_secs(60);

/// When the daemon last had something to do.
pub(super) struct Activity {
    /// Answers and writes so far.
    seen: (u64, u64),
    since: Instant,
    /// Whether memory was given back since.
    rested: bool,
}

impl Default for Activity {
    fn default() -> Activity {
        Activity {
            seen: (0, 0),
            since: Instant::now(),
            rested: false,
        }
    }
}

impl Daemon {
    /// One look around.
    pub(super) fn watch(&self) {
        for running in self.running() {
            if let Some(limit) = &running.limit
                && running.interrupt.worked() > limit.deadline
            {
                limit.overrun.store(true, Ordering::SeqCst);
                running.interrupt.stop();
            }
        }
        self.rest_when_idle();
        let idle = Duration::from_secs(u64::from(self.config().settings.daemon.unload_after));
        if self.shared.rest(idle) {
            tracing::info!("a model that nobody asked was unloaded");
        }
        let alerts = self.find_alerts();
        let mut known = lock(&self.alerts);
        for alert in alerts.iter().filter(|alert| {
            !known
                .iter()
                .any(|k| k.check == alert.check && k.level == alert.level)
        }) {
            tracing::warn!(check = alert.check, alert = alert.level, "{}", alert.what);
        }
        *known = alerts;
    }

    fn find_alerts(&self) -> Vec<Alert> {
        let settings = self.config().settings.daemon;
        let mut alerts = Vec::new();
        let mut alert = |level: &str, check: &str, what: String| {
            alerts.push(Alert {
                level: level.to_owned(),
                check: check.to_owned(),
                what,
            });
        };
        if let Some(memory) = memory()
            && memory > settings.memory_alert.bytes()
        {
            alert(
                "WARNING",
                "daemon_memory",
                format!(
                    "the daemon holds {} MiB of memory, more than {}",
                    memory >> 20,
                    settings.memory_alert.as_str()
                ),
            );
            self.give_memory_back();
        }
        let size = size(&self.shared_path());
        if size > settings.size_alert.bytes() {
            alert(
                "WARNING",
                "store_size",
                format!(
                    "the store's file has {} MiB, more than {}",
                    size >> 20,
                    settings.size_alert.as_str()
                ),
            );
        }
        let now = clock::now();
        for beat in self.scheduler().beats() {
            if let (Some(until), Some((_, Outcome::Failed(why)))) =
                (beat.rests_until.filter(|until| *until > now), &beat.outcome)
            {
                alert(
                    "CRITICAL",
                    &format!("rhythm_{}", beat.rhythm.name),
                    format!(
                        "the rhythm {} failed {} times in a row and rests until {} UTC: {why}",
                        beat.rhythm.name,
                        beat.failures,
                        until.format("%Y-%m-%d %H:%M")
                    ),
                );
            }
        }
        alerts
    }

    /// Gives memory back once, after a while in which nobody asked and nothing was due.
    fn rest_when_idle(&self) {
        let now = (self.service.answered(), self.shared.queue().writes());
        let mut last = lock(&self.activity);
        if last.seen != now {
            *last = Activity {
                seen: now,
                since: Instant::now(),
                rested: false,
            };
        } else if !last.rested && last.since.elapsed() > IDLE && self.running().is_empty() {
            last.rested = true;
            self.give_memory_back();
        }
    }

    /// Has DuckDB give back what it keeps for later, where nobody needs it now.
    fn give_memory_back(&self) {
        let queue = self.shared.queue();
        if let Some(mut held) = queue.try_take(AccessMode::Exclusive, "giving memory back") {
            held.changed_nothing();
            if let Err(e) = self.shared.shrink() {
                tracing::warn!(error = %e, "memory cannot be given back");
            }
        }
    }

    fn shared_path(&self) -> std::path::PathBuf {
        self.config().settings.database
    }

    /// What an answer means to the daemon itself, and what it adds to it: its own checks to those of the store.
    pub(super) fn add_to(&self, reply: &mut Reply) {
        let checks = match reply {
            Reply::CheckHealth(checks) => checks,
            Reply::PauseRhythms(_) => return self.read_paused(),
            _ => return,
        };
        let alerts = lock(&self.alerts).clone();
        if alerts.is_empty() {
            checks.push(own_check("daemon", "OK", None));
        }
        for alert in alerts {
            checks.push(own_check(&alert.check, &alert.level, Some(alert.what)));
        }
    }

    /// How it is.
    pub(super) fn status(&self) -> DaemonStatus {
        let running: Vec<String> = self
            .running()
            .into_iter()
            .filter_map(|r| r.rhythm)
            .collect();
        let scheduler = self.scheduler();
        let now = clock::now();
        let database = self.shared_path();
        let busy = self.shared.busy();
        DaemonStatus {
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: rfc3339(self.started_at),
            uptime_seconds: self.started.elapsed().as_secs(),
            grace_seconds: self.config().settings.daemon.grace,
            memory_bytes: memory(),
            database_bytes: size(&database),
            database,
            socket: self.socket.clone(),
            logs: self.logs.clone(),
            project: self.project(),
            zones: scheduler.zones().iter().map(|z| z.name().into()).collect(),
            busy: busy
                .into_iter()
                .map(|busy| Work {
                    what: busy.what,
                    seconds: busy.since.as_secs_f64(),
                })
                .collect(),
            waiting: self.shared.queue().waiting(),
            answered: self.service.answered(),
            alerts: lock(&self.alerts).clone(),
            rhythms: scheduler
                .beats()
                .iter()
                .map(|beat| {
                    let paused = scheduler.paused().contains(&beat.rhythm.name);
                    let at_work = running.contains(&beat.rhythm.name);
                    rhythm(beat, paused, at_work, scheduler.zones(), now)
                })
                .collect(),
        }
    }
}

fn own_check(check: &str, level: &str, what: Option<String>) -> HealthCheck {
    HealthCheck {
        mind: "–".to_owned(),
        check: check.to_owned(),
        alert_level: level.to_owned(),
        value: None,
        threshold: None,
        since: None,
        what_to_do: what.map(|what| format!("{what}; see `codex daemon status`")),
    }
}

fn rhythm(
    beat: &Beat,
    paused: bool,
    at_work: bool,
    zones: &[Tz],
    now: NaiveDateTime,
) -> RhythmStatus {
    let rests_until = beat.rests_until.filter(|until| *until > now);
    let state = match (beat.running, paused, rests_until) {
        (true, ..) if at_work => "running",
        (true, ..) => "queued",
        _ if !beat.rhythm.enabled => "disabled",
        (_, true, _) => "paused",
        (.., Some(_)) => "resting",
        _ => "waiting",
    };
    RhythmStatus {
        name: beat.rhythm.name.clone(),
        looks_for: beat.rhythm.looks_for().to_owned(),
        cron: beat.rhythm.when.clone(),
        zone: beat.rhythm.zone,
        state: state.to_owned(),
        last_look: beat.last.map(rfc3339),
        next_looks: beat
            .next
            .into_iter()
            .chain(
                beat.next
                    .into_iter()
                    .flat_map(|next| beat.rhythm.next_looks(next, zones, NEXT_LOOKS - 1)),
            )
            .map(rfc3339)
            .collect(),
        last_done: beat.outcome.as_ref().map(|(at, _)| rfc3339(*at)),
        outcome: beat.outcome.as_ref().map(|(_, outcome)| match outcome {
            Outcome::Nothing => "nothing to do".to_owned(),
            Outcome::Did(what) => what.clone(),
            Outcome::Failed(why) => format!("failed: {why}"),
        }),
        looks: beat.looks,
        merged: beat.merged,
        failures: beat.failures,
        rests_until: rests_until.map(rfc3339),
    }
}

/// The process's resident memory in bytes, where the system tells.
fn memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// The bytes of a store's file and of its log.
fn size(database: &Path) -> u64 {
    let mut log = database.as_os_str().to_owned();
    log.push(".wal");
    [database, Path::new(&log)]
        .iter()
        .filter_map(|path| std::fs::metadata(path).ok())
        .map(|found| found.len())
        .sum()
}
