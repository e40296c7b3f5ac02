//! What a cycle is about, as a table the models join.

use crate::error::Result;
use crate::memory::MindId;
use crate::warehouse::Plans;
use chrono::NaiveDateTime;
use duckdb::{Connection, ToSql, params_from_iter};

/// An epoch of a mind that a cycle computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochWindow {
    /// Whose.
    pub mind: MindId,
    /// Its number, from 1.
    pub epoch: i32,
    /// The night before it, UTC.
    pub start: NaiveDateTime,
    /// Its end, half-open, UTC: the night, or just after the as_of of a tick.
    pub end: NaiveDateTime,
    /// Highest event the night before it had seen: what arrived later and happened earlier is late.
    pub seen_arrival: i64,
    /// Highest event this cycle may see.
    pub highest_arrival: i64,
}

/// The values a template may name beside its models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CycleContext {
    /// The clock of the cycle.
    pub as_of: NaiveDateTime,
    /// Earliest start of what is due; a literal, so that DuckDB can skip row groups.
    pub epoch_start: NaiveDateTime,
    /// Latest end of what is due.
    pub epoch_end: NaiveDateTime,
    /// Lowest seen_arrival of what is due.
    pub seen_arrival: i64,
    /// Place in the night's chain, from 1; 0 for ticks.
    pub step: i32,
}

impl CycleContext {
    /// The moment of a cycle at `as_of` over `due`, which must not be empty.
    pub fn of(due: &[EpochWindow], as_of: NaiveDateTime, step: i32) -> CycleContext {
        CycleContext {
            as_of,
            epoch_start: due.iter().map(|d| d.start).min().unwrap_or(as_of),
            epoch_end: due.iter().map(|d| d.end).max().unwrap_or(as_of),
            seen_arrival: due.iter().map(|d| d.seen_arrival).min().unwrap_or(0),
            step,
        }
    }
}

/// Puts `due` into the connection's temporary table. It is emptied and filled, never replaced.
pub(super) fn set_due(conn: &Connection, due: &[EpochWindow]) -> Result<()> {
    create_due(conn)?;
    fill_due(conn, due, Plans::Anew)
}

/// The same where the table is there.
pub(super) fn fill_due(conn: &Connection, due: &[EpochWindow], plans: Plans) -> Result<()> {
    let rows: Vec<String> = due
        .iter()
        .map(|d| format!("('{}'::UUID, ?, ?, ?, ?, ?)", d.mind))
        .collect();
    let values = due.iter().flat_map(|d| -> [&dyn ToSql; 5] {
        [
            &d.epoch,
            &d.start,
            &d.end,
            &d.seen_arrival,
            &d.highest_arrival,
        ]
    });
    plans.run(conn, "DELETE FROM temp.main.due", [])?;
    plans.run(
        conn,
        &format!("INSERT INTO temp.main.due VALUES {}", rows.join(", ")),
        params_from_iter(values),
    )?;
    Ok(())
}

/// Makes the table where the connection has none, so that models can be bound.
pub(super) fn create_due(conn: &Connection) -> Result<()> {
    Ok(conn.execute_batch(
        "CREATE TEMP TABLE IF NOT EXISTS due (
            mind_id UUID NOT NULL, epoch INTEGER NOT NULL, epoch_start TIMESTAMP NOT NULL, epoch_end TIMESTAMP NOT NULL,
            seen_arrival BIGINT NOT NULL, highest_arrival BIGINT NOT NULL)",
    )?)
}
