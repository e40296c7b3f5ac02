//! The defaults are calibrated: on the sample 20 to 80 % of memories reach long-term memory, and the threshold moves that.

use crate::world::{open, pipeline};
use codex_dreams::engine::{CycleRequest as Request, Engine, ImportOptions};
use std::path::PathBuf;

/// The share of the sample's memories in long-term memory, in percent.
fn share(vars: &str) -> i64 {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::over(open(dir.path().join("memory.duckdb"), 1), pipeline(vars)).unwrap();
    let sample = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sample/diary.jsonl");
    engine
        .import(
            &ImportOptions {
                paths: vec![sample],
                mind: None,
                time_zone: chrono_tz::Tz::UTC,
                source: None,
                dry_run: false,
            },
            |_| (),
        )
        .unwrap();
    let as_of = "2026-03-16T12:00:00".parse().unwrap();
    engine
        .consolidate(
            &Request {
                cycle: None,
                as_of,
                mind: None,
            },
            |_| (),
        )
        .unwrap();
    let conn = engine.warehouse().conn();
    conn.query_row(
        "SELECT (100 * count(*) FILTER (tier = 'long_term') / (SELECT count(*) FROM raw.memories))::BIGINT FROM state.memory_traces",
        [],
        |r| r.get(0),
    )
    .unwrap()
}

#[test]
fn a_fifth_to_four_fifths_of_the_sample_reach_long_term_memory_and_the_threshold_moves_that() {
    let shares = [0.5, 0.6, 0.7]
        .map(|threshold| share(&format!("{{consolidation_threshold: {threshold}}}")));
    assert!((20..=80).contains(&shares[1]), "{shares:?}");
    assert!(shares[0] > shares[1] && shares[1] > shares[2], "{shares:?}");
}
