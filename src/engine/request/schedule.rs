//! What a schedule needs to know of the store.

use super::{Operation, Progress, Requirements};
use crate::engine::Engine;
use crate::error::Result;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a schedule depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleState {
    /// The IANA names of the zones that minds live in.
    pub zones: Vec<String>,
    /// The rhythms that rest.
    pub paused: BTreeSet<String>,
}

/// Ask what a schedule depends on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GetSchedule {}

impl Operation for GetSchedule {
    type Answer = ScheduleState;

    fn requirements(&self) -> Requirements {
        Requirements::LOOK
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<ScheduleState> {
        Ok(ScheduleState {
            zones: engine.zones()?.iter().map(|z| z.name().into()).collect(),
            paused: engine.paused_rhythms()?,
        })
    }
}

/// Have rhythms rest, or go on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PauseRhythms {
    /// Their names.
    pub names: Vec<String>,
    /// Whether they rest from now on.
    pub rest: bool,
}

impl Operation for PauseRhythms {
    type Answer = BTreeSet<String>;

    fn requirements(&self) -> Requirements {
        Requirements::MAKE
    }

    /// Answers with all that rest.
    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<BTreeSet<String>> {
        let mut paused = engine.paused_rhythms()?;
        for name in self.names {
            match self.rest {
                true => paused.insert(name),
                false => paused.remove(&name),
            };
        }
        engine.set_paused_rhythms(&paused)?;
        Ok(paused)
    }
}
