//! Facts about people.

use super::{Operation, Progress, Requirements};
use crate::engine::{Engine, FactFilter, FactJudgement, NewFact, ShownFact};
use crate::error::Result;
use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

/// What holds, held or is planned.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListFacts {
    /// Whose.
    pub mind: String,
    /// Which.
    pub filter: FactFilter,
    /// The clock, UTC.
    pub now: NaiveDateTime,
}

impl Operation for ListFacts {
    type Answer = Vec<ShownFact>;

    fn requirements(&self) -> Requirements {
        Requirements::LOOK
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<Vec<ShownFact>> {
        let mind = engine.mind(&self.mind)?;
        engine.facts(&mind, &self.filter, self.now)
    }
}

/// Say by hand what is so.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetFact {
    /// Whose.
    pub mind: String,
    /// What.
    pub new: NewFact,
    /// Who says so, where that is said.
    #[serde(default)]
    pub author: Option<String>,
    /// The clock, UTC.
    pub now: NaiveDateTime,
}

impl Operation for SetFact {
    type Answer = Vec<ShownFact>;

    fn requirements(&self) -> Requirements {
        Requirements::CHANGE
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<Vec<ShownFact>> {
        let mind = engine.mind(&self.mind)?;
        engine.set_fact(&mind, &self.new, self.author.as_deref(), self.now)
    }
}

/// Retract, confirm or correct a fact.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JudgeFact {
    /// Whose.
    pub mind: String,
    /// The fact's name.
    pub id: String,
    /// What is said of it.
    pub judgement: FactJudgement,
    /// Who says so, where that is said.
    #[serde(default)]
    pub author: Option<String>,
    /// The clock, UTC.
    pub now: NaiveDateTime,
}

impl Operation for JudgeFact {
    type Answer = Vec<ShownFact>;

    fn requirements(&self) -> Requirements {
        Requirements::CHANGE
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<Vec<ShownFact>> {
        let mind = engine.mind(&self.mind)?;
        engine.judge_fact(
            &mind,
            &self.id,
            &self.judgement,
            self.author.as_deref(),
            self.now,
        )
    }
}
