//! What to know when a conversation starts: a block of text with a budget, deterministic, without a model.
//!
//! # Layout
//!
//! This file gathers the sections; `choose` picks memories that are needed and differ from each other; `block` is what comes out,
//! with the text of it.

mod block;
mod choose;

pub use block::{ContextBlock, ContextItem, ContextSection};

use super::Engine;
use crate::error::{Error, Result};
use crate::insight::{Insight, Period, insights_of};
use crate::memory::Mind;
use crate::recall::{needed_memories, recent_memories};
use crate::text::reads_as_directive;
use block::Draft;
use choose::Chooser;
use chrono::{Duration, NaiveDateTime};
use std::collections::BTreeSet;

/// Memories that are chosen from.
const CANDIDATES: usize = 500;
/// Episodes and single memories of late that are looked at.
const RECENT: usize = 24;
/// Days within which goals are looked at: an intention of last year is no open loop of today.
const OPEN_DAYS: i64 = 60;
/// Days within which changes of mind are told.
const CHANGED_DAYS: i64 = 180;
/// Fewest and most tokens of a block.
const BUDGETS: std::ops::RangeInclusive<usize> = 50..=100_000;

impl Engine {
    /// What to know of a mind when a conversation starts, in at most `budget` tokens (of four characters).
    ///
    /// # Errors
    /// Usage when the budget is out of range; failed when the store cannot be read.
    pub fn context(
        &self,
        mind: &Mind,
        budget: usize,
        as_of: NaiveDateTime,
    ) -> Result<ContextBlock> {
        if !BUDGETS.contains(&budget) {
            return Err(
                Error::usage(format!("a context of {budget} tokens cannot be made")).hint(format!(
                    "ask for {} to {} tokens",
                    BUDGETS.start(),
                    BUDGETS.end()
                )),
            );
        }
        self.be_ready()?;
        let conn = self.warehouse.conn();
        let renderer = self.pipeline().renderer();
        let mut draft = Draft::new(&mind.name, budget);
        let changes = self.insights_since(mind, "changed_minds", as_of, CHANGED_DAYS)?;
        let open = self.insights_since(mind, "open_loops", as_of, OPEN_DAYS)?;
        // What was replaced is told with what replaced it, or not at all.
        let replaced: BTreeSet<i64> = changes
            .iter()
            .filter_map(|change| change.details["earlier"].as_i64())
            .collect();

        let mut needed = needed_memories(conn, renderer, mind.id, as_of, CANDIDATES)?;
        needed.retain(|memory| !replaced.contains(&memory.id));
        for memory in &needed {
            draft.hold_back_if(memory.id, reads_as_directive(&memory.gist));
        }
        draft.section("changed", "Changed", 12, changes.iter().map(told));
        draft.section("open", "Open", 12, open.iter().map(told));
        let recent = recent_memories(conn, renderer, mind.id, as_of, RECENT)?;
        draft.section("recent", "Lately", 16, recent.iter().map(ContextItem::from));
        draft.known("known", "Known", Chooser::new(&needed));
        Ok(draft.finish())
    }

    /// Insights of one kind, the surest first. The period begins with a day, so that a block made a minute later is the same.
    fn insights_since(
        &self,
        mind: &Mind,
        model: &str,
        as_of: NaiveDateTime,
        days: i64,
    ) -> Result<Vec<Insight>> {
        let since = as_of
            .checked_sub_signed(Duration::days(days))
            .map_or(as_of, |at| at.date().into());
        insights_of(
            self.warehouse.conn(),
            &[model],
            &|model, period| self.insight_sql(model, period),
            Period { since, as_of },
            Some(mind.id),
        )
    }
}

/// An insight as an item: its evidence is what it is known by.
fn told(insight: &Insight) -> ContextItem {
    let last = insight.evidence.last();
    let text = match (insight.kind.as_str(), insight.evidence.as_slice()) {
        ("changed_mind", [earlier, later]) => {
            format!("{} (before: {})", later.gist, earlier.gist)
        }
        (_, [one]) => one.gist.clone(),
        _ => insight.title.clone(),
    };
    ContextItem {
        ids: insight.evidence.iter().map(|e| e.id).collect(),
        day: last.map_or_else(String::new, |e| e.created_at.format("%Y-%m-%d").to_string()),
        speaker: None,
        text,
    }
}
