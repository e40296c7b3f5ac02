//! The store at a glance, and whether it is well.

use super::{AccessMode, Operation, Progress, Requirements, StoreNeeds, only};
use crate::engine::{Engine, HealthCheck, Metrics, Status, Verification};
use crate::error::Result;
use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

/// What the store holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GetStatus {
    /// Only this mind.
    pub mind: Option<String>,
}

impl Operation for GetStatus {
    type Answer = Status;

    fn requirements(&self) -> Requirements {
        Requirements::LOOK
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
    /// What time it is, UTC.
    pub now: NaiveDateTime,
}

impl Operation for CheckHealth {
    type Answer = Vec<HealthCheck>;

    fn requirements(&self) -> Requirements {
        Requirements::LOOK
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<Vec<HealthCheck>> {
        let mind = only(engine, self.mind.as_deref())?;
        engine.health(mind.as_ref(), self.now)
    }
}

/// What cycles cost.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GetMetrics {
    /// Since this moment of the wall clock, UTC.
    pub since: NaiveDateTime,
}

impl Operation for GetMetrics {
    type Answer = Metrics;

    fn requirements(&self) -> Requirements {
        Requirements::LOOK
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

impl Operation for VerifyStore {
    type Answer = Verification;

    /// Caches are computed again, and that is taken back: nobody may write them meanwhile.
    fn requirements(&self) -> Requirements {
        Requirements {
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
