//! PostgreSQL beside the store.

use super::{AccessMode, Operation, Progress, Requirements, StoreNeeds};
use crate::engine::{Engine, IntakeReport, IntakeRequest, PostgresHealth, WriteBack};
use crate::error::Result;
use serde::{Deserialize, Serialize};

/// Take in what changed in PostgreSQL. It waits for a network, and takes the turn to write itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SyncPostgres {
    /// How.
    pub request: IntakeRequest,
}

impl Operation for SyncPostgres {
    /// None where no PostgreSQL is configured.
    type Answer = Option<IntakeReport>;

    fn requirements(&self) -> Requirements {
        Requirements {
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

impl Operation for PublishDreams {
    /// None where nobody asked for write-back.
    type Answer = Option<WriteBack>;

    fn requirements(&self) -> Requirements {
        Requirements {
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
pub struct GetPostgres {}

impl Operation for GetPostgres {
    /// None where no PostgreSQL is configured.
    type Answer = Option<PostgresHealth>;

    fn requirements(&self) -> Requirements {
        Requirements::LOOK
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<Self::Answer> {
        engine.postgres_health()
    }
}
