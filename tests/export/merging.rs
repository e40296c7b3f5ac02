//! An export into a store that has memories: raw events as new arrivals.

use crate::world::{
    FORMATS, at, consolidate, count, empty, export, lived, memories, restore, tables,
};
use codex_dreams::engine::{Engine, ExportFormat, ExportOptions};
use codex_dreams::error::ErrorKind;
use codex_dreams::memory::{append_memories, ensure_mind};
use tempfile::TempDir;

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
