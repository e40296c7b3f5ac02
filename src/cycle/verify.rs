//! `verify`: the invariants, looked at.

use super::consolidate::ConsolidateOptions;
use super::due::{CycleContext, set_due};
use super::execute::{Caches, DAY, run_models};
use super::pipeline::Pipeline;
use super::ticks::ticked_epochs;
use crate::error::Result;
use crate::project::Materialization;
use crate::warehouse::{Access, Warehouse};
use duckdb::Connection;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What verification found.
#[derive(Debug, Serialize, Deserialize)]
pub struct Verification {
    /// Whether every check passed.
    pub ok: bool,
    /// An order-free hash over what nights wrote, in hex.
    pub state_hash: String,
    /// Memories of each state, by mind.
    pub minds: BTreeMap<String, BTreeMap<String, i64>>,
    /// Each check with what it found; empty text means it passed.
    pub checks: Vec<Check>,
}

/// One check.
#[derive(Debug, Serialize, Deserialize)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// What is wrong; empty when nothing is.
    pub finding: String,
}

/// The states of conservation, by precedence.
pub const STATES: [&str; 7] = [
    "erased",
    "deleted",
    "forgotten",
    "long_term",
    "short_term",
    "working",
    "pending",
];

/// Checks conservation per mind and recomputes the caches of the open epochs.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn verify(warehouse: &Warehouse, pipeline: &Pipeline) -> Result<Verification> {
    pipeline.require(&["conservation"], "nothing can be verified")?;
    let conn = warehouse.conn();
    let (minds, conserved) = conservation(conn)?;
    let mut checks = vec![conserved];
    if warehouse.access() == Access::ReadWrite {
        checks.push(Check {
            name: "caches of the open epoch".into(),
            finding: caches_differ(conn, pipeline)?.join(", "),
        });
    }
    Ok(Verification {
        ok: checks.iter().all(|c| c.finding.is_empty()),
        state_hash: state_hash(conn)?,
        minds,
        checks,
    })
}

/// Memories of each state, by mind.
pub type Counts = BTreeMap<String, BTreeMap<String, i64>>;

/// How many memories of each mind are in each state.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn state_counts(warehouse: &Warehouse) -> Result<Counts> {
    Ok(conservation(warehouse.conn())?.0)
}

/// What the view `conservation` says: how many memories of each mind are in each state, and whether none is lost or doubled.
fn conservation(conn: &Connection) -> Result<(Counts, Check)> {
    let mut statement = conn.prepare(&format!(
        "SELECT mind, balanced, memories, traces, learned, passed_over, {} FROM main.conservation ORDER BY mind",
        STATES.join(", ")
    ))?;
    let mut rows = statement.query([])?;
    let mut minds = Counts::new();
    let mut findings = Vec::new();
    while let Some(row) = rows.next()? {
        let mind: String = row.get(0)?;
        let mut states = BTreeMap::new();
        for (i, state) in STATES.iter().enumerate() {
            states.insert((*state).to_owned(), row.get::<_, i64>(6 + i)?);
        }
        if !row.get::<_, bool>(1)? {
            let number = |i| row.get::<_, i64>(i);
            findings.push(format!(
                "{mind}: {} memories, {} in a state; {} traces of {} learned; {} passed over by their night",
                number(2)?,
                states.values().sum::<i64>(),
                number(3)?,
                number(4)?,
                number(5)?
            ));
        }
        minds.insert(mind, states);
    }
    let check = Check {
        name: "conservation".into(),
        finding: findings.join("; "),
    };
    Ok((minds, check))
}

/// The tables of `state`, by name.
pub(super) fn state_tables(conn: &Connection) -> Result<Vec<String>> {
    let mut statement = conn.prepare(
        "SELECT table_name FROM duckdb_tables()
         WHERE schema_name = 'state' AND database_name = current_database() ORDER BY table_name",
    )?;
    let rows = statement.query_map([], |r| r.get::<_, String>(0))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// The tables of `state` that stores of codex 0.1 have: their hashes hold these also where they are empty.
const FIRST_TABLES: [&str; 12] = [
    "associations",
    "concept_edges",
    "concepts",
    "episode_memories",
    "episode_steps",
    "episodes",
    "lexicon",
    "memory_concepts",
    "memory_signatures",
    "memory_traces",
    "minds",
    "pruned_associations",
];

/// An order-free hash of what nights wrote: for each table the number of its rows and the sum of their md5s.
///
/// A table that came later is left out while it is empty, so that the hash of a store that does not use it stays the same.
/// What is added to a row goes into a table of its own for the same reason.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn state_hash(conn: &Connection) -> Result<String> {
    let mut parts = Vec::new();
    for table in state_tables(conn)? {
        let (rows, part) = counted_hash(conn, &format!("state.{table}"))?;
        if rows > 0 || FIRST_TABLES.contains(&table.as_str()) {
            parts.push(part);
        }
    }
    let text: String = conn.query_row("SELECT md5(?)", [parts.join("\n")], |r| r.get(0))?;
    Ok(text)
}

/// Rows and the sum of their md5s, as text.
pub(super) fn table_hash(conn: &Connection, relation: &str) -> Result<String> {
    Ok(counted_hash(conn, relation)?.1)
}

/// The number of rows, and with it the sum of their md5s, as text.
fn counted_hash(conn: &Connection, relation: &str) -> Result<(i64, String)> {
    let (rows, sum): (i64, String) = conn.query_row(
        &format!("SELECT count(*), coalesce(sum(md5_number_lower(t::VARCHAR)::HUGEINT), 0)::VARCHAR FROM {relation} t"),
        [],
        |r| Ok((r.get(0)?, r.get(1)?)),
    )?;
    Ok((rows, format!("{relation}={rows}:{sum}")))
}

/// The caches that hold other rows than computing them again gives, at the clock of their last tick.
fn caches_differ(conn: &Connection, pipeline: &Pipeline) -> Result<Vec<String>> {
    let replay_hours = pipeline.integer("replay_hours")?;
    let mut differing = Vec::new();
    // Each cycle's caches are as of its own last tick.
    for cycle in DAY {
        let last: Option<chrono::NaiveDateTime> = conn.query_row(
            "SELECT max(as_of) FROM codex.ledger WHERE NOT transition AND cycle = ? AND outcome = 'success'",
            [cycle.as_str()],
            |r| r.get(0),
        )?;
        let ticked: i64 = conn.query_row(
            "SELECT count(*) FROM codex.ticks WHERE cycle = ?",
            [cycle.as_str()],
            |r| r.get(0),
        )?;
        let (Some(as_of), true) = (last, ticked > 0) else {
            continue;
        };
        // What arrived since is for the next tick to see.
        let due = ticked_epochs(
            conn,
            &ConsolidateOptions {
                cycle: Some(cycle),
                as_of,
                by_clock: false,
                mind: None,
            },
            cycle,
            replay_hours,
        )?;
        if due.is_empty() {
            continue;
        }
        set_due(conn, &due)?;
        let tables: Vec<String> = pipeline
            .of_cycle(cycle)
            .filter(|s| s.config.materialized == Materialization::EpochCache)
            .map(|s| s.relation().to_string())
            .collect();
        let before: Vec<String> = tables
            .iter()
            .map(|t| table_hash(conn, t))
            .collect::<Result<_>>()?;
        conn.execute_batch("BEGIN")?;
        let again = run_models(
            conn,
            pipeline,
            cycle,
            &CycleContext::of(&due, as_of, 0),
            Caches::Stale.into(),
        )
        .and_then(|_| {
            tables
                .iter()
                .map(|t| table_hash(conn, t))
                .collect::<Result<Vec<_>>>()
        });
        conn.execute_batch("ROLLBACK")?;
        differing.extend(
            tables
                .into_iter()
                .zip(before.into_iter().zip(again?))
                .filter(|(_, (b, a))| a != b)
                .map(|(t, _)| t),
        );
    }
    Ok(differing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash_of(sql: &str) -> String {
        let warehouse = Warehouse::in_memory(1).unwrap();
        warehouse.conn().execute_batch(sql).unwrap();
        state_hash(warehouse.conn()).unwrap()
    }

    #[test]
    fn a_later_table_changes_the_hash_only_once_it_has_rows() {
        let plain = hash_of("");
        let created = "CREATE TABLE state.later (mind_id UUID, n INTEGER);";
        assert_eq!(hash_of(created), plain);
        assert_ne!(
            hash_of(&format!(
                "{created} INSERT INTO state.later VALUES (NULL, 1)"
            )),
            plain
        );
    }

    #[test]
    fn a_store_of_codex_0_1_without_nights_keeps_its_hash() {
        assert_eq!(hash_of(""), "6dcf42222009e8ad7d9fa151e8075c58");
    }
}
