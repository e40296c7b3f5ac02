//! Vectors: made in batches, never mixed, recorded as events.

use crate::Scene;
use crate::server::Fault;
use serde_json::json;

#[test]
fn vectors_come_in_batches_with_the_models_prefix_and_are_asked_with_its_other_one() {
    let scene = Scene::new();
    let report = scene.json(&["enrich", "--only", "vectors"]);
    assert_eq!(report["vectors"]["model"], "ollama:nomic-embed-text");
    assert_eq!(
        (
            &report["vectors"]["embedded"],
            &report["vectors"]["owed"],
            &report["vectors"]["active"]
        ),
        (&json!(6), &json!(0), &json!(true))
    );
    let asked = scene.server.asked("embed");
    assert_eq!(asked.len(), 1);
    assert!(
        asked[0]["input"]
            .as_array()
            .unwrap()
            .iter()
            .all(|t| t.as_str().unwrap().starts_with("search_document: "))
    );
    assert_eq!(asked[0]["keep_alive"], "5m");

    let answer = scene.json(&["query", "--text", "How is Nora's cat?", "--explain"]);
    assert_eq!(
        scene.server.asked("embed")[1]["input"],
        json!(["search_query: How is my cat?"])
    );
    let components = answer["results"][0]["components"].as_object().unwrap();
    assert!(components["vector"].as_f64().unwrap() > 0.0, "{answer}");
    let sum: i64 = components
        .values()
        .map(|v| (v.as_f64().unwrap() * 1e6).round() as i64)
        .sum();
    assert_eq!(
        sum,
        (answer["results"][0]["score"].as_f64().unwrap() * 1e6).round() as i64
    );
    // A server that has gone: words alone, and it is said.
    scene.server.models(&[]);
    let answer = scene.json(&["query", "--text", "How is Nora's cat?"]);
    assert!(
        answer["notes"][0].as_str().unwrap().contains("words alone"),
        "{answer}"
    );
    assert!(answer["results"][0]["components"].get("vector").is_none());
}

#[test]
fn a_failing_batch_is_halved_until_only_the_culprit_fails() {
    let scene = Scene::new();
    scene.server.refuses_text("clinic in Graça");
    let report = scene.json(&["enrich", "--only", "vectors"]);
    assert_eq!(
        (&report["vectors"]["embedded"], &report["vectors"]["failed"]),
        (&json!(5), &json!(1)),
        "{report}"
    );
    assert_eq!(report["vectors"]["active"], true);
    assert_eq!(scene.count("SELECT count(*) FROM enrichment.retries WHERE kind = 'vector' AND contains(reason, 'context length')"), 1);
    // It waits for its time instead of being tried at once.
    let tries = scene.server.asked("embed").len();
    scene.json(&["enrich", "--only", "vectors"]);
    assert_eq!(scene.server.asked("embed").len(), tries);
}

#[test]
fn vectors_that_are_none_are_refused() {
    let scene = Scene::new();
    let mut good = vec![json!(0.5); 8];
    good[3] = json!(null);
    let wrong = json!([
        vec![0.5; 7],
        good,
        vec![0.0; 8],
        vec![0.5; 8],
        vec![0.5; 8],
        vec![0.5; 8]
    ]);
    scene.server.fails([Fault::Vectors(wrong)]);
    let report = scene.json(&["enrich", "--only", "vectors"]);
    assert_eq!(
        (&report["vectors"]["embedded"], &report["vectors"]["failed"]),
        (&json!(3), &json!(3)),
        "{report}"
    );
    for reason in ["7 numbers where 8", "NaN", "zero"] {
        let sql =
            format!("SELECT count(*) FROM enrichment.retries WHERE contains(reason, '{reason}')");
        assert!(scene.count(&sql) > 0, "{reason}");
    }
    assert_eq!(scene.count("SELECT count(*) FROM enrichment.vectors WHERE len(vector) <> 8 OR abs(list_inner_product(vector, vector) - 1) > 0.00001"), 0);
}

#[test]
fn too_few_vectors_are_no_answer() {
    let scene = Scene::new();
    scene.server.fails([Fault::Vectors(json!([vec![0.5; 8]]))]);
    // The batch is halved, and the halves go well.
    let report = scene.json(&["enrich", "--only", "vectors"]);
    assert_eq!(report["vectors"]["embedded"], 6, "{report}");
    assert_eq!(scene.server.asked("embed").len(), 3);
}

#[test]
fn another_model_takes_over_when_all_its_vectors_are_there() {
    let scene = Scene::new();
    scene
        .server
        .models(&["gpt-oss:20b", "nomic-embed-text", "bge-m3"]);
    scene.json(&["enrich", "--only", "vectors"]);
    let bge: &[(&str, &str)] = &[("EMBEDDING_MODEL", "bge-m3")];
    let report = scene.json_with(bge, &["enrich", "--only", "vectors", "--limit", "3"]);
    assert_eq!(
        (&report["vectors"]["owed"], &report["vectors"]["active"]),
        (&json!(3), &json!(false)),
        "{report}"
    );
    scene.json(&["query", "--text", "cat"]);
    assert_eq!(
        scene.server.asked("embed").last().unwrap()["model"],
        "nomic-embed-text"
    );
    let report = scene.json_with(bge, &["enrich", "--only", "vectors"]);
    assert_eq!(
        (&report["vectors"]["owed"], &report["vectors"]["active"]),
        (&json!(0), &json!(true)),
        "{report}"
    );
    scene.json(&["query", "--text", "cat"]);
    assert_eq!(
        scene.server.asked("embed").last().unwrap()["model"],
        "bge-m3"
    );
    assert_eq!(scene.count("SELECT count(*) FROM enrichment.vectors"), 12);
}

#[test]
fn an_edited_memory_gets_a_vector_of_its_new_words() {
    let scene = Scene::new();
    scene.json(&["enrich", "--only", "vectors"]);
    scene
        .store
        .ok(&["memory", "edit", "a1", "The dog ate nothing."]);
    assert_eq!(
        scene.json(&["enrich", "--only", "vectors"])["vectors"]["embedded"],
        1
    );
    assert_eq!(scene.count("SELECT count(*) FROM enrichment.vectors v JOIN lexical.documents d USING (memory_id, revision)"), 6);
}

#[test]
fn a_model_that_changes_its_dimension_does_not_break_questions() {
    let scene = Scene::new();
    scene.json(&["enrich", "--only", "vectors"]);
    scene.server.dimension(16);
    let answer = scene.json(&["query", "--text", "cat"]);
    assert!(
        answer["notes"][0]
            .as_str()
            .unwrap()
            .contains("vectors of 16 numbers"),
        "{answer}"
    );
    scene
        .store
        .ok(&["memory", "add", "A new one about the harbour."]);
    let report = scene.json(&["enrich", "--only", "vectors"]);
    assert_eq!(report["vectors"]["failed"], 1, "{report}");
}

#[test]
fn embeddings_none_asks_nobody() {
    let scene = Scene::new();
    scene.json(&["enrich", "--only", "vectors"]);
    let before = scene.server.asked("embed").len();
    let answer = scene.json_with(&[("CODEX_EMBEDDINGS", "none")], &["query", "--text", "cat"]);
    assert!(
        answer["results"][0]["components"].get("vector").is_none(),
        "{answer}"
    );
    assert_eq!(scene.server.asked("embed").len(), before);
}
