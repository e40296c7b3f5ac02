//! Memories that are needed and differ from each other: a lazy greedy choice, as of a submodular gain (Minoux 1978; maximal marginal
//! relevance, Carbonell & Goldstein 1998).

use super::ContextItem;
use crate::recall::NeededMemory;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};

/// A term told already counts half, then a third, and so on.
pub(super) struct Chooser<'a> {
    memories: &'a [NeededMemory],
    told: HashMap<&'a str, i64>,
    /// Gain and place of each, the greatest gain first, then the smallest id. Gains only shrink, so one that is still the greatest
    /// after it has been computed anew is the greatest of all.
    waiting: BinaryHeap<(i64, Reverse<i64>, usize)>,
}

impl<'a> Chooser<'a> {
    pub(super) fn new(memories: &'a [NeededMemory]) -> Chooser<'a> {
        let waiting = memories
            .iter()
            .enumerate()
            .map(|(at, memory)| (memory.need, Reverse(memory.id), at))
            .collect();
        Chooser {
            memories,
            told: HashMap::new(),
            waiting,
        }
    }

    /// The memories, the one that adds most first, without those that are `shown` already.
    pub(super) fn choose(mut self, shown: &BTreeSet<i64>) -> impl Iterator<Item = ContextItem> {
        for memory in self.memories.iter().filter(|m| shown.contains(&m.id)) {
            self.tell(memory);
        }
        let shown = shown.clone();
        std::iter::from_fn(move || {
            let memory = loop {
                let memory = self.next()?;
                if !shown.contains(&memory.id) {
                    break memory;
                }
            };
            self.tell(memory);
            Some(ContextItem {
                ids: vec![memory.id],
                day: memory.day.clone(),
                speaker: memory.speaker.clone(),
                text: memory.gist.clone(),
            })
        })
    }

    fn next(&mut self) -> Option<&'a NeededMemory> {
        loop {
            let (_, id, at) = self.waiting.pop()?;
            let memory = &self.memories[at];
            let gain = self.gain(memory);
            match self.waiting.peek() {
                Some((next, other, _)) if (gain, id) < (*next, *other) => {
                    self.waiting.push((gain, id, at));
                }
                _ => return Some(memory),
            }
        }
    }

    /// Its need, times the share of its terms that is new.
    fn gain(&self, memory: &NeededMemory) -> i64 {
        let (mut new, mut all) = (0i128, 0i128);
        for term in &memory.terms {
            let told = self.told.get(term.term.as_str()).copied().unwrap_or(0);
            new += i128::from(2 * term.idf / (2 + told));
            all += i128::from(term.idf);
        }
        let gain = i128::from(memory.need) * new / all.max(1);
        i64::try_from(gain).unwrap_or(i64::MAX)
    }

    fn tell(&mut self, memory: &'a NeededMemory) {
        for term in &memory.terms {
            *self.told.entry(term.term.as_str()).or_default() += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recall::WeightedTerm;

    fn memory(id: i64, need: i64, terms: &[&str]) -> NeededMemory {
        let terms = terms.iter().map(|term| WeightedTerm {
            term: (*term).to_owned(),
            idf: 1_000_000,
        });
        NeededMemory {
            id,
            day: "2026-03-01".to_owned(),
            speaker: None,
            gist: terms.clone().map(|t| t.term).collect::<Vec<_>>().join(" "),
            need,
            terms: terms.collect(),
        }
    }

    #[test]
    fn what_is_said_already_makes_way_for_what_is_new() {
        let memories = [
            memory(1, 100, &["cello", "lesson"]),
            memory(2, 99, &["cello", "lesson"]),
            memory(3, 80, &["dentist"]),
            memory(4, 80, &["garden"]),
        ];
        let ids = |shown: &BTreeSet<i64>| -> Vec<i64> {
            let chosen = Chooser::new(&memories).choose(shown);
            chosen.flat_map(|item| item.ids).collect()
        };
        assert_eq!(ids(&BTreeSet::new()), [1, 3, 4, 2]);
        assert_eq!(ids(&BTreeSet::from([1, 3])), [4, 2]);
    }
}
