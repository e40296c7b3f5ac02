//! Handing a request to the service from a handler: on a thread that may wait, stopped when the client hangs up.

use super::App;
use super::problem::Answer;
use crate::engine::request::RemoteOperation;
use crate::engine::{Added, Interrupt, NewMemory, Progress, Reply, lock};
use crate::error::{Error, ErrorCode, Result};
use crate::service::{Caller, ReplySink};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Calls that may wait for room.
const WAITING: usize = 256;
/// Time between two tries to interrupt what nobody wants any more.
const INSIST: Duration = Duration::from_millis(20);

static WAITERS: AtomicUsize = AtomicUsize::new(0);

/// One who waits for room.
struct Waiter;

impl Waiter {
    fn enter() -> Result<Waiter> {
        if WAITERS.fetch_add(1, Ordering::SeqCst) >= WAITING {
            WAITERS.fetch_sub(1, Ordering::SeqCst);
            return Err(
                Error::unavailable(format!("{WAITING} requests wait already"))
                    .code(ErrorCode::QueueFull)
                    .hint("ask again in a moment, and less at once"),
            );
        }
        Ok(Waiter)
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        WAITERS.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A call under way, and whether anybody still wants it.
#[derive(Default)]
struct Line {
    gone: AtomicBool,
    done: AtomicBool,
    asked: Mutex<Option<Arc<Interrupt>>>,
}

/// Dropped when the handler is: with the answer, or because the client has hung up.
struct HangUp(Arc<Line>);

impl Drop for HangUp {
    fn drop(&mut self) {
        self.0.gone.store(true, Ordering::SeqCst);
        if self.0.done.load(Ordering::SeqCst) {
            return;
        }
        let line = self.0.clone();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                while !line.done.load(Ordering::SeqCst) {
                    if let Some(interrupt) = lock(&line.asked).clone() {
                        interrupt.stop();
                    }
                    tokio::time::sleep(INSIST).await;
                }
            });
        }
    }
}

struct Sink<'a> {
    line: &'a Line,
    reply: Option<Reply>,
}

impl ReplySink for Sink<'_> {
    fn begin(&mut self, interrupt: &Arc<Interrupt>) {
        *lock(&self.line.asked) = Some(interrupt.clone());
        if self.line.gone.load(Ordering::SeqCst) {
            interrupt.stop();
        }
    }

    fn progress(&mut self, _: Progress, _: &Interrupt) {}

    fn deliver(&mut self, reply: Reply) -> Result<()> {
        self.reply = Some(reply);
        Ok(())
    }
}

impl App {
    /// Asks the service.
    pub(super) async fn ask<A>(&self, caller: &Caller, question: A) -> Answer<A::Answer>
    where
        A: RemoteOperation,
    {
        let waiter = Waiter::enter()?;
        let room = self.room.clone().acquire_owned().await;
        drop(waiter);
        let line = Arc::new(Line::default());
        let hang_up = HangUp(line.clone());
        let (service, caller) = (self.service.clone(), caller.clone());
        let request = question.into_request();
        let asked = tokio::task::spawn_blocking(move || {
            let _room = room;
            let mut sink = Sink {
                line: &line,
                reply: None,
            };
            let done = service.call(request, &caller, &mut sink);
            service.count_answer();
            line.done.store(true, Ordering::SeqCst);
            done.map(|()| sink.reply)
        });
        let reply = asked
            .await
            .map_err(|_| Error::failed("the request met a mistake in codex itself"))?;
        drop(hang_up);
        let reply = reply?.and_then(A::from_reply);
        Ok(reply.ok_or_else(|| Error::failed("another question was answered"))?)
    }

    /// Adds one memory, in a commit shared with others.
    pub(super) async fn add(&self, caller: &Caller, new: NewMemory) -> Answer<Added> {
        let told = self.service.add(new, caller)?.await;
        self.service.count_answer();
        Ok(told.map_err(|_| Error::failed("the memory met a mistake in codex itself"))??)
    }
}
