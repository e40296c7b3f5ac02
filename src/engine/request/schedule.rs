//! What a schedule needs to know of the store.

use super::{Ask, Needs, Progress};
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
pub struct ReadSchedule {}

impl Ask for ReadSchedule {
    type Answer = ScheduleState;

    fn needs(&self) -> Needs {
        Needs::LOOK
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
pub struct RestRhythms {
    /// Their names.
    pub names: Vec<String>,
    /// Whether they rest from now on.
    pub rest: bool,
}

impl Ask for RestRhythms {
    type Answer = BTreeSet<String>;

    fn needs(&self) -> Needs {
        Needs::MAKE
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
