//! What stays closed: files of the store to other users, files of the machine to SQL.

use crate::test_store::{TestStore, ran};
use crate::unchecked::unchecked;
use assert_cmd::Command;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// `codex` as somebody with the usual umask starts it.
fn usual(store: &TestStore, args: &[&str]) -> Command {
    let mut command = store.command(Path::new("sh"));
    command
        .args(["-c", "umask 022; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_codex"))
        .args(args);
    command
}

/// What others may do with anything below `dir`, but for the files that a test wrote itself.
fn open_to_others(dir: &Path, own: &[&str]) -> Vec<String> {
    walkdir::WalkDir::new(dir)
        .min_depth(1)
        .into_iter()
        .flatten()
        .filter(|entry| !own.iter().any(|name| entry.path().ends_with(name)))
        .filter(|entry| !entry.path_is_symlink())
        .filter_map(|entry| {
            let mode = entry.metadata().ok()?.permissions().mode() & 0o777;
            (mode & 0o077 != 0).then(|| format!("{mode:o} {}", entry.path().display()))
        })
        .collect()
}

#[test]
fn every_file_that_codex_makes_is_its_users_alone() {
    let store = TestStore::with_diary();
    fs::remove_file(store.store()).unwrap();
    let _ = fs::remove_file(store.path("memory.duckdb.lock"));
    let kept = store.path("own/deeper/memory.duckdb");
    let kept = kept.to_str().unwrap();
    let diary = store.path("later.jsonl");
    fs::write(&diary, "{\"id\":\"l1\",\"content\":\"The tide was out.\",\"created_at\":\"2026-03-03T08:00:00Z\"}\n").unwrap();
    for args in [
        &["import", "later.jsonl"][..],
        &[
            "memory",
            "add",
            "The tide came in.",
            "--at",
            "2026-03-03T20:00:00Z",
        ],
        &["consolidate", "--as-of", "2026-03-05T12:00:00Z"],
        &["query", "--text", "tide", "--use"],
        &["export", "--format", "json", "--output", "out.json"],
        &["export", "--format", "parquet", "--output", "out"],
        &["snapshot", "--output", "copy.duckdb"],
        &["replay", "--into", "again.duckdb"],
        &["daemon", "start"],
        &["query", "--text", "tide"],
        &["daemon", "stop"],
    ] {
        let ran = ran(usual(&store, args).env("DUCKDB_PATH", kept));
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.stderr);
    }
    let found = open_to_others(&store.path("."), &["diary.jsonl", "later.jsonl"]);
    assert!(found.is_empty(), "others may look into {found:#?}");
    assert!(store.path("own/deeper/memory.duckdb.logs").exists());
}

#[test]
fn a_store_that_others_could_read_is_closed_once_and_said_so() {
    let store = TestStore::with_diary();
    fs::set_permissions(store.store(), fs::Permissions::from_mode(0o644)).unwrap();
    let first = store.run(&["status"]);
    assert!(
        first.stderr.contains("could be read by others"),
        "{}",
        first.stderr
    );
    let mode = fs::metadata(store.store()).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    assert_eq!(store.run(&["status"]).stderr, "");
}

#[test]
fn the_group_may_read_where_somebody_wants_that() {
    let store = TestStore::with_diary();
    fs::remove_file(store.store()).unwrap();
    let ran = ran(&mut usual(
        &store,
        &["--group-readable", "memory", "add", "The tide was out."],
    ));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let mode = fs::metadata(store.store()).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o640);
}

#[test]
fn sql_over_the_store_reads_no_file_and_loads_nothing() {
    let store = TestStore::with_diary();
    let secret = store.path("secret.csv");
    fs::write(&secret, "a,b\n1,sesame\n").unwrap();
    let secret = secret.to_str().unwrap();
    for query in [
        format!("FROM read_text('{secret}')"),
        format!("FROM read_csv('{secret}')"),
        format!("FROM read_blob('{secret}')"),
        format!("FROM sniff_csv('{secret}')"),
        format!("FROM '{secret}'"),
        "FROM read_text('secret.csv')".to_owned(),
        "FROM glob('/etc/*')".to_owned(),
        "FROM read_parquet('https://127.0.0.1:9/x.parquet')".to_owned(),
    ] {
        let ran = store.run(&["sql", &query]);
        assert_eq!(ran.code, 2, "{query}: {}{}", ran.stdout, ran.stderr);
        assert!(!ran.stdout.contains("sesame") && !ran.stdout.contains("passwd"));
        assert!(
            ran.stderr.contains("--allow-files"),
            "{query}: {}",
            ran.stderr
        );
    }
    for query in [
        "LOAD json",
        "SET enable_external_access = true",
        "ATTACH 'x.duckdb'",
    ] {
        assert_eq!(store.run(&["sql", query]).code, 2, "{query}");
    }
}

#[test]
fn files_are_read_without_the_store_where_somebody_allows_a_directory() {
    let store = TestStore::with_diary();
    fs::create_dir(store.path("data")).unwrap();
    store.write("data/steps.csv", "day,steps\n1,900\n");
    store.write("outside.csv", "day,steps\n1,901\n");
    let rows = store.json(&["sql", "--allow-files", "data", "FROM 'data/steps.csv'"]);
    assert_eq!(rows, serde_json::json!([{"day": 1, "steps": 900}]));
    for (query, what) in [
        ("FROM 'outside.csv'", "reads no files"),
        ("FROM raw.memories", "does not exist"),
        ("FROM 'data/../outside.csv'", "reads no files"),
    ] {
        store.refused(2, what, &["sql", "--allow-files", "data", query]);
    }
    store.refused(
        2,
        "no directory",
        &["sql", "--allow-files", "none", "SELECT 1"],
    );
}

#[test]
fn a_model_of_somebody_elses_project_reads_no_file() {
    let store = TestStore::lived();
    store.ok(&["init", "theirs"]);
    let model = "theirs/sql/analytics/memory_dashboard.sql";
    store.write(
        model,
        "SELECT content AS stolen FROM read_text('/etc/hostname')\n",
    );
    let ran = store.run(&[
        "--project-dir",
        "theirs",
        "run",
        "--select",
        "memory_dashboard",
    ]);
    assert_ne!(ran.code, 0);
    assert!(
        (ran.stdout + &ran.stderr).contains("Cannot access file"),
        "the model is named with the reason"
    );
}

#[test]
fn a_query_without_end_is_stopped_after_its_time() {
    let store = TestStore::with_diary();
    let endless =
        "SELECT count(*) FROM range(100000000000) a, range(100000) b WHERE a.range % 7 = b.range";
    store.refused(1, "stopped after 1 s", &["sql", "--timeout", "1", endless]);
}

/// A file system of its own, of so many KiB; none where this user may not make one.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    fn new(store: &TestStore, kib: u32) -> Option<SmallDisk> {
        let at = store.path("disk");
        fs::create_dir(&at).unwrap();
        let size = format!("size={kib}k");
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(&at)
            .status();
        mounted
            .is_ok_and(|status| status.success())
            .then_some(SmallDisk(at))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_question_needs_no_room_to_write() {
    let store = TestStore::lived();
    let size = fs::metadata(store.store()).unwrap().len();
    let Some(disk) = SmallDisk::new(&store, size as u32 / 1024 + 64) else {
        return unchecked("a question on a full disk: this user may not mount one");
    };
    let kept = disk.0.join("memory.duckdb");
    fs::copy(store.store(), &kept).unwrap();
    let _ = fs::write(disk.0.join("fill"), vec![0; 1 << 20]);
    for args in [
        &["query", "--text", "Bolota"][..],
        &["query", "--text", "Bolota", "--use"],
        &["status"],
        &["insights"],
        &["memory", "list"],
        &["verify"],
        &["sql", "SELECT 42"],
    ] {
        let ran = ran(store.codex().args(args).env("DUCKDB_PATH", &kept));
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.stderr);
        if args[0] == "query" {
            assert!(ran.stdout.contains("Bolota the cat"), "{}", ran.stdout);
            let said = ran.stdout + &ran.stderr;
            assert!(said.contains("could not be logged"), "{said}");
        }
    }
}
