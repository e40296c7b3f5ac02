//! A project made ready: its models read and ordered, its recall queries parsed. All who ask share it.

use crate::cycle::Pipeline;
use crate::error::Result;
use crate::project::Generation;
use std::sync::Arc;

/// The models of a project with one set of parameters.
pub(super) struct ReadyModels {
    pipeline: Arc<Pipeline>,
}

impl ReadyModels {
    pub(super) fn new(pipeline: Pipeline) -> ReadyModels {
        ReadyModels {
            pipeline: Arc::new(pipeline),
        }
    }

    /// The same as nights of a store of `generation` have them.
    pub(super) fn in_generation(&self, generation: Generation) -> Result<ReadyModels> {
        Ok(ReadyModels {
            pipeline: self.pipeline.clone().in_generation(generation)?,
        })
    }

    pub(super) fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }
}
