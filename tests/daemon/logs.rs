//! `codex daemon logs`.

use crate::house::{House, wait_until};
use crate::room::Room;
use std::io::{BufRead, BufReader};

#[test]
fn logs_are_chosen_by_level_age_and_number() {
    let house = House::of(Room::with_diary());
    house.room.refused(2, "no log", &["daemon", "logs"]);
    house.start();
    wait_until("a night is logged", || {
        house.room.ok(&["daemon", "logs"]).contains("night")
    });
    let dir = house.room.path("memory.duckdb.logs");
    let file = std::fs::read_dir(&dir)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let old = "{\"at\":\"2020-01-01T00:00:00.000Z\",\"level\":\"ERROR\",\"message\":\"long ago\",\"target\":\"t\"}\nnot json\n";
    std::fs::write(dir.join("daemon.2020-01-01.log"), old).unwrap();
    assert!(file.exists());

    let all = house.room.ok(&["daemon", "logs"]);
    assert!(
        all.lines().next().unwrap().contains("long ago"),
        "oldest first: {all}"
    );
    assert_eq!(
        house
            .room
            .ok(&["daemon", "logs", "--lines", "1"])
            .lines()
            .count(),
        1
    );
    let errors = house.room.ok(&["daemon", "logs", "--level", "ERROR"]);
    assert!(
        errors.lines().all(|line| line.contains("ERROR")),
        "{errors}"
    );
    assert!(errors.contains("long ago"));
    let young = house.room.ok(&["daemon", "logs", "--since", "1h"]);
    assert!(
        !young.contains("long ago") && young.contains("the daemon answers"),
        "{young}"
    );
    for line in house.room.ok(&["daemon", "logs", "--json"]).lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["at"].is_string() && line["level"].is_string() && line["message"].is_string());
    }
}

#[test]
fn logs_are_followed() {
    let house = House::running(Room::with_diary());
    let mut follower = house.begin(&["daemon", "logs", "--follow", "--lines", "0"]);
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    let reader = std::thread::spawn(move || {
        lines.find(|line| line.as_ref().is_ok_and(|l| l.contains("reloaded")))
    });
    // Whenever it begins to follow: one of these comes after.
    wait_until("the reload is seen", || {
        house.room.ok(&["daemon", "reload"]);
        reader.is_finished()
    });
    assert!(reader.join().unwrap().is_some());
    follower.kill().unwrap();
    follower.wait().unwrap();
}
