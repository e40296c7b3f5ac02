//! How the daemon is, for people and machines.

use super::rhythms::{Pattern, Zone};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How the daemon is. Times are RFC 3339, UTC.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DaemonStatus {
    /// Its process.
    pub pid: u32,
    /// The version of codex.
    pub version: String,
    /// When it started.
    pub started_at: String,
    /// Seconds since.
    pub uptime_seconds: u64,
    /// Seconds that stopping leaves to what is running before it is interrupted.
    pub grace_seconds: u32,
    /// Its resident memory, where the system tells.
    pub memory_bytes: Option<u64>,
    /// The store it owns.
    pub database: PathBuf,
    /// The store's size, with its log.
    pub database_bytes: u64,
    /// Where it answers.
    pub socket: PathBuf,
    /// Where its logs are.
    pub logs: PathBuf,
    /// The project it works with; none for the one in the binary.
    pub project: Option<PathBuf>,
    /// The time zones of the store's minds.
    pub zones: Vec<String>,
    /// Who is at work on the store.
    pub busy: Vec<Work>,
    /// Who waits for a turn.
    pub waiting: usize,
    /// Commands answered since it started.
    pub answered: u64,
    /// What needs attention.
    pub alerts: Vec<Alert>,
    /// The rhythms, in the order of the schedule.
    pub rhythms: Vec<RhythmStatus>,
}

/// Somebody at work.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Work {
    /// The command or rhythm.
    pub what: String,
    /// Seconds it has taken so far.
    pub seconds: f64,
}

/// Something that needs attention.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// WARNING or CRITICAL.
    pub level: String,
    /// What it is about: `daemon_memory`, `store_size`, or `rhythm_` and a rhythm's name.
    pub check: String,
    /// What is the matter.
    pub what: String,
}

/// How a rhythm goes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RhythmStatus {
    /// Its name.
    pub name: String,
    /// The cycle it looks for, or the job.
    pub looks_for: String,
    /// Its patterns.
    pub cron: Vec<Pattern>,
    /// Whose clock it goes by.
    pub zone: Zone,
    /// `waiting`, `queued` behind another, `running`, `paused`, `disabled` in the schedule, or `resting` after failures in a row.
    pub state: String,
    /// Its last look.
    pub last_look: Option<String>,
    /// Its next five looks; none where it is disabled.
    pub next_looks: Vec<String>,
    /// When it last did something, or failed.
    pub last_done: Option<String>,
    /// What that was.
    pub outcome: Option<String>,
    /// Looks so far.
    pub looks: u64,
    /// Looks that came while it was still at work.
    pub merged: u64,
    /// Failures in a row: what opens its breaker.
    pub failures: u32,
    /// The breaker is open until then.
    pub rests_until: Option<String>,
}
