//! Stopping a question that is being answered.

use super::Engine;
use super::shared::lock;
use crate::error::{Error, Result};
use crate::warehouse::Warehouse;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// A way to stop a question that is being answered.
#[derive(Default)]
pub struct Interrupt {
    stopped: AtomicBool,
    /// The connections that work on the question.
    connections: Mutex<Vec<Arc<duckdb::InterruptHandle>>>,
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

    /// Reaches the work on this connection from now on.
    pub(super) fn reach(&self, warehouse: &Warehouse) {
        lock(&self.connections).push(warehouse.conn().interrupt_handle());
    }

    /// Does work that this reaches.
    pub(super) fn over<T>(
        self: &Arc<Interrupt>,
        engine: &mut Engine,
        work: impl FnOnce(&mut Engine) -> Result<T>,
    ) -> Result<T> {
        self.reach(&engine.warehouse);
        engine.interrupt = Some(self.clone());
        let done = work(engine);
        engine.interrupt = None;
        lock(&self.connections).clear();
        done
    }
}

/// The error of a question that was stopped says so.
pub(super) fn explained<T>(done: Result<T>, interrupt: &Interrupt) -> Result<T> {
    match done {
        Err(e) if interrupt.is_stopped() => {
            Err(Error::failed("interrupted: nothing of the step under way was kept").caused_by(e))
        }
        done => done,
    }
}
