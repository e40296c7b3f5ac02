//! An engine beside others on one store: its connection, the turn to write where it writes, and what readers leave to be written.

use crate::cycle;
use crate::engine::store::shared::lock;
use crate::engine::{AccessGuard, AccessMode, AccessQueue, Engine};
use crate::error::Result;
use crate::memory::{Activation, append_activations};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a question that only reads leaves to be written when nobody else writes.
#[derive(Debug, Default)]
pub(in crate::engine) struct StoreCoordination {
    pub(in crate::engine) queue: Arc<AccessQueue>,
    /// Who exchanges with PostgreSQL: one at a time, or what was read earlier would come in after what was read later. Whoever has
    /// a turn at the store never waits for this one.
    exchange: Arc<AccessQueue>,
    pending_activations: Mutex<Vec<Activation>>,
    /// The state in which nothing waited to be read and indexed, plus one; 0 where there was none yet.
    ready: AtomicU64,
}

impl StoreCoordination {
    pub(in crate::engine) fn write_later(&self, activation: Activation) {
        lock(&self.pending_activations).push(activation);
    }

    /// Whether nothing is left to be written.
    pub(in crate::engine) fn is_settled(&self) -> bool {
        lock(&self.pending_activations).is_empty()
    }

    fn take_pending_activations(&self) -> Vec<Activation> {
        std::mem::take(&mut *lock(&self.pending_activations))
    }

    fn put_back(&self, activations: Vec<Activation>) {
        lock(&self.pending_activations).splice(0..0, activations);
    }
}

impl Engine {
    /// Another engine on the same store, beside this one, which has this turn; and whether it wrote what readers had left.
    pub(in crate::engine) fn fork_connection(
        &self,
        coordination: Arc<StoreCoordination>,
        mode: Option<AccessMode>,
    ) -> Result<(Engine, bool)> {
        let warehouse = self.warehouse.share()?;
        cycle::ready_connection(&warehouse)?;
        let engine = Engine {
            warehouse,
            models: self.models.clone(),
            model_clients: self.model_clients.clone(),
            coordination: Some(coordination),
            reading: mode == Some(AccessMode::Read),
            writing: matches!(mode, Some(AccessMode::Write | AccessMode::Exclusive)),
            patience: None,
            interrupt: None,
            postgres: self.postgres.clone(),
        };
        let wrote = engine.writing && engine.write_pending_activations()?;
        Ok((engine, wrote))
    }

    /// Has the turn to write while `work` runs, where several share the store.
    ///
    /// # Errors
    /// The work's own.
    pub fn writing<T>(
        &mut self,
        what: &str,
        work: impl FnOnce(&mut Engine) -> Result<T>,
    ) -> Result<T> {
        self.writing_perhaps(what, work, |_| true)
    }

    /// Features and index for every revision that has none yet, with the turn to write.
    ///
    /// # Errors
    /// Failed when the store cannot be written.
    pub(in crate::engine) fn enrich_in_turn(&mut self) -> Result<u64> {
        self.writing_perhaps("enrich", |engine| engine.enrich(|_| ()), |new| *new > 0)
    }

    /// The same, where the result says whether anything was written.
    fn writing_perhaps<T>(
        &mut self,
        what: &str,
        work: impl FnOnce(&mut Engine) -> Result<T>,
        wrote: impl FnOnce(&T) -> bool,
    ) -> Result<T> {
        let coordination = match &self.coordination {
            Some(coordination) if !self.writing => coordination.clone(),
            _ => return work(self),
        };
        let wanted = || !self.is_stopped();
        let queue = &coordination.queue;
        let take = || match self.reading {
            true => queue.take_within(AccessMode::Write, what, self.patience, &wanted),
            false => queue.take(AccessMode::Write, what, self.patience, &wanted),
        };
        let mut held = self.waiting(take)?;
        self.writing = true;
        let done = work(self);
        self.writing = false;
        if done.as_ref().is_ok_and(|done| !wrote(done)) {
            held.changed_nothing();
        }
        done
    }

    /// Has the turn to write, however long that takes, and also where the question has been stopped: it cannot be interrupted.
    /// For what a model has said, and keeping it is a matter of milliseconds.
    pub(in crate::engine) fn recording<T>(
        &mut self,
        what: &str,
        work: impl FnOnce(&mut Engine) -> Result<T>,
    ) -> Result<T> {
        let coordination = match &self.coordination {
            Some(coordination) if !self.writing => coordination.clone(),
            _ => return work(self),
        };
        let _held = self.waiting(|| {
            coordination
                .queue
                .take(AccessMode::Write, what, None, &|| true)
        })?;
        // A connection that whoever stops the question does not reach.
        let (mut engine, _) = self.fork_connection(coordination, Some(AccessMode::Write))?;
        work(&mut engine)
    }

    fn waiting<T>(&self, wait: impl FnOnce() -> T) -> T {
        match &self.interrupt {
            Some(interrupt) => interrupt.waiting(wait),
            None => wait(),
        }
    }

    /// Whether whoever asked has gone, or the owner of the store ends.
    pub(in crate::engine) fn stopped(&self) -> impl Fn() -> bool + use<> {
        let interrupt = self.interrupt.clone();
        move || interrupt.as_ref().is_some_and(|i| i.is_stopped())
    }

    /// Whether that is so now.
    pub(in crate::engine) fn is_stopped(&self) -> bool {
        self.interrupt.as_ref().is_some_and(|i| i.is_stopped())
    }

    /// Is the only one to exchange with PostgreSQL for as long as what this returns lives.
    ///
    /// # Errors
    /// Unavailable when another exchange takes too long.
    pub(in crate::engine) fn exchange(&self, what: &str) -> Result<ExchangeTurn> {
        self.exchange_of(what, self.patience)
    }

    /// The same, if nobody else exchanges for longer than `patience`.
    pub(in crate::engine) fn exchange_within(
        &self,
        what: &str,
        patience: Duration,
    ) -> Option<ExchangeTurn> {
        self.exchange_of(what, Some(patience)).ok()
    }

    fn exchange_of(&self, what: &str, patience: Option<Duration>) -> Result<ExchangeTurn> {
        let Some(coordination) = &self.coordination else {
            return Ok(ExchangeTurn { _held: None });
        };
        let wanted = || !self.is_stopped();
        let take = || {
            coordination
                .exchange
                .take(AccessMode::Write, what, patience, &wanted)
        };
        let held = self.waiting(take)?;
        Ok(ExchangeTurn { _held: Some(held) })
    }

    /// The state of what questions depend on; none where it is not known, or somebody may be changing it.
    pub(in crate::engine) fn settled(&self) -> Option<u64> {
        self.coordination.as_ref()?.queue.settled()
    }

    /// Whether nothing waits to be read and indexed in this state.
    pub(in crate::engine) fn is_ready_in(&self, state: Option<u64>) -> bool {
        match (&self.coordination, state) {
            (Some(coordination), Some(state)) => {
                coordination.ready.load(Ordering::SeqCst) == state + 1
            }
            _ => false,
        }
    }

    pub(in crate::engine) fn ready_in(&self, state: Option<u64>) {
        if let (Some(coordination), Some(state)) = (&self.coordination, state) {
            coordination.ready.store(state + 1, Ordering::SeqCst);
        }
    }

    /// The turn to write, if it can be had now.
    pub(in crate::engine) fn turn_now(&self, what: &str) -> Option<WriteTurn> {
        match &self.coordination {
            Some(coordination) if !self.writing => coordination
                .queue
                .try_take(AccessMode::Write, what)
                .map(|held| WriteTurn { held: Some(held) }),
            _ => Some(WriteTurn { held: None }),
        }
    }

    /// Writes what readers left. Says whether there was anything.
    fn write_pending_activations(&self) -> Result<bool> {
        let Some(coordination) = &self.coordination else {
            return Ok(false);
        };
        let activations = coordination.take_pending_activations();
        if activations.is_empty() {
            return Ok(false);
        }
        let written = self.warehouse.transaction(|conn| {
            activations
                .iter()
                .try_for_each(|activation| append_activations(conn, activation))
        });
        if written.is_err() {
            coordination.put_back(activations);
        }
        written.map(|()| true)
    }
}

/// The turn to exchange with PostgreSQL.
pub(in crate::engine) struct ExchangeTurn {
    _held: Option<AccessGuard>,
}

/// The turn to write.
pub(in crate::engine) struct WriteTurn {
    held: Option<AccessGuard>,
}

impl WriteTurn {
    /// Nothing was written.
    pub(in crate::engine) fn changed_nothing(&mut self) {
        if let Some(held) = &mut self.held {
            held.changed_nothing();
        }
    }
}
