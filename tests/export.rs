//! Everything out and in again: what `codex export` writes, `codex import` makes the same store of.

use chrono::{Duration, NaiveDateTime};
use codex_dreams::config::{Config, ConfigSources};
use codex_dreams::cycle::{Pipeline, Request, state_hash};
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
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;

const FORMATS: [ExportFormat; 4] = [
    ExportFormat::Json,
    ExportFormat::Jsonl,
    ExportFormat::Csv,
    ExportFormat::Parquet,
];

const SENTENCES: [&str; 10] = [
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

fn at(text: &str) -> NaiveDateTime {
    text.parse().unwrap()
}

fn pipeline() -> Pipeline {
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

fn empty() -> Engine {
    Engine::over(Warehouse::in_memory(2).unwrap(), pipeline()).unwrap()
}

fn memories(
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
fn live() -> Engine {
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
fn lived() -> MutexGuard<'static, Engine> {
    static LIVED: LazyLock<Mutex<Engine>> = LazyLock::new(|| Mutex::new(live()));
    LIVED.lock().unwrap_or_else(PoisonError::into_inner)
}

fn consolidate(engine: &Engine, as_of: &str) {
    engine
        .consolidate(
            &Request {
                cycle: None,
                as_of: at(as_of),
                mind: None,
            },
            |_| (),
        )
        .unwrap();
}

/// Rows and a hash of each table.
fn tables(engine: &Engine) -> BTreeMap<String, String> {
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

fn count(engine: &Engine, from: &str) -> i64 {
    engine
        .warehouse()
        .conn()
        .query_row(&format!("SELECT count(*) FROM {from}"), [], |r| r.get(0))
        .unwrap()
}

fn hash(engine: &Engine) -> String {
    state_hash(engine.warehouse().conn()).unwrap()
}

fn export(engine: &Engine, dir: &TempDir, format: ExportFormat, mind: Option<&str>) -> FoundExport {
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

fn restore(engine: &Engine, export: &FoundExport) -> Result<RestoreReport, Error> {
    engine.restore(export, false, |_| ())
}

/// What an import that has to be refused says; the store is as it was, and nobody is left in a transaction.
fn refusal(export: &FoundExport) -> String {
    let engine = empty();
    let before = tables(&engine);
    let error = restore(&engine, export).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
    assert!(error.next_step().is_some() || !error.to_string().is_empty());
    assert_eq!(tables(&engine), before, "{error}");
    error.to_string()
}

#[test]
fn an_export_in_any_format_makes_the_same_store() {
    let (engine, dir) = (live(), TempDir::new().unwrap());
    let before = tables(&engine);
    assert!(count(&engine, "state.memory_traces") > 20 && count(&engine, "codex.ledger") > 3);
    let verified = serde_json::to_value(engine.verify().unwrap()).unwrap();
    let copies: Vec<Engine> = FORMATS
        .iter()
        .map(|format| {
            let copy = empty();
            let report = restore(&copy, &export(&engine, &dir, *format, None)).unwrap();
            assert!(report.restored, "{format}");
            assert_eq!(tables(&copy), before, "{format}");
            assert_eq!(hash(&copy), hash(&engine), "{format}");
            assert_eq!(
                serde_json::to_value(copy.verify().unwrap()).unwrap(),
                verified,
                "{format}"
            );
            copy
        })
        .collect();
    assert_eq!(tables(&engine), before, "an export changes nothing");
    // Life goes on as in the original.
    consolidate(&engine, "2026-01-12T12:00:00");
    assert_ne!(tables(&engine)["state.minds"], before["state.minds"]);
    for copy in copies {
        consolidate(&copy, "2026-01-12T12:00:00");
        assert_eq!(hash(&copy), hash(&engine));
    }
}

#[test]
fn an_export_of_an_import_is_the_same_export() {
    let (engine, dir, again) = (lived(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let first = export(&engine, &dir, ExportFormat::Jsonl, None);
    let copy = empty();
    restore(&copy, &first).unwrap();
    let second = export(&copy, &again, ExportFormat::Jsonl, None);
    assert!(fs::read(&first.path).unwrap() == fs::read(&second.path).unwrap());
}

#[test]
fn importing_an_export_twice_adds_nothing() {
    let (engine, dir) = (lived(), TempDir::new().unwrap());
    for format in FORMATS {
        let export = export(&engine, &dir, format, None);
        let copy = empty();
        restore(&copy, &export).unwrap();
        let before = tables(&copy);
        let report = restore(&copy, &export).unwrap();
        assert!(
            !report.restored && report.added.is_empty(),
            "{format}: {:?}",
            report.added
        );
        assert_eq!(report.known, 66);
        assert_eq!(tables(&copy), before, "{format}");
    }
}

#[test]
fn a_store_with_memories_takes_raw_events_as_new_arrivals() {
    let (engine, dir) = (lived(), TempDir::new().unwrap());
    for format in FORMATS {
        let export = export(&engine, &dir, format, None);
        let other = empty();
        other
            .warehouse()
            .transaction(|conn| {
                let nora = ensure_mind(conn, "nora", chrono_tz::UTC, at("2026-01-02T00:00:00"))?;
                append_memories(
                    conn,
                    &memories(&nora, "elsewhere", at("2026-01-03T08:00:00"), 0..5),
                    at("2026-01-09T00:00:00"),
                )?;
                append_memories(
                    conn,
                    &memories(&nora, "diary, \"old\"", at("2026-01-05T08:00:00"), 2..4),
                    at("2026-01-09T00:00:00"),
                )?;
                Ok(())
            })
            .unwrap();
        other.enrich(|_| ()).unwrap();
        let report = restore(&other, &export).unwrap();
        assert!(!report.restored);
        assert_eq!(report.known, 2);
        let expected = [
            ("raw.activations", 9),
            ("raw.deletions", 1),
            ("raw.edits", 3),
            ("raw.memories", 64),
            ("raw.minds", 1),
            ("raw.naps", 2),
        ];
        assert_eq!(
            report.added,
            expected
                .iter()
                .map(|(t, n)| ((*t).to_owned(), *n))
                .collect(),
            "{format}"
        );
        assert!(report.notes.iter().any(|n| n.contains("next consolidate")));
        // Events followed their memories, and what one recall brought up together still belongs together.
        let raw = |engine: &Engine, sql: &str| -> Vec<String> {
            let mut rows = engine
                .warehouse()
                .conn()
                .prepare(&format!("SELECT r::VARCHAR FROM ({sql}) r"))
                .unwrap();
            rows.query_map([], |r| r.get(0))
                .unwrap()
                .map(Result::unwrap)
                .collect()
        };
        for of in ["edits", "deletions", "activations"] {
            let mine = format!(
                "SELECT m.source, m.key, m.content AS said, e.* EXCLUDE (arrival, memory_id{}) FROM raw.{of} e JOIN raw.memories m USING (memory_id)
                 ORDER BY e.arrival",
                if of == "activations" { ", recall_id" } else { "" }
            )
            .replace("m.source", "m.mind_id AS whose, m.source");
            assert_eq!(raw(&other, &mine), raw(&engine, &mine), "{format}: {of}");
        }
        assert_eq!(
            raw(
                &other,
                "SELECT arrival - recall_id FROM raw.activations ORDER BY arrival"
            ),
            raw(
                &engine,
                "SELECT arrival - recall_id FROM raw.activations ORDER BY arrival"
            )
        );
        assert_eq!(count(&other, "enrichment.features"), 71 + 3);
        assert_eq!(count(&other, "lexical.documents"), 71);
        let before = tables(&other);
        assert!(restore(&other, &export).unwrap().added.is_empty());
        assert_eq!(tables(&other), before);
        if format == ExportFormat::Jsonl {
            consolidate(&other, "2026-01-12T12:00:00");
            assert!(other.verify().unwrap().ok);
        }
    }
}

#[test]
fn an_export_of_one_mind_holds_nothing_of_another() {
    let (engine, dir) = (lived(), TempDir::new().unwrap());
    for format in FORMATS {
        let copy = empty();
        let report = restore(&copy, &export(&engine, &dir, format, Some("tom, jr."))).unwrap();
        assert!(!report.restored);
        assert_eq!(report.added["raw.memories"], 26, "{format}");
        assert_eq!(count(&copy, "raw.minds WHERE name <> 'tom, jr.'"), 0);
        assert_eq!(count(&copy, "raw.naps"), 1);
        if format == ExportFormat::Jsonl {
            consolidate(&copy, "2026-01-12T12:00:00");
            assert!(copy.verify().unwrap().ok);
        }
    }
    let options = ExportOptions {
        format: ExportFormat::Json,
        output: dir.path().join("x"),
        mind: Some("nobody".into()),
        force: false,
    };
    assert_eq!(
        engine.export(&options, |_| ()).unwrap_err().kind(),
        ErrorKind::Usage
    );
}

#[test]
fn every_text_survives() {
    let (dir, store) = (TempDir::new().unwrap(), Warehouse::in_memory(2).unwrap());
    let huge: String = "quote \" comma , newline \n 🌱 back\\slash "
        .chars()
        .cycle()
        .take(10 << 20)
        .collect();
    let texts = [
        "",
        " ",
        "\n",
        "\r\n",
        "\r",
        "\"",
        "\"\"",
        "\\N",
        "NULL",
        "null",
        ",",
        "\t",
        "🧠🌙",
        "#x",
        "é",
        "\u{feff}bom",
        "a\u{1}b",
        &huge,
    ];
    store
        .transaction(|conn| {
            let mind = ensure_mind(conn, "default", chrono_tz::UTC, at("2026-01-01T00:00:00"))?;
            let texts = texts.iter().enumerate();
            let batch: Vec<Incoming> = texts
                .map(|(i, text)| Incoming {
                    mind: mind.id,
                    source: "s".into(),
                    key: format!("{i}"),
                    content: (*text).to_owned(),
                    created_at: at(["0001-01-01T00:00:00", "9999-12-31T23:59:59.999999"][i % 2]),
                    speaker: (i % 2 == 0).then(|| text.chars().take(20).collect()),
                    session: None,
                    metadata: "{}".into(),
                })
                .collect();
            append_memories(conn, &batch, at("2026-01-01T00:00:00"))
        })
        .unwrap();
    for format in FORMATS {
        let output = dir.path().join(format!("out.{format}"));
        memory::export(
            &store,
            &ExportOptions {
                format,
                output: output.clone(),
                mind: None,
                force: false,
            },
            |_| (),
        )
        .unwrap();
        let copy = Warehouse::in_memory(2).unwrap();
        memory::restore(
            &copy,
            &find_export(&output).unwrap().unwrap(),
            false,
            &mut |_| (),
        )
        .unwrap();
        let rows = |store: &Warehouse| -> Vec<(i64, String, Option<String>, NaiveDateTime)> {
            let mut rows = store
                .conn()
                .prepare(
                    "SELECT memory_id, content, speaker, created_at FROM raw.memories ORDER BY 1",
                )
                .unwrap();
            rows.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))
                .unwrap()
                .map(Result::unwrap)
                .collect()
        };
        for (copied, original) in rows(&copy).into_iter().zip(rows(&store)) {
            assert!(
                copied == original,
                "{format}: {:.60?} is not {:.60?}",
                copied.1,
                original.1
            );
        }
        assert_eq!(rows(&copy).len(), texts.len(), "{format}");
    }
}

fn cut(path: &Path, keep: impl Fn(&[u8]) -> usize) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..keep(&bytes)]).unwrap();
}

/// Up to and with the `n`th newline.
fn lines(n: usize) -> impl Fn(&[u8]) -> usize {
    move |bytes| {
        bytes
            .iter()
            .enumerate()
            .filter(|(_, b)| **b == b'\n')
            .nth(n - 1)
            .unwrap()
            .0
            + 1
    }
}

#[test]
fn a_file_that_is_cut_off_is_refused_whole_with_file_and_line() {
    let (engine, dir) = (lived(), TempDir::new().unwrap());
    for format in [ExportFormat::Json, ExportFormat::Jsonl] {
        let found = export(&engine, &dir, format, None);
        cut(&found.path, |bytes| lines(300)(bytes) - 5);
        let said = refusal(&found);
        assert!(
            said.contains(&format!("{}:300:", found.path.display())),
            "{said}"
        );
    }
    let found = export(&engine, &dir, ExportFormat::Jsonl, None);
    cut(&found.path, lines(300));
    let said = refusal(&found);
    assert!(
        said.contains(&format!("{}:300: ", found.path.display())) && said.contains("promises"),
        "{said}"
    );

    let found = export(&engine, &dir, ExportFormat::Csv, None);
    let file = found.path.join("raw.memories.csv");
    cut(&file, lines(10));
    let said = refusal(&found);
    assert!(
        said.contains(&format!("{}:10: it ends after", file.display())),
        "{said}"
    );
    cut(&file, |bytes| bytes.len() - 12);
    let said = refusal(&found);
    assert!(
        said.contains(&file.display().to_string()) && said.to_lowercase().contains("line"),
        "{said}"
    );

    let found = export(&engine, &dir, ExportFormat::Parquet, None);
    let file = found.path.join("state.memory_traces.parquet");
    cut(&file, |bytes| bytes.len() / 2);
    let said = refusal(&found);
    assert!(said.contains(&file.display().to_string()), "{said}");
    fs::remove_file(&file).unwrap();
    assert!(refusal(&found).contains("missing"));
}

#[test]
fn a_value_of_the_wrong_type_is_refused_with_its_table() {
    let (engine, dir) = (lived(), TempDir::new().unwrap());
    for format in [ExportFormat::Json, ExportFormat::Jsonl] {
        let found = export(&engine, &dir, format, None);
        let text = fs::read_to_string(&found.path).unwrap();
        fs::write(
            &found.path,
            text.replacen(
                "\"content\":\"",
                "\"created_at\":\"yesterday\",\"content\":\"",
                1,
            ),
        )
        .unwrap();
        let said = refusal(&found);
        assert!(said.contains(&found.path.display().to_string()), "{said}");
        fs::write(
            &found.path,
            text.replacen("\"content\":", "\"contents\":", 1),
        )
        .unwrap();
        let said = refusal(&found);
        assert!(said.contains("has no content"), "{said}");
    }
}

#[test]
fn an_export_of_another_version_is_refused() {
    let (engine, dir) = (lived(), TempDir::new().unwrap());
    for format in FORMATS {
        let found = export(&engine, &dir, format, None);
        let header = if found.path.is_dir() {
            found.path.join("manifest.json")
        } else {
            found.path.clone()
        };
        let text = fs::read_to_string(&header).unwrap().replacen(
            "\"codex_export\": 1",
            "\"codex_export\":1",
            1,
        );
        fs::write(
            &header,
            text.replacen("\"codex_export\":1", "\"codex_export\":2", 1),
        )
        .unwrap();
        let said = refusal(&found);
        assert!(
            said.contains("version 2") && said.contains(&header.display().to_string()),
            "{said}"
        );
        fs::write(&header, text.replacen("raw.memories", "raw.dreams", 2)).unwrap();
        let said = refusal(&found);
        assert!(said.contains("raw.dreams"), "{said}");
    }
}

#[test]
fn a_dry_run_tells_what_would_come_in_and_changes_nothing() {
    let (engine, dir) = (lived(), TempDir::new().unwrap());
    let found = export(&engine, &dir, ExportFormat::Jsonl, None);
    let copy = empty();
    let before = tables(&copy);
    let report = copy.restore(&found, true, |_| ()).unwrap();
    assert!(report.dry_run && report.added["raw.memories"] == 66);
    assert_eq!(tables(&copy), before);
    assert!(restore(&copy, &found).unwrap().restored);
}

#[test]
fn only_an_earlier_export_is_overwritten_and_only_when_asked() {
    let (engine, dir) = (lived(), TempDir::new().unwrap());
    let write = |output: PathBuf, format, force| {
        engine
            .export(
                &ExportOptions {
                    format,
                    output,
                    mind: None,
                    force,
                },
                |_| (),
            )
            .map_err(|e| e.to_string())
    };
    for format in FORMATS {
        let output = dir.path().join(format!("out-{format}"));
        write(output.clone(), format, false).unwrap();
        assert!(
            write(output.clone(), format, false)
                .unwrap_err()
                .contains("exists already")
        );
        write(output, format, true).unwrap();
    }
    let precious = dir.path().join("precious");
    fs::create_dir(&precious).unwrap();
    fs::write(precious.join("thesis.txt"), "years of work").unwrap();
    for format in FORMATS {
        write(precious.clone(), format, true).unwrap_err();
    }
    assert!(precious.join("thesis.txt").exists());
    assert!(
        write(dir.path().join("no/such/dir"), ExportFormat::Json, false)
            .unwrap_err()
            .contains("cannot write")
    );
    // Nothing is left lying about.
    let names = fs::read_dir(dir.path())
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|n| n.starts_with('.')).count(), 0);
}

#[test]
fn an_export_needs_the_file_and_nothing_else() {
    let dir = TempDir::new().unwrap();
    let options = codex_dreams::warehouse::OpenOptions {
        path: dir.path().join("store.duckdb"),
        memory_limit: "1GB".into(),
        threads: 1,
        patience: std::time::Duration::ZERO,
        allow_read_only: false,
    };
    let engine = Engine::over(Warehouse::open(&options).unwrap(), pipeline()).unwrap();
    engine
        .warehouse()
        .transaction(|conn| ensure_mind(conn, "default", chrono_tz::UTC, at("2026-01-01T00:00:00")))
        .unwrap();
    drop(engine);
    // The models' views are there, what they are bound to in a cycle is not.
    let store = Warehouse::open(&options).unwrap();
    for format in FORMATS {
        let output = dir.path().join(format!("out.{format}"));
        memory::export(
            &store,
            &ExportOptions {
                format,
                output: output.clone(),
                mind: None,
                force: false,
            },
            |_| (),
        )
        .unwrap();
        let copy = empty();
        copy.warehouse()
            .transaction(|conn| {
                ensure_mind(
                    conn,
                    "default",
                    chrono_tz::Asia::Tokyo,
                    at("2026-01-01T00:00:00"),
                )
            })
            .unwrap();
        // A store that has nothing but its first mind counts as empty.
        assert!(
            restore(&copy, &find_export(&output).unwrap().unwrap())
                .unwrap()
                .restored
        );
        assert_eq!(count(&copy, "raw.minds WHERE time_zone = 'UTC'"), 1);
    }
}

#[test]
fn a_file_of_memories_is_no_export() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("diary.jsonl");
    fs::write(
        &file,
        "{\"id\":\"1\",\"content\":\"codex_export\",\"created_at\":\"2026-01-01\"}\n",
    )
    .unwrap();
    for path in [file.as_path(), dir.path(), Path::new("no such file")] {
        assert_eq!(find_export(path).unwrap(), None);
    }
}

#[test]
fn the_command_line_exports_and_imports() {
    let dir = TempDir::new().unwrap();
    let codex = |db: &str, args: &[&str]| {
        let mut command = assert_cmd::Command::cargo_bin("codex").unwrap();
        command
            .current_dir(dir.path())
            .env("HOME", dir.path())
            .args(["--db", db, "--json"])
            .args(args)
            .assert()
    };
    let json = |assert: assert_cmd::assert::Assert| -> serde_json::Value {
        serde_json::from_slice(&assert.success().get_output().stdout).unwrap()
    };
    fs::write(
        dir.path().join("d.jsonl"),
        "{\"id\":\"1\",\"content\":\"Tea with Nora\",\"created_at\":\"2026-01-01\"}\n",
    )
    .unwrap();
    codex("a.duckdb", &["import", "d.jsonl"]).success();
    codex(
        "a.duckdb",
        &["consolidate", "--as-of", "2026-01-05T12:00:00Z"],
    )
    .success();
    let state = json(codex("a.duckdb", &["verify"]));
    for format in FORMATS {
        let (output, db) = (format!("out.{format}"), format!("{format}.duckdb"));
        let report = json(codex(
            "a.duckdb",
            &["export", "--format", format.as_str(), "--output", &output],
        ));
        assert_eq!(report["tables"]["raw.memories"], 1);
        codex(
            "a.duckdb",
            &["export", "--format", format.as_str(), "--output", &output],
        )
        .code(2);
        assert_eq!(json(codex(&db, &["import", &output]))["restored"], true);
        assert_eq!(
            json(codex(&db, &["verify"]))["state_hash"],
            state["state_hash"]
        );
        codex(&db, &["import", &output, "--mind", "x"]).code(2);
        codex(&db, &["import", &output, "d.jsonl"]).code(2);
    }
}
