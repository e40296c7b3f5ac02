//! Living through time, and living through it again.

use super::{AccessMode, Operation, Progress, Requirements, StoreNeeds, only};
use crate::clock::rfc3339;
use crate::cycle::next_night;
use crate::engine::{ConsolidateOptions, CycleOutcome, CycleType, Engine, Replay};
use crate::error::Result;
use crate::project::Generation;
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
    /// Whether that is what the system clock says, and not a time that somebody named.
    #[serde(default)]
    pub by_clock: bool,
    /// Only this mind; every mind where none is named.
    pub mind: Option<String>,
    /// Take a nap at the clock first.
    pub nap: bool,
    /// Live through all events anew instead; about the whole store.
    pub rebuild: bool,
    /// Under the newest model generation; a rebuild keeps the store's otherwise.
    #[serde(default)]
    pub latest_generation: bool,
    /// Make the store where there is none: its memories come from PostgreSQL.
    pub make: bool,
}

impl Operation for Consolidate {
    type Answer = CycleOutcome;

    fn requirements(&self) -> Requirements {
        match self.rebuild {
            true => Requirements {
                store: StoreNeeds::Writable,
                mode: AccessMode::Exclusive,
            },
            // It may wait for PostgreSQL before and after, and takes the turn to write in between.
            false => Requirements {
                store: match self.make {
                    true => StoreNeeds::Made,
                    false => StoreNeeds::Writable,
                },
                mode: AccessMode::SelfManaged,
            },
        }
    }

    fn answer(
        self,
        engine: &mut Engine,
        on_progress: &mut dyn FnMut(Progress),
    ) -> Result<CycleOutcome> {
        if self.rebuild {
            let generation = self.latest_generation.then_some(Generation::LATEST);
            let consolidation = engine.rebuild(self.as_of, generation, |advance| {
                on_progress(Progress::Nights(advance))
            })?;
            return Ok(CycleOutcome {
                consolidation,
                postgres: None,
            });
        }
        let mind = only(engine, self.mind.as_deref())?;
        if self.nap {
            engine.writing("consolidate", |engine| {
                engine.nap(mind.as_ref(), self.as_of, self.by_clock)
            })?;
        }
        let request = ConsolidateOptions {
            cycle: self.cycle,
            as_of: self.as_of,
            by_clock: self.by_clock,
            mind: mind.map(|mind| mind.id),
        };
        let mut lived = engine.live(&request, |advance| {
            tracing::info!(night = %advance.at, "lived through");
            on_progress(Progress::Nights(advance));
        })?;
        if !lived.consolidation.did_anything() {
            let next = next_night(&engine.warehouse, engine.pipeline(), &request)?;
            lived.consolidation.next_night_at = next.map(rfc3339);
        }
        Ok(lived)
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

impl Operation for ReplayInto {
    type Answer = Replay;

    fn requirements(&self) -> Requirements {
        Requirements::CHANGE
    }

    fn answer(self, engine: &mut Engine, on_progress: &mut dyn FnMut(Progress)) -> Result<Replay> {
        engine.replay(&self.into, self.until, |done, all| {
            on_progress(Progress::Steps { done, all })
        })
    }
}
