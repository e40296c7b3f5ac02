//! Minds whose last night lies ahead of the clock: sent ahead by `--as-of`, or by a clock that was wrong.
//!
//! A ledger row says when it was written by the clock of the machine. One that was written ahead of what that clock says now was
//! written while the clock was wrong, then or now; nobody asked for such a night. It is taken back: its minds, and no others,
//! live through their log anew, without it. A night that `--as-of` asked for was written in the past and stays; its mind waits.

use super::ledger::{self, Entry, RELIVE, TAKEN_BACK};
use super::pipeline::Pipeline;
use super::rebuild::relive;
use crate::clock;
use crate::error::{Error, Result};
use crate::memory::{MindId, highest_arrival};
use crate::warehouse::{Plans, Warehouse, timestamp_literal};
use chrono::{Duration, NaiveDateTime};
use duckdb::{Connection, params};
use serde::{Deserialize, Serialize};

/// A night less far ahead is waited for: clocks are corrected by seconds and minutes, and a mind lived anew costs its whole past.
const CORRECTION: Duration = Duration::hours(1);

/// No clock of a machine that runs codex was ever right before its first version (0.1.0, 2026). One that says so was reset, and
/// is no witness against the nights.
const FIRST_VERSION: NaiveDateTime = match chrono::NaiveDate::from_ymd_opt(2026, 1, 1) {
    Some(date) => date.and_time(chrono::NaiveTime::MIN),
    None => NaiveDateTime::MIN,
};

/// A mind whose last night lies ahead of the clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MindAhead {
    /// Its name.
    pub mind: String,
    /// Its last night, UTC.
    #[serde(with = "crate::clock::utc")]
    pub night_at: NaiveDateTime,
    /// Nights ahead of the clock that a wrong clock had it live; none where somebody sent it ahead.
    pub false_nights: u64,
}

/// A mind that is ahead, with its id.
struct Found {
    id: MindId,
    ahead: MindAhead,
}

/// The minds whose last night lies ahead of `now`, by name.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn minds_ahead(
    conn: &Connection,
    now: NaiveDateTime,
    only: Option<MindId>,
) -> Result<Vec<MindAhead>> {
    let found = find(conn, now, only)?;
    Ok(found.into_iter().map(|found| found.ahead).collect())
}

fn find(conn: &Connection, now: NaiveDateTime, only: Option<MindId>) -> Result<Vec<Found>> {
    // A mind's rows before it was last lived anew are about a past that is gone.
    let mut statement = conn.prepare(
        "WITH ahead AS (
             SELECT p.mind_id, m.name, p.night_at FROM codex.progress p JOIN raw.minds m USING (mind_id) WHERE p.night_at > $1
         ),
         own AS (
             SELECT l.mind_id, l.cycle, l.ledger_id, l.as_of, l.started_at
             FROM (SELECT unnest(minds) AS mind_id, cycle, ledger_id, as_of, started_at FROM codex.ledger
                   WHERE transition AND generation = (SELECT max(generation) FROM codex.ledger)) l
             SEMI JOIN ahead USING (mind_id)
         ),
         relived AS (SELECT mind_id, max(ledger_id) AS ledger_id FROM own WHERE cycle = 'relive' GROUP BY mind_id),
         false_nights AS (
             SELECT o.mind_id, count(*) AS nights
             FROM own o LEFT JOIN relived r USING (mind_id)
             WHERE o.cycle = 'deep_sleep' AND o.as_of > $1 AND o.started_at > $1 AND o.ledger_id > coalesce(r.ledger_id, 0)
             GROUP BY o.mind_id
         )
         SELECT a.mind_id::VARCHAR, a.name, a.night_at, coalesce(f.nights, 0)
         FROM ahead a LEFT JOIN false_nights f USING (mind_id)
         ORDER BY a.name, a.mind_id",
    )?;
    let rows = statement.query_map(params![now], |r| {
        Ok((
            r.get::<_, String>(0)?,
            MindAhead {
                mind: r.get(1)?,
                night_at: r.get(2)?,
                false_nights: u64::try_from(r.get::<_, i64>(3)?).unwrap_or(0),
            },
        ))
    })?;
    let mut found = Vec::new();
    for row in rows {
        let (id, ahead) = row?;
        let id = MindId::parse(&id)?;
        if only.is_none_or(|only| only == id) {
            found.push(Found { id, ahead });
        }
    }
    Ok(found)
}

/// Whether the mind's nights are to be taken back, or waited for.
fn is_taken_back(ahead: &MindAhead, now: NaiveDateTime) -> bool {
    ahead.false_nights > 0 && now >= FIRST_VERSION && ahead.night_at - now > CORRECTION
}

/// Takes back what a wrong clock had minds live, as of `now`: they start over, for whoever runs what is due next.
/// Returns them, and those that stay ahead.
///
/// # Errors
/// Failed when the store cannot be written.
pub fn take_back(
    warehouse: &Warehouse,
    pipeline: &Pipeline,
    now: NaiveDateTime,
    only: Option<MindId>,
) -> Result<(Vec<MindAhead>, Vec<MindAhead>)> {
    let (taken, waiting): (Vec<Found>, Vec<Found>) = find(warehouse.conn(), now, only)?
        .into_iter()
        .partition(|found| is_taken_back(&found.ahead, now));
    let minds: Vec<MindId> = taken.iter().map(|found| found.id).collect();
    if !minds.is_empty() {
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
                    as_of: now,
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
    }
    forget_false_cycles(warehouse, now)?;
    let names = |found: Vec<Found>| found.into_iter().map(|found| found.ahead).collect();
    Ok((names(taken), names(waiting)))
}

/// Marks what the ledger has of a false future and no mind lives by any more, so that nobody takes its time for the store's
/// clock, and has the days that were looked at then looked at again.
fn forget_false_cycles(warehouse: &Warehouse, now: NaiveDateTime) -> Result<()> {
    if now < FIRST_VERSION {
        return Ok(());
    }
    let bound = timestamp_literal(now + CORRECTION);
    let gone = format!(
        "outcome = 'success' AND as_of > {bound} AND started_at > {bound}
         AND NOT EXISTS (SELECT 1 FROM codex.progress p WHERE p.night_at > {bound} AND list_contains(l.minds, p.mind_id))"
    );
    let sql = format!("SELECT count(*) FROM codex.ledger l WHERE {gone}");
    let rows: i64 = warehouse.conn().query_row(&sql, [], |r| r.get(0))?;
    if rows == 0 {
        return Ok(());
    }
    warehouse.transaction(|conn| {
        conn.execute_batch(&format!(
            "DELETE FROM codex.ticks WHERE mind_id IN (SELECT unnest(minds) FROM codex.ledger l WHERE NOT transition AND {gone});
             UPDATE codex.ledger l SET outcome = '{TAKEN_BACK}' WHERE {gone}"
        ))?;
        Ok(())
    })
}

/// Refuses a time that somebody named and that lies before a mind's last night.
pub(super) fn refuse_settled_past(
    conn: &Connection,
    as_of: NaiveDateTime,
    only: Option<MindId>,
) -> Result<()> {
    let found = minds_ahead(conn, as_of, only)?;
    let Some(early) = found.first() else {
        return Ok(());
    };
    let hint = match early.night_at > clock::now() && early.false_nights > 0 {
        true => {
            "a wrong clock had it live that night: `codex consolidate` without --as-of takes it back"
        }
        false => {
            "the past is settled; to see it, use `codex replay --until`, to live through it anew, `codex consolidate --rebuild`"
        }
    };
    Err(Error::usage(format!(
        "--as-of {as_of} lies before the last night ({}) of mind '{}'",
        early.night_at, early.mind
    ))
    .hint(hint))
}
