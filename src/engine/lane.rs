//! Turns at a store that several questions share: readers beside each other, writers one after another, in the order they came.

use super::Turn;
use super::shared::lock;
use crate::error::{Error, Result};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often one who waits looks whether it still wants to.
const LOOK: Duration = Duration::from_millis(50);

/// The turns of one store.
#[derive(Debug, Default)]
pub struct Lane {
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
}

#[derive(Debug, Clone)]
struct Ticket {
    number: u64,
    turn: Turn,
    /// Whether whoever wants it has a turn to read already.
    within: bool,
    what: String,
    since: Instant,
}

/// Somebody at work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Busy {
    /// With what.
    pub what: String,
    /// How long already.
    pub since: Duration,
    /// Beside whom.
    pub turn: Turn,
}

/// A turn; it ends when this is dropped.
#[derive(Debug)]
pub struct Held {
    lane: Arc<Lane>,
    number: u64,
    changed: bool,
}

impl Held {
    /// Though it was a turn to write, nothing was written.
    pub fn changed_nothing(&mut self) {
        self.changed = false;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut tickets = self.lane.tickets();
        if let Some(at) = tickets.active.iter().position(|t| t.number == self.number) {
            let ticket = tickets.active.swap_remove(at);
            tickets.writes += u64::from(self.changed && ticket.turn != Turn::Reading);
        }
        drop(tickets);
        self.lane.changed.notify_all();
    }
}

/// Whether two turns cannot be at the same time.
fn conflict(a: Turn, b: Turn) -> bool {
    match (a, b) {
        (Turn::Alone, _) | (_, Turn::Alone) => true,
        (Turn::Writing, Turn::Writing) => true,
        (Turn::Reading | Turn::Itself, _) | (_, Turn::Reading | Turn::Itself) => false,
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
            .any(|t| conflict(t.turn, ticket.turn))
    }

    fn enter(&mut self, turn: Turn, what: &str, within: bool) -> Ticket {
        self.next += 1;
        Ticket {
            number: self.next,
            turn,
            within,
            what: what.to_owned(),
            since: Instant::now(),
        }
    }
}

impl Lane {
    /// The turn at once, or not at all.
    pub fn try_take(self: &Arc<Lane>, turn: Turn, what: &str) -> Option<Held> {
        let mut tickets = self.tickets();
        let ticket = tickets.enter(turn, what, false);
        if !tickets.is_free(&ticket) {
            return None;
        }
        let number = ticket.number;
        tickets.active.push(ticket);
        Some(Held {
            lane: self.clone(),
            number,
            changed: true,
        })
    }

    /// The turn, waiting for those who came before at most `patience`, and no longer than `wanted` says so.
    ///
    /// # Errors
    /// Unavailable, naming who is at work, when it takes longer; failed when it is no longer wanted.
    pub fn take(
        self: &Arc<Lane>,
        turn: Turn,
        what: &str,
        patience: Option<Duration>,
        wanted: &dyn Fn() -> bool,
    ) -> Result<Held> {
        self.wait(turn, what, false, patience, wanted)
    }

    /// The turn for one who has a turn to read.
    ///
    /// # Errors
    /// As [`take`](Lane::take).
    pub fn take_within(
        self: &Arc<Lane>,
        turn: Turn,
        what: &str,
        patience: Option<Duration>,
        wanted: &dyn Fn() -> bool,
    ) -> Result<Held> {
        self.wait(turn, what, true, patience, wanted)
    }

    fn wait(
        self: &Arc<Lane>,
        turn: Turn,
        what: &str,
        within: bool,
        patience: Option<Duration>,
        wanted: &dyn Fn() -> bool,
    ) -> Result<Held> {
        let mut tickets = self.tickets();
        let mut ticket = tickets.enter(turn, what, within);
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
                break Err(busy_error(&tickets, turn));
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
                Ok(Held {
                    lane: self.clone(),
                    number,
                    changed: true,
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
    pub fn busy(&self) -> Vec<Busy> {
        let tickets = self.tickets();
        let busy = tickets.active.iter().map(|t| Busy {
            what: t.what.clone(),
            since: t.since.elapsed(),
            turn: t.turn,
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

    fn tickets(&self) -> MutexGuard<'_, Tickets> {
        lock(&self.tickets)
    }
}

fn busy_error(tickets: &Tickets, turn: Turn) -> Error {
    let others: Vec<String> = tickets
        .active
        .iter()
        .filter(|t| conflict(t.turn, turn))
        .map(|t| format!("{} (for {} s)", t.what, t.since.elapsed().as_secs()))
        .collect();
    Error::busy(format!("the store is busy with {}", others.join(", ")))
        .hint("wait until it is done, or raise the setting lock_timeout (CODEX_LOCK_TIMEOUT), and run the command again")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(lane: &Arc<Lane>, turn: Turn) -> Option<Held> {
        lane.try_take(turn, "a test")
    }

    /// Somebody who waits until nobody else has a turn.
    fn waiting_to_be_alone(lane: &Arc<Lane>) -> std::thread::JoinHandle<Result<()>> {
        let other = lane.clone();
        let alone = std::thread::spawn(move || {
            other.take(Turn::Alone, "rebuild", None, &|| true).map(drop)
        });
        while lane.waiting() == 0 {
            std::thread::yield_now();
        }
        alone
    }

    #[test]
    fn readers_and_one_writer_stand_beside_each_other() {
        let lane = Arc::new(Lane::default());
        let _readers = [now(&lane, Turn::Reading), now(&lane, Turn::Reading)];
        let writer = now(&lane, Turn::Writing);
        assert!(writer.is_some());
        assert!(now(&lane, Turn::Writing).is_none());
        assert!(now(&lane, Turn::Reading).is_some());
        assert!(now(&lane, Turn::Alone).is_none());
        drop(writer);
        assert!(now(&lane, Turn::Writing).is_some());
        assert_eq!(lane.writes(), 2);
    }

    #[test]
    fn who_waits_to_be_alone_is_not_overtaken_for_ever() {
        let lane = Arc::new(Lane::default());
        let reader = now(&lane, Turn::Reading);
        let alone = waiting_to_be_alone(&lane);
        assert!(now(&lane, Turn::Reading).is_none());
        drop(reader);
        alone.join().unwrap().unwrap();
        assert!(now(&lane, Turn::Reading).is_some());
    }

    #[test]
    fn who_reads_and_wants_to_write_does_not_wait_for_those_who_wait_for_it() {
        let lane = Arc::new(Lane::default());
        let reading = now(&lane, Turn::Reading);
        let alone = waiting_to_be_alone(&lane);
        assert!(now(&lane, Turn::Writing).is_none());
        let writing =
            lane.take_within(Turn::Writing, "consolidate", Some(Duration::ZERO), &|| true);
        assert!(writing.is_ok());
        drop((writing, reading));
        alone.join().unwrap().unwrap();
    }

    #[test]
    fn who_waits_too_long_hears_for_whom() {
        let lane = Arc::new(Lane::default());
        let _writer = lane.try_take(Turn::Writing, "consolidate");
        let error = lane
            .take(Turn::Writing, "import", Some(Duration::ZERO), &|| true)
            .unwrap_err();
        assert!(error.to_string().contains("consolidate"), "{error}");
        assert_eq!(error.kind().exit_code(), 3);
        assert!(
            lane.take(Turn::Writing, "import", None, &|| false).is_err(),
            "given up"
        );
        assert_eq!(lane.waiting(), 0);
    }
}
