//! The registry of event tables: what is in the raw log, and how each table is numbered, planned, copied and merged.
//!
//! Everything that goes through all events of the store (arrival numbers, the planner, replay, merging, exports) reads it here.
//! To add an event: a migration that makes its table, and an entry in [`EVENT_TABLES`]; a test holds the entries against DuckDB's catalog.

use std::fmt::Write as _;

/// How the rhythms of a mind take an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lived {
    /// A memory: it is learned in its epoch, or late.
    Memory,
    /// Something done to a memory: a night comes after it. The condition says which rows count; empty for all.
    Touch(&'static str),
    /// The mind sleeps at its moment.
    Nap,
    /// No night reads it.
    No,
}

/// How an event of another store becomes one of this store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merged {
    /// By a rule of its own in `merge.rs`.
    ByItself,
    /// Not at all: it is computed again.
    No,
    /// What is new comes in. Two events are the same where they are about the same and all of `says` is equal.
    Event {
        /// Columns that name memories; what the event is about comes first. Empty: it is about its mind.
        memories: &'static [&'static str],
        /// What it says.
        says: &'static [&'static str],
        /// A column that numbers what came together, by the first arrival of the group.
        group: Option<&'static str>,
    },
}

/// A table of events.
#[derive(Debug, Clone, Copy)]
pub struct EventTable {
    /// With its schema.
    pub table: &'static str,
    /// The column of arrival numbers.
    pub arrival: &'static str,
    /// The column of the moment it happened, UTC; none for what has no time but its arrival.
    pub happened: Option<&'static str>,
    /// What it is to the rhythms.
    pub lived: Lived,
    /// How it is merged.
    pub merged: Merged,
    /// Whether exports of codex 0.1 have it: a later table may be missing in an older export.
    pub from_the_start: bool,
}

/// Every table of events.
pub const EVENT_TABLES: &[EventTable] = &[
    EventTable {
        table: "raw.minds",
        arrival: "arrival",
        happened: None,
        lived: Lived::No,
        merged: Merged::ByItself,
        from_the_start: true,
    },
    EventTable {
        table: "raw.memories",
        arrival: "memory_id",
        happened: Some("created_at"),
        lived: Lived::Memory,
        merged: Merged::ByItself,
        from_the_start: true,
    },
    EventTable {
        table: "raw.edits",
        arrival: "arrival",
        happened: Some("happened_at"),
        lived: Lived::Touch(""),
        merged: about_memory(&["happened_at", "content", "metadata"]),
        from_the_start: true,
    },
    EventTable {
        table: "raw.deletions",
        arrival: "arrival",
        happened: Some("happened_at"),
        lived: Lived::Touch(""),
        merged: about_memory(&["happened_at", "reason"]),
        from_the_start: true,
    },
    EventTable {
        table: "raw.activations",
        arrival: "arrival",
        happened: Some("happened_at"),
        lived: Lived::Touch("kind = 'used'"),
        merged: Merged::Event {
            memories: &["memory_id"],
            says: &["happened_at", "kind", "query"],
            group: Some("recall_id"),
        },
        from_the_start: true,
    },
    EventTable {
        table: "raw.naps",
        arrival: "arrival",
        happened: Some("happened_at"),
        lived: Lived::Nap,
        merged: Merged::Event {
            memories: &[],
            says: &["happened_at"],
            group: None,
        },
        from_the_start: true,
    },
    EventTable {
        table: "raw.filings",
        arrival: "arrival",
        happened: Some("happened_at"),
        lived: Lived::No,
        merged: about_memory(&[
            "happened_at",
            "action",
            "author",
            "batch",
            "reason",
            "space",
            "kind",
            "archived",
            "pinned",
            "importance",
            "source",
            "tags",
            "valid_from",
            "valid_until",
        ]),
        from_the_start: false,
    },
    EventTable {
        table: "raw.relations",
        arrival: "arrival",
        happened: Some("happened_at"),
        lived: Lived::No,
        merged: Merged::Event {
            memories: &["memory_id", "other_id"],
            says: &[
                "happened_at",
                "author",
                "kind",
                "directed",
                "strength",
                "half_life_days",
                "removed",
            ],
            group: None,
        },
        from_the_start: false,
    },
    EventTable {
        table: "raw.sessions",
        arrival: "arrival",
        happened: Some("happened_at"),
        lived: Lived::No,
        merged: Merged::Event {
            memories: &[],
            says: &[
                "happened_at",
                "session",
                "author",
                "title",
                "person",
                "ended_at",
            ],
            group: None,
        },
        from_the_start: false,
    },
    EventTable {
        table: "raw.fact_statements",
        arrival: "arrival",
        happened: Some("happened_at"),
        lived: Lived::No,
        merged: Merged::Event {
            memories: &[],
            says: &[
                "happened_at",
                "action",
                "subject",
                "slot",
                "value",
                "state",
                "valid_from",
                "valid_until",
                "author",
                "reason",
            ],
            group: None,
        },
        from_the_start: false,
    },
    EventTable {
        table: "raw.answers",
        arrival: "arrival",
        happened: None,
        lived: Lived::No,
        merged: Merged::ByItself,
        from_the_start: false,
    },
    EventTable {
        table: "enrichment.vectors",
        arrival: "arrival",
        happened: None,
        lived: Lived::No,
        merged: Merged::No,
        from_the_start: false,
    },
];

const fn about_memory(says: &'static [&'static str]) -> Merged {
    Merged::Event {
        memories: &["memory_id"],
        says,
        group: None,
    }
}

impl EventTable {
    /// Its name without the schema.
    pub fn name(&self) -> &'static str {
        self.table
            .split_once('.')
            .map_or(self.table, |(_, name)| name)
    }

    /// Whether an export brings it along when two logs are merged.
    pub(super) fn is_staged(&self) -> bool {
        self.merged != Merged::No
    }
}

/// SQL: `select` of every table that has an answer to it, one after another.
fn union(select: impl Fn(&EventTable) -> Option<String>) -> String {
    let parts: Vec<_> = EVENT_TABLES.iter().filter_map(select).collect();
    parts.join("\nUNION ALL ")
}

/// SQL for the arrival numbers of all events, as `arrival`.
pub(super) fn all_arrivals() -> String {
    union(|e| Some(format!("SELECT {} AS arrival FROM {}", e.arrival, e.table)))
}

/// SQL for the highest arrival number of each table, as `arrival`.
pub(super) fn highest_arrivals() -> String {
    union(|e| {
        Some(format!(
            "SELECT max({}) AS arrival FROM {}",
            e.arrival, e.table
        ))
    })
}

/// SQL for what nights live through: (mind_id, happened_at, arrival, kind), where kind is memory, touch or nap.
pub fn lived_events() -> String {
    union(|e| {
        let (kind, condition) = match e.lived {
            Lived::Memory => ("memory", ""),
            Lived::Touch(condition) => ("touch", condition),
            Lived::Nap => ("nap", ""),
            Lived::No => return None,
        };
        let mut sql = format!(
            "SELECT mind_id, {} AS happened_at, {} AS arrival, '{kind}' AS kind FROM {}",
            e.happened?, e.arrival, e.table
        );
        if !condition.is_empty() {
            let _ = write!(sql, " WHERE {condition}");
        }
        Some(sql)
    })
}

/// SQL for the moments at which something happens that nights or ticks may see, as `happened_at`.
pub fn moments() -> String {
    union(|e| {
        (e.lived != Lived::No)
            .then_some(e.happened?)
            .map(|happened| format!("SELECT {happened} AS happened_at FROM {}", e.table))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warehouse::Warehouse;
    use std::collections::{BTreeMap, BTreeSet};

    /// Columns by table, as DuckDB has them.
    fn catalog() -> BTreeMap<String, BTreeSet<String>> {
        let warehouse = Warehouse::in_memory(1).unwrap();
        let mut statement = warehouse
            .conn()
            .prepare(
                "SELECT concat(schema_name, '.', table_name), column_name FROM duckdb_columns()
                 WHERE database_name = current_database() AND NOT internal",
            )
            .unwrap();
        let rows = statement
            .query_map([], |r| Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?)))
            .unwrap();
        let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in rows {
            let (table, column) = row.unwrap();
            tables.entry(table).or_default().insert(column);
        }
        tables
    }

    #[test]
    fn every_table_with_arrival_numbers_is_in_the_registry() {
        let numbered: BTreeSet<_> = catalog()
            .into_iter()
            .filter(|(table, columns)| table.starts_with("raw.") || columns.contains("arrival"))
            .map(|(table, _)| table)
            .collect();
        let registered: BTreeSet<_> = EVENT_TABLES.iter().map(|e| e.table.to_owned()).collect();
        assert_eq!(registered, numbered);
    }

    #[test]
    fn what_an_event_says_names_every_column_of_its_table() {
        let tables = catalog();
        for event in EVENT_TABLES {
            let columns = &tables[event.table];
            assert!(columns.contains(event.arrival), "{}", event.table);
            assert!(
                event.happened.is_none_or(|c| columns.contains(c)),
                "{}",
                event.table
            );
            if let Merged::Event {
                memories,
                says,
                group,
            } = event.merged
            {
                let named: BTreeSet<String> = [event.arrival, "mind_id"]
                    .into_iter()
                    .chain(group)
                    .chain(memories.iter().copied())
                    .chain(says.iter().copied())
                    .map(str::to_owned)
                    .collect();
                assert_eq!(&named, columns, "{}", event.table);
            }
        }
    }
}
