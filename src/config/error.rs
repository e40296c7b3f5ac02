//! What can be wrong with a configuration.

use std::path::PathBuf;

use super::place::Place;
use super::value::Kind;
use super::yaml::YamlError;

/// A mistake in the configuration: what, where and the way out.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file that cannot be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not YAML, or an unknown key at the top.
    #[error(transparent)]
    Malformed(#[from] YamlError),
    /// A setting or parameter that does not exist.
    #[error("{place}: unknown {what} '{name}'; {hint}")]
    Unknown {
        /// Where.
        place: Place,
        /// `setting` or `parameter`.
        what: &'static str,
        /// The name as given.
        name: String,
        /// The nearest known name, or the known names.
        hint: String,
    },
    /// A parameter's value of another type.
    #[error(
        "{place}: parameter '{name}' is {expected}, but this is {found}{}",
        fix_of(expected)
    )]
    WrongType {
        /// Where.
        place: Place,
        /// The parameter.
        name: String,
        /// Its type.
        expected: Kind,
        /// What was there instead.
        found: String,
    },
    /// A parameter's value outside its range.
    #[error("{place}: parameter '{name}' is {value}, but must be {range}")]
    OutOfRange {
        /// Where.
        place: Place,
        /// The parameter.
        name: String,
        /// The value given.
        value: String,
        /// The range in words, with the unit.
        range: String,
    },
    /// A parameter's text that is none of its choices.
    #[error("{place}: parameter '{name}' is '{value}', but must be one of {}", choices.join(", "))]
    NotAChoice {
        /// Where.
        place: Place,
        /// The parameter.
        name: String,
        /// The value given.
        value: String,
        /// What can be chosen.
        choices: Vec<String>,
    },
    /// A setting's value that cannot be used.
    #[error("{place}: setting '{name}': {message}")]
    BadSetting {
        /// Where.
        place: Place,
        /// The setting.
        name: String,
        /// Why, and what would be right.
        message: String,
    },
    /// A parameter that is declared in a way that makes no sense.
    #[error("{place}: parameter '{name}': {message}")]
    BadDeclaration {
        /// Where.
        place: Place,
        /// The parameter.
        name: String,
        /// What is wrong with its declaration.
        message: String,
    },
    /// An environment variable that is not text.
    #[error("environment variable {name}: its value is not UTF-8; set it to a text, or unset it")]
    NotText {
        /// Its name.
        name: String,
    },
    /// No place for the database can be found.
    #[error(
        "no home directory to keep the database in: give --db PATH, or set `database` in the configuration, DUCKDB_PATH or XDG_DATA_HOME"
    )]
    NoDataDirectory,
}

fn fix_of(expected: &Kind) -> &'static str {
    match expected {
        Kind::Text => " (put quotes around it)",
        Kind::Integer => " (write a whole number without quotes)",
        Kind::Number => " (write a number without quotes)",
        Kind::Boolean => "",
    }
}
