//! PostgreSQL away, killed, silent, or codex killed: the cycle goes on, and what was missed is made up.

use crate::server::Server;
use crate::test_store::{TestStore, count, take_in};
use codex_dreams::engine::{IntakeRequest, Mode};
use codex_dreams::error::ErrorKind;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::process::Command;
use std::time::{Duration, Instant};

/// A view that takes its time over each row.
pub const SLOW: &str = "
    INSERT INTO memories (content) SELECT 'note ' || i FROM generate_series(1, 200) i;
    CREATE VIEW slow AS SELECT m.*, pg_sleep(0.01)::text AS waited FROM memories m;";
pub const SLOW_MAPPING: &str = "  - {table: slow, columns: {speaker: waited}}\n";

/// Waits until a query of codex's runs in the view.
pub fn until_scanning(store: &TestStore<'_>) {
    let scanning = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%' AND wait_event = 'PgSleep'";
    let started = Instant::now();
    while store.db.count(scanning) == 0 {
        assert!(started.elapsed() < Duration::from_secs(60), "no scan began");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn without_postgres_cycles_go_on_and_the_circuit_opens_and_closes() {
    let server = Server::start();
    let store = TestStore::beside(&server);
    store.db.run("INSERT INTO memories (content, created_at) VALUES ('Nora planted tomatoes.', '2026-03-02 08:00Z')");
    store.ok(&["init", "postgres"]);
    store.ok(&["consolidate", "--as-of", "2026-03-02T09:00:00Z"]);
    store.ok(&[
        "memory",
        "add",
        "The tomatoes need water.",
        "--at",
        "2026-03-02T10:00:00Z",
    ]);
    server.kill();
    // Intake and write-back fail once each a run: after two runs the circuit is open.
    for minute in 0..3 {
        let at = format!("2026-03-02T10:0{minute}:30Z");
        let (code, stdout, stderr) = store.ran(&["consolidate", "--as-of", &at]);
        assert_eq!(code, 0, "{stdout}{stderr}");
        let warned = if minute < 2 {
            "warning: intake: "
        } else {
            "so intake waits until"
        };
        assert!(stderr.contains(warned), "{stderr}");
    }
    let engine = store.engine();
    assert_eq!(
        count(
            &engine,
            "SELECT count(*) FROM short_term_memory.episode_memories"
        ),
        2,
        "the cycle went on"
    );
    drop(engine);
    let health = store.ok(&["health"]);
    assert!(
        health.contains("circuit open after 4 failures")
            || health.contains("circuit open after 3 failures"),
        "{health}"
    );
    assert!(health.contains("owed to dreams"), "{health}");
    let json: serde_json::Value = serde_json::from_str(&store.ok(&["health", "--json"])).unwrap();
    assert_eq!(json["postgres"]["circuit"], "open");
    let (code, _, stderr) = store.ran(&["intake"]);
    assert_eq!(code, 3, "{stderr}");
    server.run();
    // By hand nobody has to wait, and what was owed arrives.
    store.ok(&["intake"]);
    assert!(store.ok(&["write-back"]).contains("written"));
    let health = store.ok(&["health", "--verbose"]);
    assert!(
        !health.contains("circuit") && !health.contains("owed"),
        "{health}"
    );
    assert_eq!(
        store
            .db
            .count("SELECT sum(memories)::bigint FROM dreams.short_term_episodes"),
        2
    );
}

#[test]
fn a_server_killed_in_the_middle_of_a_scan_costs_no_row() {
    let server = Server::start();
    let store = TestStore::beside(&server);
    store.db.run(SLOW);
    let mut engine = store.engine_mapping(SLOW_MAPPING);
    std::thread::scope(|scope| {
        let scan = scope.spawn(|| {
            let error = engine.take_in(IntakeRequest::default()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
            assert_eq!(count(&engine, "SELECT count(*) FROM raw.memories"), 0);
        });
        until_scanning(&store);
        server.kill();
        scan.join().unwrap();
    });
    drop(engine);
    server.run();
    store
        .db
        .run("CREATE OR REPLACE VIEW slow AS SELECT m.*, ''::text AS waited FROM memories m");
    let mut engine = store.engine_mapping(SLOW_MAPPING);
    assert_eq!(take_in(&mut engine).added, 200);
    assert_eq!(take_in(&mut engine).mode, Mode::Nothing);
}

#[test]
fn codex_killed_in_the_middle_of_a_scan_takes_no_row_twice() {
    let store = TestStore::new();
    store.db.run(SLOW);
    store
        .db
        .run("ALTER TABLE memories RENAME TO originals; ALTER VIEW slow RENAME TO memories");
    let mut codex = store.spawn(&["intake"]);
    until_scanning(&store);
    codex.kill().unwrap();
    codex.wait().unwrap();
    store
        .db
        .run("CREATE OR REPLACE VIEW memories AS SELECT m.*, ''::text AS waited FROM originals m");
    let staging = || {
        let entries = std::fs::read_dir(store.dir.path()).unwrap().flatten();
        entries.filter(|entry| entry.file_name().to_string_lossy().ends_with(".staging"))
    };
    let left = || staging().count();
    assert_eq!(left(), 1);
    let mode = staging().next().unwrap().metadata().unwrap().mode();
    assert_eq!(mode & 0o777, 0o700, "others can look into it");
    // Whoever opens the store next removes it, whatever the number of its process.
    store.ok(&["status"]);
    assert_eq!(left(), 0, "what the killed process left is gone");
    store.ok(&["intake"]);
    store.ok(&["intake", "--reconcile"]);
    assert_eq!(left(), 0, "what the killed process left is gone");
    let engine = store.engine();
    assert_eq!(count(&engine, "SELECT count(*) FROM raw.memories"), 200);
    assert_eq!(
        count(&engine, "SELECT count(DISTINCT key) FROM raw.memories"),
        200
    );
}

#[test]
fn a_server_that_accepts_and_says_nothing_holds_nobody_up() {
    let mut store = TestStore::new();
    store.ok(&[
        "memory",
        "add",
        "The tomatoes need water.",
        "--at",
        "2026-03-02T10:00:00Z",
    ]);
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = silent.local_addr().unwrap().port();
    store.set(
        "POSTGRES_DB_URL",
        format!("postgresql://nora:geheim@127.0.0.1:{port}/db"),
    );
    store.set("CODEX_POSTGRES_CONNECT_TIMEOUT", "1");
    let started = Instant::now();
    let (code, stdout, stderr) = store.ran(&["consolidate", "--as-of", "2026-03-02T10:00:30Z"]);
    assert_eq!(code, 0, "{stdout}{stderr}");
    assert!(
        stderr.contains("has not answered for 1 s") && !stderr.contains("geheim"),
        "{stderr}"
    );
    assert!(started.elapsed() < Duration::from_secs(60));
    assert_eq!(
        count(
            &store.engine(),
            "SELECT count(*) FROM short_term_memory.episode_memories"
        ),
        1,
        "the cycle went on"
    );
}

#[test]
fn a_disk_that_is_full_is_named_and_costs_no_row() {
    let store = TestStore::new();
    store.ok(&["intake"]);
    // Contents that no compression makes small: about six megabytes.
    store.db.run(
        "INSERT INTO memories (content)
         SELECT (SELECT string_agg(md5(i::text || '/' || j::text), ' ') FROM generate_series(1, 90) j) FROM generate_series(1, 2000) i",
    );
    let bytes = std::fs::metadata(store.path("memory.duckdb"))
        .unwrap()
        .len();
    let mut refused = 0;
    for room_left in [0_u64, 256, 1024, 2048, 4096] {
        // In blocks of 512 bytes, as `sh` counts.
        let limit = bytes / 512 + room_left * 2;
        let limited = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" intake");
        let output = Command::new("sh")
            .args(["-c", &limited, env!("CARGO_BIN_EXE_codex")])
            .current_dir(store.dir.path())
            .envs(&store.environment)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            refused += 1;
            assert_eq!(output.status.code(), Some(1), "{room_left}: {said}");
            assert!(
                said.contains("disk") && !said.contains("PostgreSQL:"),
                "{room_left}: {said}"
            );
        }
    }
    assert!(refused >= 2, "the limits limited nothing");
    store.ok(&["intake"]);
    store.ok(&["intake", "--reconcile"]);
    let engine = store.engine();
    assert_eq!(count(&engine, "SELECT count(*) FROM raw.memories"), 2000);
    assert_eq!(
        count(&engine, "SELECT count(DISTINCT key) FROM raw.memories"),
        2000
    );
    let health = engine.postgres_health().unwrap().unwrap();
    assert_eq!(health.failures, 0);
}
