//! The pipeline as a project.

use super::{Ask, Needs, Progress, StoreNeeds, Turn};
use crate::engine::{Engine, Order, Ran, RunReport};
use crate::error::Result;
use serde::{Deserialize, Serialize};

/// Make models.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunModels {
    /// Which and how.
    pub order: Order,
    /// Build incremental models and caches anew.
    pub full_refresh: bool,
}

impl Ask for RunModels {
    type Answer = RunReport;

    fn needs(&self) -> Needs {
        Needs {
            store: StoreNeeds::MadeWithoutViews,
            turn: Turn::Writing,
        }
    }

    fn answer(self, engine: &mut Engine, heard: &mut dyn FnMut(Progress)) -> Result<RunReport> {
        engine.run_models(&self.order, self.full_refresh, each(heard))
    }
}

/// Test the data.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TestModels {
    /// Which and how.
    pub order: Order,
}

impl Ask for TestModels {
    type Answer = RunReport;

    fn needs(&self) -> Needs {
        Needs {
            store: StoreNeeds::MadeOrReadable,
            turn: Turn::Reading,
        }
    }

    fn answer(self, engine: &mut Engine, heard: &mut dyn FnMut(Progress)) -> Result<RunReport> {
        engine.test_models(&self.order, each(heard))
    }
}

/// Tells what became of each.
fn each(heard: &mut dyn FnMut(Progress)) -> impl FnMut(&Ran, usize, usize) {
    |ran, number, total| {
        heard(Progress::Ran {
            ran: ran.clone(),
            number,
            total,
        })
    }
}
