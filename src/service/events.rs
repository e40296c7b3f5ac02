//! The outbox: what happened to memories, for those who listen. It keeps the last events, so that one who was away for a moment
//! goes on where it was; nobody waits for a slow listener.

use crate::engine::{Reply, lock};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// Events that are kept.
const KEPT: usize = 4_096;

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its number in this generation, from 1.
    pub sequence: u64,
    /// `memory_added`, `memory_edited`, `memory_deleted`, `cycle`.
    pub kind: &'static str,
    /// The mind it is about; none for all of them.
    pub mind: Option<String>,
    /// What there is to know: ids, never contents.
    pub data: Value,
}

/// The last events of a running service.
pub struct Outbox {
    /// Another one after each start: numbers of before mean nothing now.
    generation: String,
    kept: Mutex<VecDeque<Arc<Event>>>,
    newest: watch::Sender<u64>,
}

impl Outbox {
    /// An empty one.
    pub(super) fn new(generation: String) -> Outbox {
        Outbox {
            generation,
            kept: Mutex::default(),
            newest: watch::Sender::new(0),
        }
    }

    /// The id of the event with this number.
    pub fn id(&self, sequence: u64) -> String {
        format!("{}-{sequence}", self.generation)
    }

    /// The number of this id; none where it is of another generation.
    pub fn sequence(&self, id: &str) -> Option<u64> {
        let (generation, sequence) = id.rsplit_once('-')?;
        (generation == self.generation).then(|| sequence.parse().ok())?
    }

    /// The newest number, and how to hear of newer ones.
    pub fn newest(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// What came after this number; none where some of it is not kept any more.
    pub fn after(&self, sequence: u64) -> Option<Vec<Arc<Event>>> {
        let kept = lock(&self.kept);
        let first = kept.front().map_or(u64::MAX, |event| event.sequence);
        let newest = kept.back().map_or(0, |event| event.sequence);
        if sequence > newest || (sequence < newest && sequence + 1 < first) {
            return (sequence == newest).then(Vec::new);
        }
        Some(
            kept.iter()
                .filter(|event| event.sequence > sequence)
                .cloned()
                .collect(),
        )
    }

    /// Appends an event.
    pub fn publish(&self, kind: &'static str, mind: Option<String>, data: Value) {
        let mut kept = lock(&self.kept);
        let sequence = kept.back().map_or(1, |event| event.sequence + 1);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(Arc::new(Event {
            sequence,
            kind,
            mind,
            data,
        }));
        self.newest.send_replace(sequence);
    }

    /// Appends what a reply says has happened.
    pub(super) fn publish_reply(&self, reply: &Reply) {
        let changed = |kind, memory: &crate::engine::MemoryDetail| {
            let data =
                json!({"mind": memory.mind, "id": memory.memory.id, "key": memory.memory.key});
            self.publish(kind, Some(memory.mind.clone()), data);
        };
        let added = |added: &crate::engine::Added| {
            use crate::engine::Outcome;
            let kind = match added.outcome {
                Outcome::Added => "memory_added",
                Outcome::Edited => "memory_edited",
                Outcome::Unchanged => return,
            };
            let data = json!({"mind": added.mind, "id": added.id, "key": added.key});
            self.publish(kind, Some(added.mind.clone()), data);
        };
        match reply {
            Reply::AddMemory(memory) => added(memory),
            Reply::AddMemories(memories) => memories.iter().for_each(added),
            Reply::EditMemory(memory) => changed("memory_edited", memory),
            Reply::DeleteMemory(memory) => changed("memory_deleted", memory),
            Reply::Consolidate(outcome) => {
                let done = &outcome.consolidation;
                if done.nights + done.steps + done.ticks > 0 {
                    self.publish(
                        "cycle",
                        None,
                        json!({"nights": done.nights, "steps": done.steps, "ticks": done.ticks}),
                    );
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_who_was_away_goes_on_where_it_was_or_hears_that_it_missed_something() {
        let outbox = Outbox::new("g".to_owned());
        assert_eq!(outbox.after(0).map(|events| events.len()), Some(0));
        for _ in 0..KEPT + 2 {
            outbox.publish("cycle", None, Value::Null);
        }
        let newest = KEPT as u64 + 2;
        assert_eq!(outbox.after(newest).map(|events| events.len()), Some(0));
        assert_eq!(outbox.after(newest - 3).map(|events| events.len()), Some(3));
        assert_eq!(outbox.after(2).map(|events| events.len()), Some(KEPT));
        assert!(outbox.after(1).is_none(), "dropped");
        assert!(outbox.after(newest + 1).is_none(), "never there");
        assert_eq!(outbox.sequence(&outbox.id(7)), Some(7));
        assert_eq!(outbox.sequence("other-7"), None);
    }
}
