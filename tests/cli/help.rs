//! Help, version and usage.

use crate::room::Room;

#[test]
fn help_opens_nothing() {
    let room = Room::new();
    room.write("memory.duckdb", "this is no database");
    // That every command has examples is a test of the command line itself.
    for command in [
        &["status"][..],
        &["schedule", "pause"],
        &["daemon", "start"],
    ] {
        let help = room.ok(&[command, &["--help"]].concat());
        assert!(help.contains("Examples:"), "codex {command:?}\n{help}");
    }
    assert!(room.ok(&["--help"]).contains("Exit codes"));
    assert!(room.ok(&["--version"]).starts_with("codex "));
    assert_eq!(std::fs::read(room.store()).unwrap(), b"this is no database");
}

#[test]
fn wrong_usage_is_code_2() {
    let room = Room::new();
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
        let ran = room.run(args);
        assert_eq!(ran.code, 2, "codex {args:?}\n{}{}", ran.stdout, ran.stderr);
        assert!(
            !ran.stderr.is_empty() && ran.stdout.is_empty(),
            "codex {args:?}"
        );
    }
    assert!(!room.store().exists(), "wrong usage makes no store");
}

#[test]
fn init_writes_a_project_that_works_and_overwrites_nothing() {
    let room = Room::with_diary();
    let written = room.json(&["init", "mine"]);
    assert!(written["files"].as_array().unwrap().len() > 50);
    assert!(room.path("mine/config/codex.yaml").exists());
    assert!(
        std::fs::read_to_string(room.path("mine/.env.example"))
            .unwrap()
            .contains("DUCKDB_PATH=")
    );
    room.refused(2, "nothing was written", &["init", "mine"]);
    room.ok(&[
        "consolidate",
        "--project-dir",
        "mine",
        "--as-of",
        crate::room::AFTER,
    ]);
    assert_eq!(room.json(&["verify", "--project-dir", "mine"])["ok"], true);
}

#[test]
fn parameters_and_files_that_are_wrong_are_named() {
    let room = Room::with_diary();
    room.refused(
        2,
        "consolidation_threshold",
        &["status", "--vars", "{consolidation_treshold: 0.5}"],
    );
    room.write("bad.yaml", "parameters:\n  rem_cycles: often\n");
    room.refused(2, "bad.yaml:2", &["status", "--config", "bad.yaml"]);
    room.refused(2, "nowhere", &["status", "--project-dir", "nowhere"]);
}
