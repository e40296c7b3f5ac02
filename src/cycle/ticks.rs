//! The day's cycles: caches of the open epoch, computed anew when there is something new to see.

use super::consolidate::{ConsolidateOptions, ConsolidateReport};
use super::due::{CycleContext, EpochWindow, set_due};
use super::execute::{Caches, DAY, run_models};
use super::ledger::{self, Entry};
use super::pipeline::Pipeline;
use crate::clock;
use crate::error::Result;
use crate::memory::{MindId, highest_arrival, lived_events};
use crate::project::CycleType;
use crate::warehouse::{Plans, Warehouse, timestamp_literal};
use chrono::{Duration, NaiveDateTime};
use duckdb::{Connection, params};
use std::collections::HashMap;
use std::time::Instant;

/// What a tick sees of a mind's open epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sight {
    epoch: i32,
    events: i64,
    arrivals: i64,
    /// Last hour of the replay grid; only the hippocampal cycle looks at it.
    grid_at: NaiveDateTime,
}

/// Runs the ticks that would see something their last run had not.
pub(super) fn run_due(
    warehouse: &Warehouse,
    pipeline: &Pipeline,
    request: &ConsolidateOptions,
    report: &mut ConsolidateReport,
) -> Result<()> {
    let last = match request.cycle {
        None => CycleType::Hippocampal,
        // A type of the night runs what comes before it: the day too.
        Some(cycle) if cycle.is_nightly() => CycleType::Hippocampal,
        Some(cycle) => cycle,
    };
    let conn = warehouse.conn();
    let highest = highest_arrival(conn)?;
    let open = open_epochs(conn, request, highest, pipeline.integer("replay_hours")?)?;
    for cycle in DAY.into_iter().filter(|c| *c <= last) {
        let known = last_sights(conn, cycle)?;
        let (due, sights): (Vec<EpochWindow>, Vec<Sight>) = open
            .iter()
            .filter(|(due, sight)| known.get(&due.mind) != Some(&of_cycle(*sight, cycle)))
            .map(|(due, sight)| (end_of_cycle(*due, sight, cycle), of_cycle(*sight, cycle)))
            .unzip();
        if due.is_empty() {
            continue;
        }
        tick(
            warehouse,
            pipeline,
            cycle,
            request.as_of,
            &due,
            &sights,
            report,
        )?;
    }
    Ok(())
}

/// Only replay depends on the hour; for the others an hour that passes is nothing new.
fn of_cycle(sight: Sight, cycle: CycleType) -> Sight {
    match cycle {
        CycleType::Hippocampal => sight,
        _ => Sight {
            grid_at: NaiveDateTime::default(),
            ..sight
        },
    }
}

/// Replay also sees the hours that have passed since the last event.
fn end_of_cycle(due: EpochWindow, sight: &Sight, cycle: CycleType) -> EpochWindow {
    let hour = sight.grid_at + Duration::microseconds(1);
    match cycle {
        CycleType::Hippocampal => EpochWindow {
            end: due.end.max(hour),
            ..due
        },
        _ => due,
    }
}

fn tick(
    warehouse: &Warehouse,
    pipeline: &Pipeline,
    cycle: CycleType,
    as_of: NaiveDateTime,
    due: &[EpochWindow],
    sights: &[Sight],
    report: &mut ConsolidateReport,
) -> Result<()> {
    let started_at = clock::now();
    let started = Instant::now();
    set_due(warehouse.conn(), due)?;
    let runs = warehouse.single_threaded(|| warehouse.transaction(|conn| {
        let runs = run_models(conn, pipeline, cycle, &CycleContext::of(due, as_of, 0), Caches::Stale.into())?;
        let rows: Vec<String> = due
            .iter()
            .zip(sights)
            .map(|(d, s)| {
                format!(
                    "('{}', '{cycle}', {}, {}, {}, {})",
                    d.mind,
                    s.epoch,
                    s.events,
                    s.arrivals,
                    timestamp_literal(s.grid_at)
                )
            })
            .collect();
        conn.execute_batch(&format!(
            "DELETE FROM codex.ticks WHERE cycle = '{cycle}' AND mind_id IN (SELECT mind_id FROM temp.main.due);
             INSERT INTO codex.ticks VALUES {}",
            rows.join(", ")
        ))?;
        let minds: Vec<MindId> = due.iter().map(|d| d.mind).collect();
        ledger::append(
            conn,
            &Entry {
                cycle: cycle.as_str(),
                transition: false,
                step: 0,
                as_of,
                minds: &minds,
                seen_arrival: due.iter().map(|d| d.highest_arrival).max().unwrap_or(0),
                fingerprint: pipeline.fingerprint(),
                models: &runs,
                started_at,
                duration_ms: started.elapsed().as_secs_f64() * 1e3,
            },
            Plans::Anew,
        )?;
        Ok(runs)
    }))?;
    report.count_tick(&runs, cycle);
    Ok(())
}

/// The open epochs that hold anything at the request's clock, as a tick of its cycle sees them; of replay where it names none.
pub(super) fn open_epochs_at(
    conn: &Connection,
    request: &ConsolidateOptions,
    replay_hours: i64,
) -> Result<Vec<EpochWindow>> {
    let cycle = request.cycle.unwrap_or(CycleType::Hippocampal);
    let highest = highest_arrival(conn)?;
    Ok(open_epochs(conn, request, highest, replay_hours)?
        .into_iter()
        .map(|(due, sight)| end_of_cycle(due, &sight, cycle))
        .collect())
}

/// The last event of each open epoch that holds anything at the request's clock.
pub(super) fn last_events(
    conn: &Connection,
    request: &ConsolidateOptions,
    replay_hours: i64,
) -> Result<Vec<NaiveDateTime>> {
    let highest = highest_arrival(conn)?;
    let open = open_epochs(conn, request, highest, replay_hours)?;
    // An epoch ends just after its last event.
    Ok(open
        .iter()
        .map(|(due, _)| due.end - Duration::microseconds(1))
        .collect())
}

/// The open epochs whose last tick of `cycle` saw all that there is to see at the request's clock, as did the ticks of the cycles
/// it builds on: their caches are what it would be computed from again.
pub(super) fn ticked_epochs(
    conn: &Connection,
    request: &ConsolidateOptions,
    cycle: CycleType,
    replay_hours: i64,
) -> Result<Vec<EpochWindow>> {
    let ticked: Vec<(CycleType, HashMap<MindId, Sight>)> = DAY
        .into_iter()
        .filter(|below| *below <= cycle)
        .map(|below| Ok((below, last_sights(conn, below)?)))
        .collect::<Result<_>>()?;
    let highest = highest_arrival(conn)?;
    Ok(open_epochs(conn, request, highest, replay_hours)?
        .into_iter()
        .filter(|(due, sight)| {
            ticked
                .iter()
                .all(|(below, known)| known.get(&due.mind) == Some(&of_cycle(*sight, *below)))
        })
        .map(|(due, sight)| end_of_cycle(due, &sight, cycle))
        .collect())
}

fn open_epochs(
    conn: &Connection,
    request: &ConsolidateOptions,
    highest: i64,
    replay_hours: i64,
) -> Result<Vec<(EpochWindow, Sight)>> {
    let mut statement = conn.prepare(
        &format!("WITH happened AS (SELECT * FROM ({}) WHERE kind <> 'nap'),
         visible AS (
             SELECT p.mind_id, p.epoch, p.epoch_start, p.seen_arrival, h.arrival, greatest(h.happened_at, p.epoch_start) AS lived_at
             FROM happened h
             JOIN codex.progress p USING (mind_id)
             WHERE h.arrival <= $1 AND h.happened_at <= $2 AND (h.happened_at >= p.epoch_start OR h.arrival > p.seen_arrival)
             UNION ALL
             SELECT p.mind_id, p.epoch, p.epoch_start, p.seen_arrival, l.memory_id, p.epoch_start
             FROM codex.late_memories l
             JOIN codex.progress p USING (mind_id)
             -- What models say has no time of its own: it is seen, but makes the epoch no longer.
             UNION ALL
             SELECT p.mind_id, p.epoch, p.epoch_start, p.seen_arrival, a.arrival, p.epoch_start
             FROM (SELECT mind_id, arrival FROM raw.answers WHERE kind = 'memory' UNION ALL SELECT mind_id, arrival FROM enrichment.vectors) a
             JOIN codex.progress p USING (mind_id)
             WHERE a.arrival > p.seen_arrival AND a.arrival <= $1
         )
         SELECT mind_id::VARCHAR, epoch, epoch_start, seen_arrival, count(*), sum(arrival)::BIGINT, max(lived_at)
         FROM visible
         GROUP BY ALL
         ORDER BY ALL", lived_events()),
    )?;
    let rows = statement.query_map(params![highest, request.as_of], |r| {
        Ok((
            r.get::<_, String>(0)?,
            r.get::<_, i32>(1)?,
            r.get::<_, NaiveDateTime>(2)?,
            r.get::<_, i64>(3)?,
            r.get::<_, i64>(4)?,
            r.get::<_, i64>(5)?,
            r.get::<_, NaiveDateTime>(6)?,
        ))
    })?;
    let mut open = Vec::new();
    for row in rows {
        let (mind, epoch, start, seen_arrival, events, arrivals, last_at) = row?;
        let mind = MindId::parse(&mind)?;
        // A mind that was sent ahead of the clock waits until the clock is there.
        if request.mind.is_some_and(|only| only != mind) || start > request.as_of {
            continue;
        }
        let grid_at = request
            .as_of
            .min(last_at + Duration::hours(replay_hours + 1));
        let grid_at = grid_at
            .date()
            .and_hms_opt(chrono::Timelike::hour(&grid_at), 0, 0)
            .unwrap_or(grid_at);
        // As far as the last event and no further, so that rows do not depend on when the tick came; half-open.
        let end = last_at + Duration::microseconds(1);
        open.push((
            EpochWindow {
                mind,
                epoch,
                start,
                end,
                seen_arrival,
                highest_arrival: highest,
            },
            Sight {
                epoch,
                events,
                arrivals,
                grid_at,
            },
        ));
    }
    Ok(open)
}

fn last_sights(conn: &Connection, cycle: CycleType) -> Result<HashMap<MindId, Sight>> {
    let mut statement =
        conn.prepare("SELECT mind_id::VARCHAR, epoch, events, arrivals, grid_at FROM codex.ticks WHERE cycle = ?")?;
    let rows = statement.query_map([cycle.as_str()], |r| {
        Ok((
            r.get::<_, String>(0)?,
            Sight {
                epoch: r.get(1)?,
                events: r.get(2)?,
                arrivals: r.get(3)?,
                grid_at: r.get(4)?,
            },
        ))
    })?;
    rows.map(|row| {
        let (mind, sight) = row?;
        Ok((MindId::parse(&mind)?, sight))
    })
    .collect()
}
