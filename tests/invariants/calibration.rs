//! The defaults are calibrated: on the sample 20 to 80 % of memories reach long-term memory, and the threshold moves that.

use crate::test_history::{open, pipeline};
use codex_dreams::engine::{ConsolidateOptions as Request, Engine, ImportOptions};
use std::path::PathBuf;

fn sample() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sample/diary.jsonl")
}

/// The share of a diary's memories in long-term memory, in percent.
fn share(diary: PathBuf, vars: &str) -> i64 {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::over(open(dir.path().join("memory.duckdb"), 1), pipeline(vars)).unwrap();
    engine
        .import(
            &ImportOptions {
                paths: vec![diary],
                mind: None,
                time_zone: chrono_tz::Tz::UTC,
                source: None,
                dry_run: false,
                ..ImportOptions::default()
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
                by_clock: false,
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
    let shares = [0.5, 0.6, 0.7].map(|threshold| {
        share(
            sample(),
            &format!("{{consolidation_threshold: {threshold}}}"),
        )
    });
    assert!((20..=80).contains(&shares[1]), "{shares:?}");
    assert!(shares[0] > shares[1] && shares[1] > shares[2], "{shares:?}");
}

/// A tenth of the parameters at a time; `CODEX_SOAK=1` tries each alone, since one may hide what another does.
#[test]
fn every_parameter_may_have_its_least_and_its_greatest_value() {
    let soak = std::env::var_os("CODEX_SOAK").is_some_and(|v| !v.is_empty());
    let dir = tempfile::tempdir().unwrap();
    let diary = dir.path().join("diary.jsonl");
    let days: Vec<String> = std::fs::read_to_string(sample())
        .unwrap()
        .lines()
        .take(60)
        .map(str::to_owned)
        .collect();
    std::fs::write(&diary, days.join("\n")).unwrap();
    let defaults = pipeline("{}");
    let parameters: Vec<_> = defaults.parameters().iter().collect();
    let groups = if soak { parameters.len() } else { 10 };
    for end in ["min", "max"] {
        for group in 0..groups {
            let values: Vec<String> = parameters
                .iter()
                .skip(group)
                .step_by(groups)
                .filter_map(|p| {
                    let end = match end {
                        "min" => p.declaration.min,
                        _ => p.declaration.max,
                    };
                    Some(format!("{}: {}", p.name, end?))
                })
                .collect();
            assert!(
                (0..=100).contains(&share(diary.clone(), &format!("{{{}}}", values.join(", "))))
            );
        }
    }
}
