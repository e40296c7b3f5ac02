//! Turns at a store that several questions share: readers beside each other, writers one after another, in the order they came.

use crate::engine::AccessMode;
use crate::engine::store::shared::lock;
use crate::error::{Error, Result};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often one who waits looks whether it still wants to.
const LOOK: Duration = Duration::from_millis(50);

/// The turns of one store.
#[derive(Debug, Default)]
pub struct AccessQueue {
    tickets: Mutex<Tickets>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Tickets {
    /// Those who have their turn.
    active: Vec<Ticket>,
    /// Those who wait, in the order they came.
    waiting: Vec<Ticket>,
    next: u64,
    /// Turns that may have changed the store, so far.
    writes: u64,
    /// Those of them that may have changed more than which memories came up.
    contents: u64,
}

#[derive(Debug, Clone)]
struct Ticket {
    number: u64,
    mode: AccessMode,
    /// Whether whoever wants it has a turn to read already.
    within: bool,
    what: String,
    since: Instant,
}

/// Somebody at work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveOperation {
    /// With what.
    pub what: String,
    /// How long already.
    pub since: Duration,
    /// Beside whom.
    pub mode: AccessMode,
}

/// A turn; it ends when this is dropped.
#[derive(Debug)]
pub struct AccessGuard {
    queue: Arc<AccessQueue>,
    number: u64,
    changed: bool,
    contents: bool,
}

impl AccessGuard {
    /// It writes which memories came up, and nothing that a question depends on.
    pub fn changes_no_contents(&mut self) {
        self.contents = false;
    }

    /// Though it was a turn to write, nothing was written.
    pub fn changed_nothing(&mut self) {
        self.changed = false;
    }
}

impl Drop for AccessGuard {
    fn drop(&mut self) {
        let mut tickets = self.queue.tickets();
        if let Some(at) = tickets.active.iter().position(|t| t.number == self.number) {
            let ticket = tickets.active.swap_remove(at);
            let wrote = self.changed && ticket.mode != AccessMode::Read;
            tickets.writes += u64::from(wrote);
            tickets.contents += u64::from(wrote && self.contents);
        }
        drop(tickets);
        self.queue.changed.notify_all();
    }
}

/// Whether two turns cannot be at the same time.
fn conflict(a: AccessMode, b: AccessMode) -> bool {
    match (a, b) {
        (AccessMode::Exclusive, _) | (_, AccessMode::Exclusive) => true,
        (AccessMode::Write, AccessMode::Write) => true,
        (AccessMode::Read | AccessMode::SelfManaged, _)
        | (_, AccessMode::Read | AccessMode::SelfManaged) => false,
    }
}

impl Tickets {
    /// Whether nobody who is at work or came earlier stands in the way. One within another turn only minds its like among those
    /// who wait: all others may be waiting for that turn to end.
    fn is_free(&self, ticket: &Ticket) -> bool {
        let earlier = self
            .waiting
            .iter()
            .filter(|t| t.number < ticket.number && (t.within || !ticket.within));
        !self
            .active
            .iter()
            .chain(earlier)
            .any(|t| conflict(t.mode, ticket.mode))
    }

    fn enter(&mut self, mode: AccessMode, what: &str, within: bool) -> Ticket {
        self.next += 1;
        Ticket {
            number: self.next,
            mode,
            within,
            what: what.to_owned(),
            since: Instant::now(),
        }
    }
}

impl AccessQueue {
    /// The turn at once, or not at all.
    pub fn try_take(self: &Arc<AccessQueue>, mode: AccessMode, what: &str) -> Option<AccessGuard> {
        let mut tickets = self.tickets();
        let ticket = tickets.enter(mode, what, false);
        if !tickets.is_free(&ticket) {
            return None;
        }
        let number = ticket.number;
        tickets.active.push(ticket);
        Some(AccessGuard {
            queue: self.clone(),
            number,
            changed: true,
            contents: true,
        })
    }

    /// The turn, waiting for those who came before at most `patience`, and no longer than `wanted` says so.
    ///
    /// # Errors
    /// Unavailable, naming who is at work, when it takes longer; failed when it is no longer wanted.
    pub fn take(
        self: &Arc<AccessQueue>,
        mode: AccessMode,
        what: &str,
        patience: Option<Duration>,
        wanted: &dyn Fn() -> bool,
    ) -> Result<AccessGuard> {
        self.wait(mode, what, false, patience, wanted)
    }

    /// The turn for one who has a turn to read.
    ///
    /// # Errors
    /// As [`take`](AccessQueue::take).
    pub fn take_within(
        self: &Arc<AccessQueue>,
        mode: AccessMode,
        what: &str,
        patience: Option<Duration>,
        wanted: &dyn Fn() -> bool,
    ) -> Result<AccessGuard> {
        self.wait(mode, what, true, patience, wanted)
    }

    fn wait(
        self: &Arc<AccessQueue>,
        mode: AccessMode,
        what: &str,
        within: bool,
        patience: Option<Duration>,
        wanted: &dyn Fn() -> bool,
    ) -> Result<AccessGuard> {
        let mut tickets = self.tickets();
        let mut ticket = tickets.enter(mode, what, within);
        let number = ticket.number;
        tickets.waiting.push(ticket.clone());
        let outcome = loop {
            if tickets.is_free(&ticket) {
                break Ok(());
            }
            if !wanted() {
                break Err(Error::failed("it was given up before its turn came"));
            }
            if patience.is_some_and(|patience| ticket.since.elapsed() >= patience) {
                break Err(busy_error(&tickets, mode));
            }
            tickets = self
                .changed
                .wait_timeout(tickets, LOOK)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        };
        tickets.waiting.retain(|t| t.number != number);
        match outcome {
            Ok(()) => {
                ticket.since = Instant::now();
                tickets.active.push(ticket);
                Ok(AccessGuard {
                    queue: self.clone(),
                    number,
                    changed: true,
                    contents: true,
                })
            }
            Err(e) => {
                drop(tickets);
                self.changed.notify_all();
                Err(e)
            }
        }
    }

    /// Who is at work.
    pub fn busy(&self) -> Vec<ActiveOperation> {
        let tickets = self.tickets();
        let busy = tickets.active.iter().map(|t| ActiveOperation {
            what: t.what.clone(),
            since: t.since.elapsed(),
            mode: t.mode,
        });
        busy.collect()
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.tickets().waiting.len()
    }

    /// Turns that may have changed the store, so far.
    pub fn writes(&self) -> u64 {
        self.tickets().writes
    }

    /// The state of what questions depend on, as a number that no two states share; none while somebody may be changing it.
    pub fn settled(&self) -> Option<u64> {
        let tickets = self.tickets();
        let reading = |t: &Ticket| t.mode == AccessMode::Read;
        tickets
            .active
            .iter()
            .all(reading)
            .then_some(tickets.contents)
    }

    fn tickets(&self) -> MutexGuard<'_, Tickets> {
        lock(&self.tickets)
    }
}

fn busy_error(tickets: &Tickets, mode: AccessMode) -> Error {
    let others: Vec<String> = tickets
        .active
        .iter()
        .filter(|t| conflict(t.mode, mode))
        .map(|t| format!("{} (for {} s)", t.what, t.since.elapsed().as_secs()))
        .collect();
    Error::busy(format!("the store is busy with {}", others.join(", ")))
        .hint("wait until it is done, or raise the setting lock_timeout (CODEX_LOCK_TIMEOUT), and run the command again")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(queue: &Arc<AccessQueue>, mode: AccessMode) -> Option<AccessGuard> {
        queue.try_take(mode, "a test")
    }

    /// Somebody who waits until nobody else has a turn.
    fn waiting_to_be_alone(queue: &Arc<AccessQueue>) -> std::thread::JoinHandle<Result<()>> {
        let other = queue.clone();
        let alone = std::thread::spawn(move || {
            other
                .take(AccessMode::Exclusive, "rebuild", None, &|| true)
                .map(drop)
        });
        while queue.waiting() == 0 {
            std::thread::yield_now();
        }
        alone
    }

    #[test]
    fn readers_and_one_writer_stand_beside_each_other() {
        let queue = Arc::new(AccessQueue::default());
        let _readers = [now(&queue, AccessMode::Read), now(&queue, AccessMode::Read)];
        let writer = now(&queue, AccessMode::Write);
        assert!(writer.is_some());
        assert!(now(&queue, AccessMode::Write).is_none());
        assert!(now(&queue, AccessMode::Read).is_some());
        assert!(now(&queue, AccessMode::Exclusive).is_none());
        drop(writer);
        assert!(now(&queue, AccessMode::Write).is_some());
        assert_eq!(queue.writes(), 2);
    }

    #[test]
    fn who_waits_to_be_alone_is_not_overtaken_for_ever() {
        let queue = Arc::new(AccessQueue::default());
        let reader = now(&queue, AccessMode::Read);
        let alone = waiting_to_be_alone(&queue);
        assert!(now(&queue, AccessMode::Read).is_none());
        drop(reader);
        alone.join().unwrap().unwrap();
        assert!(now(&queue, AccessMode::Read).is_some());
    }

    #[test]
    fn who_reads_and_wants_to_write_does_not_wait_for_those_who_wait_for_it() {
        let queue = Arc::new(AccessQueue::default());
        let reading = now(&queue, AccessMode::Read);
        let alone = waiting_to_be_alone(&queue);
        assert!(now(&queue, AccessMode::Write).is_none());
        let writing = queue.take_within(
            AccessMode::Write,
            "consolidate",
            Some(Duration::ZERO),
            &|| true,
        );
        assert!(writing.is_ok());
        drop((writing, reading));
        alone.join().unwrap().unwrap();
    }

    #[test]
    fn who_waits_too_long_hears_for_whom() {
        let queue = Arc::new(AccessQueue::default());
        let _writer = queue.try_take(AccessMode::Write, "consolidate");
        let error = queue
            .take(AccessMode::Write, "import", Some(Duration::ZERO), &|| true)
            .unwrap_err();
        assert!(error.to_string().contains("consolidate"), "{error}");
        assert_eq!(error.kind().exit_code(), 3);
        assert!(
            queue
                .take(AccessMode::Write, "import", None, &|| false)
                .is_err(),
            "given up"
        );
        assert_eq!(queue.waiting(), 0);
    }
}
