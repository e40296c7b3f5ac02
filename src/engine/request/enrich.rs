//! What models add.

use super::{AccessMode, Operation, Progress, Requirements, StoreNeeds};
use crate::engine::{Engine, EnrichReport, EnrichRequest};
use crate::error::Result;
use serde::{Deserialize, Serialize};

/// Make up what models owe.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EnrichPending {
    /// What.
    pub request: EnrichRequest,
}

impl Operation for EnrichPending {
    type Answer = EnrichReport;

    fn requirements(&self) -> Requirements {
        // It waits for models, and takes the turn to write only where it records.
        Requirements {
            store: StoreNeeds::Writable,
            mode: AccessMode::SelfManaged,
        }
    }

    fn answer(
        self,
        engine: &mut Engine,
        on_progress: &mut dyn FnMut(Progress),
    ) -> Result<EnrichReport> {
        engine.enrich_pending_tasks(&self.request, |advance| {
            on_progress(Progress::Enriched(advance))
        })
    }
}
