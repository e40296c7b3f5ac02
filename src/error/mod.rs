//! One error type for the library: what happened, what to do next, and which exit code it means.

mod code;

pub use code::ErrorCode;

use serde::{Deserialize, Serialize};
use std::fmt;

/// What kind of failure it is; decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// A model, test or check failed (exit code 1).
    Failed,
    /// Usage or configuration: the caller can mend it (exit code 2).
    Usage,
    /// A needed service, or the owner of the file, is not available (exit code 3).
    Unavailable,
}

impl ErrorKind {
    /// The process's exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            ErrorKind::Failed => 1,
            ErrorKind::Usage => 2,
            ErrorKind::Unavailable => 3,
        }
    }
}

/// An error written for the person who sees it.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    what: String,
    hint: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
    code: ErrorCode,
}

/// The library's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of `kind`; `what` says what happened and where.
    pub fn new(kind: ErrorKind, what: impl Into<String>) -> Self {
        Error {
            kind,
            what: what.into(),
            hint: None,
            source: None,
            code: kind.into(),
        }
    }

    /// A check, model or write that failed (exit code 1).
    pub fn failed(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Failed, what)
    }

    /// Wrong usage or configuration (exit code 2).
    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, what)
    }

    /// Something needed is not there (exit code 3).
    pub fn unavailable(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, what)
    }

    /// StoreCoordination of codex's own are at work for longer than one waits (exit code 3).
    pub fn busy(what: impl Into<String>) -> Self {
        Self::unavailable(what).code(ErrorCode::Busy)
    }

    /// Whether others of codex's own are at work, and no service is away.
    pub fn is_busy(&self) -> bool {
        self.code == ErrorCode::Busy
    }

    /// Calls it by a code, which decides its kind too.
    pub fn code(mut self, code: ErrorCode) -> Self {
        self.kind = code.kind();
        self.code = code;
        self
    }

    /// What it is called.
    pub fn error_code(&self) -> ErrorCode {
        self.code
    }

    /// Adds what to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds where it happened, in front.
    pub fn context(mut self, place: impl fmt::Display) -> Self {
        self.what = format!("{place}: {}", self.what);
        self
    }

    /// Adds the cause.
    pub fn caused_by(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// Its kind.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What to do next, where there is something to say.
    pub fn next_step(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|s| s as _)
    }
}

/// Whether an error of DuckDB's means that this machine's disk is full, or the file larger than it may be.
pub(crate) fn is_disk_full(text: &str) -> bool {
    // What a server of PostgreSQL's says is about its own disk.
    !text.contains("ERROR:")
        && [
            "No space left on device",
            "File too large",
            "Could not write",
            "Disk quota exceeded",
        ]
        .iter()
        .any(|sign| text.contains(sign))
}

impl From<duckdb::Error> for Error {
    fn from(error: duckdb::Error) -> Self {
        let text = error.to_string();
        let full = is_disk_full(&text);
        let wrapped = Error::failed(format!("DuckDB: {}", text.trim())).caused_by(error);
        match full {
            true => wrapped.hint("the disk is full or not writable, or the file larger than it may be: free some room and run the command again; what is in already is not taken in twice"),
            false => wrapped,
        }
    }
}
