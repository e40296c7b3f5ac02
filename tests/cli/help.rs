//! Help, version and usage.

use crate::test_store::TestStore;

#[test]
fn help_opens_nothing() {
    let store = TestStore::new();
    store.write("memory.duckdb", "this is no database");
    // That every command has examples is a test of the command line itself.
    for command in [
        &["status"][..],
        &["schedule", "pause"],
        &["daemon", "start"],
    ] {
        let help = store.ok(&[command, &["--help"]].concat());
        assert!(help.contains("Examples:"), "codex {command:?}\n{help}");
    }
    assert!(store.ok(&["--help"]).contains("Exit codes"));
    assert!(store.ok(&["--version"]).starts_with("codex "));
    assert_eq!(
        std::fs::read(store.store()).unwrap(),
        b"this is no database"
    );
}

#[test]
fn wrong_usage_is_code_2() {
    let store = TestStore::new();
    for args in [
        &["frobnicate"][..],
        &[],
        &["import"],
        &["query"],
        &["query", "--text", "x", "-k", "0"],
        &["query", "--text", "x", "--as-of", "tomorrow"],
        &["query", "--text", "x", "--as-of", "2026-03-01", "--use"],
        &["consolidate", "--type", "dreaming"],
        &["metrics", "--period", "7"],
        &["memory", "add", "x", "--metadata", "[1]"],
        &["memory", "list", "--limit", "0"],
    ] {
        let ran = store.run(args);
        assert_eq!(ran.code, 2, "codex {args:?}\n{}{}", ran.stdout, ran.stderr);
        assert!(
            !ran.stderr.is_empty() && ran.stdout.is_empty(),
            "codex {args:?}"
        );
    }
    assert!(!store.store().exists(), "wrong usage makes no store");
}

#[test]
fn init_writes_a_project_that_works_and_overwrites_nothing() {
    let store = TestStore::with_diary();
    let written = store.json(&["init", "mine"]);
    assert!(written["files"].as_array().unwrap().len() > 50);
    assert!(store.path("mine/config/codex.yaml").exists());
    assert!(
        std::fs::read_to_string(store.path("mine/.env.example"))
            .unwrap()
            .contains("DUCKDB_PATH=")
    );
    store.refused(2, "nothing was written", &["init", "mine"]);
    store.ok(&[
        "consolidate",
        "--project-dir",
        "mine",
        "--as-of",
        crate::test_store::AFTER,
    ]);
    assert_eq!(store.json(&["verify", "--project-dir", "mine"])["ok"], true);
}

#[test]
fn parameters_and_files_that_are_wrong_are_named() {
    let store = TestStore::with_diary();
    store.refused(
        2,
        "consolidation_threshold",
        &["status", "--vars", "{consolidation_treshold: 0.5}"],
    );
    store.write("bad.yaml", "parameters:\n  rem_cycles: often\n");
    store.refused(2, "bad.yaml:2", &["status", "--config", "bad.yaml"]);
    store.refused(2, "nowhere", &["status", "--project-dir", "nowhere"]);
}
