//! Stopping a question that is being answered.

use crate::engine::Engine;
use crate::engine::store::shared::lock;
use crate::error::{Error, ErrorCode, Result};
use crate::warehouse::Warehouse;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A way to stop a question that is being answered.
#[derive(Default)]
pub struct Interrupt {
    stopped: AtomicBool,
    /// The connections that work on the question.
    connections: Mutex<Vec<Arc<duckdb::InterruptHandle>>>,
    clock: Mutex<Stopwatch>,
}

/// How long something has been at work: waiting for a turn is none.
#[derive(Debug, Default)]
struct Stopwatch {
    before: Duration,
    since: Option<Instant>,
}

impl Stopwatch {
    fn start(&mut self) {
        self.since.get_or_insert_with(Instant::now);
    }

    fn stop(&mut self) {
        self.before = self.shown();
        self.since = None;
    }

    fn shown(&self) -> Duration {
        self.before + self.since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}

impl Interrupt {
    /// Stops whatever is being answered, now or at its next statement: call it until the answer has come.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        for connection in &*lock(&self.connections) {
            connection.interrupt();
        }
    }

    /// Whether it was stopped.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// How long it has been at work, without what it waited for its turns.
    pub fn worked(&self) -> Duration {
        lock(&self.clock).shown()
    }

    /// Waits for a turn: that is no work.
    pub(in crate::engine) fn waiting<T>(&self, wait: impl FnOnce() -> T) -> T {
        lock(&self.clock).stop();
        let done = wait();
        lock(&self.clock).start();
        done
    }

    /// Reaches the work on this connection from now on.
    pub(in crate::engine) fn reach(&self, warehouse: &Warehouse) {
        lock(&self.connections).push(warehouse.conn().interrupt_handle());
    }

    /// Does work that this reaches.
    pub(in crate::engine) fn over<T>(
        self: &Arc<Interrupt>,
        engine: &mut Engine,
        work: impl FnOnce(&mut Engine) -> Result<T>,
    ) -> Result<T> {
        self.reach(&engine.warehouse);
        engine.interrupt = Some(self.clone());
        lock(&self.clock).start();
        let done = work(engine);
        lock(&self.clock).stop();
        engine.interrupt = None;
        lock(&self.connections).clear();
        done
    }
}

/// The error of a question that was stopped says so.
pub(in crate::engine) fn explained<T>(done: Result<T>, interrupt: &Interrupt) -> Result<T> {
    match done {
        Err(e) if interrupt.is_stopped() => Err(Error::failed(
            "interrupted: nothing of the step under way was kept",
        )
        .code(ErrorCode::Interrupted)
        .caused_by(e)),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_for_a_turn_is_no_work() {
        let interrupt = Interrupt::default();
        assert_eq!(interrupt.worked(), Duration::ZERO);
        lock(&interrupt.clock).start();
        let worked = interrupt.waiting(|| {
            let before = interrupt.worked();
            let started = Instant::now();
            while started.elapsed() < Duration::from_millis(2) {
                std::thread::yield_now();
            }
            assert_eq!(interrupt.worked(), before);
            before
        });
        while interrupt.worked() == worked {
            std::thread::yield_now();
        }
    }
}
