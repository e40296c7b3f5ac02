//! Hearing at once that a table of PostgreSQL changed.

use crate::config::{Config, PostgresAddress};
use crate::error::{Error, Result};
use crate::memory::postgres::IntakeRequest;
use crate::publish;
use crate::warehouse::postgres::{Limits, Purpose, connect, failure};
use std::time::{Duration, Instant};

/// The shortest time between two comparisons of whole tables that notifications ask for: each DELETE asks for one.
const BETWEEN_COMPARISONS: Duration = Duration::from_secs(60);

/// What is to be taken in because of what was heard, until that was done.
#[derive(Debug, Default)]
pub struct NotificationDebouncer {
    /// Something may have changed.
    changed: bool,
    /// Something may be gone, which only a comparison finds.
    compare: bool,
    accept_deletions: bool,
    compared: Option<Instant>,
}

impl NotificationDebouncer {
    /// Something is to be taken in; what was before and is not done yet still is.
    pub fn hear(&mut self, request: IntakeRequest) {
        self.changed = true;
        self.compare |= request.reconcile;
        self.accept_deletions |= request.accept_deletions;
    }

    /// What to do at `now`. A comparison that comes too soon after another waits; what changed is read meanwhile.
    pub fn due(&self, now: Instant) -> Option<IntakeRequest> {
        if self.accept_deletions || (self.compare && self.until_comparison(now).is_zero()) {
            return Some(IntakeRequest {
                reconcile: self.compare,
                accept_deletions: self.accept_deletions,
            });
        }
        self.changed.then(IntakeRequest::default)
    }

    /// What was due was done at `now`.
    pub fn done(&mut self, request: IntakeRequest, now: Instant) {
        self.changed = false;
        if request.reconcile || request.accept_deletions {
            self.compare = false;
            self.accept_deletions = false;
            self.compared = Some(now);
        }
    }

    /// How long to wait for more: at most `most`, and no longer than until a comparison that waits is due.
    pub fn patience(&self, now: Instant, most: Duration) -> Duration {
        match self.compare {
            true => most.min(self.until_comparison(now)),
            false => most,
        }
    }

    fn until_comparison(&self, now: Instant) -> Duration {
        self.compared.map_or(Duration::ZERO, |at| {
            BETWEEN_COMPARISONS.saturating_sub(now.duration_since(at))
        })
    }
}

/// Hears that a source table changed, where the user installed the trigger that `codex init postgres --trigger` offers.
pub struct Listener {
    client: postgres::Client,
    address: PostgresAddress,
}

impl Listener {
    /// Connects; none where no PostgreSQL is configured.
    ///
    /// # Errors
    /// Unavailable when it cannot be reached.
    pub fn open(config: &Config) -> Result<Option<Listener>> {
        let Some(address) = config.postgres.clone() else {
            return Ok(None);
        };
        let limits = Limits::of(&config.settings.postgres);
        let mut client = connect(&address, &limits, Purpose::Listen)?;
        client
            .batch_execute(&format!("LISTEN {}", publish::CHANNEL))
            .map_err(|e| failure(&address, e))?;
        Ok(Some(Listener { client, address }))
    }

    /// Waits at most `patience` for a change. Some: take in at once, as the request says; deletions ask for a comparison.
    ///
    /// # Errors
    /// Unavailable when the connection is lost: open another.
    pub fn wait(&mut self, patience: Duration) -> Result<Option<IntakeRequest>> {
        use postgres::fallible_iterator::FallibleIterator;
        let lost = |e| failure(&self.address, e);
        let mut heard = None;
        {
            let mut notifications = self.client.notifications();
            let mut next = notifications.timeout_iter(patience).next().map_err(lost)?;
            // Whatever else has come by now is answered by the same read.
            while let Some(notification) = next {
                let request: &mut IntakeRequest = heard.get_or_insert_default();
                request.reconcile |= matches!(notification.payload(), "DELETE" | "TRUNCATE");
                next = notifications.iter().next().map_err(lost)?;
            }
        }
        // The server gone looks like silence to the iterator.
        if heard.is_none() && self.client.is_closed() {
            return Err(
                Error::unavailable("PostgreSQL closed the connection that listens")
                    .hint("it is opened again with the next cycle"),
            );
        }
        Ok(heard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_deletions_ask_for_one_comparison_a_minute_and_nothing_heard_is_lost() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let (change, deletion) = (
            IntakeRequest::default(),
            IntakeRequest {
                reconcile: true,
                ..IntakeRequest::default()
            },
        );
        let mut heard = NotificationDebouncer::default();
        assert_eq!(heard.due(at(0)), None);
        heard.hear(deletion);
        // It failed: it is due again, and what is heard meanwhile is added.
        heard.hear(change);
        assert_eq!(heard.due(at(1)), Some(deletion));
        heard.done(deletion, at(1));
        assert_eq!(heard.due(at(1)), None);
        for second in 2..60 {
            heard.hear(deletion);
            assert_eq!(heard.due(at(second)), Some(change));
            heard.done(change, at(second));
            assert_eq!(heard.due(at(second)), None);
        }
        assert_eq!(
            heard.patience(at(60), Duration::from_secs(30)),
            Duration::from_secs(1)
        );
        assert_eq!(heard.due(at(61)), Some(deletion));
        heard.done(deletion, at(61));
        assert_eq!(
            heard.patience(at(61), Duration::from_secs(30)),
            Duration::from_secs(30)
        );
        // What the person asked for does not wait.
        let accepting = IntakeRequest {
            accept_deletions: true,
            ..IntakeRequest::default()
        };
        heard.hear(accepting);
        assert_eq!(heard.due(at(62)), Some(accepting));
    }
}
