//! An export makes the same store again, whatever is in it.

use crate::world::{
    FORMATS, at, consolidate, count, empty, export, hash, live, lived, pipeline, restore, tables,
};
use chrono::NaiveDateTime;
use codex_dreams::engine::{Engine, ExportFormat, ExportOptions, find_export};
use codex_dreams::memory::{self, Incoming, append_memories, ensure_mind};
use codex_dreams::warehouse::Warehouse;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// Exports a store that no engine has made ready, whole.
fn exported(store: &Warehouse, format: ExportFormat, output: &Path) {
    let options = ExportOptions {
        format,
        output: output.to_path_buf(),
        mind: None,
        force: false,
    };
    memory::export(store, &options, |_| ()).unwrap();
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
        exported(&store, format, &output);
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

#[test]
fn an_export_needs_the_file_and_nothing_else() {
    let dir = TempDir::new().unwrap();
    let options = codex_dreams::warehouse::OpenOptions {
        path: dir.path().join("store.duckdb"),
        memory_limit: "1GB".into(),
        threads: 1,
        patience: std::time::Duration::ZERO,
        allow_read_only: false,
        group_readable: false,
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
        exported(&store, format, &output);
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
fn what_an_empty_store_remembers_of_postgres_gives_way_to_what_the_exported_one_knew() {
    let dir = tempfile::tempdir().unwrap();
    let remembering = |source: &str| {
        let engine = empty();
        let sql = format!(
            "INSERT INTO codex.intakes VALUES ('{source}', 1, NULL, 0, '', NULL);
             INSERT INTO codex.source_rows VALUES ('{source}', 'x', 0, '00000000-0000-0000-0000-000000000000', 1, false);
             INSERT INTO codex.breakers VALUES ('{source}', 1, NULL, NULL, TIMESTAMP '2026-01-01');
             INSERT INTO codex.publication VALUES ('{source}', 3, 2, 0, 0);
             INSERT INTO codex.published VALUES ('working_memory', '{source}', '00000000-0000-0000-0000-000000000000', true);
             INSERT INTO codex.changes VALUES (3, 'working_memory', '{source}', NULL)"
        );
        engine.warehouse().conn().execute_batch(&sql).unwrap();
        engine
    };
    let original = remembering("theirs");
    for format in FORMATS {
        let found = export(&original, &dir, format, None);
        let again = remembering("ours");
        let report = restore(&again, &found).unwrap();
        assert!(report.restored, "{format}");
        assert!(report.notes.iter().any(|note| note.contains("--take-over")));
        for (table, column) in [
            ("intakes", "source"),
            ("source_rows", "source"),
            ("breakers", "service"),
        ] {
            let from = format!("codex.{table}");
            assert_eq!(count(&again, &from), 1, "{format} {table}");
            assert_eq!(
                count(&again, &format!("{from} WHERE {column} = 'theirs'")),
                1
            );
        }
        // Another store publishes for itself.
        for table in ["publication", "published", "changes"] {
            assert_eq!(
                count(&again, &format!("codex.{table}")),
                0,
                "{format} {table}"
            );
        }
    }
}
