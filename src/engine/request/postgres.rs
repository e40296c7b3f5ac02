//! PostgreSQL beside the store.

use super::{AccessMode, Ask, Needs, Progress, StoreNeeds};
use crate::engine::{Engine, IntakeReport, IntakeRequest, PostgresHealth, WriteBack};
use crate::error::Result;
use serde::{Deserialize, Serialize};

/// Take in what changed in PostgreSQL. It waits for a network, and takes the turn to write itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TakeIn {
    /// How.
    pub request: IntakeRequest,
}

impl Ask for TakeIn {
    /// None where no PostgreSQL is configured.
    type Answer = Option<IntakeReport>;

    fn needs(&self) -> Needs {
        Needs {
            store: StoreNeeds::Made,
            mode: AccessMode::SelfManaged,
        }
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<Self::Answer> {
        engine.take_in(self.request)
    }
}

/// Publish what cycles changed. It waits for a network, and takes the turn to write itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PublishDreams {
    /// Replace what another store has published.
    pub take_over: bool,
}

impl Ask for PublishDreams {
    /// None where nobody asked for write-back.
    type Answer = Option<WriteBack>;

    fn needs(&self) -> Needs {
        Needs {
            store: StoreNeeds::Writable,
            mode: AccessMode::SelfManaged,
        }
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<Self::Answer> {
        engine.write_back(self.take_over)
    }
}

/// How it stands with PostgreSQL, as far as the store knows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadPostgres {}

impl Ask for ReadPostgres {
    /// None where no PostgreSQL is configured.
    type Answer = Option<PostgresHealth>;

    fn needs(&self) -> Needs {
        Needs::LOOK
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<Self::Answer> {
        engine.postgres_health()
    }
}
