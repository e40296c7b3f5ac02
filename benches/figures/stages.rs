//! What is measured inside a process of its own, through the library: one stage, one line of JSON.

use codex_dreams::config::{Config, ConfigSources};
use codex_dreams::cycle::ConsolidateOptions;
use codex_dreams::engine::Engine;
use codex_dreams::memory::{self, ImportOptions};
use codex_dreams::project::{CycleType, Project, ProjectSource};
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use crate::diary;

/// A diary lived through from its first line to its last night.
#[derive(Debug, Serialize, Deserialize)]
pub struct Lived {
    pub open_ms: f64,
    pub import_ms: f64,
    pub enrich_ms: f64,
    pub backfill_ms: f64,
    pub nights: u64,
    pub cpu_s: f64,
    pub peak_mib: f64,
    pub duckdb: String,
    pub models: Vec<ModelCost>,
}

/// What a model cost in a backfill.
#[derive(Debug, Serialize, Deserialize)]
pub struct ModelCost {
    pub cycle: String,
    pub model: String,
    pub total_ms: f64,
    pub runs: u64,
    /// Mean milliseconds in the first and the last tenth of the diary.
    pub early_ms: f64,
    pub late_ms: f64,
}

/// A day's ticks on top of a history.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ticked {
    pub open_ms: f64,
    pub working_ms: f64,
    pub short_term_ms: f64,
    pub hippocampal_ms: f64,
    pub view_ms: f64,
    pub models: Vec<ModelCost>,
}

/// Imports a diary into a new store and consolidates all of it.
pub fn live(store: &Path, file: &Path) -> Result<Lived, Box<dyn Error>> {
    let (engine, open_ms) = open(store)?;
    let (imported, import_ms) =
        timed(|| memory::import(engine.warehouse(), &imports(file), |_| ()));
    let report = imported?;
    if !report.rejected.is_empty() {
        return Err(format!(
            "{} records of the diary were rejected",
            report.rejected.len()
        )
        .into());
    }
    let (enriched, enrich_ms) = timed(|| engine.enrich(|_| ()));
    enriched?;
    eprint!(
        "imported in {:.1} s, enriched in {:.1} s ",
        import_ms / 1e3,
        enrich_ms / 1e3
    );
    let last_morning = diary::midnight(diary::DAYS) + chrono::Duration::hours(5);
    let request = ConsolidateOptions {
        cycle: None,
        as_of: last_morning,
        by_clock: false,
        mind: None,
    };
    let (consolidated, backfill_ms) = timed(|| {
        engine.consolidate(&request, |step| {
            if step.done % 73 == 0 {
                eprint!(".");
            }
        })
    });
    let nights = consolidated?.nights;
    let duckdb = engine
        .warehouse()
        .conn()
        .query_row("SELECT version()", [], |r| r.get(0))?;
    let models = model_costs(&engine, "transition")?;
    Ok(Lived {
        open_ms,
        import_ms,
        enrich_ms,
        backfill_ms,
        nights,
        cpu_s: cpu_seconds_of("/proc/self/stat"),
        peak_mib: peak_mib(),
        duckdb,
        models,
    })
}

/// Takes in one more day and runs the day's cycles once each.
pub fn tick(store: &Path, file: &Path) -> Result<Ticked, Box<dyn Error>> {
    let (engine, open_ms) = open(store)?;
    engine.import(&imports(file), |_| ())?;
    let as_of = diary::midnight(diary::DAYS) + chrono::Duration::minutes(23 * 60 + 30);
    let run = |cycle| {
        let request = ConsolidateOptions {
            cycle: Some(cycle),
            as_of,
            by_clock: false,
            mind: None,
        };
        let (report, ms) = timed(|| engine.consolidate(&request, |_| ()));
        match report?.ticks {
            1 => Ok(ms),
            ticks => Err(Box::<dyn Error>::from(format!(
                "{cycle}: {ticks} ticks ran, not one"
            ))),
        }
    };
    let working_ms = run(CycleType::Working)?;
    let short_term_ms = run(CycleType::ShortTerm)?;
    let hippocampal_ms = run(CycleType::Hippocampal)?;
    let (rows, view_ms) = timed(|| {
        let mut statement = engine
            .warehouse()
            .conn()
            .prepare("SELECT content::VARCHAR FROM main.working_memory_now")?;
        statement
            .query_map([], |r| r.get::<_, String>(0))?
            .collect::<Result<Vec<_>, _>>()
    });
    rows?;
    let models = model_costs(&engine, "NOT transition")?;
    Ok(Ticked {
        open_ms,
        working_ms,
        short_term_ms,
        hippocampal_ms,
        view_ms,
        models,
    })
}

/// What codex would run with, on `store`.
pub fn configuration(store: &Path) -> Result<(Config, Project), Box<dyn Error>> {
    let config = Config::load(&ConfigSources {
        database: Some(store.to_path_buf()),
        ..ConfigSources::from_process()
    })?;
    let project = Project::load(ProjectSource::Embedded).map_err(|e| e.to_string())?;
    Ok((config, project))
}

fn open(store: &Path) -> Result<(Engine, f64), Box<dyn Error>> {
    let (config, project) = configuration(store)?;
    let (engine, ms) = timed(|| Engine::open(&config, Arc::new(project), false));
    Ok((engine?, ms))
}

pub fn imports(file: &Path) -> ImportOptions {
    ImportOptions {
        paths: vec![PathBuf::from(file)],
        mind: None,
        time_zone: chrono_tz::UTC,
        source: Some("bench".to_owned()),
        dry_run: false,
        ..ImportOptions::default()
    }
}

/// Per model, from the ledger.
fn model_costs(engine: &Engine, which: &str) -> Result<Vec<ModelCost>, Box<dyn Error>> {
    let mut statement = engine.warehouse().conn().prepare(&format!(
        "WITH runs AS (
             SELECT cycle, as_of, unnest(from_json(models, '[{{\"model\": \"VARCHAR\", \"ms\": \"DOUBLE\"}}]'), recursive := true),
                 percent_rank() OVER (ORDER BY as_of) AS place
             FROM codex.ledger
             WHERE {which}
         )
         SELECT cycle, model, sum(ms), count(*), coalesce(avg(ms) FILTER (place <= 0.1), 0), coalesce(avg(ms) FILTER (place >= 0.9), 0)
         FROM runs
         GROUP BY cycle, model
         ORDER BY sum(ms) DESC, model"
    ))?;
    let rows = statement.query_map([], |r| {
        Ok(ModelCost {
            cycle: r.get(0)?,
            model: r.get(1)?,
            total_ms: r.get(2)?,
            runs: r.get::<_, i64>(3)? as u64,
            early_ms: r.get(4)?,
            late_ms: r.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What `work` gave, and its milliseconds.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let started = Instant::now();
    let made = work();
    (made, started.elapsed().as_secs_f64() * 1e3)
}

/// The most memory this process ever held; 0 where the system does not say.
pub fn peak_mib() -> f64 {
    mib_of(
        &std::fs::read_to_string("/proc/self/status").unwrap_or_default(),
        "VmHWM",
    )
}

/// Reads an amount of memory from the text of /proc/<pid>/status: VmRSS now, VmHWM at most.
pub fn mib_of(status: &str, what: &str) -> f64 {
    status
        .lines()
        .find_map(|line| line.strip_prefix(what)?.strip_prefix(':'))
        .and_then(|value| value.trim().trim_end_matches(" kB").parse::<f64>().ok())
        .map_or(0.0, |kib| kib / 1024.0)
}

/// Processor seconds of a process, in ticks of 10 ms, by its file /proc/<pid>/stat; 0 where the system does not say.
pub fn cpu_seconds_of(file: &str) -> f64 {
    let stat = std::fs::read_to_string(file).unwrap_or_default();
    let fields: Vec<f64> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .filter_map(|f| f.parse().ok())
        .collect();
    // utime and stime are fields 14 and 15; the state letter, field 3, is no number.
    fields
        .get(10)
        .zip(fields.get(11))
        .map_or(0.0, |(user, system)| (user + system) / 100.0)
}
