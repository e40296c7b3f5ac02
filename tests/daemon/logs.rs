//! `codex daemon logs`.

use crate::house::{House, PATIENCE, wait_until};
use crate::test_store::TestStore;
use std::io::{BufRead, BufReader, Write};

#[test]
fn logs_are_chosen_by_level_age_and_number() {
    let house = House::of(TestStore::with_diary());
    house.store.refused(2, "no log", &["daemon", "logs"]);
    house.start();
    wait_until("a night is logged", || {
        house.store.ok(&["daemon", "logs"]).contains("night")
    });
    let dir = house.store.path("memory.duckdb.logs");
    let file = std::fs::read_dir(&dir)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let old = "{\"at\":\"2020-01-01T00:00:00.000Z\",\"level\":\"ERROR\",\"message\":\"long ago\",\"target\":\"t\"}\nnot json\n";
    std::fs::write(dir.join("daemon.2020-01-01.log"), old).unwrap();
    assert!(file.exists());

    let all = house.store.ok(&["daemon", "logs"]);
    assert!(
        all.lines().next().unwrap().contains("long ago"),
        "oldest first: {all}"
    );
    assert_eq!(
        house
            .store
            .ok(&["daemon", "logs", "--lines", "1"])
            .lines()
            .count(),
        1
    );
    let errors = house.store.ok(&["daemon", "logs", "--level", "ERROR"]);
    assert!(
        errors.lines().all(|line| line.contains("ERROR")),
        "{errors}"
    );
    assert!(errors.contains("long ago"));
    let young = house.store.ok(&["daemon", "logs", "--since", "1h"]);
    assert!(
        !young.contains("long ago") && young.contains("the daemon answers"),
        "{young}"
    );
    for line in house.store.ok(&["daemon", "logs", "--json"]).lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["at"].is_string() && line["level"].is_string() && line["message"].is_string());
    }
}

#[test]
fn logs_are_followed() {
    let house = House::running(TestStore::with_diary());
    let mut follower = house.begin(&["daemon", "logs", "--follow", "--lines", "0"]);
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    let reader = std::thread::spawn(move || {
        lines.find(|line| line.as_ref().is_ok_and(|l| l.contains("reloaded")))
    });
    // Whenever it begins to follow: one of these comes after.
    wait_until("the reload is seen", || {
        house.store.ok(&["daemon", "reload"]);
        reader.is_finished()
    });
    assert!(reader.join().unwrap().is_some());
    follower.kill().unwrap();
    follower.wait().unwrap();
}

#[test]
fn a_line_that_was_torn_off_does_not_hold_up_the_next_day() {
    let house = House::of(TestStore::with_diary());
    let dir = house.store.path("memory.duckdb.logs");
    std::fs::create_dir(&dir).unwrap();
    let line = |day: &str, message: &str| {
        format!(
            "{{\"at\":\"{day}T00:00:00.000Z\",\"level\":\"INFO\",\"message\":\"{message}\",\"target\":\"t\"}}\n"
        )
    };
    let first = dir.join("daemon.2026-01-01.log");
    std::fs::write(&first, line("2026-01-01", "the first")).unwrap();
    let mut follower = house.begin(&["daemon", "logs", "--follow"]);
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("the first"));
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(&first)
        .unwrap();
    file.write_all(b"{\"at\":\"2026-01-01T").unwrap();
    let second = dir.join("daemon.2026-01-02.log");
    std::fs::write(&second, line("2026-01-02", "the second")).unwrap();
    let (told, heard) = std::sync::mpsc::channel();
    std::thread::spawn(move || told.send(lines.next()));
    let next = heard.recv_timeout(PATIENCE);
    follower.kill().unwrap();
    follower.wait().unwrap();
    let next = next.expect("the next day's lines are told").unwrap();
    assert!(next.unwrap().contains("the second"));
}
