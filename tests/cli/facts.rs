//! What holds now, held, is planned: from what people say, and by hand.

use crate::test_store::TestStore;
use serde_json::Value;

fn say(store: &TestStore, day: &str, text: &str) {
    store.ok(&["memory", "add", text, "--at", day]);
}

fn values(facts: &Value) -> Vec<String> {
    facts["facts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| {
            format!(
                "{} {} {}",
                f["subject"].as_str().unwrap(),
                f["slot"].as_str().unwrap(),
                f["value"].as_str().unwrap()
            )
        })
        .collect()
}

fn moved() -> TestStore {
    let store = TestStore::new();
    say(
        &store,
        "2024-01-05",
        "I live in Lyon. My sister Ana works at Orbit Press.",
    );
    say(&store, "2024-06-10", "I moved to Ghent.");
    say(
        &store,
        "2024-07-01",
        "Do I live in Rome? She said I live in Bonn.",
    );
    store
}

#[test]
fn facts_hold_as_soon_as_they_are_said_and_are_superseded() {
    let store = moved();
    assert_eq!(
        values(&store.json(&["facts"])),
        [
            "self residence Ghent",
            "self sibling Ana",
            "Ana employer Orbit Press"
        ]
    );
    let history = store.json(&["facts", "--slot", "residence", "--history"]);
    let (old, new) = (&history["facts"][0], &history["facts"][1]);
    assert_eq!(old["superseded_by"], new["id"]);
    assert_eq!(old["state"], "past");
    assert_eq!(old["valid_until"], "2024-06-10T00:00:00Z");
    assert_eq!(old["retracted_by"], Value::Null);
    assert_eq!(new["evidence"][0]["words"], "I moved to Ghent");
    assert_eq!(new["polarity"], "positive");
    let then = store.json(&["facts", "--slot", "residence", "--as-of", "2024-03-01"]);
    assert_eq!(values(&then), ["self residence Lyon"]);
    let known = store.json(&["facts", "--slot", "residence", "--known-at", "2024-03-01"]);
    assert_eq!(values(&known), ["self residence Lyon"]);
    assert!(store.ok(&["facts", "--why"]).contains("I moved to Ghent"));
}

#[test]
fn an_edited_or_deleted_memory_says_nothing_any_more() {
    let store = moved();
    let id = store.json(&["facts", "--slot", "residence"])["facts"][0]["evidence"][0]["memory_id"]
        .to_string();
    store.ok(&["memory", "edit", &id, "I moved to Bruges."]);
    assert_eq!(
        values(&store.json(&["facts", "--slot", "residence"])),
        ["self residence Bruges"]
    );
    store.ok(&["memory", "delete", &id]);
    assert_eq!(
        values(&store.json(&["facts", "--slot", "residence"])),
        ["self residence Lyon"]
    );
}

#[test]
fn facts_are_set_corrected_retracted_and_confirmed_by_hand() {
    let store = moved();
    let set = store.json(&["facts", "set", "favourite:tea", "oolong", "--by", "Nora"]);
    assert_eq!(values(&set), ["self favourite:tea oolong"]);
    store.ok(&["facts", "set", "favourite:tea", "sencha"]);
    assert_eq!(
        values(&store.json(&["facts", "--slot", "favourite"])),
        ["self favourite:tea sencha"]
    );
    let id = store.json(&["facts", "--slot", "residence"])["facts"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let before =
        store.json(&["facts", "--slot", "residence"])["facts"][0]["last_refreshed_at"].clone();
    store.ok(&["facts", "confirm", &id]);
    let after =
        store.json(&["facts", "--slot", "residence"])["facts"][0]["last_refreshed_at"].clone();
    assert_ne!(before, after);
    store.ok(&["facts", "correct", &id, "Bruges"]);
    assert_eq!(
        values(&store.json(&["facts", "--slot", "residence"])),
        ["self residence Bruges"]
    );
    let wrong = store.json(&["facts", "--slot", "residence", "--history"]);
    let retracted = wrong["facts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|f| f["value"] == "Ghent")
        .unwrap();
    assert_ne!(retracted["retracted_by"], Value::Null);
    store.refused(2, "retracted already", &["facts", "retract", &id]);
    store.refused(2, "no slot", &["facts", "set", "shoe", "42"]);
    store.refused(2, "no fact", &["facts", "confirm", "99.1"]);
}

#[test]
fn facts_leave_the_state_alone_and_come_along_with_an_export() {
    let store = TestStore::lived();
    let hash = store.json(&["verify"])["state_hash"].clone();
    store.ok(&["facts", "set", "residence", "Graça"]);
    assert_eq!(store.json(&["verify"])["state_hash"], hash);
    store.ok(&["export", "--format", "jsonl", "--output", "all.jsonl"]);
    let other = TestStore::new();
    let export = store.path("all.jsonl");
    other.ok(&["import", export.to_str().unwrap()]);
    assert_eq!(
        values(&other.json(&["facts", "--slot", "residence"])),
        values(&store.json(&["facts", "--slot", "residence"]))
    );
}

#[test]
fn an_assistant_says_nothing_about_its_user_and_asks_what_is_answered() {
    let store = TestStore::new();
    store.write(
        "chat.jsonl",
        r#"{"id":"1","content":"I live in the cloud, I work at Acme. Where do you live?","created_at":"2026-01-01T10:00:00Z","speaker":"assistant","session":"s"}
{"id":"2","content":"In Austin.","created_at":"2026-01-01T10:00:05Z","speaker":"user","session":"s"}
"#,
    );
    store.ok(&["import", "chat.jsonl"]);
    assert_eq!(values(&store.json(&["facts"])), ["self residence Austin"]);
}
