//! Bytes that are no text: arguments, paths, the environment.

use crate::test_store::{DIARY, TestStore, ran};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

const BYTES: &[u8] = b"caf\xe9";

fn bytes() -> &'static OsStr {
    OsStr::from_bytes(BYTES)
}

/// Runs it: it ends with a code of codex's own, and says nothing of a panic.
fn no_panic(command: &mut assert_cmd::Command) -> (i32, String) {
    let ran = ran(command);
    assert!((0..=3).contains(&ran.code), "{command:?}: {}", ran.stderr);
    assert!(
        !ran.stderr.contains("panicked"),
        "{command:?}: {}",
        ran.stderr
    );
    (ran.code, ran.stderr)
}

#[test]
fn no_argument_of_bytes_panics() {
    let store = TestStore::lived();
    for args in [
        &["import"][..],
        &["import", "--dry-run"],
        &["memory", "add"],
        &["memory", "add", "a", "--mind"],
        &["memory", "add", "a", "--key"],
        &["memory", "show"],
        &["memory", "list", "--mind"],
        &["query", "--text"],
        &["query", "--batch"],
        &["sql"],
        &["snapshot", "--output"],
        &["export", "--format", "jsonl", "--output"],
        &["replay", "--into"],
        &["consolidate", "--as-of"],
        &["status", "--db"],
        &["status", "--config"],
        &["status", "--project-dir"],
        &["status", "--vars"],
        &["run", "--select"],
        &["compile", "--target-path"],
        &["init"],
        &["explain"],
        &["schedule", "list", "--project-dir"],
        &["daemon", "status", "--db"],
        &[],
    ] {
        no_panic(store.codex().args(args).arg(bytes()));
    }
}

#[test]
fn a_file_whose_name_is_not_text_is_read() {
    let store = TestStore::new();
    std::fs::write(
        store.path("").join(OsStr::from_bytes(b"caf\xe9.jsonl")),
        DIARY,
    )
    .unwrap();
    let (code, said) = no_panic(
        store
            .codex()
            .arg("import")
            .arg(OsStr::from_bytes(b"caf\xe9.jsonl")),
    );
    assert_eq!(code, 0, "{said}");
    assert_eq!(store.json(&["status"])["minds"][0]["memories"], 6);
}

#[test]
fn no_environment_of_bytes_panics_and_codex_never_takes_another_store_for_it() {
    let store = TestStore::lived();
    for name in [
        "HOME",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "USER",
        "TERM",
        "OTHER",
    ] {
        let (code, said) = no_panic(store.codex().env(name, bytes()).arg("status"));
        assert_eq!(code, 0, "{name}: {said}");
    }
    for name in ["DUCKDB_PATH", "CODEX_THREADS", "POSTGRES_DB_URL"] {
        let (code, said) = no_panic(store.codex().env(name, bytes()).arg("status"));
        assert_eq!(code, 2, "{name}: {said}");
        assert!(said.contains(name), "{said}");
    }
    let mut without = store.codex();
    without.env_remove("DUCKDB_PATH").env("HOME", bytes());
    let (code, said) = no_panic(without.arg("status"));
    assert_eq!(code, 2, "{said}");
}

#[test]
fn a_directory_whose_name_is_not_text_holds_no_store_and_says_so() {
    let store = TestStore::new();
    let dir = store.path("").join(bytes());
    std::fs::create_dir(&dir).unwrap();
    let mut command = store.codex();
    command
        .env_remove("DUCKDB_PATH")
        .arg("--db")
        .arg(dir.join("m.duckdb"));
    let (code, said) = no_panic(command.args(["memory", "add", "tea"]));
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("not UTF-8"), "{said}");
}

#[test]
fn another_programs_env_file_is_passed_over() {
    let store = TestStore::lived();
    for text in [
        "SHOP-NAME=shop\nSECRET=it's\n",
        "FLAGS={\"dark\": true}\nGREETING=good morning all\nOTHER=\"unclosed\n",
        "\u{feff}A=1\n",
    ] {
        store.write(".env", text);
        store.ok(&["memory", "list"]);
    }
    store.write(".env", "SHOP-NAME=shop\nCODEX_THREADS=two three\n");
    store.refused(2, ".env:2", &["memory", "list"]);
}

#[test]
fn a_byte_order_mark_begins_a_batch_as_it_begins_a_file() {
    let store = TestStore::lived();
    store.write("questions.jsonl", "\u{feff}{\"text\":\"vet\"}\n");
    let answered = store.ok(&["query", "--batch", "questions.jsonl", "--json"]);
    assert!(answered.contains("\"a2\""), "{answered}");
}

#[test]
fn another_programs_database_is_no_store() {
    let store = TestStore::new();
    let mut file = b"SQLite format 3\0".to_vec();
    file.resize(4096, 0);
    store.write("notes.sqlite", &file);
    store.refused(
        2,
        "is not a store of codex's",
        &["--db", "notes.sqlite", "memory", "list"],
    );
    assert_eq!(std::fs::read(store.path("notes.sqlite")).unwrap(), file);
}
