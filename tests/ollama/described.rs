//! What a language model says of episodes, columns and insights, checked and recorded.

use crate::Scene;
use crate::server::Fault;
use serde_json::{Value, json};

#[test]
fn insights_are_said_in_a_sentence_that_adds_no_numbers() {
    let scene = Scene::new();
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/sample/diary.jsonl");
    scene.store.ok(&["import", sample]);
    scene.store.ok(&["import", "--mind", "other", sample]);
    scene
        .store
        .ok(&["consolidate", "--as-of", "2026-03-16T12:00:00Z"]);
    scene.server.fails([Fault::Says(
        json!({"sentence": "You thought of Bolota 4711 times."}).to_string(),
        "stop",
    )]);
    let report = scene.json_with(
        &[("CODEX_OLLAMA_IN_FLIGHT", "1")],
        &["enrich", "--only", "insights"],
    );
    let insights = &report["insights"];
    assert_eq!(insights["kept_rules"], 1, "{report}");
    assert!(insights["answered"].as_u64().unwrap() > 3, "{report}");
    let last = scene.text("SELECT strftime(max(created_at) + INTERVAL 1 SECOND, '%Y-%m-%dT%H:%M:%SZ') FROM raw.memories");
    let found = scene.json(&["insights", "--since", "7d", "--as-of", &last]);
    let said = found["insights"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|i| i["sentence"].is_string())
        .count() as u64;
    assert_eq!(said, insights["answered"].as_u64().unwrap(), "{found}");
    // The surest of each mind, not of all together.
    for mind in ["default", "other"] {
        let all = found["insights"].as_array().unwrap().iter();
        let of_mind: Vec<&Value> = all.filter(|i| i["mind"] == mind).collect();
        let spoken = of_mind.iter().filter(|i| i["sentence"].is_string());
        assert!(
            spoken.count() >= of_mind.len().min(10) - 1,
            "{mind}: {found}"
        );
    }
    // Clusters too, when the model is asked for them.
    let report = scene.json(&["enrich", "--only", "clusters"]);
    assert!(
        report["clusters"]["answered"].as_u64().unwrap() > 0,
        "{report}"
    );
    assert_eq!(report["clusters"]["owed"], 0);
    assert_eq!(
        scene.count("SELECT count(*) FROM long_term_memory.column_descriptions WHERE gist <> ''"),
        report["clusters"]["answered"].as_i64().unwrap()
    );

    // What the model finds contradictory is told with both sides.
    let told = || scene.json(&["insights", "--since", "30d", "--as-of", &last]);
    let insights = told();
    let contradictions = of_kind(&insights, "contradiction");
    assert!(!contradictions.is_empty(), "{insights}");
    let contradiction = contradictions[0];
    let ends: Vec<i64> = ids(contradiction);
    assert_eq!(ends.len(), 2);
    assert!(
        contradiction["title"]
            .as_str()
            .unwrap()
            .ends_with("cannot both be true: so it seems")
    );
    // Once an end is edited, it is no longer said, and neither are sentences about it.
    let spoken = insights["insights"]
        .as_array()
        .unwrap()
        .iter()
        .find(|i| i["sentence"].is_string())
        .unwrap();
    let (mind, title) = (spoken["mind"].clone(), spoken["title"].clone());
    for (of, id) in [(contradiction, ends[0]), (spoken, ids(spoken)[0])] {
        let mind = of["mind"].as_str().unwrap();
        let edit = ["memory", "edit", &id.to_string(), "We had soup for supper."];
        scene.store.ok(&[&edit[..], &["--mind", mind]].concat());
    }
    let insights = told();
    assert!(
        of_kind(&insights, "contradiction")
            .iter()
            .all(|i| ids(i) != ends),
        "{insights}"
    );
    assert!(
        insights["insights"]
            .as_array()
            .unwrap()
            .iter()
            .all(|i| i["mind"] != mind || i["title"] != title || i["sentence"].is_null()),
        "{insights}"
    );
}

fn of_kind<'a>(insights: &'a Value, kind: &str) -> Vec<&'a Value> {
    let all = insights["insights"].as_array().unwrap();
    all.iter().filter(|i| i["kind"] == kind).collect()
}

fn ids(insight: &Value) -> Vec<i64> {
    let evidence = insight["evidence"].as_array().unwrap();
    evidence.iter().map(|e| e["id"].as_i64().unwrap()).collect()
}

#[test]
fn episodes_and_insights_are_described_and_made_up_ids_are_dropped() {
    let scene = Scene::new();
    scene
        .store
        .ok(&["consolidate", "--as-of", crate::test_store::AFTER]);
    let report = scene.enrich();
    let episodes = scene.count("SELECT count(*) FROM state.episodes WHERE memories > 1");
    assert_eq!(report["episodes"]["answered"], episodes, "{report}");
    assert_eq!(
        scene.count("SELECT count(*) FROM long_term_memory.episode_descriptions WHERE title = 'A day with Bolota' AND len(causes) = 1"),
        episodes
    );
    let described = scene.server.asked("chat").into_iter().any(|b| {
        let question = b["messages"][1]["content"].as_str().unwrap_or_default();
        b["format"]["properties"].get("title").is_some() && question.contains("[6] Nora: ")
    });
    assert!(described);
    let explained = scene.store.json(&["explain", "a1"]);
    assert_eq!(
        explained["episode"]["title"], "A day with Bolota",
        "{explained}"
    );
    assert!(
        explained["episode"]["description"].is_string(),
        "{explained}"
    );
    assert!(
        scene
            .store
            .ok(&["explain", "a1"])
            .contains("described as A day with Bolota: ")
    );

    // The same with ids that no memory has: the answer stays, the links go.
    let scene = Scene::new();
    scene
        .store
        .ok(&["consolidate", "--as-of", crate::test_store::AFTER]);
    let made_up = json!({"title": "A walk", "gist": "Bolota ate", "causes": [{"from": 424242, "to": 2, "why": "so"}, {"from": 3, "to": 3}],
        "steps": [{"level": "task", "label": "call the vet", "memory": 999999}]});
    let fault = || Fault::Says(made_up.to_string(), "stop");
    scene.server.fails([fault(), fault(), fault()]);
    let report = scene.json_with(
        &[("CODEX_OLLAMA_IN_FLIGHT", "1")],
        &["enrich", "--only", "episodes"],
    );
    assert!(
        report["episodes"]["clamped"].as_u64().unwrap() >= 3,
        "{report}"
    );
    assert_eq!(scene.count("SELECT coalesce(sum(len(causes) + len(steps)), 0)::BIGINT FROM long_term_memory.episode_descriptions WHERE title = 'A walk'"), 0);
}
