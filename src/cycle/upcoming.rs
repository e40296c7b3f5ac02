//! What becomes due by itself, though no event arrives.

use super::consolidate::ConsolidateOptions;
use super::pipeline::Pipeline;
use super::plan::due_nights;
use super::progress::progress;
use super::ticks::last_events;
use crate::error::Result;
use crate::memory::{MindId, highest_arrival, lived_events, moments};
use crate::project::CycleType;
use crate::warehouse::Warehouse;
use chrono::{Duration, NaiveDateTime, Timelike};
use std::collections::BTreeMap;

/// How far it looks: the night after any event begins within two days.
const FAR: Duration = Duration::days(2);

/// The first moment after `as_of` at which a run up to `cycle` may find something due though nobody has written since: a night
/// begins, an hour of replay passes, an event of the future happens. At the latest two days on.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn next_due(
    warehouse: &Warehouse,
    pipeline: &Pipeline,
    cycle: CycleType,
    as_of: NaiveDateTime,
) -> Result<NaiveDateTime> {
    let conn = warehouse.conn();
    let far = as_of.checked_add_signed(FAR).unwrap_or(as_of);
    let late = usize::try_from(pipeline.integer("late_per_night")?).unwrap_or(usize::MAX);
    let minds = progress(conn, None)?;
    let nights = due_nights(conn, &minds, far, highest_arrival(conn)?, late)?;
    let night = nights.iter().map(|n| n.at).filter(|at| *at > as_of).min();
    let event: Option<NaiveDateTime> = conn.query_row(
        &format!(
            "SELECT min(happened_at) FROM ({}) WHERE happened_at > $1",
            moments()
        ),
        [as_of],
        |r| r.get(0),
    )?;
    let hour = match cycle {
        CycleType::Hippocampal => next_replay(warehouse, pipeline, as_of)?,
        _ => None,
    };
    Ok([night, event, hour]
        .into_iter()
        .flatten()
        .fold(far, NaiveDateTime::min))
}

/// The next night after the request's clock, within two days, as far as what has happened tells.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn next_night(
    warehouse: &Warehouse,
    pipeline: &Pipeline,
    request: &ConsolidateOptions,
) -> Result<Option<NaiveDateTime>> {
    let conn = warehouse.conn();
    let as_of = request.as_of;
    let far = as_of.checked_add_signed(FAR).unwrap_or(as_of);
    let late = usize::try_from(pipeline.integer("late_per_night")?).unwrap_or(usize::MAX);
    let minds = progress(conn, request.mind)?;
    let nights = due_nights(conn, &minds, far, highest_arrival(conn)?, late)?;
    Ok(nights.iter().map(|n| n.at).filter(|at| *at > as_of).min())
}

/// The next hour, where a mind is still replaying.
fn next_replay(
    warehouse: &Warehouse,
    pipeline: &Pipeline,
    as_of: NaiveDateTime,
) -> Result<Option<NaiveDateTime>> {
    let replay_hours = pipeline.integer("replay_hours")?;
    let request = ConsolidateOptions {
        cycle: Some(CycleType::Hippocampal),
        as_of,
        by_clock: false,
        mind: None,
    };
    let last = last_events(warehouse.conn(), &request, replay_hours)?;
    let replaying = last
        .iter()
        .any(|last| as_of < *last + Duration::hours(replay_hours + 1));
    let next = as_of
        .date()
        .and_hms_opt(as_of.hour(), 0, 0)
        .and_then(|hour| hour.checked_add_signed(Duration::hours(1)));
    Ok(next.filter(|_| replaying))
}

/// A mind with a night that is due and has not been lived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overdue {
    /// The mind.
    pub mind: MindId,
    /// The night.
    pub night_at: NaiveDateTime,
    /// Since when it could have been lived: a memory of years ago that came in today waits since today.
    pub since: NaiveDateTime,
}

/// The nights that are due at `now` and not lived, the earliest of each mind.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn overdue(
    warehouse: &Warehouse,
    pipeline: &Pipeline,
    now: NaiveDateTime,
) -> Result<Vec<Overdue>> {
    let conn = warehouse.conn();
    let late = usize::try_from(pipeline.integer("late_per_night")?).unwrap_or(usize::MAX);
    let minds = progress(conn, None)?;
    let nights = due_nights(conn, &minds, now, highest_arrival(conn)?, late)?;
    let mut first: BTreeMap<MindId, NaiveDateTime> = BTreeMap::new();
    for night in nights {
        for sleeper in &night.sleepers {
            first.entry(sleeper.due.mind).or_insert(night.at);
        }
    }
    let mut arrived = conn.prepare(&format!(
        "SELECT min(m.recorded_at)
         FROM ({}) h
         JOIN codex.progress p USING (mind_id)
         JOIN raw.memories m ON m.memory_id = h.arrival
         WHERE p.mind_id = ?::UUID AND h.kind = 'memory' AND h.happened_at < ?
           AND (h.happened_at >= p.epoch_start OR h.arrival > p.seen_arrival)",
        lived_events()
    ))?;
    first
        .into_iter()
        .map(|(mind, night_at)| {
            let arrived: Option<NaiveDateTime> =
                arrived.query_row(duckdb::params![mind.to_string(), night_at], |r| r.get(0))?;
            let since = arrived.map_or(night_at, |arrived| arrived.max(night_at));
            Ok(Overdue {
                mind,
                night_at,
                since,
            })
        })
        .collect()
}
