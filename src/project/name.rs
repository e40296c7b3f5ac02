//! The names of things in a project.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::config::yaml;

/// Whether a text is a plain SQL identifier in lower case.
fn is_plain(text: &str) -> bool {
    let mut characters = text.chars();
    characters
        .next()
        .is_some_and(|first| first.is_ascii_lowercase() || first == '_')
        && characters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

macro_rules! plain_name {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Checks and takes a name: lower-case letters, digits and underscores, not starting with a digit.
            pub fn parse(text: &str) -> Result<$name, BadName> {
                if is_plain(text) {
                    Ok($name(text.to_owned()))
                } else {
                    Err(BadName { what: $what, name: text.to_owned() })
                }
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                yaml::parsed_text(deserializer, $name::parse)
            }
        }
    };
}

/// A name that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{name}' cannot name a {what}: use lower-case letters, digits and underscores, and a letter first"
)]
pub struct BadName {
    what: &'static str,
    name: String,
}

plain_name!(
    /// The name of a model, unique in its project.
    ModelName,
    "model"
);
plain_name!(
    /// The name of a stage: a folder of `sql/` and a file of `pipeline/`.
    StageName,
    "stage"
);

/// A table outside the project, as `source('raw', 'memories')` names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct SourceName {
    /// The source, a group of tables.
    pub source: String,
    /// The table in it.
    pub table: String,
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.source, self.table)
    }
}

/// A table or view of the database. Displays quoted, ready for SQL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Relation {
    /// The attached database; `None` is the main one.
    pub database: Option<String>,
    /// The schema.
    pub schema: String,
    /// The table or view.
    pub name: String,
}

impl Relation {
    /// A relation of the main database.
    pub fn new(schema: impl Into<String>, name: impl Into<String>) -> Relation {
        Relation {
            database: None,
            schema: schema.into(),
            name: name.into(),
        }
    }

    /// The same without quotes, for people.
    pub fn plain(&self) -> String {
        match &self.database {
            Some(database) => format!("{database}.{}.{}", self.schema, self.name),
            None => format!("{}.{}", self.schema, self.name),
        }
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(database) = &self.database {
            write!(f, "{}.", quoted(database))?;
        }
        write!(f, "{}.{}", quoted(&self.schema), quoted(&self.name))
    }
}

/// An identifier in double quotes.
pub fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_are_quoted_for_sql() {
        assert_eq!(Relation::new("a", "b\"c").to_string(), "\"a\".\"b\"\"c\"");
        assert_eq!(Relation::new("a", "b").plain(), "a.b");
    }

    #[test]
    fn names_are_plain_identifiers() {
        assert!(ModelName::parse("episodes_2").is_ok());
        for bad in ["", "2x", "Episodes", "a-b", "a b", "ä"] {
            assert!(ModelName::parse(bad).is_err(), "{bad}");
        }
    }
}
