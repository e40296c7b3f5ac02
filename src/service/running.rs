//! What is under way: seen, limited, stopped.

use super::Service;
use crate::engine::{Interrupt, lock};
use crate::error::{Error, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How the look of a rhythm is called.
pub const RHYTHM: &str = "the rhythm ";

/// Something under way that can be stopped.
#[derive(Clone)]
pub struct Running {
    /// What.
    pub what: String,
    /// The rhythm, where it is one's look.
    pub rhythm: Option<String>,
    /// How long it may take, where there is a limit.
    pub limit: Option<Limit>,
    /// Stops it.
    pub interrupt: Arc<Interrupt>,
}

/// How long something may be at work, not counting what it waits for its turns.
#[derive(Clone)]
pub struct Limit {
    /// So long.
    pub deadline: Duration,
    /// It took longer and was interrupted.
    pub overrun: Arc<AtomicBool>,
}

impl Limit {
    /// So long, and not overrun yet.
    pub fn of(deadline: Duration) -> Limit {
        Limit {
            deadline,
            overrun: Arc::default(),
        }
    }
}

impl Service {
    /// Runs `work` where it can be seen and stopped. A mistake of codex's own ends this work and nothing else.
    ///
    /// # Errors
    /// The work's own; failed where it met a mistake.
    pub fn under_way<T>(
        &self,
        what: &str,
        limit: Option<Limit>,
        work: impl FnOnce(&Arc<Interrupt>) -> Result<T>,
    ) -> Result<T> {
        let interrupt = Arc::new(Interrupt::default());
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let entry = Running {
            what: what.to_owned(),
            rhythm: what.strip_prefix(RHYTHM).map(str::to_owned),
            limit,
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

    /// All that is under way.
    pub fn running(&self) -> Vec<Running> {
        let running = lock(&self.running);
        running.iter().map(|(_, running)| running.clone()).collect()
    }
}
