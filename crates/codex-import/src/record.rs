//! What a reader gives: records, and everything that is none.

use std::path::{Path, PathBuf};

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One memory as a file tells it, before it has an id or a mind.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The record's own name. `None` where the format gives none.
    pub key: Option<String>,
    /// Within what the key names one record.
    pub scope: Scope,
    /// What was said or written: never blank, free of NUL, at most [`crate::MAX_CONTENT_BYTES`].
    pub content: String,
    /// The content as earlier versions of the reader gave it, where that was another: the same record all the same.
    pub former: Option<String>,
    /// When it happened, in UTC with microseconds, years 1 to 9999. `None` where the file does not say.
    pub created_at: Option<NaiveDateTime>,
    /// Where that was found.
    pub time_from: TimeFrom,
    /// Who said it.
    pub speaker: Option<String>,
    /// The conversation it belongs to.
    pub session: Option<String>,
    /// The session is named after the file, and tells nothing that the file does not.
    pub session_from_file: bool,
    /// The mind it asks to go into.
    pub mind: Option<String>,
    /// Everything else the record held.
    pub metadata: Map<String, Value>,
    /// A change of the metadata alone is an edit: so with records that people and programs write as they are, not with what
    /// platforms add to a message.
    pub metadata_counts: bool,
    /// Where it was read.
    pub origin: Origin,
}

/// Within what a key names one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Everywhere: a UUID and its like.
    Everywhere,
    /// The conversation, which `session` names.
    Conversation,
    /// The collection of records it lies in, which is a file at first, wherever that goes.
    Collection,
}

/// Where a time was found, the best source first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeFrom {
    /// The record itself.
    #[default]
    Record,
    /// Records beside it, or the conversation.
    Conversation,
    /// A heading.
    Heading,
    /// A note's front matter.
    FrontMatter,
    /// The file's name.
    FileName,
    /// When the file was changed.
    File,
}

impl TimeFrom {
    /// For the metadata; nothing for the plain case.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Record => None,
            Self::Conversation => Some("conversation"),
            Self::Heading => Some("heading"),
            Self::FrontMatter => Some("front matter"),
            Self::FileName => Some("file name"),
            Self::File => Some("file"),
        }
    }
}

/// Where a record was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The file, as it was reached from the given path; within a zip, below the zip's own name.
    pub file: PathBuf,
    /// The record's first line, from 1. A message inside a JSON conversation has the conversation's line.
    pub line: usize,
}

/// A record, or a whole file, that cannot go in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1; 1 when the file as a whole is meant.
    pub line: usize,
    /// The column in bytes, from 1, where the format knows it.
    pub column: Option<usize>,
    /// What is wrong and what to do.
    pub reason: String,
    /// The record as a line of JSON that can be repaired and imported, where there is enough of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
}

/// Something to know about a file or directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The file or directory.
    pub file: PathBuf,
    /// The line it is about; `None` when the note is about the whole file or directory.
    pub line: Option<usize>,
    /// What was left out or assumed, and why.
    pub text: String,
}

/// An entry that is no memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// One of [`LEFT_OUT_KINDS`].
    pub kind: &'static str,
    /// Where it was read.
    pub origin: Origin,
}

/// Kinds of entries that are no memories, and what they are. `--include` takes them in.
pub const LEFT_OUT_KINDS: [(&str, &str); 13] = [
    (
        "notices",
        "what a platform says: who joined, calls, encryption, pinned messages",
    ),
    (
        "media",
        "placeholders of pictures, recordings and files without words",
    ),
    ("deleted", "messages that were deleted"),
    (
        "harness",
        "notes of a program to its model, command output, errors of its service",
    ),
    ("tools", "tool calls and what they returned"),
    ("thinking", "a model's thoughts"),
    (
        "summaries",
        "summaries of a conversation made to shorten it",
    ),
    ("subagents", "what agents told one another"),
    ("branches", "branches of a conversation that were left"),
    (
        "hidden",
        "messages the user never saw, system prompts, custom instructions",
    ),
    ("bots", "messages of bots and integrations"),
    (
        "bookkeeping",
        "entries without words: settings, snapshots, links",
    ),
    ("blank", "empty sections, templates"),
];

/// What a reader finds, in the order of the files and of their lines.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A memory.
    Record(Box<Record>),
    /// Something that should have been a memory and is not.
    Rejection(Rejection),
    /// Something to know about a file.
    Note(Note),
    /// Something that is no memory.
    LeftOut(LeftOut),
}

impl Item {
    pub(crate) fn reject(
        file: &Path,
        line: usize,
        column: Option<usize>,
        reason: impl Into<String>,
    ) -> Self {
        Self::Rejection(Rejection {
            file: file.to_path_buf(),
            line,
            column,
            reason: reason.into(),
            record: None,
        })
    }

    pub(crate) fn note(file: &Path, line: Option<usize>, text: impl Into<String>) -> Self {
        Self::Note(Note {
            file: file.to_path_buf(),
            line,
            text: text.into(),
        })
    }

    pub(crate) fn left_out(kind: &'static str, origin: &Origin) -> Self {
        Self::LeftOut(LeftOut {
            kind,
            origin: origin.clone(),
        })
    }
}
