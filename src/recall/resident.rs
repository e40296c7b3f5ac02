//! Recall from memory: the candidates of a mind and their raw components, resident beside the store.
//!
//! # Layout
//!
//! * `params`: the parameters of the ranking, as exact decimals
//! * `index`: what is kept of a mind: postings, lengths, turns, traces
//! * `load`: how it is read from the store and brought up to date
//! * `rank`: a question ranked by it
//!
//! `sql/recall/ranking.sql` is the definition. This is the same ranking, to the last digit of every component, for the plain case: words
//! alone, no filter, no explanation, the moment of asking after the last memory. Everything else, and an edited ranking, runs as SQL;
//! so does the first question after anything but new memories came in. Thrown away, it is made anew.

mod index;
mod load;
mod params;
mod rank;

use super::queries::Scope;
use super::question::Question;
use super::times;
use crate::error::Result;
use crate::memory::MindId;
use crate::template::Renderer;
use duckdb::Connection;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

pub(super) use index::MindIndex;
use load::Marker;
use params::Params;
pub(super) use rank::Ranker;

/// The texts that say what is computed here.
const DEFINITION: &[(&str, &str)] = &[
    (
        "sql/recall/ranking.sql",
        include_str!("../../sql/recall/ranking.sql"),
    ),
    (
        "sql/macros/need.sql",
        include_str!("../../sql/macros/need.sql"),
    ),
    (
        "sql/macros/retention.sql",
        include_str!("../../sql/macros/retention.sql"),
    ),
];
/// Questions that a changed store is asked by SQL before a mind is read anew: reading costs about as much as so many.
const PATIENCE: u32 = 2;
/// Memories of a mind up to which it is kept.
const MOST: i64 = 400_000;

/// What is kept of the minds of one store, for one project and its parameters.
#[derive(Default)]
pub struct Resident {
    params: OnceLock<Option<Params>>,
    minds: Mutex<HashMap<MindId, Kept>>,
}

#[derive(Default)]
struct Kept {
    index: Option<Arc<MindIndex>>,
    /// The number of a state of the store that the index is of.
    state: Option<u64>,
    /// The state of the store at the last question, where the index is of another one, and how many questions have met it.
    met: Option<(Marker, u32)>,
}

impl Resident {
    /// The index of a mind as the store is now, where it is worth having; `state` is the number of the state it is in, where it has one.
    pub(super) fn current(
        &self,
        conn: &Connection,
        renderer: &Renderer,
        mind: MindId,
        state: Option<u64>,
    ) -> Result<Option<(Arc<MindIndex>, &Params)>> {
        let Some(params) = self.params.get_or_init(|| Params::shipped(renderer)) else {
            return Ok(None);
        };
        let lock = || self.minds.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Kept {
            index: Some(index),
            state: Some(kept),
            ..
        }) = lock().get(&mind)
            && state == Some(*kept)
        {
            return Ok(Some((index.clone(), params)));
        }
        let Some(marker) = Marker::of(conn, mind)?.filter(|m| m.memories <= MOST) else {
            return Ok(None);
        };
        let mut minds = lock();
        let kept = minds.entry(mind).or_default();
        kept.state = None;
        if let Some(mut index) = kept.index.take() {
            let as_it_is = index.marker == marker;
            if as_it_is
                || marker.only_adds_to(&index.marker)
                    && load::append(conn, mind, Arc::make_mut(&mut index), &marker)?
            {
                kept.index = Some(index.clone());
                kept.state = state;
                return Ok(Some((index, params)));
            }
        }
        let count = match &kept.met {
            Some((met, count)) if *met == marker => count + 1,
            _ => 1,
        };
        kept.met = Some((marker.clone(), count));
        if count <= PATIENCE {
            return Ok(None);
        }
        let index = Arc::new(load::whole(conn, mind, marker)?);
        kept.index = Some(index.clone());
        kept.state = state;
        kept.met = None;
        Ok(Some((index, params)))
    }
}

/// Whether a question is one of those that are answered here.
pub(super) fn is_plain(question: &Question, scope: &Scope<'_>) -> bool {
    !question.explain
        && !scope.filtered
        && scope.model.is_none()
        && question.text.len() <= 2_000
        && times::event(question.within_limit()).is_none()
}
