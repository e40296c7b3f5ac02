//! The store at a glance, and whether it is well.

use super::{AccessMode, Ask, Needs, Progress, StoreNeeds, only};
use crate::engine::{Engine, HealthCheck, Metrics, Status, Verification};
use crate::error::Result;
use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

/// What the store holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadStatus {
    /// Only this mind.
    pub mind: Option<String>,
}

impl Ask for ReadStatus {
    type Answer = Status;

    fn needs(&self) -> Needs {
        Needs::LOOK
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<Status> {
        let mind = only(engine, self.mind.as_deref())?;
        engine.status(mind.as_ref())
    }
}

/// Every check of every mind.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CheckHealth {
    /// Only this mind.
    pub mind: Option<String>,
}

impl Ask for CheckHealth {
    type Answer = Vec<HealthCheck>;

    fn needs(&self) -> Needs {
        Needs::LOOK
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<Vec<HealthCheck>> {
        let mind = only(engine, self.mind.as_deref())?;
        engine.health(mind.as_ref())
    }
}

/// What cycles cost.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadMetrics {
    /// Since this moment of the wall clock, UTC.
    pub since: NaiveDateTime,
}

impl Ask for ReadMetrics {
    type Answer = Metrics;

    fn needs(&self) -> Needs {
        Needs::LOOK
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<Metrics> {
        engine.metrics(self.since)
    }
}

/// Check the invariants.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VerifyStore {
    /// Only this mind's counts.
    pub mind: Option<String>,
}

impl Ask for VerifyStore {
    type Answer = Verification;

    /// Caches are computed again, and that is taken back: nobody may write them meanwhile.
    fn needs(&self) -> Needs {
        Needs {
            store: StoreNeeds::Readable,
            mode: AccessMode::Write,
        }
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<Verification> {
        let mind = only(engine, self.mind.as_deref())?;
        let mut found = engine.verify()?;
        if let Some(mind) = mind {
            found.minds.retain(|name, _| *name == mind.name);
        }
        Ok(found)
    }
}
