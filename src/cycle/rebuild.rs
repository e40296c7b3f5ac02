//! Living through a history anew: one mind whose new memories are all older than its first night.

use super::consolidate::ConsolidateOptions;
use super::due::{EpochWindow, set_due};
use super::execute::clear_caches;
use super::ledger::{self, Entry, RELIVE};
use super::pipeline::Pipeline;
use crate::clock;
use crate::error::Result;
use crate::memory::{MindId, highest_arrival};
use crate::warehouse::{Plans, Warehouse};
use chrono::NaiveDateTime;
use duckdb::Connection;

/// Minds whose new memories all happened before their first night start over. Returns how many.
pub(super) fn relive_older_histories(
    warehouse: &Warehouse,
    pipeline: &Pipeline,
    request: &ConsolidateOptions,
) -> Result<u64> {
    let minds = older_histories(warehouse.conn(), request)?;
    if minds.is_empty() {
        return Ok(0);
    }
    let started_at = clock::now();
    let seen_arrival = highest_arrival(warehouse.conn())?;
    warehouse.transaction(|conn| {
        relive(conn, pipeline, &minds)?;
        ledger::append(
            conn,
            &Entry {
                cycle: RELIVE,
                transition: true,
                step: 0,
                as_of: request.as_of,
                minds: &minds,
                seen_arrival,
                fingerprint: pipeline.fingerprint(),
                models: &[],
                started_at,
                duration_ms: 0.0,
            },
            Plans::Anew,
        )
    })?;
    Ok(minds.len() as u64)
}

/// Empties what nights made of `minds`.
pub(super) fn relive(conn: &Connection, pipeline: &Pipeline, minds: &[MindId]) -> Result<()> {
    let nowhere = NaiveDateTime::default();
    let due: Vec<EpochWindow> = minds
        .iter()
        .map(|mind| EpochWindow {
            mind: *mind,
            epoch: 0,
            start: nowhere,
            end: nowhere,
            seen_arrival: 0,
            highest_arrival: 0,
        })
        .collect();
    set_due(conn, &due)?;
    clear_caches(conn, pipeline)?;
    for table in super::verify::state_tables(conn)? {
        conn.execute_batch(&format!(
            "DELETE FROM state.{table} WHERE mind_id IN (SELECT mind_id FROM temp.main.due)"
        ))?;
    }
    conn.execute_batch(
        "DELETE FROM codex.late_memories WHERE mind_id IN (SELECT mind_id FROM temp.main.due);
         DELETE FROM codex.ticks WHERE mind_id IN (SELECT mind_id FROM temp.main.due);
         UPDATE codex.progress
         SET epoch = 1, epoch_start = TIMESTAMP '0001-01-01', seen_arrival = 0, night_at = NULL, chain = '', chain_step = 0,
             homeostasis_at = NULL, last_night_at = NULL
         WHERE mind_id IN (SELECT mind_id FROM temp.main.due)",
    )?;
    Ok(())
}

fn older_histories(conn: &Connection, request: &ConsolidateOptions) -> Result<Vec<MindId>> {
    let mut statement = conn.prepare(
        "WITH fresh AS (
             SELECT m.mind_id, max(m.created_at) AS newest
             FROM raw.memories m
             JOIN codex.progress p USING (mind_id)
             WHERE p.night_at IS NOT NULL AND (m.created_at >= p.epoch_start OR m.memory_id > p.seen_arrival)
             GROUP BY m.mind_id
         ),
         first_nights AS (
             SELECT mind_id, min(as_of) AS night_at
             FROM (SELECT unnest(minds) AS mind_id, as_of FROM codex.ledger WHERE cycle = 'deep_sleep')
             WHERE mind_id IN (SELECT mind_id FROM fresh)
             GROUP BY mind_id
         )
         SELECT mind_id::VARCHAR FROM fresh JOIN first_nights USING (mind_id)
         WHERE newest < night_at
         ORDER BY mind_id",
    )?;
    let rows = statement.query_map([], |r| r.get::<_, String>(0))?;
    let minds: Vec<MindId> = rows
        .map(|row| MindId::parse(&row?))
        .collect::<Result<_>>()?;
    Ok(minds
        .into_iter()
        .filter(|mind| request.mind.is_none_or(|only| only == *mind))
        .collect())
}
