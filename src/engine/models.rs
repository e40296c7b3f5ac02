//! A project made ready: its models read and ordered, its recall queries parsed once. All who ask share it.

use crate::cycle::Pipeline;
use crate::error::Result;
use crate::recall::Queries;
use std::sync::OnceLock;

/// The models of a project with one set of parameters.
pub(super) struct ReadyModels {
    pipeline: Pipeline,
    /// Parsed when the first question comes.
    queries: OnceLock<Queries>,
}

impl ReadyModels {
    pub(super) fn new(pipeline: Pipeline) -> ReadyModels {
        ReadyModels {
            pipeline,
            queries: OnceLock::new(),
        }
    }

    pub(super) fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }

    /// The recall queries.
    ///
    /// # Errors
    /// Usage when a template is wrong.
    pub(super) fn queries(&self) -> Result<&Queries> {
        if let Some(queries) = self.queries.get() {
            return Ok(queries);
        }
        let queries = Queries::new(
            self.pipeline.renderer().project(),
            self.pipeline.parameters(),
        )?;
        Ok(self.queries.get_or_init(|| queries))
    }
}
