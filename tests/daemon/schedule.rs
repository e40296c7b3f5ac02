//! `codex schedule`.

use crate::house::{House, ended, wait_until};
use crate::test_store::TestStore;
use serde_json::Value;

fn state(store: &TestStore, name: &str) -> String {
    let list = store.json(&["schedule", "list"]);
    let rhythms = list["rhythms"].as_array().unwrap();
    let rhythm = rhythms.iter().find(|r| r["name"] == name).unwrap();
    rhythm["state"].as_str().unwrap().to_owned()
}

#[test]
fn every_rhythm_shows_its_next_five_looks() {
    let house = House::of(TestStore::with_diary());
    for daemon in [false, true] {
        if daemon {
            house.start();
        }
        let list = house.store.json(&["schedule", "list"]);
        assert_eq!(list["daemon"], daemon);
        for rhythm in list["rhythms"].as_array().unwrap() {
            let next: Vec<&Value> = rhythm["next_looks"].as_array().unwrap().iter().collect();
            assert_eq!(next.len(), 5, "{rhythm}");
            assert!(
                next.windows(2).all(|two| two[0].as_str() < two[1].as_str()),
                "{rhythm}"
            );
        }
    }
}

#[test]
fn what_is_paused_stays_so_until_it_is_resumed() {
    let house = House::of(TestStore::with_diary());
    house.store.ok(&["schedule", "pause", "rem_sleep"]);
    assert_eq!(state(&house.store, "rem_sleep"), "paused");
    house.start();
    assert_eq!(state(&house.store, "rem_sleep"), "paused");
    assert_ne!(state(&house.store, "working"), "paused");
    house.store.ok(&["schedule", "resume", "rem_sleep"]);
    house
        .store
        .ok(&["schedule", "pause", "working", "short_term"]);
    house.store.ok(&["daemon", "restart"]);
    assert_ne!(state(&house.store, "rem_sleep"), "paused");
    assert_eq!(state(&house.store, "working"), "paused");
    house
        .store
        .refused(2, "no rhythm 'waking'", &["schedule", "pause", "waking"]);
    house.store.ok(&["daemon", "stop"]);
    house.store.ok(&["schedule", "resume", "--all"]);
    assert_eq!(state(&house.store, "working"), "no daemon");
    house
        .store
        .refused(2, "working", &["schedule", "pause", "workin"]);
}

#[test]
fn rhythms_paused_at_the_same_time_all_rest() {
    let house = House::running(TestStore::with_diary());
    let names = ["working", "short_term", "hippocampal", "rem_sleep"];
    let orders = names.map(|name| house.begin(&["schedule", "pause", name]));
    for order in orders {
        let ran = ended(order);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
    // As the daemon has it, and as the store has it.
    for _ in 0..2 {
        for name in names {
            // One that is at work still ends first.
            wait_until("it rests", || state(&house.store, name) == "paused");
        }
        house.store.ok(&["daemon", "stop"]);
    }
    // All or none, and nothing is called all.
    let wrong = &["schedule", "resume", "working", "waking"];
    house.store.refused(2, "no rhythm 'waking'", wrong);
    assert_eq!(state(&house.store, "working"), "paused");
    let all = &["schedule", "resume", "all"];
    house.store.refused(2, "no rhythm 'all'", all);
    let said = house.store.ok(&["schedule", "resume", "--all"]);
    assert_eq!(said.trim(), "resumed: all");
    assert_eq!(state(&house.store, "working"), "no daemon");
}

/// Whether a text is five fields of cron and a command.
fn is_crontab_line(line: &str) -> bool {
    let mut fields = line.split_whitespace();
    let five: Vec<&str> = fields.by_ref().take(5).collect();
    five.len() == 5
        && five.iter().all(|f| {
            f.chars()
                .all(|c| c.is_ascii_alphanumeric() || "*/,-".contains(c))
        })
        && fields
            .next()
            .is_some_and(|command| command.contains("codex"))
}

#[test]
fn the_lines_for_cron_are_right_and_do_what_they_say() {
    let store = TestStore::with_diary();
    let text = store.ok(&["schedule", "crontab"]);
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    assert!(lines.len() >= 6, "{text}");
    for line in &lines {
        assert!(is_crontab_line(line), "{line}");
    }
    let of = |cycle: &str| -> Vec<&str> {
        lines
            .iter()
            .filter(|line| line.contains(&format!("--type {cycle} ")))
            .copied()
            .collect()
    };
    assert!(of("working")[0].starts_with("* * * * * "), "{text}");
    assert!(of("short_term")[0].starts_with("*/5 * * * * "), "{text}");
    assert!(of("hippocampal")[0].starts_with("0 * * * * "), "{text}");
    assert_eq!(of("rem_sleep").len(), 2, "90 minutes take two lines");
    assert!(of("homeostasis")[0].starts_with("15 4 * * SUN "), "{text}");
    // As cron runs it: by a shell, in no particular directory.
    let command: String = of("working")[0].splitn(6, ' ').nth(5).unwrap().to_owned();
    let ran = std::process::Command::new("sh")
        .args(["-c", &command])
        .env("HOME", store.path("."))
        .current_dir("/")
        .output()
        .unwrap();
    assert!(
        ran.status.success(),
        "{command}: {}",
        String::from_utf8_lossy(&ran.stderr)
    );
    assert_eq!(store.json(&["status"])["minds"][0]["nights"], 2);
}
