//! `replay`: every tier again from the raw log and the ledger, into a new file.
//!
//! Each transition runs with the models and parameters it ran with and sees the events it saw; features are answers and part of
//! the log. Editing a model or upgrading codex never changes the past.

use super::due::EpochWindow;
use super::execute::{Caches, ChainStep, run_step};
use super::ledger::{self, Transition};
use super::pipeline::Pipeline;
use super::progress::{MindProgress, parse_cycle, progress};
use super::store::prepare_store;
use super::verify::state_hash;
use crate::error::{Error, Result};
use crate::memory::{EVENT_TABLES, MindId};
use crate::project::CycleType;
use crate::warehouse::Warehouse;
use chrono::NaiveDateTime;
use duckdb::{Connection, params};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What a replay did.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Replay {
    /// Transitions repeated.
    pub transitions: u64,
    /// The hash of the state it came to.
    pub state_hash: String,
    /// The hash of the store it was replayed from, unless it stopped early.
    pub original_hash: Option<String>,
    /// Whether both are the same; true when it stopped early.
    pub ok: bool,
}

/// Repeats the transitions of `source`, up to `until`, in `target`: a fresh store that [`copy_log`] has filled.
/// `on_progress` is called with how many are done of how many.
///
/// # Errors
/// Failed when a transition cannot be repeated.
pub fn replay(
    source: &Warehouse,
    target: &Warehouse,
    until: Option<NaiveDateTime>,
    mut on_progress: impl FnMut(u64, u64),
) -> Result<Replay> {
    let transitions = ledger::transitions(source.conn(), until)?;
    let chains = chains(&transitions)?;
    let mut pipelines: HashMap<String, Pipeline> = HashMap::new();
    let mut prepared = None;
    target.single_threaded(|| {
        for (i, transition) in transitions.iter().enumerate() {
            if !pipelines.contains_key(&transition.fingerprint) {
                pipelines.insert(
                    transition.fingerprint.clone(),
                    stored_pipeline(source.conn(), &transition.fingerprint)?,
                );
            }
            let Some(pipeline) = pipelines.get(&transition.fingerprint) else {
                continue;
            };
            if prepared.as_ref() != Some(&transition.fingerprint) {
                prepare_store(target, pipeline)?;
                prepared = Some(transition.fingerprint.clone());
            }
            repeat(target, pipeline, transition, &chains).map_err(|e| {
                e.context(format!(
                    "ledger row {} ({} at {})",
                    transition.ledger_id, transition.cycle, transition.as_of
                ))
            })?;
            on_progress(i as u64 + 1, transitions.len() as u64);
        }
        Ok(())
    })?;
    let hash = state_hash(target.conn())?;
    let original_hash = match until {
        None => Some(state_hash(source.conn())?),
        Some(_) => None,
    };
    Ok(Replay {
        transitions: transitions.len() as u64,
        ok: original_hash
            .as_ref()
            .is_none_or(|original| *original == hash),
        state_hash: hash,
        original_hash,
    })
}

/// Each mind's chain of each night, as the ledger has it.
fn chains(transitions: &[Transition]) -> Result<HashMap<(MindId, NaiveDateTime), Vec<CycleType>>> {
    let mut chains: HashMap<(MindId, NaiveDateTime), Vec<CycleType>> = HashMap::new();
    for transition in transitions {
        let cycle = parse_cycle(&transition.cycle)?;
        for mind in &transition.minds {
            let chain = chains.entry((*mind, transition.as_of)).or_default();
            if cycle == CycleType::DeepSleep {
                chain.clear();
            }
            chain.push(cycle);
        }
    }
    Ok(chains)
}

fn repeat(
    target: &Warehouse,
    pipeline: &Pipeline,
    transition: &Transition,
    chains: &HashMap<(MindId, NaiveDateTime), Vec<CycleType>>,
) -> Result<()> {
    let cycle = parse_cycle(&transition.cycle)?;
    let places: HashMap<MindId, MindProgress> = progress(target.conn(), None)?
        .into_iter()
        .map(|p| (p.mind, p))
        .collect();
    let mut due = Vec::new();
    for mind in &transition.minds {
        let place = places
            .get(mind)
            .ok_or_else(|| Error::failed(format!("mind {mind} is not in the raw log")))?;
        // The first step of a chain ends the open epoch; later ones are about the epoch it ended.
        let first = cycle == CycleType::DeepSleep;
        due.push(EpochWindow {
            mind: *mind,
            epoch: if first { place.epoch } else { place.epoch - 1 },
            start: place.epoch_start,
            end: transition.as_of,
            seen_arrival: place.seen_arrival,
            highest_arrival: transition.seen_arrival,
        });
    }
    let chains = transition
        .minds
        .iter()
        .map(|mind| {
            chains
                .get(&(*mind, transition.as_of))
                .cloned()
                .unwrap_or_default()
        })
        .collect();
    let step = ChainStep {
        cycle,
        step: transition.step,
        at: transition.as_of,
        due,
        chains,
    };
    run_step(target, pipeline, &step, Caches::Stale.into())?;
    Ok(())
}

fn stored_pipeline(conn: &Connection, fingerprint: &str) -> Result<Pipeline> {
    let (sources, parameters): (String, String) = conn
        .query_row(
            "SELECT sources, parameters FROM codex.projects WHERE fingerprint = ?",
            [fingerprint],
            |r| Ok((r.get(0)?, r.get(1)?)),
        )
        .map_err(|e| {
            Error::from(e).context(format!("the project with fingerprint {fingerprint}"))
        })?;
    Pipeline::from_stored(&sources, &parameters)
}

/// What of a store is copied beside its events, never computed: what was read of them, and what the past was made with.
const BESIDE_EVENTS: [&str; 6] = [
    "enrichment.features",
    "enrichment.retries",
    "lexical.postings",
    "lexical.documents",
    "lexical.former_postings",
    "codex.projects",
];

/// How far PostgreSQL has been read, and what it has been told: the store that takes this one's place goes on from there.
const EXCHANGE: [&str; 10] = [
    "import_batches",
    "import_events",
    "import_paths",
    "source_versions",
    "intakes",
    "source_rows",
    "breakers",
    "publication",
    "published",
    "changes",
];

/// Copies the raw log of `source` into the fresh store at `path`, which nobody has open, and lets every mind begin.
/// With `history`, the ledger goes along as what earlier generations did.
///
/// # Errors
/// Failed when either file cannot be read or written.
pub fn copy_log(source: &Warehouse, path: &std::path::Path, history: bool) -> Result<()> {
    let conn = source.conn();
    conn.execute_batch(&format!(
        "ATTACH {} AS fresh",
        crate::warehouse::text_literal(&path.to_string_lossy())
    ))?;
    let copied = copy_tables(conn, history);
    conn.execute_batch("DETACH fresh")?;
    copied
}

fn copy_tables(conn: &Connection, history: bool) -> Result<()> {
    let events = EVENT_TABLES.iter().map(|e| e.table);
    for table in events.chain(BESIDE_EVENTS) {
        conn.execute_batch(&format!(
            "INSERT INTO fresh.{table} BY NAME SELECT * FROM {table}"
        ))?;
    }
    conn.execute_batch(
        "INSERT INTO fresh.codex.progress BY NAME
         SELECT mind_id, 1 AS epoch, TIMESTAMP '0001-01-01' AS epoch_start, 0 AS seen_arrival, NULL AS night_at, '' AS chain,
                0 AS chain_step
         FROM raw.minds ORDER BY mind_id",
    )?;
    // What recall and the cache of answers need to go on as before.
    conn.execute_batch(
        "INSERT INTO fresh.codex.meta SELECT key, value FROM codex.meta WHERE key IN ('embedding_model', 'answer_key', 'model_generation')",
    )?;
    let generation = ledger::generation(conn)?;
    if history {
        conn.execute_batch(
            "INSERT INTO fresh.codex.ledger BY NAME SELECT * FROM codex.ledger ORDER BY ledger_id",
        )?;
        for table in EXCHANGE {
            conn.execute_batch(&format!(
                "INSERT INTO fresh.codex.{table} BY NAME SELECT * FROM codex.{table}"
            ))?;
        }
    }
    conn.execute(
        "INSERT INTO fresh.codex.meta VALUES ('generation', ?)",
        params![(generation + i32::from(history)).to_string()],
    )?;
    Ok(())
}
