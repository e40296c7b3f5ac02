//! Where a person or program filed a memory: space, kind, importance, tags, validity, pins, the archive.
//!
//! A filing is an event and holds the whole of what is filed; a memory's latest one counts. Tiers are another matter: only
//! cycles change those.

use super::log::highest_arrival;
use super::minds::MindId;
use crate::error::{Error, Result};
use chrono::NaiveDateTime;
use duckdb::{Connection, params};
use serde::{Deserialize, Serialize};

/// The collections that a memory can be filed in.
pub const SPACES: [&str; 4] = [
    "working_memory",
    "long_term_memory",
    "personal_logs",
    "archive",
];

/// What a memory is filed as.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Filing {
    /// One of [`SPACES`].
    pub space: Option<String>,
    /// `episodic`, `semantic`, `procedural`, `reflection`, or one of its own.
    pub kind: Option<String>,
    /// Out of default recall.
    pub archived: bool,
    /// Never cleaned up.
    pub pinned: bool,
    /// 0..1, as its owner sees it.
    pub importance: Option<f64>,
    /// Where its owner has it from.
    pub source: Option<String>,
    /// In the order given.
    pub tags: Vec<String>,
    /// What it says holds from then on, UTC.
    pub valid_from: Option<NaiveDateTime>,
    /// What it says holds until then, UTC.
    pub valid_until: Option<NaiveDateTime>,
}

/// A change of a filing: what is none stays.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FilingChange {
    /// One of [`SPACES`].
    pub space: Option<String>,
    /// A kind.
    pub kind: Option<String>,
    /// Into the archive, or out of it.
    pub archived: Option<bool>,
    /// Pinned, or no longer.
    pub pinned: Option<bool>,
    /// 0..1.
    pub importance: Option<f64>,
    /// Where its owner has it from.
    pub source: Option<String>,
    /// In place of the tags it has.
    pub tags: Option<Vec<String>>,
    /// UTC.
    pub valid_from: Option<NaiveDateTime>,
    /// UTC.
    pub valid_until: Option<NaiveDateTime>,
    /// Fields to empty, by name: they are taken out before the rest is set.
    pub clear: Vec<String>,
}

impl FilingChange {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == FilingChange::default()
    }
}

/// The longest kind, tag or source, in bytes.
const MAX_LABEL: usize = 200;
/// The most tags.
const MAX_TAGS: usize = 100;

impl Filing {
    /// What it becomes by `change`. What is filed as long-term memory is pinned; what goes to the space `archive` is archived.
    ///
    /// # Errors
    /// Usage when a value cannot be taken.
    pub fn changed(&self, change: &FilingChange) -> Result<Filing> {
        let mut filing = self.clone();
        for field in &change.clear {
            filing.clear(field)?;
        }
        if let Some(space) = &change.space {
            check_space(space)?;
            filing.space = Some(space.clone());
            match space.as_str() {
                "long_term_memory" => filing.pinned = true,
                "archive" => filing.archived = true,
                _ => filing.archived = false,
            }
        }
        let set = |to: &mut Option<String>, from: &Option<String>| {
            if let Some(text) = from {
                *to = Some(text.trim().to_owned());
            }
        };
        set(&mut filing.kind, &change.kind);
        set(&mut filing.source, &change.source);
        filing.archived = change.archived.unwrap_or(filing.archived);
        filing.pinned = change.pinned.unwrap_or(filing.pinned);
        filing.importance = change.importance.or(filing.importance);
        filing.valid_from = change.valid_from.or(filing.valid_from);
        filing.valid_until = change.valid_until.or(filing.valid_until);
        if let Some(tags) = &change.tags {
            filing.tags.clear();
            for tag in tags {
                let tag = tag.trim();
                if !filing.tags.iter().any(|known| known == tag) {
                    filing.tags.push(tag.to_owned());
                }
            }
        }
        filing.check()?;
        Ok(filing)
    }

    fn clear(&mut self, field: &str) -> Result<()> {
        match field {
            "space" => self.space = None,
            "kind" => self.kind = None,
            "importance" => self.importance = None,
            "source" => self.source = None,
            "tags" => self.tags.clear(),
            "valid_from" => self.valid_from = None,
            "valid_until" => self.valid_until = None,
            "archived" => self.archived = false,
            "pinned" => self.pinned = false,
            _ => {
                return Err(Error::usage(format!("there is no field '{field}' to clear")).hint(
                    "use space, kind, importance, source, tags, valid_from, valid_until, archived or pinned",
                ));
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        let labels = [("kind", &self.kind), ("source", &self.source)];
        for (what, label) in labels
            .into_iter()
            .filter_map(|(what, label)| label.as_ref().map(|l| (what, l)))
            .chain(self.tags.iter().map(|tag| ("tag", tag)))
        {
            if label.is_empty() || label.len() > MAX_LABEL || label.chars().any(char::is_control) {
                return Err(
                    Error::usage(format!("{label:?} cannot be a {what}")).hint(format!(
                        "use 1 to {MAX_LABEL} bytes without control characters"
                    )),
                );
            }
        }
        if self.tags.len() > MAX_TAGS {
            return Err(Error::usage(format!(
                "{} tags are too many for one memory",
                self.tags.len()
            ))
            .hint(format!("use at most {MAX_TAGS}")));
        }
        if let Some(importance) = self.importance
            && !(0.0..=1.0).contains(&importance)
        {
            return Err(Error::usage(format!(
                "the importance {importance} is not between 0 and 1"
            ))
            .hint("use a number such as 0.7"));
        }
        if let (Some(from), Some(until)) = (self.valid_from, self.valid_until)
            && until < from
        {
            return Err(Error::usage(format!(
                "it cannot hold from {from} until {until}, which is earlier"
            )));
        }
        Ok(())
    }
}

/// Whether `space` is one.
///
/// # Errors
/// Usage when it is none.
pub fn check_space(space: &str) -> Result<()> {
    if SPACES.contains(&space) {
        return Ok(());
    }
    Err(Error::usage(format!("there is no space called '{space}'"))
        .hint(format!("use one of: {}", SPACES.join(", "))))
}

/// What a filing is about, and why it was made.
#[derive(Debug, Clone, Copy)]
pub struct FilingEvent<'a> {
    /// Whose.
    pub mind: MindId,
    /// Of which memory.
    pub memory_id: i64,
    /// When, UTC.
    pub at: NaiveDateTime,
    /// `add`, `edit`, `move`, `delete`, `restore`, `cleanup`, `undo`.
    pub action: &'a str,
    /// Who did it, where that was said.
    pub author: Option<&'a str>,
    /// The cleanup it belongs to.
    pub batch: Option<&'a str>,
    /// Why.
    pub reason: Option<&'a str>,
}

/// What the memory is filed as; nothing in particular where nobody has filed it.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn filing_of(conn: &Connection, memory_id: i64) -> Result<Filing> {
    let mut statement = conn.prepare(
        "SELECT space, kind, archived, pinned, importance::DOUBLE, source, to_json(tags)::VARCHAR, valid_from, valid_until
         FROM raw.filings WHERE memory_id = ? ORDER BY arrival DESC LIMIT 1",
    )?;
    let mut rows = statement.query([memory_id])?;
    let Some(row) = rows.next()? else {
        return Ok(Filing::default());
    };
    let tags: String = row.get(6)?;
    Ok(Filing {
        space: row.get(0)?,
        kind: row.get(1)?,
        archived: row.get(2)?,
        pinned: row.get(3)?,
        importance: row.get(4)?,
        source: row.get(5)?,
        tags: serde_json::from_str(&tags)
            .map_err(|e| Error::failed(format!("the tags of memory {memory_id}: {e}")))?,
        valid_from: row.get(7)?,
        valid_until: row.get(8)?,
    })
}

/// Appends a filing, in the caller's transaction. Returns its arrival number.
///
/// # Errors
/// Failed when the store cannot be written.
pub fn append_filing(conn: &Connection, event: FilingEvent<'_>, filing: &Filing) -> Result<i64> {
    let arrival = highest_arrival(conn)? + 1;
    let tags = serde_json::to_string(&filing.tags).unwrap_or_else(|_| "[]".to_owned());
    conn.execute(
        "INSERT INTO raw.filings
         VALUES (?, ?::UUID, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, from_json(?, '[\"VARCHAR\"]'), ?, ?)",
        params![
            arrival,
            event.mind.to_string(),
            event.memory_id,
            event.at,
            event.action,
            event.author,
            event.batch,
            event.reason,
            filing.space,
            filing.kind,
            filing.archived,
            filing.pinned,
            filing.importance,
            filing.source,
            tags,
            filing.valid_from,
            filing.valid_until
        ],
    )?;
    Ok(arrival)
}

/// SQL for each memory's latest filing, of all minds.
pub const CURRENT_FILINGS: &str = "(SELECT * FROM raw.filings QUALIFY row_number() OVER (PARTITION BY memory_id ORDER BY arrival DESC) = 1)";

#[cfg(test)]
mod tests {
    use super::*;

    fn change() -> FilingChange {
        FilingChange::default()
    }

    #[test]
    fn what_a_change_does_not_name_stays() {
        let filed = Filing::default()
            .changed(&FilingChange {
                space: Some("personal_logs".into()),
                importance: Some(0.8),
                tags: Some(vec!["home".into(), " home ".into(), "key".into()]),
                ..change()
            })
            .unwrap();
        assert_eq!(filed.tags, ["home", "key"]);
        let moved = filed
            .changed(&FilingChange {
                space: Some("long_term_memory".into()),
                clear: vec!["importance".into()],
                ..change()
            })
            .unwrap();
        assert!(moved.pinned && moved.importance.is_none());
        assert_eq!(moved.tags, filed.tags);
    }

    #[test]
    fn what_cannot_be_filed_is_refused() {
        for wrong in [
            FilingChange {
                space: Some("cellar".into()),
                ..change()
            },
            FilingChange {
                importance: Some(1.5),
                ..change()
            },
            FilingChange {
                importance: Some(f64::NAN),
                ..change()
            },
            FilingChange {
                kind: Some("  ".into()),
                ..change()
            },
            FilingChange {
                clear: vec!["colour".into()],
                ..change()
            },
        ] {
            assert!(Filing::default().changed(&wrong).is_err(), "{wrong:?}");
        }
    }
}
