//! A project made ready: its models read and ordered, its recall queries parsed. All who ask share it.

use crate::cycle::Pipeline;

/// The models of a project with one set of parameters.
pub(super) struct ReadyModels {
    pipeline: Pipeline,
}

impl ReadyModels {
    pub(super) fn new(pipeline: Pipeline) -> ReadyModels {
        ReadyModels { pipeline }
    }

    pub(super) fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }
}
