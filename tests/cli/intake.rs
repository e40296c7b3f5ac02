//! Memories in: import, single memories, consolidation.

use crate::test_store::{AFTER, DIARY, TestStore};

#[test]
fn importing_twice_adds_once() {
    let store = TestStore::new();
    store.write("diary.jsonl", DIARY);
    let first = store.json(&["import", "diary.jsonl"]);
    assert_eq!(
        (
            &first["added"],
            &first["unchanged"],
            &first["minds"]["default"]
        ),
        (&6.into(), &0.into(), &6.into())
    );
    let second = store.json(&["import", "diary.jsonl"]);
    assert_eq!(
        (&second["added"], &second["unchanged"]),
        (&0.into(), &6.into())
    );
    assert_eq!(store.count("SELECT count(*) FROM raw.memories"), 6);
}

#[test]
fn a_dry_run_writes_nothing() {
    let store = TestStore::new();
    store.write("diary.jsonl", DIARY);
    let report = store.json(&["import", "diary.jsonl", "--dry-run"]);
    assert_eq!(
        (&report["added"], &report["dry_run"]),
        (&6.into(), &true.into())
    );
    assert!(!store.store().exists(), "not even a store");
    store.ok(&["memory", "add", "something else"]);
    store.ok(&["import", "diary.jsonl", "--dry-run"]);
    assert_eq!(store.count("SELECT count(*) FROM raw.memories"), 1);
}

#[test]
fn a_dry_run_knows_what_is_there_already() {
    let store = TestStore::new();
    store.write("diary.jsonl", DIARY);
    store.ok(&["import", "diary.jsonl"]);
    let report = store.json(&["import", "diary.jsonl", "--dry-run"]);
    assert_eq!(
        (&report["added"], &report["unchanged"]),
        (&0.into(), &6.into())
    );
}

#[test]
fn an_empty_file_is_told_of_by_name_and_the_rest_goes_in() {
    let store = TestStore::new();
    store.write("diary.jsonl", DIARY);
    let empty = [
        ("empty.jsonl", ""),
        ("blank.jsonl", "\n \n"),
        ("empty.json", ""),
        ("list.json", "[]"),
        ("empty.csv", ""),
        ("heading.csv", "id,content,created_at\n"),
        ("empty.md", ""),
        ("empty.txt", ""),
    ];
    for (name, content) in empty {
        store.write(name, content);
    }
    let mut arguments = vec!["import", "diary.jsonl"];
    arguments.extend(empty.map(|(name, _)| name));
    let ran = store.run(&arguments);
    for (name, _) in empty {
        assert!(ran.stderr.contains(name), "{name} in\n{}", ran.stderr);
    }
    assert!(!ran.stderr.contains("diary.jsonl"), "{}", ran.stderr);
    assert_eq!(store.count("SELECT count(*) FROM raw.memories"), 6);
}

#[test]
fn what_cannot_be_imported_is_told_with_its_line_and_the_rest_goes_in() {
    let store = TestStore::new();
    store.write("bad.jsonl", format!("{DIARY}{{\"content\": \n{{\"id\":\"x\",\"content\":\" \",\"created_at\":\"2026-03-03\"}}\n{{\"id\":\"y\",\"content\":\"no date\"}}\n"));
    let ran = store.run(&["import", "bad.jsonl", "--json"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    for line in ["bad.jsonl:7:", "bad.jsonl:8", "bad.jsonl:9"] {
        assert!(ran.stderr.contains(line), "{line} in\n{}", ran.stderr);
    }
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (
            &report["added"],
            report["rejected"].as_array().unwrap().len()
        ),
        (&6.into(), 3)
    );
    store.refused(2, "nowhere.jsonl", &["import", "nowhere.jsonl"]);
    store.refused(
        2,
        "Europe/Lisboa",
        &["import", "bad.jsonl", "--time-zone", "Europe/Lisboa"],
    );
}

#[test]
fn a_memory_lives_from_add_to_delete() {
    let store = TestStore::new();
    let args = [
        "memory",
        "add",
        "The spare key is at the greenhouse",
        "--at",
        "2026-03-02 09:00",
        "--speaker",
        "Nora",
    ];
    let added = store.json(&args);
    assert_eq!(added["outcome"], "added");
    assert_eq!(
        store.json(&args)["outcome"],
        "unchanged",
        "the same words at the same time are one memory"
    );
    let id = added["id"].to_string();
    let keyed = store.json(&[
        "memory",
        "add",
        "Water the tomatoes",
        "--key",
        "todo",
        "--metadata",
        r#"{"from":"phone"}"#,
        "--session",
        "s",
    ]);
    assert_eq!(keyed["key"], "todo");
    let shown = store.json(&["memory", "show", "todo"]);
    assert_eq!(
        (
            &shown["content"],
            &shown["metadata"]["from"],
            &shown["tier"]
        ),
        (
            &"Water the tomatoes".into(),
            &"phone".into(),
            &"pending".into()
        )
    );
    assert_eq!(
        store.json(&["memory", "show", "todo"])["used"],
        1,
        "looking is using"
    );

    let edited = store.json(&["memory", "edit", &id, "The spare key is with Matilde"]);
    assert_eq!(edited["content"], "The spare key is with Matilde");
    assert_eq!(
        edited["earlier"][0]["content"],
        "The spare key is at the greenhouse"
    );
    let listed = store.json(&["memory", "list"]);
    assert_eq!(listed["memories"].as_array().unwrap().len(), 2);
    assert_eq!(
        store.json(&["memory", "list", "--limit", "1"])["memories"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    assert_eq!(store.json(&["memory", "delete", &id])["tier"], "deleted");
    store.refused(2, "deleted already", &["memory", "delete", &id]);
    store.refused(2, "deleted already", &["memory", "edit", &id, "again"]);
    assert!(!store.ok(&["memory", "list"]).contains("Matilde"));
    assert_eq!(
        store.count("SELECT count(*) FROM raw.memories"),
        2,
        "raw rows stay"
    );
}

#[test]
fn memories_that_are_nothing_or_not_there_are_refused() {
    let store = TestStore::with_diary();
    store.refused(2, "empty", &["memory", "add", "  "]);
    store.refused(2, "no memory", &["memory", "show", "4711"]);
    store.refused(2, "no memory", &["memory", "delete", "nonsense"]);
    store.refused(
        2,
        "no mind called 'nobody'",
        &["memory", "show", "a1", "--mind", "nobody"],
    );
    store.ok(&[
        "memory",
        "add",
        "Another's secret",
        "--mind",
        "other",
        "--key",
        "secret",
    ]);
    store.refused(2, "no memory", &["memory", "show", "secret"]);
    let id = store.json(&["memory", "show", "secret", "--mind", "other"])["id"].to_string();
    store.refused(2, "--mind other", &["memory", "show", &id]);
}

#[test]
fn consolidating_lives_through_what_is_due_and_nothing_twice() {
    let store = TestStore::with_diary();
    let lived = store.json(&["consolidate", "--as-of", AFTER]);
    assert_eq!(lived["nights"], 2);
    let again = store.json(&["consolidate", "--as-of", AFTER]);
    assert_eq!(
        (&again["nights"], &again["steps"], &again["ticks"]),
        (&0.into(), &0.into(), &0.into())
    );
    assert!(
        store
            .ok(&["consolidate", "--as-of", AFTER])
            .contains("nothing was due")
    );
    store.refused(
        2,
        "before the last night",
        &["consolidate", "--as-of", "2026-03-02"],
    );
    assert_eq!(store.json(&["verify"])["ok"], true);
}

#[test]
fn a_type_by_day_leaves_the_nights_to_others() {
    let store = TestStore::with_diary();
    store.ok(&[
        "consolidate",
        "--type",
        "short_term",
        "--as-of",
        "2026-03-02 20:00",
    ]);
    let status = store.json(&["status"]);
    assert_eq!(
        (
            &status["minds"][0]["nights"],
            &status["minds"][0]["short_term"]
        ),
        (&0.into(), &4.into())
    );
}

#[test]
fn a_nap_is_a_night_of_its_own() {
    let store = TestStore::with_diary();
    let slept = store.json(&["consolidate", "--nap", "--as-of", "2026-03-03 14:00"]);
    assert_eq!(slept["nights"], 2, "the night before, and the nap");
    assert_eq!(
        store.json(&["status"])["minds"][0]["last_night_at"],
        "2026-03-03T14:00:00Z"
    );
    store.refused(
        2,
        "before the last night",
        &["consolidate", "--nap", "--as-of", "2026-03-02"],
    );
    assert_eq!(
        store.count("SELECT count(*) FROM raw.naps"),
        1,
        "a nap that is refused leaves nothing"
    );
}

#[test]
fn a_rebuild_begins_a_new_generation_and_a_replay_comes_to_the_same_state() {
    let store = TestStore::lived();
    let replayed = store.json(&["replay", "--into", "again.duckdb"]);
    assert_eq!(replayed["ok"], true, "{replayed}");
    store.refused(2, "again.duckdb", &["replay", "--into", "again.duckdb"]);
    assert!(store.path("again.duckdb").exists(), "what was there stays");
    let rebuilt = store.json(&["consolidate", "--rebuild", "--as-of", AFTER]);
    assert_eq!(rebuilt["nights"], 2);
    assert_eq!(store.json(&["status"])["generation"], 2);
    assert_eq!(store.json(&["verify"])["ok"], true);
    store.refused(
        2,
        "whole store",
        &["consolidate", "--rebuild", "--mind", "default"],
    );
}

#[test]
fn a_cycle_that_waits_for_its_time_is_no_fault_of_its_caches() {
    let store = TestStore::lived();
    store.ok(&["memory", "add", "Bolota purrs", "--at", "2026-03-04 12:10"]);
    store.ok(&["memory", "add", "Bolota sleeps", "--at", "2026-03-04 12:11"]);
    store.ok(&["consolidate", "--as-of", "2026-03-04 12:30"]);
    store.ok(&[
        "memory",
        "add",
        "Bolota purrs again and sleeps",
        "--at",
        "2026-03-04 12:40",
    ]);
    // Replay builds on caches that are newer than it is until its own hour comes.
    store.ok(&[
        "consolidate",
        "--type",
        "short_term",
        "--as-of",
        "2026-03-04 12:50",
    ]);
    assert_eq!(store.json(&["verify"])["ok"], true);
    store.ok(&["consolidate", "--as-of", "2026-03-04 12:50"]);
    assert_eq!(store.json(&["verify"])["ok"], true);
}
