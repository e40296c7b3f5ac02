//! A store that has lived, and what tests do with it.

use chrono::{Duration, NaiveDateTime};
use codex_dreams::config::{Config, ConfigSources};
use codex_dreams::cycle::{ConsolidateOptions, Pipeline, state_hash};
use codex_dreams::engine::{
    Engine, ExportFormat, ExportOptions, FoundExport, Project, ProjectSource, RestoreReport,
    find_export,
};
use codex_dreams::error::{Error, ErrorKind};
use codex_dreams::memory::{
    self, Activation, ActivationKind, Incoming, append_activations, append_deletion, append_edit,
    append_memories, append_nap, ensure_mind,
};
use codex_dreams::warehouse::Warehouse;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;

pub const FORMATS: [ExportFormat; 4] = [
    ExportFormat::Json,
    ExportFormat::Jsonl,
    ExportFormat::Csv,
    ExportFormat::Parquet,
];

pub const SENTENCES: [&str; 10] = [
    "I want to finish the garden plan with Nora before Friday.",
    "Nora and I planted \"tomatoes\", beans; and basil in Lisbon 🌱.",
    "We argued about the budget and I felt terrible.",
    "Remember to call Dr. Silva tomorrow at 9!",
    "",
    "The bread turned out great: crusty, light, and shared with Tom.",
    "Line one\nline two\r\nline three, with a comma",
    "Finished chapter 3 of the thesis on memory consolidation.",
    "\\N null NULL '' \"\"",
    "  Where did I leave the blue notebook?  ",
];

pub fn at(text: &str) -> NaiveDateTime {
    text.parse().unwrap()
}

pub fn pipeline() -> Pipeline {
    let sources = ConfigSources {
        database: Some("in-memory".into()),
        ..ConfigSources::default()
    };
    let parameters = Config::load(&sources).unwrap().parameters;
    Pipeline::new(
        Arc::new(Project::load(ProjectSource::Embedded).unwrap()),
        &parameters,
    )
    .unwrap()
}

pub fn empty() -> Engine {
    Engine::over(Warehouse::in_memory(2).unwrap(), pipeline()).unwrap()
}

pub fn memories(
    mind: &memory::Mind,
    source: &str,
    from: NaiveDateTime,
    numbers: std::ops::Range<usize>,
) -> Vec<Incoming> {
    numbers
        .map(|i| Incoming {
            mind: mind.id,
            source: source.to_owned(),
            key: format!("m{i}"),
            content: if i % 4 == 0 {
                SENTENCES[i / 4 % 10].to_owned()
            } else {
                format!("{} ({i})", SENTENCES[i % 10])
            },
            created_at: from
                + Duration::minutes((i * i % 97 * 61) as i64)
                + Duration::microseconds(i as i64),
            speaker: [None, Some(String::new()), Some("Nora 🌻".to_owned())][i % 3].clone(),
            session: [Some("s-1".to_owned()), None][i % 2].clone(),
            metadata: if i % 5 == 0 {
                r#"{"tag":"a \"b\"","n":[1,2.50]}"#.to_owned()
            } else {
                "{}".to_owned()
            },
        })
        .collect()
}

/// Two minds that have lived through nights and a nap, with every kind of event, and more of each waiting.
pub fn live() -> Engine {
    let engine = empty();
    let (nora, tom) = engine
        .warehouse()
        .transaction(|conn| {
            let nora = ensure_mind(
                conn,
                "nora",
                chrono_tz::Europe::Lisbon,
                at("2026-01-01T00:00:00"),
            )?;
            append_memories(
                conn,
                &memories(&nora, "diary, \"old\"", at("2026-01-05T08:00:00"), 0..40),
                at("2026-01-09T00:00:00"),
            )?;
            let tom = ensure_mind(
                conn,
                "tom, jr.",
                chrono_tz::Asia::Tokyo,
                at("2026-01-01T00:00:00"),
            )?;
            append_memories(
                conn,
                &memories(&tom, "log", at("2026-01-05T20:00:00"), 0..20),
                at("2026-01-09T00:00:00"),
            )?;
            append_edit(
                conn,
                nora.id,
                3,
                at("2026-01-06T10:00:00"),
                "I was wrong: it was \"basil\".",
            )?;
            append_deletion(
                conn,
                nora.id,
                7,
                at("2026-01-06T11:00:00"),
                "wrong, private",
            )?;
            for query in [
                None,
                Some(String::new()),
                Some("where is the\nnotebook?".to_owned()),
            ] {
                append_activations(
                    conn,
                    &Activation {
                        mind: nora.id,
                        at: at("2026-01-06T12:00:00"),
                        kind: ActivationKind::Used,
                        query,
                        memory_ids: vec![2, 5, 9],
                    },
                )?;
            }
            append_nap(conn, tom.id, at("2026-01-06T13:00:00"))?;
            Ok((nora, tom))
        })
        .unwrap();
    consolidate(&engine, "2026-01-07T21:00:00");
    engine
        .warehouse()
        .transaction(|conn| {
            append_memories(
                conn,
                &memories(&tom, "log", at("2026-01-06T08:00:00"), 20..26),
                at("2026-01-09T01:00:00"),
            )?;
            append_edit(conn, nora.id, 3, at("2026-01-07T22:00:00"), "")?;
            append_edit(conn, nora.id, 3, at("2026-01-07T22:00:00"), "")?;
            append_nap(conn, nora.id, at("2026-01-08T13:00:00"))?;
            Ok(())
        })
        .unwrap();
    engine.enrich(|_| ()).unwrap();
    engine
}

/// One such store for all tests that only read it.
pub fn lived() -> MutexGuard<'static, Engine> {
    static LIVED: LazyLock<Mutex<Engine>> = LazyLock::new(|| Mutex::new(live()));
    LIVED.lock().unwrap_or_else(PoisonError::into_inner)
}

pub fn consolidate(engine: &Engine, as_of: &str) {
    engine
        .consolidate(
            &ConsolidateOptions {
                cycle: None,
                as_of: at(as_of),
                by_clock: false,
                mind: None,
            },
            |_| (),
        )
        .unwrap();
}

/// Rows and a hash of each table.
pub fn tables(engine: &Engine) -> BTreeMap<String, String> {
    let conn = engine.warehouse().conn();
    let mut names = conn
        .prepare(
            "SELECT concat(schema_name, '.', table_name) FROM duckdb_tables()
             WHERE database_name = current_database() ORDER BY 1",
        )
        .unwrap();
    let names: Vec<String> = names
        .query_map([], |r| r.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    names
        .into_iter()
        .map(|table| {
            let hash = format!("SELECT concat_ws(':', count(*), sum(md5_number_lower(to_json(t)::VARCHAR)::HUGEINT)) FROM {table} t");
            let hash: String = conn.query_row(&hash, [], |r| r.get(0)).unwrap();
            (table, hash)
        })
        .collect()
}

pub fn count(engine: &Engine, from: &str) -> i64 {
    engine
        .warehouse()
        .conn()
        .query_row(&format!("SELECT count(*) FROM {from}"), [], |r| r.get(0))
        .unwrap()
}

pub fn hash(engine: &Engine) -> String {
    state_hash(engine.warehouse().conn()).unwrap()
}

pub fn export(
    engine: &Engine,
    dir: &TempDir,
    format: ExportFormat,
    mind: Option<&str>,
) -> FoundExport {
    let output = dir.path().join(format!("out.{format}"));
    let options = ExportOptions {
        format,
        output: output.clone(),
        mind: mind.map(str::to_owned),
        force: true,
    };
    engine.export(&options, |_| ()).unwrap();
    let found = find_export(&output)
        .unwrap()
        .expect("an export is recognised");
    assert_eq!(found.format, format);
    found
}

pub fn restore(engine: &Engine, export: &FoundExport) -> Result<RestoreReport, Error> {
    engine.restore(export, false, |_| ())
}

/// What an import that has to be refused says; the store is as it was, and nobody is left in a transaction.
pub fn refusal(export: &FoundExport) -> String {
    let engine = empty();
    let before = tables(&engine);
    let error = restore(&engine, export).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
    assert!(error.next_step().is_some() || !error.to_string().is_empty());
    assert_eq!(tables(&engine), before, "{error}");
    error.to_string()
}
