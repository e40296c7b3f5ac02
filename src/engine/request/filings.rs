//! What is said about memories beside their words: filing, relations, cleanup, sessions.

use super::{Operation, Progress, Requirements, found};
use crate::engine::{
    Cleanup, CleanupRule, Engine, FilingChange, MemoryDetail, MemoryEvent, NewRelation,
    RelatedMemory, RelatedRule, RelationStep, SessionChange, SessionSummary,
};
use crate::error::Result;
use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

/// Change what a memory is filed as.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MoveMemory {
    /// Whose.
    pub mind: String,
    /// Its id or key.
    pub id: String,
    /// What changes.
    pub change: FilingChange,
    /// Who does it, where that is said.
    #[serde(default)]
    pub author: Option<String>,
    /// The clock, UTC.
    pub now: NaiveDateTime,
}

impl Operation for MoveMemory {
    type Answer = MemoryDetail;

    fn requirements(&self) -> Requirements {
        Requirements::CHANGE
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<MemoryDetail> {
        let (mind, id) = found(engine, &self.mind, &self.id)?;
        engine.file_memory(&mind, id, &self.change, self.author.as_deref(), self.now)
    }
}

/// Remember a deleted memory again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RestoreMemory {
    /// Whose.
    pub mind: String,
    /// Its id or key.
    pub id: String,
    /// Who does it, where that is said.
    #[serde(default)]
    pub author: Option<String>,
    /// The clock, UTC.
    pub now: NaiveDateTime,
}

impl Operation for RestoreMemory {
    type Answer = MemoryDetail;

    fn requirements(&self) -> Requirements {
        Requirements::CHANGE
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<MemoryDetail> {
        let (mind, id) = found(engine, &self.mind, &self.id)?;
        engine.restore_memory(&mind, id, self.author.as_deref(), self.now)
    }
}

/// Everything that happened to a memory.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MemoryHistory {
    /// Whose.
    pub mind: String,
    /// Its id or key.
    pub id: String,
}

impl Operation for MemoryHistory {
    type Answer = Vec<MemoryEvent>;

    fn requirements(&self) -> Requirements {
        Requirements::LOOK
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<Vec<MemoryEvent>> {
        let (mind, id) = found(engine, &self.mind, &self.id)?;
        engine.memory_history(&mind, id)
    }
}

/// Draw a relation between two memories.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LinkMemories {
    /// Whose.
    pub mind: String,
    /// From: an id or key.
    pub from: String,
    /// To: an id or key.
    pub to: String,
    /// The relation.
    pub relation: NewRelation,
    /// Who does it, where that is said.
    #[serde(default)]
    pub author: Option<String>,
    /// The clock, UTC.
    pub now: NaiveDateTime,
}

impl Operation for LinkMemories {
    type Answer = RelationStep;

    fn requirements(&self) -> Requirements {
        Requirements::CHANGE
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<RelationStep> {
        let (mind, from) = found(engine, &self.mind, &self.from)?;
        let to = engine.find_memory(&mind, &self.to)?;
        engine.link_memories(
            &mind,
            (from, to),
            &self.relation,
            self.author.as_deref(),
            self.now,
        )
    }
}

/// Remove the relations between two memories.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UnlinkMemories {
    /// Whose.
    pub mind: String,
    /// An id or key.
    pub from: String,
    /// An id or key.
    pub to: String,
    /// Only those of this kind.
    pub kind: Option<String>,
    /// Who does it, where that is said.
    #[serde(default)]
    pub author: Option<String>,
    /// The clock, UTC.
    pub now: NaiveDateTime,
}

impl Operation for UnlinkMemories {
    type Answer = u64;

    fn requirements(&self) -> Requirements {
        Requirements::CHANGE
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<u64> {
        let (mind, from) = found(engine, &self.mind, &self.from)?;
        let to = engine.find_memory(&mind, &self.to)?;
        engine.unlink_memories(
            &mind,
            (from, to),
            self.kind.as_deref(),
            self.author.as_deref(),
            self.now,
        )
    }
}

/// What a memory leads to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RelatedMemories {
    /// Whose.
    pub mind: String,
    /// Its id or key.
    pub id: String,
    /// What to follow.
    pub rule: RelatedRule,
    /// The clock, UTC.
    pub now: NaiveDateTime,
}

impl Operation for RelatedMemories {
    type Answer = Vec<RelatedMemory>;

    fn requirements(&self) -> Requirements {
        Requirements::LOOK
    }

    fn answer(
        self,
        engine: &mut Engine,
        _: &mut dyn FnMut(Progress),
    ) -> Result<Vec<RelatedMemory>> {
        let (mind, id) = found(engine, &self.mind, &self.id)?;
        engine.related_memories(&mind, id, &self.rule, self.now)
    }
}

/// Archive what is old, unimportant or weak.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CleanUp {
    /// Whose.
    pub mind: String,
    /// What.
    pub rule: CleanupRule,
    /// Only say what would be archived.
    pub dry_run: bool,
    /// Who does it, where that is said.
    #[serde(default)]
    pub author: Option<String>,
    /// The clock, UTC.
    pub now: NaiveDateTime,
}

impl Operation for CleanUp {
    type Answer = Cleanup;

    fn requirements(&self) -> Requirements {
        Requirements::CHANGE
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<Cleanup> {
        let mind = engine.mind(&self.mind)?;
        engine.clean_up(
            &mind,
            &self.rule,
            self.dry_run,
            self.author.as_deref(),
            self.now,
        )
    }
}

/// Take what a cleanup archived out of the archive.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UndoCleanup {
    /// Whose.
    pub mind: String,
    /// Its batch.
    pub batch: String,
    /// Who does it, where that is said.
    #[serde(default)]
    pub author: Option<String>,
    /// The clock, UTC.
    pub now: NaiveDateTime,
}

impl Operation for UndoCleanup {
    type Answer = Vec<i64>;

    fn requirements(&self) -> Requirements {
        Requirements::CHANGE
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<Vec<i64>> {
        let mind = engine.mind(&self.mind)?;
        engine.undo_cleanup(&mind, &self.batch, self.author.as_deref(), self.now)
    }
}

/// List the conversations of a mind.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListSessions {
    /// Whose.
    pub mind: String,
    /// At most this many.
    pub limit: u64,
    /// Leave out so many.
    pub offset: u64,
}

impl Operation for ListSessions {
    type Answer = Vec<SessionSummary>;

    fn requirements(&self) -> Requirements {
        Requirements::LOOK
    }

    fn answer(
        self,
        engine: &mut Engine,
        _: &mut dyn FnMut(Progress),
    ) -> Result<Vec<SessionSummary>> {
        let mind = engine.mind(&self.mind)?;
        engine.list_sessions(&mind, self.limit, self.offset)
    }
}

/// Say something about a conversation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SaveSession {
    /// Whose.
    pub mind: String,
    /// As memories name it.
    pub session: String,
    /// What is said.
    pub change: SessionChange,
    /// Who does it, where that is said.
    #[serde(default)]
    pub author: Option<String>,
    /// The clock, UTC.
    pub now: NaiveDateTime,
}

impl Operation for SaveSession {
    type Answer = SessionSummary;

    fn requirements(&self) -> Requirements {
        Requirements::CHANGE
    }

    fn answer(self, engine: &mut Engine, _: &mut dyn FnMut(Progress)) -> Result<SessionSummary> {
        let mind = engine.mind(&self.mind)?;
        engine.save_session(
            &mind,
            &self.session,
            &self.change,
            self.author.as_deref(),
            self.now,
        )
    }
}
