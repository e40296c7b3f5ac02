//! Clocks that are wrong for a while.

use crate::test_store::{AFTER, TestStore, ran};
use assert_cmd::Command;
use serde_json::Value;

const DAY: i64 = 24 * 3600;
const YEARS: i64 = 11 * 365 * DAY;

/// A store whose programs run by a clock that the test sets.
struct Clocked {
    store: TestStore,
}

impl Clocked {
    fn with_diary() -> Clocked {
        let store = TestStore::with_diary();
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/clock.c");
        let built = std::process::Command::new("cc")
            .args(["-shared", "-fPIC", "-o"])
            .arg(store.path("clock.so"))
            .arg(source)
            .status()
            .unwrap();
        assert!(built.success());
        Clocked { store }
    }

    /// `codex` with the clock `shift` seconds ahead.
    fn at(&self, shift: i64, args: &[&str]) -> Command {
        self.store.write("shift", shift.to_string());
        let mut command = self.store.codex();
        command
            .env("LD_PRELOAD", self.store.path("clock.so"))
            .env("SHIFT_FILE", self.store.path("shift"))
            .args(args);
        command
    }

    fn ok(&self, shift: i64, args: &[&str]) -> String {
        let ran = ran(&mut self.at(shift, args));
        assert_eq!(ran.code, 0, "codex {args:?}\n{}{}", ran.stdout, ran.stderr);
        ran.stdout
    }

    fn json(&self, shift: i64, args: &[&str]) -> Value {
        let mut args = args.to_vec();
        args.push("--json");
        serde_json::from_str(&self.ok(shift, &args)).unwrap()
    }

    /// The alert level of a check of the mind called `default`.
    fn level(&self, shift: i64, check: &str) -> String {
        let health = ran(&mut self.at(shift, &["health", "--json"]));
        let health: Value = serde_json::from_str(&health.stdout).unwrap();
        let checks = health["checks"].as_array().unwrap();
        let found = checks
            .iter()
            .find(|c| c["check"] == check && c["mind"] == "default");
        found.unwrap()["alert_level"].as_str().unwrap().to_owned()
    }
}

#[test]
fn a_clock_that_was_wrong_once_stops_nobodys_nights() {
    let clocked = Clocked::with_diary();
    clocked.ok(0, &["memory", "add", "The kettle sings", "--mind", "other"]);
    clocked.ok(0, &["consolidate"]);
    clocked.ok(YEARS, &["memory", "add", "ahead of everybody"]);
    clocked.ok(YEARS + 2 * DAY, &["consolidate", "--mind", "default"]);

    let health = ran(&mut clocked.at(0, &["health"]));
    assert_eq!(health.code, 1, "{}", health.stdout);
    assert!(
        health.stdout.contains("night_ahead_of_clock"),
        "{}",
        health.stdout
    );
    assert_eq!(clocked.level(0, "night_ahead_of_clock"), "CRITICAL");
    assert!(clocked.ok(0, &["status"]).contains("health: CRITICAL"));
    let doctor = ran(&mut clocked.at(0, &["doctor"]));
    assert!(
        doctor.stdout.contains("night_ahead_of_clock"),
        "{}",
        doctor.stdout
    );

    clocked.ok(0, &["memory", "add", "The kettle is quiet"]);
    let back = ran(&mut clocked.at(2 * DAY, &["consolidate"]));
    assert_eq!(back.code, 0, "{}{}", back.stdout, back.stderr);
    assert!(
        back.stderr.contains("a clock that was wrong"),
        "{}",
        back.stderr
    );
    let status = clocked.json(2 * DAY, &["status"]);
    let default = &status["minds"][0];
    assert_eq!(default["mind"], "default");
    // The six of the diary and the new one have slept; the one of the false day waits for its day.
    assert_eq!(default["pending"], 1, "{status}");
    assert!(default["nights"].as_i64().unwrap() >= 3);
    let clock = status["as_of"].as_str().unwrap();
    let night = default["last_night_at"].as_str().unwrap();
    assert!(night <= clock, "{status}");
    assert_eq!(clocked.level(2 * DAY, "night_ahead_of_clock"), "OK");
    assert_eq!(clocked.json(2 * DAY, &["verify"])["ok"], true);
    let again = clocked.json(2 * DAY, &["replay", "--into", "again.duckdb"]);
    assert_eq!(again["ok"], true, "{again}");
    assert!(
        clocked
            .ok(2 * DAY, &["consolidate"])
            .contains("nothing was due")
    );
}

#[test]
fn what_others_lived_stays_when_a_false_night_is_taken_back() {
    let clocked = Clocked::with_diary();
    clocked.ok(0, &["memory", "add", "The kettle sings", "--mind", "other"]);
    clocked.ok(2 * DAY, &["consolidate"]);
    clocked.ok(YEARS, &["memory", "add", "ahead of everybody"]);
    clocked.ok(YEARS + 2 * DAY, &["consolidate", "--mind", "default"]);
    let nights = "SELECT count(*)::VARCHAR AS n FROM consolidation_stats WHERE cycle = 'relive' AND minds = 1";
    let back = clocked.json(3 * DAY, &["consolidate"]);
    let taken = &back["taken_back"];
    assert_eq!(taken.as_array().unwrap().len(), 1, "{back}");
    assert_eq!(taken[0]["mind"], "default");
    assert_eq!(clocked.json(3 * DAY, &["sql", nights])[0]["n"], "1");
}

#[test]
fn a_mind_that_was_sent_ahead_by_hand_waits_and_the_others_go_on() {
    let clocked = Clocked::with_diary();
    clocked.ok(0, &["memory", "add", "The kettle sings", "--mind", "other"]);
    clocked.ok(0, &["memory", "add", "Tea", "--at", "2031-01-01T10:00:00Z"]);
    clocked.ok(
        0,
        &["consolidate", "--mind", "default", "--as-of", "2031-02-01"],
    );
    let lived = clocked.json(2 * DAY, &["consolidate"]);
    assert_eq!(lived["nights"], 1, "{lived}");
    assert_eq!(lived["ahead"][0]["mind"], "default", "{lived}");
    assert_eq!(clocked.level(2 * DAY, "night_ahead_of_clock"), "WARNING");
    clocked.ok(2 * DAY, &["consolidate", "--nap"]);
}

#[test]
fn a_clock_that_was_reset_takes_nothing_back() {
    let clocked = Clocked::with_diary();
    clocked.ok(0, &["consolidate"]);
    let before = clocked.json(0, &["verify"])["state_hash"].clone();
    clocked.ok(-56 * 365 * DAY, &["consolidate"]);
    assert_eq!(clocked.json(0, &["verify"])["state_hash"], before);
    clocked.store.refused(
        2,
        "lies before the last night",
        &["consolidate", "--as-of", "2026-03-02"],
    );
}

#[test]
fn a_quiet_week_and_an_import_of_old_memories_are_no_alarm() {
    let clocked = Clocked::with_diary();
    assert_eq!(clocked.level(0, "hours_without_night"), "OK");
    clocked.ok(0, &["consolidate", "--as-of", AFTER]);
    clocked.ok(30 * DAY, &["memory", "add", "Back from the holiday"]);
    assert_eq!(clocked.level(30 * DAY, "hours_without_night"), "OK");
    assert_eq!(
        clocked.level(33 * DAY + DAY / 2, "hours_without_night"),
        "WARNING"
    );
    assert_eq!(clocked.level(40 * DAY, "hours_without_night"), "CRITICAL");
    clocked.ok(40 * DAY, &["consolidate"]);
    assert_eq!(clocked.level(40 * DAY, "hours_without_night"), "OK");
}

#[test]
fn where_nothing_is_due_it_says_when_and_a_type_of_the_night_runs_the_day_before_it() {
    let clocked = Clocked::with_diary();
    clocked.ok(0, &["consolidate"]);
    clocked.ok(0, &["memory", "add", "The kettle sings"]);
    clocked.ok(5, &["consolidate", "--type", "homeostasis"]);
    assert_eq!(clocked.json(5, &["status"])["minds"][0]["pending"], 0);
    let again = clocked.ok(5, &["consolidate"]);
    assert!(
        again.contains("nothing was due; the next night is at"),
        "{again}"
    );
}
