//! A temporary directory with a store of its own, and `codex` in it.

use assert_cmd::Command;
use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Six memories of two days.
pub const DIARY: &str = r#"{"id":"a1","content":"Bolota the cat ate nothing this morning, and I am worried.","created_at":"2026-03-02T08:00:00Z","speaker":"Nora","session":"s1"}
{"id":"a2","content":"Call the vet about Bolota before noon.","created_at":"2026-03-02T08:00:20Z","speaker":"Nora","session":"s1"}
{"id":"a3","content":"I can ring the clinic in Graça for you at nine.","created_at":"2026-03-02T08:00:45Z","speaker":"Iris","session":"s1"}
{"id":"a4","content":"The vet says Bolota's kidneys are weak; she stays overnight.","created_at":"2026-03-02T18:30:00Z","speaker":"Nora","session":"s2","metadata":{"place":"clinic"}}
{"id":"b1","content":"Bolota is home again and ate half a bowl of food.","created_at":"2026-03-03T12:00:00Z","speaker":"Nora","session":"s3"}
{"id":"b2","content":"The cutover of the reports is on Friday the 13th.","created_at":"2026-03-03T12:05:00Z","speaker":"Nora","session":"s3"}
"#;

/// A moment after both nights.
pub const AFTER: &str = "2026-03-04T12:00:00Z";

pub struct TestStore {
    dir: TempDir,
}

/// What a run left behind.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl TestStore {
    pub fn new() -> TestStore {
        TestStore {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// A directory whose store holds the diary.
    pub fn with_diary() -> TestStore {
        let store = TestStore::new();
        store.write("diary.jsonl", DIARY);
        store.ok(&["import", "diary.jsonl"]);
        store
    }

    /// A store whose diary has been lived through.
    pub fn lived() -> TestStore {
        let store = TestStore::with_diary();
        store.ok(&["consolidate", "--as-of", AFTER]);
        store
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn store(&self) -> PathBuf {
        self.path("memory.duckdb")
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// `codex` in this store, with nothing of the user's own.
    pub fn codex(&self) -> Command {
        self.command(Path::new(env!("CARGO_BIN_EXE_codex")))
    }

    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CODEX_"))
        {
            command.env_remove(name);
        }
        command
            .current_dir(self.dir.path())
            .env("HOME", self.dir.path())
            .env("DUCKDB_PATH", self.store())
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_DATA_HOME");
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        ran(self.codex().args(args))
    }

    /// Runs it, and it has to go well.
    pub fn ok(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, 0, "codex {args:?}\n{}{}", ran.stdout, ran.stderr);
        ran.stdout
    }

    /// Runs it with `--json`, and it has to go well.
    pub fn json(&self, args: &[&str]) -> Value {
        let mut args = args.to_vec();
        args.push("--json");
        serde_json::from_str(&self.ok(&args)).unwrap()
    }

    /// Runs it, and it has to be refused with this code, in words that hold `what`.
    pub fn refused(&self, code: i32, what: &str, args: &[&str]) {
        let ran = self.run(args);
        assert_eq!(
            ran.code, code,
            "codex {args:?}\n{}{}",
            ran.stdout, ran.stderr
        );
        assert!(
            ran.stderr.contains(what),
            "codex {args:?} says\n{}",
            ran.stderr
        );
        assert!(
            ran.stderr.starts_with("error: "),
            "codex {args:?} says\n{}",
            ran.stderr
        );
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    }

    /// A number out of the store.
    pub fn count(&self, sql: &str) -> i64 {
        let rows = self.json(&["sql", sql]);
        rows[0]
            .as_object()
            .and_then(|row| row.values().next())
            .and_then(Value::as_i64)
            .unwrap()
    }
}

pub fn ran(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
