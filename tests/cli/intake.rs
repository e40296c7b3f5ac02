//! Memories in: import, single memories, consolidation.

use crate::room::{AFTER, DIARY, Room};

#[test]
fn importing_twice_adds_once() {
    let room = Room::new();
    room.write("diary.jsonl", DIARY);
    let first = room.json(&["import", "diary.jsonl"]);
    assert_eq!(
        (
            &first["added"],
            &first["unchanged"],
            &first["minds"]["default"]
        ),
        (&6.into(), &0.into(), &6.into())
    );
    let second = room.json(&["import", "diary.jsonl"]);
    assert_eq!(
        (&second["added"], &second["unchanged"]),
        (&0.into(), &6.into())
    );
    assert_eq!(room.count("SELECT count(*) FROM raw.memories"), 6);
}

#[test]
fn a_dry_run_writes_nothing() {
    let room = Room::new();
    room.write("diary.jsonl", DIARY);
    let report = room.json(&["import", "diary.jsonl", "--dry-run"]);
    assert_eq!(
        (&report["added"], &report["dry_run"]),
        (&6.into(), &true.into())
    );
    assert!(!room.store().exists(), "not even a store");
    room.ok(&["memory", "add", "something else"]);
    room.ok(&["import", "diary.jsonl", "--dry-run"]);
    assert_eq!(room.count("SELECT count(*) FROM raw.memories"), 1);
}

#[test]
fn a_dry_run_knows_what_is_there_already() {
    let room = Room::new();
    room.write("diary.jsonl", DIARY);
    room.ok(&["import", "diary.jsonl"]);
    let report = room.json(&["import", "diary.jsonl", "--dry-run"]);
    assert_eq!(
        (&report["added"], &report["unchanged"]),
        (&0.into(), &6.into())
    );
}

#[test]
fn an_empty_file_is_told_of_by_name_and_the_rest_goes_in() {
    let room = Room::new();
    room.write("diary.jsonl", DIARY);
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
        room.write(name, content);
    }
    let mut arguments = vec!["import", "diary.jsonl"];
    arguments.extend(empty.map(|(name, _)| name));
    let ran = room.run(&arguments);
    for (name, _) in empty {
        assert!(ran.stderr.contains(name), "{name} in\n{}", ran.stderr);
    }
    assert!(!ran.stderr.contains("diary.jsonl"), "{}", ran.stderr);
    assert_eq!(room.count("SELECT count(*) FROM raw.memories"), 6);
}

#[test]
fn what_cannot_be_imported_is_told_with_its_line_and_the_rest_goes_in() {
    let room = Room::new();
    room.write("bad.jsonl", format!("{DIARY}{{\"content\": \n{{\"id\":\"x\",\"content\":\" \",\"created_at\":\"2026-03-03\"}}\n{{\"id\":\"y\",\"content\":\"no date\"}}\n"));
    let ran = room.run(&["import", "bad.jsonl", "--json"]);
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
    room.refused(2, "nowhere.jsonl", &["import", "nowhere.jsonl"]);
    room.refused(
        2,
        "Europe/Lisboa",
        &["import", "bad.jsonl", "--time-zone", "Europe/Lisboa"],
    );
}

#[test]
fn a_memory_lives_from_add_to_delete() {
    let room = Room::new();
    let args = [
        "memory",
        "add",
        "The spare key is at the greenhouse",
        "--at",
        "2026-03-02 09:00",
        "--speaker",
        "Nora",
    ];
    let added = room.json(&args);
    assert_eq!(added["outcome"], "added");
    assert_eq!(
        room.json(&args)["outcome"],
        "unchanged",
        "the same words at the same time are one memory"
    );
    let id = added["id"].to_string();
    let keyed = room.json(&[
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
    let shown = room.json(&["memory", "show", "todo"]);
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
        room.json(&["memory", "show", "todo"])["used"],
        1,
        "looking is using"
    );

    let edited = room.json(&["memory", "edit", &id, "The spare key is with Matilde"]);
    assert_eq!(edited["content"], "The spare key is with Matilde");
    assert_eq!(
        edited["earlier"][0]["content"],
        "The spare key is at the greenhouse"
    );
    let listed = room.json(&["memory", "list"]);
    assert_eq!(listed["memories"].as_array().unwrap().len(), 2);
    assert_eq!(
        room.json(&["memory", "list", "--limit", "1"])["memories"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    assert_eq!(room.json(&["memory", "delete", &id])["tier"], "deleted");
    room.refused(2, "deleted already", &["memory", "delete", &id]);
    room.refused(2, "deleted already", &["memory", "edit", &id, "again"]);
    assert!(!room.ok(&["memory", "list"]).contains("Matilde"));
    assert_eq!(
        room.count("SELECT count(*) FROM raw.memories"),
        2,
        "raw rows stay"
    );
}

#[test]
fn memories_that_are_nothing_or_not_there_are_refused() {
    let room = Room::with_diary();
    room.refused(2, "empty", &["memory", "add", "  "]);
    room.refused(2, "no memory", &["memory", "show", "4711"]);
    room.refused(2, "no memory", &["memory", "delete", "nonsense"]);
    room.refused(
        2,
        "no mind called 'nobody'",
        &["memory", "show", "a1", "--mind", "nobody"],
    );
    room.ok(&[
        "memory",
        "add",
        "Another's secret",
        "--mind",
        "other",
        "--key",
        "secret",
    ]);
    room.refused(2, "no memory", &["memory", "show", "secret"]);
    let id = room.json(&["memory", "show", "secret", "--mind", "other"])["id"].to_string();
    room.refused(2, "--mind other", &["memory", "show", &id]);
}

#[test]
fn consolidating_lives_through_what_is_due_and_nothing_twice() {
    let room = Room::with_diary();
    let lived = room.json(&["consolidate", "--as-of", AFTER]);
    assert_eq!(lived["nights"], 2);
    let again = room.json(&["consolidate", "--as-of", AFTER]);
    assert_eq!(
        (&again["nights"], &again["steps"], &again["ticks"]),
        (&0.into(), &0.into(), &0.into())
    );
    assert!(
        room.ok(&["consolidate", "--as-of", AFTER])
            .contains("nothing was due")
    );
    room.refused(
        2,
        "before the last night",
        &["consolidate", "--as-of", "2026-03-02"],
    );
    assert_eq!(room.json(&["verify"])["ok"], true);
}

#[test]
fn a_type_by_day_leaves_the_nights_to_others() {
    let room = Room::with_diary();
    room.ok(&[
        "consolidate",
        "--type",
        "short_term",
        "--as-of",
        "2026-03-02 20:00",
    ]);
    let status = room.json(&["status"]);
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
    let room = Room::with_diary();
    let slept = room.json(&["consolidate", "--nap", "--as-of", "2026-03-03 14:00"]);
    assert_eq!(slept["nights"], 2, "the night before, and the nap");
    assert_eq!(
        room.json(&["status"])["minds"][0]["last_night_at"],
        "2026-03-03T14:00:00Z"
    );
    room.refused(
        2,
        "before the last night",
        &["consolidate", "--nap", "--as-of", "2026-03-02"],
    );
    assert_eq!(
        room.count("SELECT count(*) FROM raw.naps"),
        1,
        "a nap that is refused leaves nothing"
    );
}

#[test]
fn a_rebuild_begins_a_new_generation_and_a_replay_comes_to_the_same_state() {
    let room = Room::lived();
    let replayed = room.json(&["replay", "--into", "again.duckdb"]);
    assert_eq!(replayed["ok"], true, "{replayed}");
    room.refused(2, "again.duckdb", &["replay", "--into", "again.duckdb"]);
    assert!(room.path("again.duckdb").exists(), "what was there stays");
    let rebuilt = room.json(&["consolidate", "--rebuild", "--as-of", AFTER]);
    assert_eq!(rebuilt["nights"], 2);
    assert_eq!(room.json(&["status"])["generation"], 2);
    assert_eq!(room.json(&["verify"])["ok"], true);
    room.refused(
        2,
        "whole store",
        &["consolidate", "--rebuild", "--mind", "default"],
    );
}

#[test]
fn a_cycle_that_waits_for_its_time_is_no_fault_of_its_caches() {
    let room = Room::lived();
    room.ok(&["memory", "add", "Bolota purrs", "--at", "2026-03-04 12:10"]);
    room.ok(&["memory", "add", "Bolota sleeps", "--at", "2026-03-04 12:11"]);
    room.ok(&["consolidate", "--as-of", "2026-03-04 12:30"]);
    room.ok(&[
        "memory",
        "add",
        "Bolota purrs again and sleeps",
        "--at",
        "2026-03-04 12:40",
    ]);
    // Replay builds on caches that are newer than it is until its own hour comes.
    room.ok(&[
        "consolidate",
        "--type",
        "short_term",
        "--as-of",
        "2026-03-04 12:50",
    ]);
    assert_eq!(room.json(&["verify"])["ok"], true);
    room.ok(&["consolidate", "--as-of", "2026-03-04 12:50"]);
    assert_eq!(room.json(&["verify"])["ok"], true);
}
