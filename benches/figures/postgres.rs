//! The figures beside a real PostgreSQL: how long a first intake takes, a tick that finds nothing, and a write-back.

use crate::{diary, stages};
use codex_dreams::config::{Config, ConfigSources};
use codex_dreams::engine::{
    ConsolidateOptions, Engine, IntakeRequest, Mode, Project, ProjectSource,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;

#[allow(dead_code, reason = "the faults are for tests")]
#[path = "../../tests/postgres/server.rs"]
mod server;

/// Rows of the large table.
const ROWS: u64 = 1_000_000;
/// Memories whose dreams are published; a night that touches all of them changes ten thousand rows.
const MEMORIES: u64 = 4_000;
const REPEATS: usize = 20;

/// What was measured on a table of one size.
#[derive(Debug, Serialize, Deserialize)]
pub struct Exchanged {
    intake_ms: f64,
    peak_mib: f64,
    tick_ms: f64,
    changed_ms: f64,
    compared_ms: f64,
}

/// What was measured publishing.
#[derive(Debug, Serialize, Deserialize)]
pub struct Published {
    rows: u64,
    all_ms: f64,
    changed: u64,
    changed_ms: f64,
    nothing_ms: f64,
}

/// Measures beside a server of its own, each in a process of its own.
pub fn measure(folder: &Path) -> Result<(), Box<dyn Error>> {
    let server = server::Server::start();
    let mut sizes = Vec::new();
    for rows in [ROWS / 100, ROWS] {
        let database = server.database();
        database.run(&format!(
            "CREATE TABLE memories (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, content text NOT NULL, created_at timestamptz NOT NULL,
                 updated_at timestamptz NOT NULL, metadata jsonb NOT NULL);
             INSERT INTO memories (content, created_at, updated_at, metadata)
             SELECT 'Note ' || i || ': ' || repeat(md5(i::text) || ' ', 6), at, at, jsonb_build_object('n', i)
             FROM (SELECT i, now() - interval '1 day' - i * interval '1 minute' AS at FROM generate_series(1, {rows}) i) t;
             CREATE INDEX ON memories (updated_at);
             ANALYZE memories"
        ));
        eprintln!("PostgreSQL: {rows} rows are there");
        let store = folder.join(format!("postgres-{rows}.duckdb"));
        let url = folder.join("url");
        std::fs::write(&url, database.url())?;
        sizes.push(crate::child::<Exchanged>("exchange", &store, &url)?);
    }
    let [small, large] = sizes.as_slice() else {
        return Ok(());
    };
    println!(
        "PostgreSQL on this machine, {} and {ROWS} rows of about 220 bytes",
        ROWS / 100
    );
    for (name, goal, small, large, unit) in [
        (
            "first intake",
            "30 s",
            small.intake_ms / 1e3,
            large.intake_ms / 1e3,
            "s",
        ),
        (
            "  peak memory",
            "1024 MiB",
            small.peak_mib,
            large.peak_mib,
            "MiB",
        ),
        (
            "tick, nothing new",
            "20 ms, whatever the size",
            small.tick_ms,
            large.tick_ms,
            "ms",
        ),
        (
            "tick, 10 new rows",
            "",
            small.changed_ms,
            large.changed_ms,
            "ms",
        ),
        (
            "whole table compared",
            "",
            small.compared_ms / 1e3,
            large.compared_ms / 1e3,
            "s",
        ),
    ] {
        println!("  {name:22} {small:9.1} {unit:4} {large:9.1} {unit:4} {goal}");
    }
    let database = server.database();
    let url = folder.join("url");
    std::fs::write(&url, database.url())?;
    let published: Published = crate::child("publish", &folder.join("published.duckdb"), &url)?;
    println!(
        "  write-back: {} rows for the first time {:.2} s, {} changed rows {:.2} s ({:.2} s for 10,000; goal 2 s), nothing {:.1} ms\n",
        published.rows,
        published.all_ms / 1e3,
        published.changed,
        published.changed_ms / 1e3,
        published.changed_ms / 1e3 * 1e4 / published.changed.max(1) as f64,
        published.nothing_ms
    );
    Ok(())
}

fn engine(store: &Path, url: &Path) -> Result<Engine, Box<dyn Error>> {
    let sources = ConfigSources {
        database: Some(store.to_owned()),
        environment: BTreeMap::from([
            ("POSTGRES_DB_URL".to_owned(), std::fs::read_to_string(url)?),
            (
                "CODEX_EXTENSION_DIRECTORY".to_owned(),
                server::extensions().display().to_string(),
            ),
        ]),
        ..ConfigSources::default()
    };
    let project = Project::load(ProjectSource::Embedded)?;
    Ok(Engine::open(
        &Config::load(&sources)?,
        Arc::new(project),
        false,
    )?)
}

/// The first intake, ticks, and a comparison.
pub fn exchange(store: &Path, url: &Path) -> Result<Exchanged, Box<dyn Error>> {
    let mut engine = engine(store, url)?;
    let mut take_in = |expected: Mode, request: IntakeRequest| -> Result<f64, Box<dyn Error>> {
        let (report, ms) = stages::timed(|| engine.take_in(request));
        let report = report?.ok_or("no PostgreSQL is configured")?;
        match report.sources.first() {
            Some(source) if source.mode == expected => Ok(ms),
            found => Err(format!("expected {expected:?}, found {found:?}").into()),
        }
    };
    let intake_ms = take_in(Mode::Whole, IntakeRequest::default())?;
    let peak_mib = stages::peak_mib();
    let mut ticks = Vec::new();
    for _ in 0..REPEATS {
        ticks.push(take_in(Mode::Nothing, IntakeRequest::default())?);
    }
    ticks.sort_by(f64::total_cmp);
    let tick_ms = ticks[ticks.len() / 2];
    let mut client = postgres::Client::connect(&std::fs::read_to_string(url)?, postgres::NoTls)?;
    client.batch_execute(
        "INSERT INTO memories (content, created_at, updated_at, metadata) SELECT 'new', now(), now(), '{}' FROM generate_series(1, 10)",
    )?;
    let changed_ms = take_in(Mode::Tick, IntakeRequest::default())?;
    let compared_ms = take_in(
        Mode::Reconciled,
        IntakeRequest {
            reconcile: true,
            ..IntakeRequest::default()
        },
    )?;
    Ok(Exchanged {
        intake_ms,
        peak_mib,
        tick_ms,
        changed_ms,
        compared_ms,
    })
}

fn sent(engine: &mut Engine) -> Result<(u64, f64), Box<dyn Error>> {
    let (done, ms) = stages::timed(|| engine.write_back(false));
    let done = done?.ok_or("nothing is published")?;
    Ok((done.written + done.removed, ms))
}

/// Publishing a diary's dreams, then what another night changed.
pub fn publish(store: &Path, url: &Path) -> Result<Published, Box<dyn Error>> {
    let mut engine = engine(store, url)?;
    let file = store.with_extension("jsonl");
    diary::write(&file, MEMORIES)?;
    codex_dreams::memory::import(engine.warehouse(), &stages::imports(&file), |_| ())?;
    engine.consolidate(
        &ConsolidateOptions {
            cycle: None,
            as_of: diary::midnight(diary::DAYS) + chrono::Duration::hours(5),
            by_clock: false,
            mind: None,
        },
        |_| (),
    )?;
    let config = ConfigSources {
        environment: BTreeMap::from([(
            "POSTGRES_DB_URL".to_owned(),
            std::fs::read_to_string(url)?,
        )]),
        database: Some(store.to_owned()),
        ..ConfigSources::default()
    };
    codex_dreams::engine::prepare(
        &Config::load(&config)?,
        &Project::load(ProjectSource::Embedded)?,
        false,
    )?;
    let (rows, all_ms) = sent(&mut engine)?;
    let (_, nothing_ms) = sent(&mut engine)?;
    // Every long-term memory and every edge another: as after a night that touched them all.
    engine.warehouse().conn().execute_batch(
        "UPDATE state.memory_traces SET replays = replays + 1;
         UPDATE state.concept_edges SET memories = memories + 1;
         INSERT INTO codex.ledger SELECT * REPLACE ((SELECT max(ledger_id) + 1 FROM codex.ledger) AS ledger_id)
         FROM codex.ledger WHERE transition ORDER BY ledger_id DESC LIMIT 1",
    )?;
    let (changed, changed_ms) = sent(&mut engine)?;
    Ok(Published {
        rows,
        all_ms,
        changed,
        changed_ms,
        nothing_ms,
    })
}
