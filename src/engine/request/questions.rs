//! Questions to the memory: recall, insights, lineage, SQL.

use super::{AccessMode, Operation, Progress, Requirements, found, only};
use crate::engine::{
    ActivationLogging, Answer, ContextBlock, Cut, Engine, Filter, Insight, InsightFilter, Lineage,
    Period, Presentation, Question, ReadQuery, Table,
};
use crate::error::{Error, Result};
use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

/// Ask one mind.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Recall {
    /// Its name.
    pub mind: String,
    /// The words asked.
    pub text: String,
    /// At most this many results, at least 1.
    pub k: usize,
    /// The moment of asking, UTC.
    pub as_of: NaiveDateTime,
    /// Whether results say why they came up.
    pub explain: bool,
    /// How relevant a memory has to be to be given.
    #[serde(default)]
    pub cut: Cut,
    /// Which memories may come up.
    #[serde(default)]
    pub filter: Filter,
    /// What is done with those that did.
    #[serde(default)]
    pub presentation: Presentation,
    /// Why this memory, by id or key, is not among the results.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
    /// What the answer leaves in the raw log.
    pub activation_logging: ActivationLogging,
}

impl Recall {
    /// A plain question for at most ten results.
    pub fn new(mind: String, text: String, as_of: NaiveDateTime) -> Recall {
        Recall {
            mind,
            text,
            k: 10,
            as_of,
            explain: false,
            cut: Cut::Off,
            filter: Filter::default(),
            presentation: Presentation::default(),
            why_not: None,
            activation_logging: ActivationLogging::Retrieved,
        }
    }
}

impl Operation for Recall {
    type Answer = Answer;

    /// What helped is written before the answer is given; what only came up may be written later.
    fn requirements(&self) -> Requirements {
        match self.activation_logging {
            ActivationLogging::Used => Requirements {
                mode: AccessMode::Write,
                ..Requirements::LOOK
            },
            ActivationLogging::None | ActivationLogging::Retrieved => Requirements::LOOK,
        }
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<Answer> {
        let mind = engine.mind(&self.mind)?;
        if self.activation_logging == ActivationLogging::Used && !engine.is_writable() {
            return Err(
                Error::usage("--use cannot be logged: the store cannot be written")
                    .hint("make the file writable, or ask without --use"),
            );
        }
        let mut presentation = self.presentation;
        if let Some(id) = &self.why_not {
            presentation.why_not = Some(found(engine, &self.mind, id)?.1);
        }
        let question = Question {
            text: self.text,
            mind: mind.id,
            k: self.k,
            as_of: self.as_of,
            explain: self.explain,
            cut: self.cut,
            filter: self.filter,
            presentation,
        };
        engine.query(&mind, &question, self.activation_logging)
    }
}

/// Ask many questions; nothing is logged.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RecallMany {
    /// The questions.
    pub questions: Vec<Question>,
}

impl Operation for RecallMany {
    type Answer = Vec<Answer>;

    fn requirements(&self) -> Requirements {
        Requirements::LOOK
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<Vec<Answer>> {
        engine.query_batch(&self.questions)
    }
}

/// Ask what to know when a conversation starts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BuildContext {
    /// Whose memories.
    pub mind: String,
    /// How long the block may be, in tokens of four characters.
    pub budget: usize,
    /// The clock, UTC.
    pub as_of: NaiveDateTime,
}

impl Operation for BuildContext {
    type Answer = ContextBlock;

    fn requirements(&self) -> Requirements {
        Requirements::LOOK
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<ContextBlock> {
        let mind = engine.mind(&self.mind)?;
        engine.context(&mind, self.budget, self.as_of)
    }
}

/// Ask what the memories of a period say that nobody asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FindInsights {
    /// The period.
    pub period: Period,
    /// Only this mind.
    pub mind: Option<String>,
    /// Which of them.
    #[serde(default)]
    pub filter: InsightFilter,
}

impl Operation for FindInsights {
    type Answer = Vec<Insight>;

    fn requirements(&self) -> Requirements {
        Requirements::LOOK
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<Vec<Insight>> {
        let mind = only(engine, self.mind.as_deref())?;
        engine.insights(self.period, mind.as_ref(), &self.filter)
    }
}

/// Ask where a memory comes from and what became of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ExplainMemory {
    /// Its mind.
    pub mind: String,
    /// Its id or key.
    pub id: String,
}

impl Operation for ExplainMemory {
    type Answer = Lineage;

    fn requirements(&self) -> Requirements {
        Requirements::LOOK
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<Lineage> {
        let (mind, id) = found(engine, &self.mind, &self.id)?;
        engine.explain(&mind, id)
    }
}

/// Ask in SQL, for a table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SelectTable {
    /// The query.
    pub query: ReadQuery,
}

impl Operation for SelectTable {
    type Answer = Table;

    fn requirements(&self) -> Requirements {
        Requirements::LOOK
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<Table> {
        engine.sql(&self.query)
    }
}

/// Ask in SQL, for a JSON object a row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SelectJson {
    /// The query.
    pub query: ReadQuery,
}

impl Operation for SelectJson {
    type Answer = Vec<String>;

    fn requirements(&self) -> Requirements {
        Requirements::LOOK
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<Vec<String>> {
        engine.sql_json(&self.query)
    }
}
