//! Hearing from PostgreSQL that a table changed, where the trigger of `codex init postgres --trigger` is installed: it is taken in at
//! once. The rhythm of the intake finds the same by itself, only later.

use super::instance::Daemon;
use super::jobs;
use super::rhythms::Work;
use crate::config::{Config, PostgresAddress};
use crate::engine::{IntakeRequest, Listener, NotificationDebouncer};
use crate::error::Result;
use crate::service::Limit;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

/// How the work is called.
const WHAT: &str = "intake that PostgreSQL told of";
/// The pause after a connection that failed, doubled with every further one.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);
/// How long it waits for a word before it looks whether it still should.
const LOOK: Duration = Duration::from_secs(5);

/// Listens until the daemon stops.
pub(super) fn listen(daemon: &Daemon) {
    let mut pause = FIRST_PAUSE;
    while !daemon.is_stopping() {
        let config = daemon.config();
        if !daemon.takes_in(&config) {
            // A rhythm that goes on is no other address: it is looked at.
            let pause = config.postgres.as_ref().map_or(LONGEST_PAUSE, |_| LOOK);
            daemon.rest_until(pause, config.postgres.as_ref());
            continue;
        }
        match daemon.listen_to(&config, &mut pause) {
            Ok(()) => pause = FIRST_PAUSE,
            Err(e) => {
                tracing::warn!(error = %e, seconds = pause.as_secs(), "PostgreSQL is not heard; it is tried again");
                daemon.rest_until(pause, config.postgres.as_ref());
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

impl Daemon {
    /// Takes in what it hears, as long as the address stays and the intake does not rest.
    fn listen_to(&self, config: &Config, pause: &mut Duration) -> Result<()> {
        let Some(mut listener) = Listener::open(config)? else {
            return Ok(());
        };
        // What changed before anybody listened is not told.
        let mut heard = NotificationDebouncer::default();
        heard.hear(IntakeRequest::default());
        while !self.is_stopping() {
            let now = self.config();
            if now.postgres != config.postgres || !self.takes_in(&now) {
                return Ok(());
            }
            if let Some(request) = heard.due(Instant::now()) {
                self.take_in_now(&now, request)?;
                heard.done(request, Instant::now());
                *pause = FIRST_PAUSE;
            }
            if let Some(request) = listener.wait(heard.patience(Instant::now(), LOOK))? {
                heard.hear(request);
            }
        }
        Ok(())
    }

    /// The circuit breaker is not asked: a server that speaks is there.
    fn take_in_now(&self, config: &Config, request: IntakeRequest) -> Result<()> {
        let deadline = Duration::from_secs(u64::from(config.settings.daemon.deadline));
        let did = self
            .service
            .under_way(WHAT, Some(Limit::of(deadline)), |interrupt| {
                // From here on the end of the daemon waits for it.
                if self.is_stopping() {
                    return Ok(None);
                }
                self.shared
                    .work_beside(interrupt, |engine| engine.take_in_and_tell(request))
            })?;
        if let Some(did) = did {
            tracing::info!("{WHAT}: {did}");
            self.read_zones();
        }
        Ok(())
    }

    /// Whether there is a PostgreSQL, and the rhythm of the intake does not rest.
    fn takes_in(&self, config: &Config) -> bool {
        let scheduler = self.scheduler();
        let is_intake = |work: &Work| matches!(work, Work::Job(job) if job == jobs::INTAKE);
        config.postgres.is_some()
            && scheduler.beats().iter().any(|beat| {
                is_intake(&beat.rhythm.work)
                    && beat.rhythm.enabled
                    && !scheduler.paused().contains(&beat.rhythm.name)
            })
    }

    /// Waits, at most until the daemon stops or PostgreSQL is another one.
    fn rest_until(&self, pause: Duration, address: Option<&PostgresAddress>) {
        let until = Instant::now() + pause;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || self.is_stopping() || self.config().postgres.as_ref() != address {
                return;
            }
            let scheduler = self.scheduler();
            if self.is_stopping() {
                return;
            }
            drop(
                self.bell
                    .wait_timeout(scheduler, left)
                    .unwrap_or_else(PoisonError::into_inner),
            );
        }
    }
}
