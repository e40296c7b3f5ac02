//! Files that are not codex's, cannot be written, or are not there: a clear error, and the file as it was.

use crate::test_store::{TestStore, ran};
use duckdb::Connection;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

#[test]
fn a_file_that_is_no_database_is_refused_and_unchanged() {
    let store = TestStore::new();
    let noise: Vec<u8> = (0..100_000_u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    for bytes in [noise.as_slice(), b"short"] {
        store.write("memory.duckdb", bytes);
        for args in [
            &["status"][..],
            &["memory", "add", "x"],
            &["query", "--text", "x"],
            &["sql", "SELECT 1"],
        ] {
            store.refused(2, "memory.duckdb", args);
        }
        assert_eq!(fs::read(store.store()).unwrap(), bytes);
    }
}

#[test]
fn a_damaged_store_is_refused_and_unchanged() {
    let store = TestStore::with_diary();
    let mut bytes = fs::read(store.store()).unwrap();
    // The three headers at the front.
    bytes[..12_288].iter_mut().for_each(|byte| *byte ^= 0x5a);
    store.write("memory.duckdb", &bytes);
    store.refused(2, "memory.duckdb", &["status"]);
    assert_eq!(fs::read(store.store()).unwrap(), bytes);
}

#[test]
fn somebody_elses_database_is_refused_and_unchanged() {
    let store = TestStore::new();
    let other = Connection::open(store.store()).unwrap();
    other
        .execute_batch("CREATE TABLE customers (id INTEGER); INSERT INTO customers VALUES (1)")
        .unwrap();
    other.close().unwrap();
    let before = fs::read(store.store()).unwrap();
    for args in [&["status"][..], &["memory", "add", "x"], &["consolidate"]] {
        store.refused(2, "not codex's", args);
    }
    assert_eq!(fs::read(store.store()).unwrap(), before);
}

#[test]
fn looking_at_a_store_that_is_not_there_makes_none() {
    let store = TestStore::new();
    for args in [
        &["status"][..],
        &["query", "--text", "x"],
        &["consolidate"],
        &["verify"],
        &["memory", "list"],
        &["sql", "SELECT 1"],
    ] {
        store.refused(2, "there is no store at", args);
    }
    assert!(!store.store().exists());
}

/// Root may write everything; without this capability it is like anybody else.
const WITHOUT_OVERRIDE: &[&str] = &["--bounding-set=-dac_override", "--inh-caps=-dac_override"];

#[test]
fn a_store_that_cannot_be_written_is_still_asked_and_left_alone() {
    let store = TestStore::lived();
    let home = store.path("locked");
    fs::create_dir(&home).unwrap();
    let file = home.join("memory.duckdb");
    fs::copy(store.store(), &file).unwrap();
    let before = fs::read(&file).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o444)).unwrap();
    fs::set_permissions(&home, Permissions::from_mode(0o555)).unwrap();
    let all_powerful = fs::OpenOptions::new().append(true).open(&file).is_ok();
    let run = |args: &[&str]| {
        let codex = env!("CARGO_BIN_EXE_codex");
        let mut command = match all_powerful {
            true => {
                let mut command = store.command(Path::new("setpriv"));
                command.args(WITHOUT_OVERRIDE).arg(codex);
                command
            }
            false => store.codex(),
        };
        ran(command.args(args).env("DUCKDB_PATH", &file))
    };
    let can_be_humble = || {
        let mut humble = std::process::Command::new("setpriv");
        humble
            .args(WITHOUT_OVERRIDE)
            .arg("true")
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success())
    };
    assert!(
        !all_powerful || can_be_humble(),
        "as root this test needs setpriv (util-linux) to give up its powers"
    );
    {
        for args in [
            &["query", "--text", "Bolota"][..],
            &["memory", "show", "a1"],
            &["status"],
            &["explain", "a1"],
            &["verify"],
            &["sql", "FROM raw.memories"],
        ] {
            let ran = run(args);
            assert_eq!(ran.code, 0, "codex {args:?}\n{}{}", ran.stdout, ran.stderr);
        }
        let ran = run(&["memory", "add", "x"]);
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        assert!(ran.stderr.contains("cannot be written"), "{}", ran.stderr);
        assert_eq!(run(&["query", "--text", "Bolota", "--use"]).code, 2);
    }
    fs::set_permissions(&home, Permissions::from_mode(0o755)).unwrap();
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let store = TestStore::with_diary();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_codex"))
        .args(["sql", "SELECT range FROM range(300000)", "--json"])
        .env("DUCKDB_PATH", store.store())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_slip_in_the_environment_is_told_once() {
    let store = TestStore::with_diary();
    let mut codex = store.codex();
    codex.env("CODEX_LOCK_TIMEOUTS", "3");
    let ran = ran(codex.args(["import", "--dry-run", "diary.jsonl"]));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let told = ran.stderr.matches("did you mean CODEX_LOCK_TIMEOUT?");
    assert_eq!(told.count(), 1, "{}", ran.stderr);
}
