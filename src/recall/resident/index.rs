//! What is kept of a mind.

use super::load::Marker;
use crate::recall::question::Asked;
use std::collections::{BTreeSet, HashMap, HashSet};

/// A memory; what a night or an edit says of it replaces the whole index.
#[derive(Debug, Clone)]
pub(in crate::recall) struct Memory {
    pub(super) id: i64,
    /// Microseconds, UTC.
    pub(super) created_at: i64,
    pub(super) speaker: Option<u32>,
    pub(super) session: Option<u32>,
    /// Neither deleted nor archived.
    pub(super) visible: bool,
    /// Terms of its words and header; none while it is not indexed.
    pub(super) length: Option<u32>,
    /// On the mind's clock, microseconds, as rules read it.
    pub(super) local_at: Option<i64>,
    /// In thousandths.
    pub(super) importance: Option<i64>,
    pub(super) asks: bool,
    pub(super) trace: Option<Trace>,
}

#[derive(Debug, Clone, Copy)]
pub(in crate::recall) struct Trace {
    pub(super) tier: u8,
    /// In millionths.
    pub(super) strength: i64,
    pub(super) stability: i64,
    pub(super) event_at: i64,
}

pub(super) const TIERS: [&str; 4] = ["long_term", "forgotten", "short_term", "deleted"];

#[derive(Debug, Clone, Copy)]
pub(super) struct Posting {
    pub(super) place: u32,
    pub(super) tf: i32,
    pub(super) in_content: bool,
}

/// A mind in memory: memories by place, in the order they arrived.
#[derive(Debug, Clone)]
pub(in crate::recall) struct MindIndex {
    pub(in crate::recall) marker: Marker,
    pub(super) memories: Vec<Memory>,
    pub(super) places: HashMap<i64, u32>,
    pub(super) postings: HashMap<Box<str>, Vec<Posting>>,
    pub(super) speakers: Vec<String>,
    pub(super) sessions: HashMap<String, u32>,
    /// Places of the visible memories of a session, in time.
    pub(super) turns: Vec<Vec<u32>>,
    /// The same of those without one.
    pub(super) loose: Vec<u32>,
    /// Visible documents, the sum of their lengths and of their squares.
    pub(super) documents: i64,
    pub(super) lengths: i64,
    pub(super) squares: i64,
    pub(super) zone: chrono_tz::Tz,
}

impl MindIndex {
    /// The mind as questions need it.
    pub(in crate::recall) fn asked(&self) -> Asked {
        let mut speakers = self.speakers.clone();
        speakers.sort_unstable();
        Asked {
            zone: self.zone,
            speakers,
            memories: self.memories.len(),
            lived_on: false,
        }
    }

    /// The terms that some memory has, as `sql/recall/known_terms.sql` says.
    pub(in crate::recall) fn known(&self, terms: &BTreeSet<String>) -> BTreeSet<String> {
        terms
            .iter()
            .filter(|term| self.postings.contains_key(term.as_str()))
            .cloned()
            .collect()
    }

    /// Sums and turns, once every memory is there.
    pub(super) fn arrange(&mut self) {
        let (mut documents, mut lengths, mut squares) = (0, 0, 0);
        let mut turns = vec![Vec::new(); self.sessions.len()];
        let mut loose = Vec::new();
        for (place, memory) in self.memories.iter().enumerate() {
            if !memory.visible {
                continue;
            }
            if let Some(length) = memory.length {
                let length = i64::from(length);
                documents += 1;
                lengths += length;
                squares += length * length;
            }
            let place = place as u32;
            match memory.session {
                Some(session) => turns[session as usize].push(place),
                None => loose.push(place),
            }
        }
        let in_time = |place: &u32| {
            let memory = &self.memories[*place as usize];
            (memory.created_at, memory.id)
        };
        for turn in turns.iter_mut().chain([&mut loose]) {
            if !turn.is_sorted_by_key(in_time) {
                turn.sort_by_key(in_time);
            }
        }
        (self.documents, self.lengths, self.squares) = (documents, lengths, squares);
        (self.turns, self.loose) = (turns, loose);
    }

    /// Hides what is deleted or archived.
    pub(super) fn hide(&mut self, hidden: &HashSet<i64>) {
        for memory in self.memories.iter_mut().filter(|m| hidden.contains(&m.id)) {
            memory.visible = false;
        }
    }
}
