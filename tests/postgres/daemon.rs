//! The daemon between PostgreSQL and its dreams: nobody calls a command.

use crate::away::until_scanning;
use crate::test_store::TestStore;
use codex_dreams::engine::Holder;
use std::process::Command;
use std::time::{Duration, Instant};

/// Stops the store's daemon, whatever became of the test.
struct Daemon<'a>(&'a TestStore<'static>);

impl Drop for Daemon<'_> {
    fn drop(&mut self) {
        let store = self.0.path("memory.duckdb");
        if let Some(pid) = store
            .canonicalize()
            .ok()
            .filter(|store| Holder::is_there(store))
            .and_then(|store| Holder::of(&store).pid)
        {
            let _ = Command::new("kill")
                .args(["-KILL", &pid.to_string()])
                .status();
        }
    }
}

#[track_caller]
fn wait_until(what: &str, so: impl Fn() -> bool) {
    let started = Instant::now();
    while !so() {
        assert!(
            started.elapsed() < Duration::from_secs(90),
            "waited in vain until {what}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A number out of the store, whoever owns it.
fn asked(store: &TestStore<'_>, sql: &str) -> i64 {
    asked_with(store, &[], sql)
}

fn asked_with(store: &TestStore<'_>, globals: &[&str], sql: &str) -> i64 {
    let said = store.ok(&[globals, &["sql", sql, "--json"]].concat());
    let rows: serde_json::Value = serde_json::from_str(&said).unwrap();
    let row = rows[0].as_object().unwrap();
    row.values().next().unwrap().as_i64().unwrap()
}

#[test]
fn what_is_new_comes_in_and_what_was_dreamt_goes_out_by_itself() {
    let store = TestStore::new();
    store.ok(&["init", "postgres"]);
    store.ok(&["init", "project"]);
    // Often enough for a test.
    let file = store.path("project/schedules/biological_rhythms.yaml");
    let schedule = std::fs::read_to_string(&file).unwrap();
    let schedule = schedule
        .replace("25,55 * * * * *", "* * * * * *")
        .replace("40 * * * * *", "* * * * * *");
    std::fs::write(&file, schedule.replace("*/30 * * * * *", "* * * * * *")).unwrap();
    let _daemon = Daemon(&store);
    store.ok(&["--project-dir", "project", "daemon", "start"]);
    store.db.run(
        "INSERT INTO memories (content, created_at)
         SELECT 'the cat and the cello, day ' || d, TIMESTAMPTZ '2026-03-01 12:00Z' + d * INTERVAL '1 day' FROM generate_series(1, 5) d",
    );
    let memories = || {
        asked_with(
            &store,
            &["--project-dir", "project"],
            "SELECT count(*) FROM raw.memories",
        )
    };
    wait_until("they have come in", || memories() == 5);
    wait_until("what was dreamt is published", || {
        store
            .db
            .count("SELECT count(*) FROM dreams.long_term_memories")
            > 0
    });
    store
        .db
        .run("INSERT INTO memories (content) VALUES ('one more')");
    wait_until("the next has come in", || memories() == 6);
    store.ok(&["--project-dir", "project", "verify"]);
    store.ok(&["--project-dir", "project", "daemon", "stop"]);
}

#[test]
fn two_at_once_take_each_row_once() {
    for with_daemon in [false, true] {
        let store = TestStore::new();
        let _daemon = Daemon(&store);
        if with_daemon {
            store.ok(&["daemon", "start"]);
        }
        store.db.run(
            "INSERT INTO memories (content) SELECT 'note ' || i FROM generate_series(1, 2000) i",
        );
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| store.ok(&["intake", "--reconcile"]));
            }
        });
        assert_eq!(asked(&store, "SELECT count(*) FROM raw.memories"), 2000);
        assert_eq!(asked(&store, "SELECT count(*) FROM raw.edits"), 0);
    }
}

#[test]
fn what_was_read_earlier_never_comes_in_after_what_was_read_later() {
    let store = TestStore::new();
    store.db.run(
        "INSERT INTO memories (content) SELECT 'note ' || i FROM generate_series(1, 200) i;
         CREATE TABLE pace (slow boolean); INSERT INTO pace VALUES (true);
         ALTER TABLE memories RENAME TO originals;
         CREATE VIEW memories AS
         SELECT o.*, CASE WHEN p.slow THEN pg_sleep(0.01)::text END AS waited FROM originals o CROSS JOIN pace p",
    );
    let _daemon = Daemon(&store);
    store.ok(&["daemon", "start"]);
    std::thread::scope(|scope| {
        let earlier = scope.spawn(|| store.ok(&["intake"]));
        until_scanning(&store);
        store.db.run(
            "UPDATE pace SET slow = false; DELETE FROM originals WHERE id = 2;
             UPDATE originals SET content = 'news', updated_at = clock_timestamp() WHERE id = 1",
        );
        store.ok(&["intake", "--reconcile"]);
        earlier.join().unwrap();
    });
    assert_eq!(
        asked(
            &store,
            "SELECT count(*) FROM raw.memories WHERE memory_id NOT IN (SELECT memory_id FROM raw.deletions)"
        ),
        199
    );
    assert_eq!(
        asked(
            &store,
            "SELECT count(*) FROM raw.edits WHERE arrival = (SELECT max(arrival) FROM raw.edits) AND content = 'news'"
        ),
        1
    );
}

#[test]
fn the_daemon_takes_in_at_once_what_the_trigger_tells() {
    let store = TestStore::new();
    store.ok(&["init", "postgres", "--trigger"]);
    store.ok(&["init", "project"]);
    // The rhythm alone would take its time.
    let file = store.path("project/schedules/biological_rhythms.yaml");
    let schedule = std::fs::read_to_string(&file).unwrap();
    assert!(schedule.contains("25,55 * * * * *"));
    std::fs::write(&file, schedule.replace("25,55 * * * * *", "0 0 0 1 1 *")).unwrap();
    let _daemon = Daemon(&store);
    let project = ["--project-dir", "project"];
    store.ok(&["--project-dir", "project", "daemon", "start"]);
    for wanted in 1..=3 {
        store
            .db
            .run("INSERT INTO memories (content) VALUES ('one more')");
        wait_until("it has come in", || {
            asked_with(&store, &project, "SELECT count(*) FROM raw.memories") == wanted
        });
    }
    store.db.run("DELETE FROM memories WHERE id = 1");
    wait_until("it is gone", || {
        asked_with(&store, &project, "SELECT count(*) FROM raw.deletions") == 1
    });
    // A connection that breaks is opened again.
    store.db.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'");
    store
        .db
        .run("INSERT INTO memories (content) VALUES ('after the break')");
    wait_until("it has come in", || {
        asked_with(&store, &project, "SELECT count(*) FROM raw.memories") == 4
    });
    store.ok(&["--project-dir", "project", "daemon", "stop"]);
}
