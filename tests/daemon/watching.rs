//! The daemon watches itself.

use crate::house::{House, wait_until};
use crate::test_store::{TestStore, ran};
use serde_json::Value;

fn start_with(house: &House, settings: &[(&str, &str)]) {
    let mut command = house.store.codex();
    command
        .args(["daemon", "start"])
        .envs(settings.iter().copied());
    let start = ran(&mut command);
    assert_eq!(start.code, 0, "{}", start.stderr);
}

fn alerts(house: &House) -> Vec<String> {
    let alerts = house.status()["alerts"].clone();
    let names = alerts.as_array().unwrap().iter();
    names
        .map(|alert| alert["check"].as_str().unwrap().to_owned())
        .collect()
}

fn rhythm(house: &House, name: &str) -> Value {
    let rhythms = house.status()["rhythms"].clone();
    let found = rhythms
        .as_array()
        .unwrap()
        .iter()
        .find(|r| r["name"] == name);
    found.unwrap().clone()
}

#[test]
fn memory_and_file_size_have_alert_levels() {
    let house = House::of(TestStore::lived());
    start_with(
        &house,
        &[
            ("CODEX_DAEMON_MEMORY_ALERT", "1MB"),
            ("CODEX_DAEMON_SIZE_ALERT", "1KB"),
        ],
    );
    wait_until("both are told", || {
        let alerts = alerts(&house);
        ["daemon_memory", "store_size"]
            .iter()
            .all(|check| alerts.contains(&(*check).to_owned()))
    });
    let health = house.store.json(&["health"]);
    assert_eq!(health["alert_level"], "WARNING", "{health}");
    let said = house.store.ok(&["health"]);
    assert!(
        said.contains("store_size") && said.contains("1KB"),
        "{said}"
    );
    let log = house.store.ok(&["daemon", "logs", "--level", "WARN"]);
    assert!(log.contains("more than 1KB"), "{log}");
    // Giving memory back takes nothing from anybody.
    assert!(
        !house.store.json(&["query", "--text", "Bolota"])["results"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}

#[test]
fn without_anything_to_tell_it_says_that_it_is_well() {
    let house = House::running(TestStore::lived());
    let health = house.store.json(&["health"]);
    let own = health["checks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|c| c["check"] == "daemon");
    assert_eq!(own.unwrap()["alert_level"], "OK");
}

#[test]
fn a_look_that_takes_too_long_is_interrupted_and_the_others_go_on() {
    let house = House::with_days(60);
    start_with(&house, &[("CODEX_DAEMON_DEADLINE", "0")]);
    wait_until("the look was interrupted", || {
        rhythm(&house, "working")["outcome"]
            .as_str()
            .is_some_and(|o| o.contains("deadline"))
    });
    let log = house.store.ok(&["daemon", "logs", "--level", "ERROR"]);
    assert!(log.contains("longer than its deadline"), "{log}");
    wait_until("the others had their turn", || {
        [
            "short_term",
            "hippocampal",
            "deep_sleep",
            "rem_sleep",
            "homeostasis",
        ]
        .iter()
        .all(|name| rhythm(&house, name)["looks"].as_u64() > Some(0))
    });
    assert_eq!(house.store.json(&["verify"])["ok"], true);
    // What people ask for has no deadline.
    house.store.ok(&["consolidate"]);
    assert_eq!(house.store.json(&["status"])["minds"][0]["nights"], 60);
}
