//! What the lint says.

use std::fmt;

use crate::config::{Place, Position};
use crate::project::ModelName;

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The wall clock.
    Clock,
    /// Random numbers, sequences, samples.
    Chance,
    /// A sum of floating-point numbers: its last bits depend on the order of addition.
    InexactSum,
    /// An aggregate that depends on the order of its rows, without a total order.
    UnorderedAggregate,
    /// A window function that depends on the order of rows, without a total order.
    UnorderedWindow,
    /// LIMIT or DISTINCT ON without a total order.
    UnorderedLimit,
    /// A high-water mark read from the model's own table.
    OwnHighWaterMark,
}

/// One construct that makes a model's result depend on more than its input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The model.
    pub model: ModelName,
    /// Its file.
    pub file: String,
    /// The rule broken.
    pub rule: Rule,
    /// The construct, for example `row_number() OVER`.
    pub construct: String,
    /// Where in the rendered SQL.
    pub position: Option<Position>,
    /// Why it is refused.
    pub why: &'static str,
    /// What to write instead.
    pub fix: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.construct)?;
        if let Some(Position { line, column }) = self.position {
            write!(f, " (rendered SQL:{line}:{column})")?;
        }
        write!(f, ": {}; {}", self.why, self.fix)
    }
}

/// SQL that cannot be checked.
#[derive(Debug, thiserror::Error)]
pub enum LintError {
    /// The database failed.
    #[error("{file}: {source}")]
    Database {
        /// The model's file.
        file: String,
        /// DuckDB's error.
        source: duckdb::Error,
    },
    /// Not one SELECT.
    #[error("{file}: {message} (at {place}); a model is one SELECT")]
    NotASelect {
        /// The model's file.
        file: String,
        /// DuckDB's message.
        message: String,
        /// Where in the rendered SQL.
        place: Place,
    },
}
