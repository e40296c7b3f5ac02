//! Several processes and one file.

use crate::test_store::{AFTER, DIARY, TestStore, ran};
use codex_dreams::warehouse::FileLock;
use std::process::{Command, Stdio};
use std::time::Duration;

#[test]
fn two_processes_at_once_do_no_harm() {
    let store = TestStore::new();
    store.write("diary.jsonl", DIARY);
    let start = |args: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_codex"))
            .args(args)
            .current_dir(store.path("."))
            .env("DUCKDB_PATH", store.store())
            .env("HOME", store.path("."))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let imports: Vec<_> = (0..3).map(|_| start(&["import", "diary.jsonl"])).collect();
    for import in imports {
        let output = import.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let cycles: Vec<_> = (0..3)
        .map(|_| start(&["consolidate", "--as-of", AFTER]))
        .collect();
    for cycle in cycles {
        let output = cycle.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    assert_eq!(store.count("SELECT count(*) FROM raw.memories"), 6);
    assert_eq!(store.json(&["status"])["minds"][0]["nights"], 2);
    assert_eq!(store.json(&["verify"])["ok"], true);
}

#[test]
fn a_store_in_use_is_code_3_and_says_by_whom() {
    let store = TestStore::with_diary();
    let _owner = FileLock::acquire(&store.store().canonicalize().unwrap(), Duration::ZERO).unwrap();
    let ran = ran(store
        .codex()
        .args(["status"])
        .env("CODEX_LOCK_TIMEOUT", "0"));
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("is in use by") && ran.stderr.contains("hint"),
        "{}",
        ran.stderr
    );
}
