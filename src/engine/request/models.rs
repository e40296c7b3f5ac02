//! The pipeline as a project.

use super::{AccessMode, Operation, Progress, Requirements, StoreNeeds};
use crate::engine::{Engine, NodeResult, RunArgs, RunReport};
use crate::error::Result;
use serde::{Deserialize, Serialize};

/// Make models.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunModels {
    /// Which and how.
    pub order: RunArgs,
    /// Build incremental models and caches anew.
    pub full_refresh: bool,
}

impl Operation for RunModels {
    type Answer = RunReport;

    fn requirements(&self) -> Requirements {
        Requirements {
            store: StoreNeeds::MadeWithoutViews,
            mode: AccessMode::Write,
        }
    }

    fn answer(
        self,
        engine: &mut Engine,
        on_progress: &mut dyn FnMut(Progress),
    ) -> Result<RunReport> {
        engine.run_models(&self.order, self.full_refresh, each(on_progress))
    }
}

/// Test the data.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TestModels {
    /// Which and how.
    pub order: RunArgs,
}

impl Operation for TestModels {
    type Answer = RunReport;

    fn requirements(&self) -> Requirements {
        Requirements {
            store: StoreNeeds::MadeOrReadable,
            mode: AccessMode::Read,
        }
    }

    fn answer(
        self,
        engine: &mut Engine,
        on_progress: &mut dyn FnMut(Progress),
    ) -> Result<RunReport> {
        engine.test_models(&self.order, each(on_progress))
    }
}

/// Tells what became of each.
fn each(on_progress: &mut dyn FnMut(Progress)) -> impl FnMut(&NodeResult, usize, usize) {
    |result, number, total| {
        on_progress(Progress::Node {
            result: result.clone(),
            number,
            total,
        })
    }
}
