//! The ledger: one row for every cycle that wrote, in the same transaction.

use crate::error::{Error, Result};
use crate::memory::MindId;
use crate::warehouse::Plans;
use chrono::NaiveDateTime;
use duckdb::{Connection, params};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The ledger's name for a mind forgetting what its nights had made of it; the raw log stays.
pub(super) const RELIVE: &str = "relive";

/// The ledger's word for a cycle that a wrong clock had run and that nothing builds on any more.
pub(super) const TAKEN_BACK: &str = "taken back";

/// What a model did in a cycle.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ModelRun {
    /// Its name.
    pub model: String,
    /// Its stage.
    pub stage: String,
    /// Rows written.
    pub rows: u64,
    /// Milliseconds it took.
    pub ms: f64,
}

/// A cycle about to be written down.
pub(super) struct Entry<'a> {
    pub cycle: &'a str,
    pub transition: bool,
    pub step: i32,
    pub as_of: NaiveDateTime,
    pub minds: &'a [MindId],
    pub seen_arrival: i64,
    pub fingerprint: &'a str,
    pub models: &'a [ModelRun],
    pub started_at: NaiveDateTime,
    pub duration_ms: f64,
}

/// Writes it down.
pub(super) fn append(conn: &Connection, entry: &Entry<'_>, plans: Plans) -> Result<()> {
    let minds: Vec<String> = entry.minds.iter().map(|m| format!("'{m}'")).collect();
    let models =
        serde_json::to_string(entry.models).map_err(|e| Error::failed(format!("ledger: {e}")))?;
    let (ledger_id, generation): (i64, i32) = plans.query_row(
        conn,
        &format!("SELECT (SELECT coalesce(max(ledger_id), 0) + 1 FROM codex.ledger), {GENERATION}"),
        |r| Ok((r.get(0)?, r.get(1)?)),
    )?;
    plans.run(
        conn,
        &format!(
            "INSERT INTO codex.ledger
             VALUES (?, ?, ?, ?, ?, ?, [{}]::UUID[], ?, ?, ?, ?, ?::DOUBLE::DECIMAL(12, 3), 'success')",
            minds.join(", ")
        ),
        params![
            ledger_id,
            generation,
            entry.cycle,
            entry.transition,
            entry.step,
            entry.as_of,
            entry.seen_arrival,
            entry.fingerprint,
            models,
            entry.started_at,
            entry.duration_ms
        ],
    )?;
    Ok(())
}

const GENERATION: &str = "(SELECT coalesce(TRY_CAST(max(value) AS INTEGER), 1) FROM codex.meta WHERE key = 'generation')";

/// The generation the store is in: it grows by one with every rebuild.
pub(super) fn generation(conn: &Connection) -> Result<i32> {
    Ok(conn.query_row(&format!("SELECT {GENERATION}"), [], |r| r.get(0))?)
}

/// A transition as replay repeats it.
#[derive(Debug, Clone)]
pub(super) struct Transition {
    pub ledger_id: i64,
    pub cycle: String,
    pub step: i32,
    pub as_of: NaiveDateTime,
    pub minds: Vec<MindId>,
    pub seen_arrival: i64,
    pub fingerprint: String,
}

/// The transitions of the current generation up to `until`, in the order they ran. A mind that was lived through anew begins with
/// the first night after that.
pub(super) fn transitions(
    conn: &Connection,
    until: Option<NaiveDateTime>,
) -> Result<Vec<Transition>> {
    let mut statement = conn.prepare(
        "SELECT ledger_id, cycle, step, as_of, array_to_string(minds, ','), seen_arrival, fingerprint
         FROM codex.ledger
         WHERE transition AND generation = ?
         ORDER BY ledger_id",
    )?;
    let generation = generation(conn)?;
    let rows = statement.query_map(params![generation], |r| {
        Ok((
            Transition {
                ledger_id: r.get(0)?,
                cycle: r.get(1)?,
                step: r.get(2)?,
                as_of: r.get(3)?,
                minds: Vec::new(),
                seen_arrival: r.get(5)?,
                fingerprint: r.get(6)?,
            },
            r.get::<_, String>(4)?,
        ))
    })?;
    let mut found: Vec<Transition> = rows
        .map(|row| {
            let (mut transition, minds) = row?;
            transition.minds = minds.split(',').map(MindId::parse).collect::<Result<_>>()?;
            Ok(transition)
        })
        .collect::<Result<_>>()?;
    let relived: HashMap<MindId, i64> = found
        .iter()
        .filter(|t| t.cycle == RELIVE)
        .flat_map(|t| t.minds.iter().map(|mind| (*mind, t.ledger_id)))
        .collect();
    for transition in &mut found {
        let id = transition.ledger_id;
        transition
            .minds
            .retain(|mind| relived.get(mind).is_none_or(|anew| *anew < id));
    }
    found.retain(|t| !t.minds.is_empty() && until.is_none_or(|until| t.as_of <= until));
    Ok(found)
}
