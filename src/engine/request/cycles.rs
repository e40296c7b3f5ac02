//! Living through time, and living through it again.

use super::{AccessMode, Ask, Needs, Progress, StoreNeeds, only};
use crate::engine::{CycleRequest, CycleType, Engine, Lived, Replay};
use crate::error::Result;
use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Run what is due.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Consolidate {
    /// Only up to this type.
    pub cycle: Option<CycleType>,
    /// The clock, UTC.
    pub as_of: NaiveDateTime,
    /// Only this mind; every mind where none is named.
    pub mind: Option<String>,
    /// Take a nap at the clock first.
    pub nap: bool,
    /// Live through all events anew instead; about the whole store.
    pub rebuild: bool,
    /// Make the store where there is none: its memories come from PostgreSQL.
    pub make: bool,
}

impl Ask for Consolidate {
    type Answer = Lived;

    fn needs(&self) -> Needs {
        match self.rebuild {
            true => Needs {
                store: StoreNeeds::Writable,
                mode: AccessMode::Exclusive,
            },
            // It may wait for PostgreSQL before and after, and takes the turn to write in between.
            false => Needs {
                store: match self.make {
                    true => StoreNeeds::Made,
                    false => StoreNeeds::Writable,
                },
                mode: AccessMode::SelfManaged,
            },
        }
    }

    fn answer(self, engine: &mut Engine, on_progress: &mut dyn FnMut(Progress)) -> Result<Lived> {
        if self.rebuild {
            let consolidation =
                engine.rebuild(self.as_of, |advance| on_progress(Progress::Nights(advance)))?;
            return Ok(Lived {
                consolidation,
                postgres: None,
            });
        }
        let mind = only(engine, self.mind.as_deref())?;
        if self.nap {
            engine.writing("consolidate", |engine| {
                engine.nap(mind.as_ref(), self.as_of)
            })?;
        }
        let request = CycleRequest {
            cycle: self.cycle,
            as_of: self.as_of,
            mind: mind.map(|mind| mind.id),
        };
        engine.live(&request, |advance| {
            tracing::info!(night = %advance.at, "lived through");
            on_progress(Progress::Nights(advance));
        })
    }
}

/// Rebuild every tier from the raw log and the ledger into a new file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReplayInto {
    /// The new file, absolute.
    pub into: PathBuf,
    /// Only nights up to then, UTC.
    pub until: Option<NaiveDateTime>,
}

impl Ask for ReplayInto {
    type Answer = Replay;

    fn needs(&self) -> Needs {
        Needs::CHANGE
    }

    fn answer(self, engine: &mut Engine, on_progress: &mut dyn FnMut(Progress)) -> Result<Replay> {
        engine.replay(&self.into, self.until, |done, all| {
            on_progress(Progress::Steps { done, all })
        })
    }
}
