//! What can be wrong with a project.

use std::path::PathBuf;

use crate::config::{Place, YamlError};

/// A mistake in a project: what, where and the way out.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// A directory without a project.
    #[error("{}: no project here (no pipeline/ and sql/); run `codex init {}` to write one", dir.display(), dir.display())]
    NotAProject {
        /// The directory.
        dir: PathBuf,
    },
    /// A store whose nights ran with models this codex does not have.
    #[error(
        "its nights ran with models of generation {number}, and this codex knows generations 1 to {latest}; upgrade codex"
    )]
    UnknownGeneration {
        /// The store's.
        number: u32,
        /// The newest known.
        latest: u32,
    },
    /// A file or directory that cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that is not UTF-8.
    #[error("{place}: not UTF-8; save the file as UTF-8")]
    NotUtf8 {
        /// The first bad byte.
        place: Place,
    },
    /// Not YAML, an unknown key, or a value of another type.
    #[error(transparent)]
    Malformed(#[from] YamlError),
    /// A model without SQL.
    #[error("{place}: model '{model}' has no SQL; write {path}, or remove the entry")]
    MissingSql {
        /// The entry.
        place: Place,
        /// The model.
        model: String,
        /// The file expected.
        path: String,
    },
    /// SQL without a model.
    #[error("{place}: this SQL has no entry; {fix}")]
    OrphanSql {
        /// The SQL file.
        place: Place,
        /// Which entry to write where.
        fix: String,
    },
    /// Two of a name.
    #[error("{place}: {what} '{name}' exists already, at {first}; give one of them another name")]
    Duplicate {
        /// The second.
        place: Place,
        /// What it is.
        what: &'static str,
        /// The name.
        name: String,
        /// The first.
        first: Box<Place>,
    },
    /// An entry that makes no sense.
    #[error("{place}: {message}")]
    Invalid {
        /// The entry.
        place: Place,
        /// What is wrong and what would be right.
        message: String,
    },
    /// `codex init` would overwrite files.
    #[error("{}: nothing written, because these exist: {}; move them away or choose another directory", dir.display(), existing.join(", "))]
    WouldOverwrite {
        /// The directory.
        dir: PathBuf,
        /// The files that exist.
        existing: Vec<String>,
    },
}
