//! Where each mind stands: its open epoch and the night before it.

use crate::error::Result;
use crate::memory::{MindId, parse_time_zone};
use chrono::NaiveDateTime;
use chrono_tz::Tz;
use duckdb::Connection;

/// One mind's place in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Progress {
    pub mind: MindId,
    pub zone: Tz,
    /// Number of the open epoch.
    pub epoch: i32,
    pub epoch_start: NaiveDateTime,
    pub seen_arrival: i64,
    pub night_at: Option<NaiveDateTime>,
    /// Steps of that night's chain already done, and how many it has.
    pub chain_step: i32,
    pub chain_length: i32,
    pub homeostasis_at: Option<NaiveDateTime>,
}

impl Progress {
    /// Whether a night was begun and not finished.
    pub fn is_half_done(&self) -> bool {
        self.chain_step < self.chain_length
    }
}

/// Every mind's place, or `only` one's, by mind id.
pub(super) fn progress(conn: &Connection, only: Option<MindId>) -> Result<Vec<Progress>> {
    let mut statement = conn.prepare(
        "SELECT p.mind_id::VARCHAR, m.time_zone, p.epoch, p.epoch_start, p.seen_arrival, p.night_at, p.chain_step,
                p.chain_length, p.homeostasis_at
         FROM codex.progress p JOIN raw.minds m USING (mind_id)
         ORDER BY p.mind_id",
    )?;
    let rows = statement.query_map([], |r| {
        Ok((
            r.get::<_, String>(0)?,
            r.get::<_, String>(1)?,
            r.get(2)?,
            r.get(3)?,
            r.get(4)?,
            r.get(5)?,
            r.get(6)?,
            r.get(7)?,
            r.get(8)?,
        ))
    })?;
    let mut found = Vec::new();
    for row in rows {
        let (mind, zone, epoch, epoch_start, seen_arrival, night_at, chain_step, chain_length, homeostasis_at) = row?;
        let mind = MindId::parse(&mind)?;
        if only.is_none_or(|only| only == mind) {
            let zone = parse_time_zone(&zone)?;
            found.push(Progress { mind, zone, epoch, epoch_start, seen_arrival, night_at, chain_step, chain_length, homeostasis_at });
        }
    }
    Ok(found)
}
