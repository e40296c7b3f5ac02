//! Where each mind stands: its open epoch and the night before it.

use crate::error::{Error, Result};
use crate::memory::{MindId, parse_time_zone};
use crate::project::CycleType;
use chrono::NaiveDateTime;
use chrono_tz::Tz;
use duckdb::Connection;

/// One mind's place in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MindProgress {
    pub mind: MindId,
    pub zone: Tz,
    /// Number of the open epoch.
    pub epoch: i32,
    pub epoch_start: NaiveDateTime,
    pub seen_arrival: i64,
    pub night_at: Option<NaiveDateTime>,
    /// That night's steps, and how many of them are done.
    pub chain: Vec<CycleType>,
    pub chain_step: usize,
    /// The last night that was no nap.
    pub last_night_at: Option<NaiveDateTime>,
}

impl MindProgress {
    /// Whether a night was begun and not finished.
    pub fn is_half_done(&self) -> bool {
        self.chain_step < self.chain.len()
    }
}

/// Every mind's place, or `only` one's, by mind id.
pub(super) fn progress(conn: &Connection, only: Option<MindId>) -> Result<Vec<MindProgress>> {
    let mut statement = conn.prepare(
        "SELECT p.mind_id::VARCHAR, m.time_zone, p.epoch, p.epoch_start, p.seen_arrival, p.night_at, p.chain,
                p.chain_step, p.last_night_at
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
            r.get::<_, String>(6)?,
            r.get::<_, i32>(7)?,
            r.get(8)?,
        ))
    })?;
    let mut found = Vec::new();
    for row in rows {
        let (
            mind,
            zone,
            epoch,
            epoch_start,
            seen_arrival,
            night_at,
            chain,
            chain_step,
            last_night_at,
        ) = row?;
        let mind = MindId::parse(&mind)?;
        if only.is_none_or(|only| only == mind) {
            let zone = parse_time_zone(&zone)?;
            let chain = parse_chain(&chain)?;
            let chain_step = usize::try_from(chain_step).unwrap_or(0);
            found.push(MindProgress {
                mind,
                zone,
                epoch,
                epoch_start,
                seen_arrival,
                night_at,
                chain,
                chain_step,
                last_night_at,
            });
        }
    }
    Ok(found)
}

/// A chain as stored: its steps' names, separated by commas.
pub(super) fn chain_text(chain: &[CycleType]) -> String {
    chain
        .iter()
        .map(|c| c.as_str())
        .collect::<Vec<_>>()
        .join(",")
}

fn parse_chain(text: &str) -> Result<Vec<CycleType>> {
    text.split(',')
        .filter(|name| !name.is_empty())
        .map(parse_cycle)
        .collect()
}

/// The cycle called `name`.
pub(super) fn parse_cycle(name: &str) -> Result<CycleType> {
    CycleType::ALL
        .iter()
        .copied()
        .find(|c| c.as_str() == name)
        .ok_or_else(|| Error::failed(format!("there is no cycle called '{name}'")))
}
