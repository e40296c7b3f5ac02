//! Running the models of a cycle, and one step of a night's chain.

use super::due::{CycleContext, EpochWindow, fill_due};
use super::ledger::{self, Entry, ModelRun};
use super::pipeline::Pipeline;
use super::progress::chain_text;
use crate::clock;
use crate::error::{Error, Result};
use crate::project::{CycleType, Relation};
use crate::warehouse::materialize::{
    Epochs, Existing, MaterializeError, Options, create_staging_table, materialize_onto,
};
use crate::warehouse::{Plans, Warehouse, text_literal};
use chrono::NaiveDateTime;
use duckdb::Connection;
use std::time::Instant;

/// The day's cycles, in the order they build on each other.
pub(super) const DAY: [CycleType; 3] = [
    CycleType::Working,
    CycleType::ShortTerm,
    CycleType::Hippocampal,
];

/// Runs the models of `cycle` over what is due.
pub(super) fn run_models(
    conn: &Connection,
    pipeline: &Pipeline,
    cycle: CycleType,
    moment: &CycleContext,
    manner: RunOptions,
) -> Result<Vec<ModelRun>> {
    let options = Options {
        plans: manner.plans,
        epochs: match manner.caches {
            Caches::Prepared => Epochs::Emptied,
            Caches::Stale => Epochs::OfMinds(Relation {
                database: Some("temp".into()),
                ..Relation::new("main", "due")
            }),
        },
        ..Options::default()
    };
    let mut runs = Vec::new();
    for node in pipeline.of_cycle(cycle) {
        let started = Instant::now();
        let model = pipeline.compile(node, moment)?;
        let outcome =
            materialize_onto(conn, &model, Existing::Table, &options).map_err(model_failed)?;
        runs.push(ModelRun {
            model: node.name.to_string(),
            stage: node.stage.to_string(),
            rows: outcome.rows,
            ms: (started.elapsed().as_secs_f64() * 1e6).round() / 1e3,
        });
    }
    Ok(runs)
}

/// Makes what the models of nights need to keep their plans ([`Plans::Kept`]); one of the nights is at `moment`.
pub(super) fn make_rooms(
    conn: &Connection,
    pipeline: &Pipeline,
    moment: &CycleContext,
) -> Result<()> {
    for node in pipeline.nodes() {
        if node.config.cycle.is_some_and(CycleType::is_nightly) {
            let model = pipeline.compile(node, moment)?;
            create_staging_table(conn, &model).map_err(model_failed)?;
        }
    }
    Ok(())
}

/// A model that could not be materialized, as the library's error.
pub fn model_failed(error: MaterializeError) -> Error {
    match error {
        refused @ MaterializeError::Refused { .. } => Error::usage(refused.to_string()),
        sql @ MaterializeError::Sql { .. } => Error::failed(sql.to_string()),
    }
}

/// One step of a chain: which cycle, for whom, when.
#[derive(Debug, Clone)]
pub(super) struct ChainStep {
    pub cycle: CycleType,
    /// Place in the chain, from 1.
    pub step: i32,
    pub at: NaiveDateTime,
    /// The epochs the night ends, one a mind.
    pub due: Vec<EpochWindow>,
    /// Each mind's whole chain, in the order of `due`; only the first step needs it.
    pub chains: Vec<Vec<CycleType>>,
}

/// What the caches of the epochs a night ends hold already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caches {
    /// A backfill has computed working and short-term memory for them in one pass.
    Prepared,
    /// Nothing that counts: compute all of them here.
    Stale,
}

/// How a cycle is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RunOptions {
    pub caches: Caches,
    pub plans: Plans,
}

impl From<Caches> for RunOptions {
    /// By itself: planned for what the tables hold.
    fn from(caches: Caches) -> RunOptions {
        RunOptions {
            caches,
            plans: Plans::Anew,
        }
    }
}

/// Runs a step of the night in one transaction: tiers, progress and ledger row, or nothing.
pub(super) fn run_step(
    warehouse: &Warehouse,
    pipeline: &Pipeline,
    step: &ChainStep,
    manner: RunOptions,
) -> Result<Vec<ModelRun>> {
    let started_at = clock::now();
    let started = Instant::now();
    let moment = CycleContext::of(&step.due, step.at, step.step);
    let RunOptions { caches, plans } = manner;
    fill_due(warehouse.conn(), &step.due, plans)?;
    let work = || {
        warehouse.transaction(|conn| {
            let mut runs = Vec::new();
            if step.cycle == CycleType::DeepSleep {
                // What the night before dreamt of.
                clear(conn, pipeline.caches_of_dreams(), plans)?;
                for day in DAY {
                    if caches == Caches::Stale || day == CycleType::Hippocampal {
                        runs.extend(run_models(conn, pipeline, day, &moment, manner)?);
                    }
                }
            }
            runs.extend(run_models(conn, pipeline, step.cycle, &moment, manner)?);
            if step.cycle == CycleType::DeepSleep {
                conserve(conn, plans)?;
                keep_late(conn, plans)?;
                clear_step(conn, pipeline, manner)?;
            }
            advance(conn, step, plans)?;
            let minds: Vec<_> = step.due.iter().map(|d| d.mind).collect();
            ledger::append(
                conn,
                &Entry {
                    cycle: step.cycle.as_str(),
                    transition: true,
                    step: step.step,
                    as_of: step.at,
                    minds: &minds,
                    seen_arrival: step
                        .due
                        .iter()
                        .map(|d| d.highest_arrival)
                        .max()
                        .unwrap_or(0),
                    fingerprint: pipeline.fingerprint(),
                    models: &runs,
                    started_at,
                    duration_ms: started.elapsed().as_secs_f64() * 1e3,
                },
                plans,
            )?;
            Ok(runs)
        })
    };
    match step.cycle {
        // It looks at everything there is, and seldom.
        CycleType::Homeostasis => warehouse.fully_threaded(work),
        _ => warehouse.single_threaded(work),
    }
}

/// Refuses a night that would lose a memory or have one twice.
fn conserve(conn: &Connection, plans: Plans) -> Result<()> {
    let (learned, rows, traces): (i64, i64, i64) = plans.query_row(
        conn,
        "SELECT (SELECT coalesce(sum(memories), 0) FROM state.minds WHERE mind_id IN (SELECT mind_id FROM temp.main.due))::BIGINT,
                count(*), count(DISTINCT memory_id)
         FROM state.memory_traces WHERE mind_id IN (SELECT mind_id FROM temp.main.due)",
        |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)),
    )?;
    if learned != traces || rows != traces {
        return Err(Error::failed(format!(
            "this night would leave {rows} traces of {traces} memories where {learned} were learned; nothing was changed"
        ))
        .hint("a model of the night loses or doubles memories: check your changes to memory_traces, or report it"));
    }
    Ok(())
}

/// Late memories beyond the night's share wait for a later one.
fn keep_late(conn: &Connection, plans: Plans) -> Result<()> {
    plans.run(
        conn,
        "INSERT INTO codex.late_memories
         SELECT m.mind_id, m.memory_id
         FROM raw.memories m
         JOIN temp.main.due d USING (mind_id)
         WHERE m.memory_id > d.seen_arrival AND m.memory_id <= d.highest_arrival AND m.created_at < d.epoch_start
           AND m.memory_id > (SELECT min(seen_arrival) FROM temp.main.due)
           AND m.memory_id NOT IN (SELECT memory_id FROM codex.late_memories)",
        [],
    )?;
    plans.run(
        conn,
        "DELETE FROM codex.late_memories WHERE memory_id IN (
             SELECT memory_id FROM working_memory.epoch_memories JOIN temp.main.due USING (mind_id, epoch)
             UNION ALL
             SELECT x.memory_id FROM raw.deletions x JOIN temp.main.due d USING (mind_id)
             WHERE x.arrival <= d.highest_arrival AND x.happened_at < d.epoch_end)",
        [],
    )?;
    Ok(())
}

/// Empties the caches that nobody looks into after deep sleep. What the step itself has filled thus never reaches the disk.
fn clear_step(conn: &Connection, pipeline: &Pipeline, manner: RunOptions) -> Result<()> {
    match manner.caches {
        Caches::Stale => clear_after(conn, pipeline),
        Caches::Prepared => clear(conn, pipeline.caches_of_deep_sleep(), manner.plans),
    }
}

/// Empties every cache of the minds that are due but those that dreams are made of, and forgets what ticks had seen.
pub(super) fn clear_after(conn: &Connection, pipeline: &Pipeline) -> Result<()> {
    clear(
        conn,
        ticks().chain(pipeline.caches_until_dreams()),
        Plans::Anew,
    )
}

/// Empties every cache of the minds that are due, and forgets what ticks had seen when they filled them.
pub(super) fn clear_caches(conn: &Connection, pipeline: &Pipeline) -> Result<()> {
    clear(conn, ticks().chain(pipeline.caches()), Plans::Anew)
}

fn ticks() -> impl Iterator<Item = String> {
    std::iter::once("codex.ticks".to_owned())
}

fn clear(conn: &Connection, relations: impl Iterator<Item = String>, plans: Plans) -> Result<()> {
    for relation in relations {
        let delete =
            format!("DELETE FROM {relation} WHERE mind_id IN (SELECT mind_id FROM temp.main.due)");
        plans.run(conn, &delete, [])?;
    }
    Ok(())
}

/// Moves the minds on: the first step opens the next epoch, every step counts. The night is the end of what is due.
fn advance(conn: &Connection, step: &ChainStep, plans: Plans) -> Result<()> {
    if step.step > 1 {
        let homeostasis = match step.cycle {
            CycleType::Homeostasis => ", homeostasis_at = d.epoch_end",
            _ => "",
        };
        let counted = format!(
            "UPDATE codex.progress AS p SET chain_step = {}{homeostasis} FROM temp.main.due d WHERE d.mind_id = p.mind_id",
            step.step
        );
        plans.run(conn, &counted, [])?;
        return Ok(());
    }
    let chains: Vec<String> = step
        .due
        .iter()
        .zip(&step.chains)
        .map(|(d, chain)| format!("('{}'::UUID, {})", d.mind, text_literal(&chain_text(chain))))
        .collect();
    let opened = format!(
        "UPDATE codex.progress AS p
         SET epoch = d.epoch + 1, epoch_start = d.epoch_end, seen_arrival = d.highest_arrival, night_at = d.epoch_end, chain_step = 1,
             chain = c.chain,
             last_night_at = CASE WHEN d.epoch_end IN (SELECT happened_at FROM raw.naps a WHERE a.mind_id = p.mind_id)
                 THEN p.last_night_at ELSE d.epoch_end END
         FROM temp.main.due d
         JOIN (VALUES {}) AS c(mind_id, chain) USING (mind_id)
         WHERE p.mind_id = d.mind_id",
        chains.join(", ")
    );
    plans.run(conn, &opened, [])?;
    Ok(())
}
