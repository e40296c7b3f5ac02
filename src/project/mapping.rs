//! Tables of PostgreSQL that memories are read from: which column is what.

use std::collections::BTreeSet;

use serde::Deserialize;

/// A table or view, and which of its columns is what.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceMapping {
    /// What its memories' source is called; `schema.table` where it says nothing. Renaming it makes all rows new.
    #[serde(default)]
    pub name: String,
    /// Its schema.
    #[serde(default = "public")]
    pub schema: String,
    /// Its name.
    pub table: String,
    /// Its columns.
    #[serde(default)]
    pub columns: SourceColumns,
    /// The IANA zone of timestamps without one.
    #[serde(default = "utc")]
    pub time_zone: String,
    /// Whether every change of a row moves its updated_at. Where not, intake compares the whole table.
    #[serde(default = "yes")]
    pub trust_updated_at: bool,
}

/// The names of a table's columns by what they hold; none: there is no such column.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SourceColumns {
    /// Unique: uuid, bigint or text.
    pub id: String,
    /// What is remembered.
    pub content: String,
    /// When it happened.
    pub created_at: String,
    /// When the row last changed.
    pub updated_at: Option<String>,
    /// A JSON object.
    pub metadata: Option<String>,
    /// Whose it is.
    pub mind: Option<String>,
    /// The conversation it belongs to.
    pub session: Option<String>,
    /// Who says it.
    pub speaker: Option<String>,
    /// Set where the row counts as deleted: a boolean, or the time of it.
    pub deleted: Option<String>,
}

impl Default for SourceColumns {
    fn default() -> SourceColumns {
        let name = |name: &str| Some(name.to_owned());
        SourceColumns {
            id: "id".to_owned(),
            content: "content".to_owned(),
            created_at: "created_at".to_owned(),
            updated_at: name("updated_at"),
            metadata: name("metadata"),
            mind: None,
            session: None,
            speaker: None,
            deleted: None,
        }
    }
}

fn public() -> String {
    "public".to_owned()
}

fn utc() -> String {
    "UTC".to_owned()
}

fn yes() -> bool {
    true
}

impl SourceMapping {
    /// The source of its memories in the raw log.
    pub fn source(&self) -> String {
        format!("postgres:{}", self.name)
    }

    /// The table as people write it.
    pub fn relation(&self) -> String {
        format!("{}.{}", self.schema, self.table)
    }
}

/// Completes and checks the mappings of a file; the error is the number of the one that is wrong, and why.
pub(super) fn check(mappings: &mut [SourceMapping]) -> Result<(), (usize, String)> {
    let mut names = BTreeSet::new();
    for (at, mapping) in mappings.iter_mut().enumerate() {
        if mapping.name.is_empty() {
            mapping.name = mapping.relation();
        }
        if mapping.table.is_empty() || mapping.schema.is_empty() {
            return Err((at, "schema and table need names".to_owned()));
        }
        if !names.insert(mapping.name.clone()) {
            return Err((
                at,
                format!(
                    "'{}' is the name of an earlier one; give it another `name`",
                    mapping.name
                ),
            ));
        }
        if mapping.time_zone.parse::<chrono_tz::Tz>().is_err() {
            return Err((
                at,
                format!(
                    "'{}' is no IANA time zone; write for example Europe/Berlin",
                    mapping.time_zone
                ),
            ));
        }
    }
    Ok(())
}
