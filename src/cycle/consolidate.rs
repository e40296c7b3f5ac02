//! `consolidate`: runs the due occurrences of the grid, earlier ones first, and nothing when nothing is due.

use super::ahead::{MindAhead, refuse_settled_past, take_back};
use super::due::{CycleContext, EpochWindow, set_due};
use super::execute::{
    Caches, ChainStep, RunOptions, clear_after, clear_caches, make_rooms, run_models, run_step,
};
use super::ledger::{self, Entry};
use super::pipeline::Pipeline;
use super::plan::{Night, due_nights};
use super::progress::{MindProgress, progress};
use super::{rebuild, store, ticks};
use crate::clock;
use crate::error::Result;
use crate::memory::{MindId, highest_arrival};
use crate::project::CycleType;
use crate::warehouse::{Plans, Warehouse};
use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Instant;

/// Memories a backfill computes in one pass. Each of its nights looks through the caches of the whole pass: a larger pass saves
/// little and makes every night dearer.
const PASS: usize = 4_000;

/// Nights after which a backfill plans its statements anew.
const PLANNED: usize = 32;

/// What to consolidate.
#[derive(Debug, Clone)]
pub struct ConsolidateOptions {
    /// Only up to this type; `None` runs everything that is due.
    pub cycle: Option<CycleType>,
    /// The clock.
    pub as_of: NaiveDateTime,
    /// Whether that is what the system clock says, and not a time that somebody named.
    pub by_clock: bool,
    /// Only this mind.
    pub mind: Option<MindId>,
}

/// What a consolidation did.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct ConsolidateReport {
    /// Nights begun, counting minds that slept at one moment once.
    pub nights: u64,
    /// Steps of nights that ran: deep sleep, REM cycles, homeostasis.
    pub steps: u64,
    /// Ticks that wrote.
    pub ticks: u64,
    /// Rows written, by cycle.
    pub rows: std::collections::BTreeMap<String, u64>,
    /// Late memories that wait for a later night.
    pub late_waiting: u64,
    /// Minds that were lived through anew, because all that is new happened before their first night.
    pub relived: u64,
    /// Minds that a wrong clock had live nights ahead of it: these were taken back, and the minds live through their log anew.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken_back: Vec<MindAhead>,
    /// Minds whose last night still lies ahead of the clock: they wait, the others go on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ahead: Vec<MindAhead>,
    /// The next night, UTC, where nothing was due and one is in sight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_night_at: Option<String>,
    /// What a rebuild under another model generation changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<GenerationChange>,
}

/// A store under another model generation than before.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GenerationChange {
    /// The generation it had.
    pub from: u32,
    /// The one it has.
    pub to: u32,
    /// The store as it was before.
    pub kept: std::path::PathBuf,
    /// Memories of each state before, by mind.
    pub before: super::verify::Counts,
    /// Memories of each state now, by mind.
    pub after: super::verify::Counts,
}

/// How far a long consolidation is.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct CycleProgress {
    /// Nights done.
    pub done: u64,
    /// Nights there are.
    pub nights: u64,
    /// The night that was just done.
    pub at: NaiveDateTime,
}

/// Runs what is due at `request.as_of`.
///
/// # Errors
/// Usage when a time that somebody named lies before a mind's last night; failed when a model fails. Steps that were done stay done, the one that
/// failed left nothing, and the next call goes on from there.
pub fn consolidate(
    warehouse: &Warehouse,
    pipeline: &Pipeline,
    request: &ConsolidateOptions,
    mut on_progress: impl FnMut(CycleProgress),
) -> Result<ConsolidateReport> {
    pipeline.require(
        &[
            "epoch_memories",
            "working_memory",
            "episodes",
            "memory_traces",
            "minds",
        ],
        "there are no cycles",
    )?;
    let mut report = ConsolidateReport::default();
    store::remember_project(warehouse, pipeline)?;
    match request.by_clock {
        true => {
            (report.taken_back, report.ahead) =
                take_back(warehouse, pipeline, request.as_of, request.mind)?;
        }
        false => refuse_settled_past(warehouse.conn(), request.as_of, request.mind)?,
    }
    finish_half_done(warehouse, pipeline, request, &mut report)?;
    report.relived = rebuild::relive_older_histories(warehouse, pipeline, request)?;
    run_nights(warehouse, pipeline, request, &mut report, &mut on_progress)?;
    ticks::run_due(warehouse, pipeline, request, &mut report)?;
    report.late_waiting =
        warehouse
            .conn()
            .query_row("SELECT count(*) FROM codex.late_memories", [], |r| {
                r.get::<_, i64>(0)
            })? as u64;
    Ok(report)
}

fn run_nights(
    warehouse: &Warehouse,
    pipeline: &Pipeline,
    request: &ConsolidateOptions,
    report: &mut ConsolidateReport,
    on_progress: &mut impl FnMut(CycleProgress),
) -> Result<()> {
    let conn = warehouse.conn();
    let late = usize::try_from(pipeline.integer("late_per_night")?).unwrap_or(usize::MAX);
    let minds = progress(conn, request.mind)?;
    let nights = due_nights(conn, &minds, request.as_of, highest_arrival(conn)?, late)?;
    let total = nights.len() as u64;
    let mut rest = nights.as_slice();
    while !rest.is_empty() {
        let (pass, after) = rest.split_at(pass_length(rest));
        let mut live = |night: &Night, manner: RunOptions, last: bool| {
            run_night(warehouse, pipeline, request, night, manner, last, report)?;
            report.nights += 1;
            on_progress(CycleProgress {
                done: report.nights,
                nights: total,
                at: night.at,
            });
            Ok(())
        };
        if let [night] = pass {
            // Its caches are computed inside its own transaction.
            warehouse.single_threaded(|| live(night, Caches::Stale.into(), after.is_empty()))?;
        } else {
            live_pass(warehouse, pipeline, pass, |i, night| {
                let manner = RunOptions {
                    caches: Caches::Prepared,
                    plans: Plans::Kept,
                };
                live(night, manner, after.is_empty() && i + 1 == pass.len())
            })?;
        }
        rest = after;
    }
    Ok(())
}

/// Prepares the caches of a pass, lives its nights with plans that are kept, and empties the caches.
fn live_pass(
    warehouse: &Warehouse,
    pipeline: &Pipeline,
    pass: &[Night],
    mut live: impl FnMut(usize, &Night) -> Result<()>,
) -> Result<()> {
    let due: Vec<EpochWindow> = pass
        .iter()
        .flat_map(|n| n.sleepers.iter().map(|s| s.due))
        .collect();
    let Some(last) = pass.last() else {
        return Ok(());
    };
    // The first step of each night, as far as models can tell.
    let moment = CycleContext::of(&due, last.at, 1);
    set_due(warehouse.conn(), &due)?;
    prepare(warehouse, pipeline, &due, &moment)?;
    warehouse.single_threaded(|| {
        make_rooms(warehouse.conn(), pipeline, &moment)?;
        warehouse.keeping_plans(|| {
            for (i, night) in pass.iter().enumerate() {
                if i % PLANNED == 0 {
                    warehouse.forget_plans();
                }
                live(i, night)?;
            }
            Ok(())
        })
    })?;
    set_due(warehouse.conn(), &due)?;
    warehouse.transaction(|conn| clear_after(conn, pipeline))
}

/// How many nights from the front make one pass: at least one, at most [`PASS`] memories.
fn pass_length(nights: &[Night]) -> usize {
    let mut memories = 0;
    let fitting = nights
        .iter()
        .take_while(|night| {
            memories += night.sleepers.iter().map(|s| s.memories).sum::<usize>();
            memories <= PASS
        })
        .count();
    fitting.max(1)
}

/// Working and short-term memory of all epochs of a pass at once: they read raw features, never consolidated state. The ledger
/// has a row for each, at the night before the pass: no clock moves before the first night is lived.
fn prepare(
    warehouse: &Warehouse,
    pipeline: &Pipeline,
    due: &[EpochWindow],
    moment: &CycleContext,
) -> Result<()> {
    let minds: BTreeSet<MindId> = due.iter().map(|d| d.mind).collect();
    let minds: Vec<MindId> = minds.into_iter().collect();
    warehouse.transaction(|conn| {
        clear_caches(conn, pipeline)?;
        for cycle in [CycleType::Working, CycleType::ShortTerm] {
            let (started_at, started) = (clock::now(), Instant::now());
            let runs = run_models(conn, pipeline, cycle, moment, Caches::Prepared.into())?;
            ledger::append(
                conn,
                &Entry {
                    cycle: cycle.as_str(),
                    transition: false,
                    step: 0,
                    as_of: moment.epoch_start,
                    minds: &minds,
                    seen_arrival: due.iter().map(|d| d.highest_arrival).max().unwrap_or(0),
                    fingerprint: pipeline.fingerprint(),
                    models: &runs,
                    started_at,
                    duration_ms: started.elapsed().as_secs_f64() * 1e3,
                },
                Plans::Anew,
            )?;
        }
        Ok(())
    })
}

/// The chain of a sleep.
fn chain(pipeline: &Pipeline, nap: bool, homeostasis: bool) -> Result<Vec<CycleType>> {
    let dreams = pipeline.integer("rem_cycles")?;
    let dreams = if nap { dreams.min(1) } else { dreams };
    let mut chain = vec![CycleType::DeepSleep];
    chain.extend((0..dreams).map(|_| CycleType::RemSleep));
    if homeostasis {
        chain.push(CycleType::Homeostasis);
    }
    Ok(chain)
}

fn run_night(
    warehouse: &Warehouse,
    pipeline: &Pipeline,
    request: &ConsolidateOptions,
    night: &Night,
    manner: RunOptions,
    last: bool,
    report: &mut ConsolidateReport,
) -> Result<()> {
    let chains: Vec<Vec<CycleType>> = night
        .sleepers
        .iter()
        .map(|s| chain(pipeline, s.nap, s.homeostasis))
        .collect::<Result<_>>()?;
    let longest = chains.iter().map(Vec::len).max().unwrap_or(0);
    for i in 0..longest {
        for cycle in [
            CycleType::DeepSleep,
            CycleType::RemSleep,
            CycleType::Homeostasis,
        ] {
            if last && stops_before(request.cycle, cycle) {
                continue;
            }
            let (due, chains): (Vec<EpochWindow>, Vec<Vec<CycleType>>) = night
                .sleepers
                .iter()
                .zip(&chains)
                .filter(|(_, chain)| chain.get(i) == Some(&cycle))
                .map(|(s, chain)| (s.due, chain.clone()))
                .unzip();
            if due.is_empty() {
                continue;
            }
            let step = ChainStep {
                cycle,
                step: i as i32 + 1,
                at: night.at,
                due,
                chains,
            };
            report.count(run_step(warehouse, pipeline, &step, manner)?, cycle);
        }
    }
    Ok(())
}

/// Whether a request for one type of the night stops before `cycle`: `--type deep_sleep` leaves the dreams of the last night to
/// whoever comes next.
fn stops_before(requested: Option<CycleType>, cycle: CycleType) -> bool {
    requested.is_some_and(|requested| requested.is_nightly() && cycle > requested)
}

/// Completes chains that were begun and not finished: daytime never sees half a night.
fn finish_half_done(
    warehouse: &Warehouse,
    pipeline: &Pipeline,
    request: &ConsolidateOptions,
    report: &mut ConsolidateReport,
) -> Result<()> {
    let conn = warehouse.conn();
    loop {
        let half: Vec<MindProgress> = progress(conn, request.mind)?
            .into_iter()
            .filter(MindProgress::is_half_done)
            .collect();
        let Some(first) = half.first().cloned() else {
            return Ok(());
        };
        let Some(at) = first.night_at else {
            return Ok(());
        };
        let Some(&cycle) = first.chain.get(first.chain_step) else {
            return Ok(());
        };
        let same: Vec<&MindProgress> = half
            .iter()
            .filter(|p| {
                p.night_at == Some(at)
                    && p.chain_step == first.chain_step
                    && p.chain == first.chain
                    && p.seen_arrival == first.seen_arrival
            })
            .collect();
        let due = same
            .iter()
            .map(|p| EpochWindow {
                mind: p.mind,
                epoch: p.epoch - 1,
                start: p.epoch_start,
                end: at,
                seen_arrival: p.seen_arrival,
                highest_arrival: p.seen_arrival,
            })
            .collect();
        let step = ChainStep {
            cycle,
            step: first.chain_step as i32 + 1,
            at,
            due,
            chains: Vec::new(),
        };
        report.count(
            run_step(warehouse, pipeline, &step, Caches::Prepared.into())?,
            cycle,
        );
    }
}

impl ConsolidateReport {
    /// Whether there was anything to do.
    pub fn did_anything(&self) -> bool {
        self.nights + self.steps + self.ticks + self.relived > 0 || !self.taken_back.is_empty()
    }

    /// Adds what another run did.
    pub fn add(&mut self, other: &ConsolidateReport) {
        self.nights += other.nights;
        self.steps += other.steps;
        self.ticks += other.ticks;
        self.relived += other.relived;
        self.taken_back.extend_from_slice(&other.taken_back);
        self.ahead.clone_from(&other.ahead);
        self.late_waiting = other.late_waiting;
        for (cycle, rows) in &other.rows {
            *self.rows.entry(cycle.clone()).or_default() += rows;
        }
    }

    fn count(&mut self, runs: Vec<super::ledger::ModelRun>, cycle: CycleType) {
        self.steps += 1;
        *self.rows.entry(cycle.as_str().to_owned()).or_default() +=
            runs.iter().map(|r| r.rows).sum::<u64>();
    }

    pub(super) fn count_tick(&mut self, runs: &[super::ledger::ModelRun], cycle: CycleType) {
        self.ticks += 1;
        *self.rows.entry(cycle.as_str().to_owned()).or_default() +=
            runs.iter().map(|r| r.rows).sum::<u64>();
    }
}
