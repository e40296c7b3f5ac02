//! What people say about memories beside their words: filing, relations, restoring, cleanup, sessions.

use crate::test_store::TestStore;
use serde_json::Value;

fn ids(list: &Value) -> Vec<i64> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|memory| memory["id"].as_i64().unwrap())
        .collect()
}

fn id(store: &TestStore, key: &str) -> String {
    store.json(&["memory", "show", key])["id"].to_string()
}

#[test]
fn a_filing_leaves_the_state_as_it_was_and_filters_find_it() {
    let store = TestStore::lived();
    let hash = store.json(&["verify"])["state_hash"].clone();
    let filed = store.json(&[
        "memory",
        "move",
        "a2",
        "--kind",
        "procedural",
        "--tag",
        "cat",
        "--tag",
        "vet",
        "--importance",
        "0.8",
        "--space",
        "personal_logs",
        "--by",
        "Nora",
    ]);
    assert_eq!(filed["kind"], "procedural");
    assert_eq!(filed["tags"], serde_json::json!(["cat", "vet"]));
    assert_eq!(filed["importance"], 0.8);
    let found = store.json(&["memory", "list", "--tag", "vet", "--min-importance", "0.5"]);
    assert_eq!(ids(&found["memories"]), [filed["id"].as_i64().unwrap()]);
    let none = store.json(&["memory", "list", "--kind", "reflection"]);
    assert_eq!(none["memories"], serde_json::json!([]));
    assert_eq!(store.json(&["verify"])["state_hash"], hash);
    let history = store.json(&["memory", "history", "a2"]);
    let last = history["events"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(last["author"], "Nora");
    assert_eq!(last["filing"]["space"], "personal_logs");
}

#[test]
fn pages_of_a_list_show_every_memory_once() {
    let store = TestStore::with_diary();
    let all = ids(&store.json(&["memory", "list"])["memories"]);
    let (mut seen, mut after) = (Vec::new(), None::<String>);
    loop {
        let mut arguments = vec!["memory", "list", "--limit", "4"];
        if let Some(place) = &after {
            arguments.extend(["--after", place]);
        }
        let page = store.json(&arguments);
        seen.extend(ids(&page["memories"]));
        match page["next"].as_str() {
            Some(next) => after = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!(seen, all);
}

#[test]
fn a_cleanup_shows_archives_and_is_undone() {
    let store = TestStore::lived();
    store.ok(&["memory", "move", "a1", "--pin"]);
    let rule = [
        "memory",
        "cleanup",
        "--max-age",
        "1d",
        "--protect",
        "reflection",
    ];
    let shown = store.json(&[rule.as_slice(), &["--dry-run"]].concat());
    let selected = ids(&shown["memories"]);
    assert_eq!(selected.len(), 5, "the pinned one stays");
    assert_eq!(shown["batch"], Value::Null);
    let done = store.json(&rule);
    assert_eq!(ids(&done["memories"]), selected);
    assert_eq!(ids(&store.json(&["memory", "list"])["memories"]).len(), 1);
    let asked = store.json(&["query", "--text", "cutover of the reports"]);
    assert!(
        !asked.to_string().contains("cutover of the reports is"),
        "{asked}"
    );
    let batch = done["batch"].as_str().unwrap();
    store.ok(&["memory", "cleanup", "--undo", batch]);
    assert_eq!(ids(&store.json(&["memory", "list"])["memories"]).len(), 6);
    store.refused(2, "--max-age", &["memory", "cleanup"]);
}

#[test]
fn a_deleted_memory_is_restored_with_its_filing_and_relations() {
    let store = TestStore::lived();
    store.ok(&["memory", "move", "b2", "--tag", "work"]);
    store.ok(&["memory", "link", "b1", "b2", "--type", "causes"]);
    let old = id(&store, "b2");
    store.ok(&["memory", "delete", "b2"]);
    let restored = store.json(&["memory", "restore", &old]);
    assert_eq!(
        restored["content"],
        "The cutover of the reports is on Friday the 13th."
    );
    assert_eq!(restored["tags"], serde_json::json!(["work"]));
    assert_ne!(restored["id"].to_string(), old);
    let related = store.json(&["memory", "related", "b1"]);
    assert_eq!(ids(&related["related"]), [restored["id"].as_i64().unwrap()]);
    store.refused(2, "already", &["memory", "restore", &old]);
    let asked = store.json(&["query", "--text", "cutover of the reports"]);
    assert_eq!(asked["results"][0]["id"], restored["id"]);
}

#[test]
fn relations_lead_on_with_the_way_and_are_taken_away() {
    let store = TestStore::with_diary();
    store.ok(&[
        "memory",
        "link",
        "a1",
        "a2",
        "--type",
        "causes",
        "--strength",
        "0.5",
    ]);
    store.ok(&["memory", "link", "a2", "a3", "--strength", "0.5"]);
    let near = store.json(&["memory", "related", "a1"]);
    assert_eq!(near["related"].as_array().unwrap().len(), 1);
    let far = store.json(&["memory", "related", "a1", "--depth", "2"]);
    assert_eq!(far["related"][1]["strength"], 0.25);
    assert_eq!(far["related"][1]["path"].as_array().unwrap().len(), 2);
    let back = store.json(&["memory", "related", "a2", "--type", "causes"]);
    assert_eq!(back["related"][0]["path"][0]["against"], true);
    store.ok(&["memory", "unlink", "a1", "a2"]);
    assert_eq!(
        store.json(&["memory", "related", "a1"])["related"],
        serde_json::json!([])
    );
    store.refused(2, "itself", &["memory", "link", "a1", "a1"]);
    store.refused(2, "no such relation", &["memory", "unlink", "a1", "a2"]);
}

#[test]
fn sessions_are_listed_and_get_a_title() {
    let store = TestStore::with_diary();
    let sessions = store.json(&["memory", "sessions"]);
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 3);
    store.ok(&[
        "memory",
        "sessions",
        "s1",
        "--title",
        "The cat is ill",
        "--with",
        "Iris",
    ]);
    let sessions = store.json(&["memory", "sessions", "--limit", "1", "--offset", "2"]);
    assert_eq!(sessions["sessions"][0]["title"], "The cat is ill");
    assert_eq!(sessions["sessions"][0]["memories"], 3);
}

#[test]
fn filings_and_relations_survive_export_and_import() {
    let store = TestStore::lived();
    store.ok(&["memory", "move", "a2", "--tag", "vet"]);
    store.ok(&["memory", "link", "a1", "a2", "--type", "causes"]);
    store.ok(&["export", "--format", "jsonl", "--output", "all.jsonl"]);
    let export = store.path("all.jsonl");
    let other = TestStore::new();
    // A store that has memories already: the events are merged, under new ids.
    other.ok(&["memory", "add", "The first one here"]);
    other.ok(&["import", export.to_str().unwrap()]);
    assert_eq!(
        other.json(&["memory", "show", "a2"])["tags"],
        serde_json::json!(["vet"])
    );
    let related = other.json(&["memory", "related", "a1"]);
    assert_eq!(related["related"][0]["key"], "a2");
    other.ok(&["import", export.to_str().unwrap()]);
    assert_eq!(other.count("SELECT count(*) FROM raw.filings"), 1);
    assert_eq!(other.count("SELECT count(*) FROM raw.relations"), 1);
}
