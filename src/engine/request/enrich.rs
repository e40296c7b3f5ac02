//! What models add.

use super::{AccessMode, Ask, Needs, Progress, StoreNeeds};
use crate::engine::{Engine, EnrichReport, EnrichRequest};
use crate::error::Result;
use serde::{Deserialize, Serialize};

/// Make up what models owe.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EnrichPending {
    /// What.
    pub request: EnrichRequest,
}

impl Ask for EnrichPending {
    type Answer = EnrichReport;

    fn needs(&self) -> Needs {
        // It waits for models, and takes the turn to write only where it records.
        Needs {
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
