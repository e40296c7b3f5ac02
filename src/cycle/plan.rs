//! Which nights are due: pure planning over event times, mind by mind, grouped by moment.

use super::due::EpochWindow;
use super::nights::next_sleep;
use super::progress::MindProgress;
use crate::error::Result;
use crate::memory::{MindId, lived_events};
use chrono::NaiveDateTime;
use duckdb::{Connection, params};
use std::collections::{BTreeMap, HashMap};

/// A mind's sleep at a night.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sleeper {
    pub due: EpochWindow,
    pub nap: bool,
    pub homeostasis: bool,
    /// Memories of the epoch it ends, for splitting a backfill into passes.
    pub memories: usize,
}

/// All minds that sleep at one moment: one set-based run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Night {
    pub at: NaiveDateTime,
    pub sleepers: Vec<Sleeper>,
}

/// The nights due at `as_of`, in order. `late_per_night` is how many late memories a night takes.
pub(super) fn due_nights(
    conn: &Connection,
    minds: &[MindProgress],
    as_of: NaiveDateTime,
    highest_arrival: i64,
    late_per_night: usize,
) -> Result<Vec<Night>> {
    let mut lives = unlived(conn, as_of, highest_arrival)?;
    let mut nights: BTreeMap<NaiveDateTime, Vec<Sleeper>> = BTreeMap::new();
    for progress in minds {
        let Some(life) = lives.remove(&progress.mind) else {
            continue;
        };
        let mut late = life.late;
        let (mut start, mut epoch, mut seen) =
            (progress.epoch_start, progress.epoch, progress.seen_arrival);
        let mut last_night = progress.last_night_at;
        // The first night takes up what models said of memories that were learned before.
        let mut answers = life.answers.as_slice();
        loop {
            let since =
                |times: &[NaiveDateTime]| times.get(times.partition_point(|t| *t < start)).copied();
            let first = if late > 0 {
                // Late memories are learned when the epoch begins; before the first night everything is on time.
                Some(start)
            } else {
                // Answers come at any hour and keep nobody awake.
                since(&life.events).into_iter().chain(since(answers)).min()
            };
            answers = &[];
            let Some(sleep) = next_sleep(
                progress.zone,
                start,
                last_night,
                first,
                &life.events,
                &life.naps,
                as_of,
            ) else {
                break;
            };
            let taken = late.min(late_per_night);
            late -= taken;
            let on_time = life.events.partition_point(|e| *e < sleep.at)
                - life.events.partition_point(|e| *e < start);
            nights.entry(sleep.at).or_default().push(Sleeper {
                due: EpochWindow {
                    mind: progress.mind,
                    epoch,
                    start,
                    end: sleep.at,
                    seen_arrival: seen,
                    highest_arrival,
                },
                nap: sleep.nap,
                homeostasis: sleep.homeostasis,
                memories: on_time + taken,
            });
            start = sleep.at;
            epoch += 1;
            seen = highest_arrival;
            if !sleep.nap {
                last_night = Some(sleep.at);
            }
        }
    }
    Ok(nights
        .into_iter()
        .map(|(at, sleepers)| Night { at, sleepers })
        .collect())
}

/// What a mind has not slept over yet.
#[derive(Default)]
struct Life {
    /// Event times from the open epoch on, sorted.
    events: Vec<NaiveDateTime>,
    naps: Vec<NaiveDateTime>,
    /// When models said something of memories that nights before had learned, sorted.
    answers: Vec<NaiveDateTime>,
    /// Memories older than the open epoch that arrived after the last night.
    late: usize,
}

fn unlived(
    conn: &Connection,
    as_of: NaiveDateTime,
    highest_arrival: i64,
) -> Result<HashMap<MindId, Life>> {
    // What was told of an earlier time after the last night (an edit, a use) happens when the epoch begins.
    let mut statement = conn.prepare(
        &format!("WITH happened AS ({})
         SELECT h.mind_id::VARCHAR, h.kind, greatest(h.happened_at, p.epoch_start) AS lived_at,
             h.happened_at < p.epoch_start AND h.kind = 'memory' AS late
         FROM happened h
         JOIN codex.progress p USING (mind_id)
         WHERE h.arrival <= $1 AND h.happened_at <= $2
           AND (h.happened_at >= p.epoch_start OR h.arrival > p.seen_arrival)
         UNION ALL
         SELECT l.mind_id::VARCHAR, 'memory', p.epoch_start, true
         FROM codex.late_memories l JOIN codex.progress p USING (mind_id)
         UNION ALL
         SELECT a.mind_id::VARCHAR, 'answer', greatest(a.answered_at, p.epoch_start), false
         FROM raw.answers a
         JOIN codex.progress p USING (mind_id)
         JOIN raw.memories m ON m.memory_id = a.memory_id AND m.memory_id <= p.seen_arrival AND m.created_at < p.epoch_start
         WHERE a.kind = 'memory' AND a.provider = 'ollama'
           AND a.arrival > p.seen_arrival AND a.arrival <= $1 AND a.answered_at <= $2
         ORDER BY ALL", lived_events()),
    )?;
    let rows = statement.query_map(params![highest_arrival, as_of], |r| {
        Ok((
            r.get::<_, String>(0)?,
            r.get::<_, String>(1)?,
            r.get::<_, NaiveDateTime>(2)?,
            r.get::<_, bool>(3)?,
        ))
    })?;
    let mut lives: HashMap<MindId, Life> = HashMap::new();
    let mut current: Option<(String, MindId)> = None;
    for row in rows {
        let (mind, kind, lived_at, late) = row?;
        let id = match &current {
            Some((text, id)) if *text == mind => *id,
            _ => {
                let id = MindId::parse(&mind)?;
                current = Some((mind, id));
                id
            }
        };
        let life = lives.entry(id).or_default();
        match (kind.as_str(), late) {
            ("nap", _) => life.naps.push(lived_at),
            ("answer", _) => life.answers.push(lived_at),
            (_, true) => life.late += 1,
            _ => life.events.push(lived_at),
        }
    }
    for life in lives.values_mut() {
        life.events.sort_unstable();
        life.naps.sort_unstable();
        life.answers.sort_unstable();
    }
    Ok(lives)
}
