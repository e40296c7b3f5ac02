//! The command line.

use crate::world::FORMATS;
use std::fs;
use tempfile::TempDir;

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
