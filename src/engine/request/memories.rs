//! Single memories.

use super::{Operation, Progress, Requirements, found};
use crate::engine::{Added, Engine, MemoryDetail, MemoryFilter, MemorySummary, Mind, NewMemory};
use crate::error::Result;
use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

/// Find a mind by its name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FindMind {
    /// Its name.
    pub name: String,
}

impl Operation for FindMind {
    type Answer = Mind;

    fn requirements(&self) -> Requirements {
        Requirements::LOOK
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<Mind> {
        engine.mind(&self.name)
    }
}

/// Remember something.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AddMemory {
    /// What.
    pub new: NewMemory,
    /// The clock, UTC.
    pub now: NaiveDateTime,
}

impl Operation for AddMemory {
    type Answer = Added;

    fn requirements(&self) -> Requirements {
        Requirements::MAKE
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<Added> {
        engine.add_memory(&self.new, self.now)
    }
}

/// Remember several things at once: all of them or none.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AddMemories {
    /// What; of one mind or several.
    pub new: Vec<NewMemory>,
    /// The clock, UTC.
    pub now: NaiveDateTime,
}

impl Operation for AddMemories {
    type Answer = Vec<Added>;

    fn requirements(&self) -> Requirements {
        Requirements::MAKE
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<Vec<Added>> {
        engine.add_memories(&self.new, self.now)
    }
}

/// Every mind of the store, by name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListMinds {}

impl Operation for ListMinds {
    type Answer = Vec<Mind>;

    fn requirements(&self) -> Requirements {
        Requirements::LOOK
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<Vec<Mind>> {
        engine.minds()
    }
}

/// Look at a memory.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShowMemory {
    /// Its mind.
    pub mind: String,
    /// Its id or key.
    pub id: String,
    /// The clock, UTC.
    pub now: NaiveDateTime,
    /// Whether looking counts as using it.
    pub used: bool,
}

impl Operation for ShowMemory {
    type Answer = MemoryDetail;

    fn requirements(&self) -> Requirements {
        Requirements::LOOK
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<MemoryDetail> {
        let (mind, id) = found(engine, &self.mind, &self.id)?;
        match self.used {
            true => engine.show_memory(&mind, id, self.now),
            false => engine.memory(&mind, id),
        }
    }
}

/// List the newest memories.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListMemories {
    /// Whose.
    pub mind: String,
    /// Which.
    #[serde(default)]
    pub filter: MemoryFilter,
    /// Those after this place: what [`MemorySummary::place`] says of the last one of the page before.
    #[serde(default)]
    pub after: Option<String>,
    /// At most this many.
    pub limit: u64,
}

impl Operation for ListMemories {
    type Answer = Vec<MemorySummary>;

    fn requirements(&self) -> Requirements {
        Requirements::LOOK
    }

    fn answer(
        self,
        engine: &mut Engine,
        _: &mut dyn FnMut(Progress),
    ) -> Result<Vec<MemorySummary>> {
        let mind = engine.mind(&self.mind)?;
        engine.list_memories(&mind, &self.filter, self.after.as_deref(), self.limit)
    }
}

/// Change what a memory says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EditMemory {
    /// Its mind.
    pub mind: String,
    /// Its id or key.
    pub id: String,
    /// What it says from now on.
    pub text: String,
    /// Who edits it, where that is said.
    #[serde(default)]
    pub author: Option<String>,
    /// The clock, UTC.
    pub now: NaiveDateTime,
}

impl Operation for EditMemory {
    type Answer = MemoryDetail;

    fn requirements(&self) -> Requirements {
        Requirements::CHANGE
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<MemoryDetail> {
        let (mind, id) = found(engine, &self.mind, &self.id)?;
        engine.edit_memory(&mind, id, &self.text, self.author.as_deref(), self.now)
    }
}

/// Delete a memory.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeleteMemory {
    /// Its mind.
    pub mind: String,
    /// Its id or key.
    pub id: String,
    /// Why.
    pub reason: String,
    /// Who deletes it, where that is said.
    #[serde(default)]
    pub author: Option<String>,
    /// The clock, UTC.
    pub now: NaiveDateTime,
}

impl Operation for DeleteMemory {
    type Answer = MemoryDetail;

    fn requirements(&self) -> Requirements {
        Requirements::CHANGE
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<MemoryDetail> {
        let (mind, id) = found(engine, &self.mind, &self.id)?;
        engine.delete_memory(&mind, id, &self.reason, self.author.as_deref(), self.now)
    }
}
