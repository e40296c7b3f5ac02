//! The daemon between PostgreSQL and its dreams: nobody calls a command.

use crate::room::Room;
use codex_dreams::engine::Holder;
use std::process::Command;
use std::time::{Duration, Instant};

/// Stops the room's daemon, whatever became of the test.
struct Daemon<'a>(&'a Room<'static>);

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

#[test]
fn what_is_new_comes_in_and_what_was_dreamt_goes_out_by_itself() {
    let room = Room::new();
    room.ok(&["init", "postgres"]);
    room.ok(&["init", "project"]);
    // Often enough for a test.
    let file = room.path("project/schedules/biological_rhythms.yaml");
    let schedule = std::fs::read_to_string(&file).unwrap();
    let schedule = schedule
        .replace("25,55 * * * * *", "* * * * * *")
        .replace("40 * * * * *", "* * * * * *");
    std::fs::write(&file, schedule.replace("*/30 * * * * *", "* * * * * *")).unwrap();
    let _daemon = Daemon(&room);
    room.ok(&["--project-dir", "project", "daemon", "start"]);
    room.db.run(
        "INSERT INTO memories (content, created_at)
         SELECT 'the cat and the cello, day ' || d, TIMESTAMPTZ '2026-03-01 12:00Z' + d * INTERVAL '1 day' FROM generate_series(1, 5) d",
    );
    let memories = || {
        let said = room.ok(&[
            "--project-dir",
            "project",
            "sql",
            "SELECT count(*) FROM raw.memories",
            "--json",
        ]);
        let rows: serde_json::Value = serde_json::from_str(&said).unwrap();
        rows[0]
            .as_object()
            .unwrap()
            .values()
            .next()
            .unwrap()
            .as_i64()
            .unwrap()
    };
    wait_until("they have come in", || memories() == 5);
    wait_until("what was dreamt is published", || {
        room.db
            .count("SELECT count(*) FROM dreams.long_term_memories")
            > 0
    });
    room.db
        .run("INSERT INTO memories (content) VALUES ('one more')");
    wait_until("the next has come in", || memories() == 6);
    room.ok(&["--project-dir", "project", "verify"]);
    room.ok(&["--project-dir", "project", "daemon", "stop"]);
}
