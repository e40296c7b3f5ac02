//! Hearing at once that a table of PostgreSQL changed.

use crate::config::{Config, PostgresAddress};
use crate::error::{Error, Result};
use crate::memory::postgres::IntakeRequest;
use crate::publish;
use crate::warehouse::postgres::{Limits, Purpose, connect, failure};

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
    pub fn wait(&mut self, patience: std::time::Duration) -> Result<Option<IntakeRequest>> {
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
