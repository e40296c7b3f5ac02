//! The pipeline as a project.

use super::{Ask, Needs, Progress, StoreNeeds, Turn};
use crate::engine::{Engine, RunReport, RunRequest, TestRequest};
use crate::error::Result;
use serde::{Deserialize, Serialize};

/// Make models.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunModels {
    /// Which and how.
    pub request: RunRequest,
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
        engine.run_models(&self.request, |ran, number, total| {
            heard(Progress::Ran {
                ran: ran.clone(),
                number,
                total,
            })
        })
    }
}

/// Test the data.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TestModels {
    /// What and how.
    pub request: TestRequest,
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
        engine.test_models(&self.request, |ran, number, total| {
            heard(Progress::Ran {
                ran: ran.clone(),
                number,
                total,
            })
        })
    }
}
