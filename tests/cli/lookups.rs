//! Answers out: query, insights, explain, sql, snapshot and the overviews.

use crate::test_store::TestStore;
use serde_json::Value;

#[test]
fn a_query_finds_the_memory_and_its_components_sum_to_the_score() {
    let store = TestStore::lived();
    let answer = store.json(&[
        "query",
        "--text",
        "When is the cutover of the reports?",
        "-k",
        "3",
        "--explain",
    ]);
    assert_eq!(answer["query"], "When is the cutover of the reports?");
    let hits = answer["results"].as_array().unwrap();
    assert!(!hits.is_empty() && hits.len() <= 3);
    assert_eq!(hits[0]["key"], "b2");
    for hit in hits {
        for field in ["id", "content", "created_at", "tier", "metadata"] {
            assert!(hit.get(field).is_some(), "{field} in {hit}");
        }
        let millionths = |value: &Value| (value.as_f64().unwrap() * 1e6).round() as i64;
        let sum: i64 = hit["components"]
            .as_object()
            .unwrap()
            .values()
            .map(millionths)
            .sum();
        assert_eq!(sum, millionths(&hit["score"]));
    }
    assert!(
        store
            .ok(&["query", "--text", "cutover", "--explain"])
            .contains("lexical")
    );
}

#[test]
fn what_was_just_added_is_found_at_once() {
    let store = TestStore::with_diary();
    store.ok(&[
        "memory",
        "add",
        "The greenhouse key hangs behind the flour scales",
    ]);
    let answer = store.json(&["query", "--text", "greenhouse key"]);
    assert_eq!(answer["results"][0]["tier"], "pending");
}

#[test]
fn only_questions_of_today_leave_a_trail() {
    let store = TestStore::lived();
    let count = |kind: &str| {
        store.count(&format!(
            "SELECT count(*) FROM raw.activations WHERE kind = '{kind}'"
        ))
    };
    store.write("questions.jsonl", "{\"text\":\"Bolota\"}\n");
    store.ok(&["query", "--batch", "questions.jsonl"]);
    store.ok(&["query", "--text", "Bolota", "--as-of", "2026-03-03"]);
    store.ok(&["explain", "a1"]);
    assert_eq!((count("retrieved"), count("used")), (0, 0));
    store.ok(&["query", "--text", "cutover", "-k", "1"]);
    assert_eq!((count("retrieved"), count("used")), (1, 0));
    store.ok(&["query", "--text", "cutover", "-k", "1", "--use"]);
    assert_eq!((count("retrieved"), count("used")), (2, 1));
}

#[test]
fn a_batch_answers_line_by_line_in_order() {
    let store = TestStore::lived();
    store.ok(&["memory", "add", "Other people's cutover", "--mind", "other"]);
    store.write("questions.jsonl", "{\"text\":\"cutover\",\"k\":1}\n\n{\"text\":\"cutover\",\"mind\":\"other\"}\n{\"text\":\"vet\"}\n");
    let lines = store.ok(&["query", "--batch", "questions.jsonl", "--json"]);
    let answers: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[0]["results"].as_array().unwrap().len(), 1);
    assert_eq!(
        answers[1]["results"][0]["content"],
        "Other people's cutover"
    );
    assert_eq!(answers[2]["query"], "vet");
    store.write("broken.jsonl", "{\"text\":\"vet\"}\n{\"txt\":1}\n");
    store.refused(2, "broken.jsonl:2:", &["query", "--batch", "broken.jsonl"]);
    store.refused(2, "nobody", &["query", "--text", "vet", "--mind", "nobody"]);
}

#[test]
fn as_of_looks_no_further() {
    let store = TestStore::lived();
    let answer = store.json(&[
        "query",
        "--text",
        "cutover of the reports",
        "--as-of",
        "2026-03-03 00:00",
    ]);
    assert!(
        answer["results"]
            .as_array()
            .unwrap()
            .iter()
            .all(|hit| hit["key"] != "b2")
    );
}

#[test]
fn explain_leads_back_to_raw_rows_and_ledger() {
    let store = TestStore::lived();
    let lineage = store.json(&["explain", "a4"]);
    assert_eq!(
        (&lineage["key"], &lineage["source"], &lineage["mind"]),
        (&"a4".into(), &"diary.jsonl".into(), &"default".into())
    );
    assert!(lineage["features"]["provider"].is_string());
    let id = &lineage["id"];
    assert!(
        lineage["episode"]["memory_ids"]
            .as_array()
            .unwrap()
            .contains(id)
    );
    assert!(lineage["trace"]["strength_now"].as_f64().unwrap() > 0.0);
    assert!(
        lineage["nights"][0]["what"]
            .as_str()
            .unwrap()
            .contains("learned")
    );
    assert!(lineage["nights"][0]["ledger_id"].is_i64());
    for link in lineage["associations"].as_array().unwrap() {
        assert!(
            link["memory_id"].is_i64() && !link["why"].as_str().unwrap().is_empty(),
            "{link}"
        );
    }
    for part in [
        "raw row",
        "features",
        "episode",
        "associations",
        "trace",
        "concepts",
    ] {
        assert!(store.ok(&["explain", "a4"]).contains(part), "{part}");
    }
    store.refused(2, "no memory", &["explain", "4711"]);
}

#[test]
fn a_memory_no_cycle_has_seen_is_explained_as_far_as_it_goes() {
    let store = TestStore::with_diary();
    let lineage = store.json(&["explain", "a1"]);
    assert!(lineage["trace"].is_null() && lineage["episode"].is_null());
    store.ok(&["explain", "a1"]);
}

#[test]
fn insights_have_confidence_and_evidence() {
    let store = TestStore::new();
    let diary = include_bytes!("../../sample/diary.jsonl");
    store.write("sample.jsonl", diary);
    let as_of = "2026-03-15T21:00:00Z";
    store.ok(&["import", "sample.jsonl"]);
    store.ok(&["consolidate", "--as-of", as_of]);
    let found = store.json(&["insights", "--since", "7d", "--as-of", as_of]);
    assert_eq!(
        (&found["since"], &found["as_of"]),
        (&"2026-03-08T21:00:00Z".into(), &as_of.into())
    );
    let insights = found["insights"].as_array().unwrap();
    assert!(!insights.is_empty(), "the sample says something: {found}");
    for insight in insights {
        assert!((0.0..=1.0).contains(&insight["confidence"].as_f64().unwrap()));
        assert!(insight["evidence"][0]["id"].is_i64(), "{insight}");
    }
    store.ok(&["insights", "--since", "7d", "--as-of", as_of]);
}

#[test]
fn sql_reads_and_only_reads() {
    let store = TestStore::with_diary();
    let rows = store.json(&[
        "sql",
        "SELECT memory_id, key FROM raw.memories ORDER BY key LIMIT 2;",
    ]);
    assert_eq!(
        (&rows[0]["key"], &rows[1]["key"]),
        (&"a1".into(), &"a2".into())
    );
    assert!(rows[0]["memory_id"].is_i64());
    assert_eq!(
        store.json(&["sql", "SELECT 1 WHERE false"]),
        serde_json::json!([])
    );
    for query in [
        "SHOW ALL TABLES",
        "DESCRIBE raw.memories",
        "FROM memory_dashboard",
        "VALUES (1)",
        "EXPLAIN SELECT 1",
        "WITH x AS (SELECT 1 AS a) FROM x",
        "SELECT 1; -- done",
    ] {
        assert!(!store.ok(&["sql", query]).is_empty(), "{query}");
    }
    for query in [
        "DELETE FROM raw.memories",
        "SELECT 1; DROP TABLE raw.memories",
        "EXPLAIN ANALYZE DELETE FROM raw.memories",
        "COMMIT; DELETE FROM raw.memories",
        "ATTACH 'x.duckdb'",
        "COPY raw.memories TO 'x.csv'",
        "CREATE TABLE x (a INTEGER)",
        "SET threads = 1",
        "",
    ] {
        store.refused(2, "hint", &["sql", query]);
    }
    store.refused(2, "nope", &["sql", "SELECT nope FROM raw.memories"]);
    store.refused(2, "SELEC", &["sql", "SELEC 1"]);
    store.refused(2, "hint", &["sql", "FROM 'nowhere.csv'"]);
    assert_eq!(store.count("SELECT count(*) FROM raw.memories"), 6);
}

#[test]
fn a_snapshot_is_a_store_of_its_own_and_overwrites_nothing() {
    let store = TestStore::lived();
    let before = store.json(&["verify"])["state_hash"].clone();
    let snapshot = store.json(&["snapshot", "--output", "copy.duckdb"]);
    assert_eq!(snapshot["memories"], 6);
    let copied = store.json(&["verify", "--db", "copy.duckdb"]);
    assert_eq!(
        (&copied["ok"], &copied["state_hash"]),
        (&true.into(), &before)
    );
    store.refused(2, "--force", &["snapshot", "--output", "copy.duckdb"]);
    store.refused(
        2,
        "the store itself",
        &["snapshot", "--output", "memory.duckdb", "--force"],
    );
    store.ok(&["snapshot", "--output", "copy.duckdb", "--force"]);
    store.refused(
        1,
        "cannot write",
        &["snapshot", "--output", "nowhere/copy.duckdb"],
    );
    let left: Vec<_> = std::fs::read_dir(store.path("."))
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert!(
        left.iter()
            .all(|name| !name.to_string_lossy().starts_with(".codex-snapshot")),
        "{left:?}"
    );
}

#[test]
fn overviews_have_the_shapes_others_rely_on() {
    let store = TestStore::lived();
    let status = store.json(&["status"]);
    let mind = &status["minds"][0];
    assert_eq!(
        (
            &mind["mind"],
            &mind["memories"],
            &mind["nights"],
            &mind["balanced"]
        ),
        (&"default".into(), &6.into(), &2.into(), &true.into())
    );
    let verified = store.json(&["verify"]);
    assert_eq!(verified["ok"], true);
    assert!(verified["state_hash"].is_string());
    let states = verified["minds"]["default"].as_object().unwrap();
    assert_eq!(states.values().filter_map(Value::as_i64).sum::<i64>(), 6);
    let health = store.json(&["health", "--verbose"]);
    assert_eq!(health["ok"], true, "{health}");
    assert!(health["checks"][0]["alert_level"].is_string());
    let metrics = store.json(&["metrics", "--period", "24h"]);
    assert!(
        metrics["cycles"]
            .as_array()
            .unwrap()
            .iter()
            .any(|c| c["cycle"] == "deep_sleep" && c["runs"] == 2)
    );
    assert!(
        metrics["stages"]
            .as_array()
            .unwrap()
            .iter()
            .any(|s| s["stage"] == "long_term_memory")
    );
    for command in [
        &["status"][..],
        &["verify"],
        &["health"],
        &["health", "--verbose"],
        &["metrics"],
        &["status", "--mind", "default"],
    ] {
        assert!(!store.ok(command).is_empty());
    }
    store.refused(2, "nobody", &["status", "--mind", "nobody"]);
}

#[test]
fn an_unknown_kind_of_insight_is_refused_with_those_there_are() {
    let store = TestStore::new();
    let ran = store.run(&["insights", "--kind", "dues"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("due") && ran.stderr.contains("habit_stopped"),
        "{}",
        ran.stderr
    );
}
