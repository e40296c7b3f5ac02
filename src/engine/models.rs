//! A project made ready: its models read and ordered, its recall queries parsed. All who ask share it.

use crate::cycle::Pipeline;
use crate::error::Result;
use crate::project::Generation;
use crate::recall::Resident;
use std::sync::Arc;

/// The models of a project with one set of parameters.
pub(super) struct ReadyModels {
    pipeline: Arc<Pipeline>,
    /// The minds that are asked with them, kept in memory.
    resident: Resident,
}

impl ReadyModels {
    pub(super) fn new(pipeline: Pipeline) -> ReadyModels {
        ReadyModels {
            pipeline: Arc::new(pipeline),
            resident: Resident::default(),
        }
    }

    /// The same as nights of a store of `generation` have them.
    pub(super) fn in_generation(&self, generation: Generation) -> Result<ReadyModels> {
        Ok(ReadyModels {
            pipeline: self.pipeline.clone().in_generation(generation)?,
            resident: Resident::default(),
        })
    }

    pub(super) fn resident(&self) -> &Resident {
        &self.resident
    }

    pub(super) fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }
}
