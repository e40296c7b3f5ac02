//! Questions and orders as values: whoever owns the store answers them, in this process or in another one.
//!
//! # Layout
//!
//! A question is a struct with an [`Operation`]: what it needs, what answers it. [`Request`] is any of them, [`Reply`] any answer, and
//! [`Progress`] what is reported meanwhile; all three can be sent. One file a family:
//!
//! * `intake`: import, restore, export, snapshot
//! * `cycles`: consolidate, replay
//! * `enrich`: what models add
//! * `questions`: recall, insights, SQL
//! * `memories`: single memories; `filings`: what is said about them beside their words
//! * `facts`: facts about people
//! * `overview`: status, health, metrics, verify
//! * `models`: run, test
//! * `postgres`: intake, write-back, and how it stands with both
//! * `schedule`: what rhythms need to know
//!
//! To add a question: a struct with `Operation` in its family's file, and a line in the table at the end of this file.

mod cycles;
mod enrich;
mod facts;
mod filings;
mod intake;
mod memories;
mod models;
mod overview;
mod postgres;
mod questions;
mod schedule;

pub use cycles::{Consolidate, ReplayInto};
pub use enrich::EnrichPending;
pub use facts::{JudgeFact, ListFacts, SetFact};
pub use filings::{
    CleanUp, LinkMemories, ListSessions, MemoryHistory, MoveMemory, RelatedMemories, RestoreMemory,
    SaveSession, UndoCleanup, UnlinkMemories,
};
pub use intake::{ImportFiles, RestoreExport, TakeSnapshot, UndoImport, WriteExport};
pub use memories::{
    AddMemories, AddMemory, DeleteMemory, EditMemory, FindMind, ListMemories, ListMinds, ShowMemory,
};
pub use models::{RunModels, TestModels};
pub use overview::{CheckHealth, GetMetrics, GetStatus, VerifyStore};
pub use postgres::{GetPostgres, PublishDreams, SyncPostgres};
pub use questions::{
    BuildContext, ExplainMemory, FindInsights, Recall, RecallMany, SelectJson, SelectTable,
};
pub use schedule::{GetSchedule, PauseRhythms, ScheduleState};

use super::Engine;
use super::{CycleProgress, EnrichProgress, ImportProgress, Mind, NodeResult};
use crate::error::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};

/// How a store must be for a question to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreNeeds {
    /// It exists; one that cannot be written will do.
    Readable,
    /// It exists and can be written.
    Writable,
    /// It can be written; it is made where there is none.
    Made,
    /// It is made where there is none; one that cannot be written will do.
    MadeOrReadable,
    /// As [`Made`](StoreNeeds::Made), with views left to the question itself.
    MadeWithoutViews,
}

/// Beside whom a question can be answered, where one process answers many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessMode {
    /// Beside all others: it sees the last committed state and changes nothing but the log of what was recalled.
    Read,
    /// Beside those that read, after those that write.
    Write,
    /// Beside all others, waiting for a network or a model; where it writes, it takes its turn itself ([`Engine::writing`]).
    SelfManaged,
    /// Beside nobody: it puts another file in the store's place.
    Exclusive,
}

/// What a question needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requirements {
    /// How the store must be.
    pub store: StoreNeeds,
    /// Beside whom it can be answered.
    pub mode: AccessMode,
}

impl Requirements {
    /// A look at a store that exists.
    pub const LOOK: Requirements = Requirements {
        store: StoreNeeds::Readable,
        mode: AccessMode::Read,
    };
    /// A change to a store that exists.
    pub const CHANGE: Requirements = Requirements {
        store: StoreNeeds::Writable,
        mode: AccessMode::Write,
    };
    /// A change to a store that is made where there is none.
    pub const MAKE: Requirements = Requirements {
        store: StoreNeeds::Made,
        mode: AccessMode::Write,
    };
}

/// A question or an order, with what answers it.
pub trait Operation: Sized {
    /// The answer.
    type Answer;

    /// What it needs.
    fn requirements(&self) -> Requirements;

    /// Answers it; `on_progress` is called with how far it is.
    ///
    /// # Errors
    /// The question's own.
    fn answer(
        self,
        engine: &mut Engine,
        on_progress: &mut dyn FnMut(Progress),
    ) -> Result<Self::Answer>;
}

/// A question that can travel. The table below gives it to every one.
pub trait RemoteOperation: Operation + Clone {
    /// The question among all others.
    fn into_request(self) -> Request;

    /// Its answer among all others; none where the reply answers another question.
    fn from_reply(reply: Reply) -> Option<Self::Answer>;
}

/// How far something is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// An import.
    Import(ImportProgress),
    /// Nights lived through.
    Nights(CycleProgress),
    /// Steps of so many.
    Steps {
        /// Done.
        done: u64,
        /// There are.
        all: u64,
    },
    /// What models add.
    Enriched(EnrichProgress),
    /// Rows read or written.
    Rows(u64),
    /// A model or test that is done.
    Node {
        /// What became of it.
        result: NodeResult,
        /// Its number, from 1.
        number: usize,
        /// How many there are.
        total: usize,
    },
}

/// An error as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What it is called; decides its kind.
    pub code: ErrorCode,
    /// What happened, and where.
    pub what: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure {
            code: error.error_code(),
            what: error.to_string(),
            hint: error.next_step().map(str::to_owned),
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Error {
        let error = Error::new(failure.code.kind(), failure.what).code(failure.code);
        match failure.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

/// The mind called `name`, or all of them.
fn only(engine: &Engine, name: Option<&str>) -> Result<Option<Mind>> {
    name.map(|name| engine.mind(name)).transpose()
}

/// A memory of a mind, by its id or key.
fn found(engine: &Engine, mind: &str, id: &str) -> Result<(Mind, i64)> {
    let mind = engine.mind(mind)?;
    let id = engine.find_memory(&mind, id)?;
    Ok((mind, id))
}

/// Makes [`Request`] and [`Reply`] of the questions, and each of them [`RemoteOperation`].
macro_rules! requests {
    ($($question:ident: $command:literal,)*) => {
        /// Any question.
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[allow(missing_docs)]
        pub enum Request {
            $($question($question),)*
        }

        /// The answer to the question of the same name.
        // One exists at a time, so its size is no concern.
        #[derive(Debug, Serialize, Deserialize)]
        #[allow(missing_docs, clippy::large_enum_variant)]
        pub enum Reply {
            $($question(<$question as Operation>::Answer),)*
        }

        impl Request {
            /// What people call it: the command.
            pub fn command(&self) -> &'static str {
                match self {
                    $(Request::$question(_) => $command,)*
                }
            }
        }

        impl Operation for Request {
            type Answer = Reply;

            fn requirements(&self) -> Requirements {
                match self {
                    $(Request::$question(question) => question.requirements(),)*
                }
            }

            fn answer(self, engine: &mut Engine, on_progress: &mut dyn FnMut(Progress)) -> Result<Reply> {
                match self {
                    $(Request::$question(question) => question.answer(engine, on_progress).map(Reply::$question),)*
                }
            }
        }

        impl RemoteOperation for Request {
            fn into_request(self) -> Request {
                self
            }

            fn from_reply(reply: Reply) -> Option<Reply> {
                Some(reply)
            }
        }

        $(impl RemoteOperation for $question {
            fn into_request(self) -> Request {
                Request::$question(self)
            }

            fn from_reply(reply: Reply) -> Option<<$question as Operation>::Answer> {
                match reply {
                    Reply::$question(answer) => Some(answer),
                    _ => None,
                }
            }
        })*
    };
}

requests! {
    ImportFiles: "import",
    UndoImport: "import-undo",
    RestoreExport: "import",
    WriteExport: "export",
    TakeSnapshot: "snapshot",
    Consolidate: "consolidate",
    EnrichPending: "enrich",
    ReplayInto: "replay",
    Recall: "query",
    RecallMany: "query --batch",
    BuildContext: "context",
    FindInsights: "insights",
    ExplainMemory: "explain",
    SelectTable: "sql",
    SelectJson: "sql",
    FindMind: "query --batch",
    AddMemory: "memory add",
    AddMemories: "memory add",
    ListMinds: "minds",
    ShowMemory: "memory show",
    ListMemories: "memory list",
    EditMemory: "memory edit",
    DeleteMemory: "memory delete",
    MoveMemory: "memory move",
    RestoreMemory: "memory restore",
    MemoryHistory: "memory history",
    LinkMemories: "memory link",
    UnlinkMemories: "memory unlink",
    RelatedMemories: "memory related",
    CleanUp: "memory cleanup",
    UndoCleanup: "memory cleanup",
    ListSessions: "memory sessions",
    SaveSession: "memory sessions",
    ListFacts: "facts",
    SetFact: "facts set",
    JudgeFact: "facts retract",
    GetStatus: "status",
    CheckHealth: "health",
    GetMetrics: "metrics",
    VerifyStore: "verify",
    RunModels: "run",
    TestModels: "test",
    SyncPostgres: "intake",
    PublishDreams: "write-back",
    GetPostgres: "health",
    GetSchedule: "schedule list",
    PauseRhythms: "schedule pause",
}
