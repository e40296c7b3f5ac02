//! kill -9 leaves the state before a step or after it: whatever is killed, the store is valid and the next run comes to the
//! state that a run never killed comes to.
//!
//! 20 kills at moments drawn from a fixed seed; `CODEX_SOAK=1` makes them 200, `CODEX_SEED` draws others.

use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const NOON_OF_THE_FIRST_DAYS: &str = "2026-03-05T12:00:00Z";
const END: &str = "2026-03-15T12:00:00Z";

fn codex(db: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_codex"));
    command.env_clear();
    for name in [
        "PATH",
        "LD_LIBRARY_PATH",
        "DYLD_FALLBACK_LIBRARY_PATH",
        "TMPDIR",
    ] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
        .arg("--db")
        .arg(db)
        .current_dir(db.parent().unwrap());
    command
}

fn consolidate(db: &Path, as_of: &str) -> Command {
    let mut command = codex(db);
    command.args(["consolidate", "--as-of", as_of]);
    command
}

fn succeed(mut command: Command) -> Output {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// What `verify` says; it must be fine.
fn verified(db: &Path) -> Value {
    let mut command = codex(db);
    command.args(["verify", "--json"]);
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let found: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {stderr}"));
    assert_eq!(found["ok"], true, "{found:#} {stderr}");
    found
}

/// A store that has lived through three days, ticked on the fourth, and has nine more waiting.
fn waiting(dir: &Path) -> PathBuf {
    let words = [
        "the cat is ill",
        "Joana called",
        "plan: move the server",
        "bought strings for the cello",
        "so happy today",
    ];
    let mut parts = [String::new(), String::new()];
    for i in 0..150_usize {
        let (day, slot) = (1 + i / 12, i % 12);
        let part = usize::from(day > 4);
        // Bursts, a few things told days later, and two minds.
        let second = if slot < 6 { slot * 7 } else { slot * 5 % 60 };
        let told = if part == 1 && i % 17 == 0 { 2 } else { day };
        writeln!(
            parts[part],
            r#"{{"id":"m{i}","content":"{}; {}","created_at":"2026-03-{told:02}T{:02}:{:02}:{second:02}Z","mind":"{}"}}"#,
            words[i % 5],
            words[i * i % 4],
            8 + slot / 3,
            slot / 6 * 30,
            ["one", "two"][usize::from(i % 3 == 0)],
        )
        .unwrap();
    }
    let db = dir.join("waiting.duckdb");
    for (part, text) in parts.iter().enumerate() {
        let file = dir.join(format!("part{part}.jsonl"));
        std::fs::write(&file, text).unwrap();
        let mut import = codex(&db);
        import.arg("import").arg(&file);
        succeed(import);
        if part == 0 {
            succeed(consolidate(&db, NOON_OF_THE_FIRST_DAYS));
        }
    }
    db
}

/// The store again, as it is at rest.
fn copy(of: &Path, name: &str) -> PathBuf {
    let copy = of.with_file_name(name);
    for suffix in ["", ".wal"] {
        let [from, to] = [of, &copy].map(|p| PathBuf::from(format!("{}{suffix}", p.display())));
        let _ = std::fs::remove_file(&to);
        if from.exists() {
            std::fs::copy(from, to).unwrap();
        }
    }
    copy
}

/// Lets `command` run for `patience` and kills it, unless it has finished. Says whether it was killed.
fn kill_after(mut command: Command, patience: Duration) -> bool {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while started.elapsed() < patience {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{command:?} failed: {status}");
            return false;
        }
        std::thread::yield_now();
    }
    child.kill().unwrap();
    !child.wait().unwrap().success()
}

#[test]
fn a_store_killed_at_any_moment_is_valid_and_ends_like_one_never_killed() {
    let soak = std::env::var_os("CODEX_SOAK").is_some_and(|v| !v.is_empty());
    let kills = if soak { 200 } else { 20 };
    let mut dice: u64 = std::env::var("CODEX_SEED")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(20_260_302);
    let dir = tempfile::tempdir().unwrap();
    let waiting = waiting(dir.path());
    let before = verified(&waiting)["state_hash"].clone();

    let whole = copy(&waiting, "whole.duckdb");
    let started = Instant::now();
    succeed(consolidate(&whole, END));
    let takes = started.elapsed();
    let expected = verified(&whole);
    assert_ne!(expected["state_hash"], before);

    let (mut killed, mut lives) = (0, 0);
    let mut midway = 0;
    while killed < kills {
        lives += 1;
        assert!(
            lives < 3 * kills,
            "{killed} of {lives} runs were killed: they finish too soon"
        );
        let db = copy(&waiting, "killed.duckdb");
        // At most five kills a life, so that the later ones hit what the earlier ones left.
        for _ in 0..5 {
            dice = dice
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let patience = takes.mul_f64((dice >> 40) as f64 / (1 << 24) as f64 * 0.8);
            if !kill_after(consolidate(&db, END), patience) {
                break;
            }
            killed += 1;
            let hash = verified(&db)["state_hash"].clone();
            midway += usize::from(hash != before && hash != expected["state_hash"]);
        }
        succeed(consolidate(&db, END));
        let found = verified(&db);
        assert_eq!(
            found["state_hash"], expected["state_hash"],
            "after {killed} kills"
        );
        assert_eq!(found["minds"], expected["minds"]);
    }
    assert!(
        midway * 4 > kills,
        "only {midway} of {killed} kills came between the first night and the last"
    );
    eprintln!(
        "{killed} kills in {lives} lives, {midway} of them midway; a whole run takes {takes:?}"
    );
}
