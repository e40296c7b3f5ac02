//! Answers and nights: what arrived before a night is used by it, what comes later is taken up without touching what was, and a
//! replay needs no model.

use crate::Scene;
use crate::test_store::AFTER;
use serde_json::json;

const NEXT_YEARS: &str = "2099-01-01T00:00:00Z";

/// Replays into a new file, which has to come to the same state; no server is there to be asked.
fn replays(scene: &Scene) {
    let file = "again.duckdb";
    let _ = std::fs::remove_file(scene.store.path(file));
    scene.server.models(&[]);
    let replay = scene.json(&["replay", "--into", file]);
    assert_eq!(replay["ok"], true, "{replay}");
    assert_eq!(replay["state_hash"], scene.state_hash());
    scene.server.models(&crate::MODELS);
    std::fs::remove_file(scene.store.path(file)).unwrap();
}

#[test]
fn a_night_uses_the_answers_that_had_arrived() {
    let scene = Scene::new();
    scene.enrich();
    scene.store.ok(&["consolidate", "--as-of", AFTER]);
    // All of them were read by the model, and the traces say so.
    assert_eq!(
        scene.count("SELECT count(*) FROM state.memory_traces t JOIN enrichment.features f USING (memory_id, revision) WHERE f.provider = 'ollama'"),
        6
    );
    assert!(
        scene.count("SELECT count(*) FROM state.memory_concepts WHERE concept = 'cat health'") == 6
    );
    // Nothing more is due: answers to what was learned with them are no news.
    assert!(
        scene
            .store
            .ok(&["consolidate", "--as-of", AFTER])
            .contains("nothing was due")
    );
    scene.store.ok(&["consolidate", "--as-of", NEXT_YEARS]);
    assert_eq!(scene.count("SELECT max(nights) FROM state.minds"), 2);
    replays(&scene);
}

#[test]
fn late_answers_renew_features_and_concepts_but_never_episodes_or_weights() {
    let scene = Scene::new();
    scene.store.ok(&["consolidate", "--as-of", AFTER]);
    // What waits in short-term memory may be forgotten by the later night, answers or not.
    let weights = "WITH kept AS (SELECT memory_id FROM state.memory_traces WHERE tier = 'long_term')
         SELECT md5(string_agg(concat_ws('/', source_id, target_id, weight, event_at), ',' ORDER BY source_id, target_id)) FROM state.associations
         SEMI JOIN kept s ON s.memory_id = source_id SEMI JOIN kept t ON t.memory_id = target_id";
    let episodes = "SELECT md5(string_agg(concat_ws('/', episode_id, gist, goal, valence), ',' ORDER BY episode_id)) FROM state.episodes";
    let strengths = "SELECT md5(string_agg(concat_ws('/', memory_id, strength, stability, event_at), ',' ORDER BY memory_id)) FROM state.memory_traces WHERE tier = 'long_term'";
    let before = [weights, episodes, strengths].map(|sql| scene.text(sql));
    let hash = scene.state_hash();
    assert_eq!(scene.enrich()["memories"]["answered"], 6);
    // An answer changes nothing before its night, which is after it came.
    scene.store.ok(&["consolidate", "--as-of", AFTER]);
    assert_eq!(scene.state_hash(), hash);
    assert_eq!(scene.count("SELECT max(nights) FROM state.minds"), 2);
    scene.store.ok(&["consolidate", "--as-of", NEXT_YEARS]);
    assert_eq!(scene.count("SELECT max(nights) FROM state.minds"), 3);
    assert_eq!(
        scene.count("SELECT count(*) FROM state.memory_traces t JOIN enrichment.features f USING (memory_id, revision) WHERE f.provider = 'ollama'"),
        6
    );
    assert_eq!(
        scene.count("SELECT count(*) FROM state.memory_concepts WHERE concept = 'cat health'"),
        6
    );
    assert_eq!(
        scene.count(
            "SELECT count(*) - count(DISTINCT (memory_id, concept)) FROM state.memory_concepts"
        ),
        0
    );
    assert_eq!(scene.text(episodes), before[1]);
    assert_eq!(scene.text(weights), before[0]);
    assert_eq!(scene.text(strengths), before[2]);
    assert_eq!(
        scene.count("SELECT count(*) FROM long_term_memory.semantic_memories WHERE gist = ''"),
        0
    );
    replays(&scene);
    // And no second night for the same answers.
    scene.store.ok(&["consolidate", "--as-of", NEXT_YEARS]);
    assert_eq!(scene.count("SELECT max(nights) FROM state.minds"), 3);
}

#[test]
fn answers_that_trickle_in_come_to_the_same_features_and_a_rebuild_uses_them_from_the_start() {
    let scene = Scene::new();
    scene.store.ok(&["consolidate", "--as-of", AFTER]);
    for round in 0..3 {
        scene.json(&["enrich", "--only", "memories", "--limit", "2"]);
        // Each day a night; the clock is the wall's, so each has to be asked for.
        scene.store.ok(&[
            "consolidate",
            "--nap",
            "--as-of",
            &format!("2099-01-0{}T12:00:00Z", round + 1),
        ]);
        replays(&scene);
    }
    let described = "SELECT count(*) FROM state.memory_traces t JOIN enrichment.features f USING (memory_id, revision) WHERE f.provider = 'ollama'";
    assert_eq!(scene.count(described), 6);
    scene
        .store
        .ok(&["consolidate", "--rebuild", "--as-of", NEXT_YEARS]);
    assert_eq!(scene.count(described), 6);
    // Known from the start, it shows in attention and in episodes too.
    assert_eq!(
        scene.count("SELECT count(*) FROM state.episodes WHERE emotion = 'sadness'"),
        scene.count("SELECT count(*) FROM state.episodes")
    );
    replays(&scene);
}

#[test]
fn an_answer_about_words_that_were_edited_since_is_not_used() {
    let scene = Scene::new();
    scene.store.ok(&["consolidate", "--as-of", AFTER]);
    scene.json(&["enrich", "--only", "memories"]);
    scene
        .store
        .ok(&["memory", "edit", "a1", "The dog ate everything."]);
    scene.store.ok(&["consolidate", "--as-of", NEXT_YEARS]);
    assert_eq!(
        scene.text("SELECT f.provider FROM state.memory_traces t JOIN enrichment.features f USING (memory_id, revision) JOIN raw.memories m USING (memory_id) WHERE m.key = 'a1'"),
        "rules"
    );
    replays(&scene);
    // The new words get their own answer.
    assert_eq!(
        scene.json(&["enrich", "--only", "memories"])["memories"]["answered"],
        1
    );
    scene
        .store
        .ok(&["consolidate", "--nap", "--as-of", "2099-02-01T12:00:00Z"]);
    assert_eq!(
        scene.text("SELECT f.provider FROM state.memory_traces t JOIN enrichment.features f USING (memory_id, revision) JOIN raw.memories m USING (memory_id) WHERE m.key = 'a1'"),
        "ollama"
    );
    replays(&scene);
}

#[test]
fn vectors_make_surprise_and_are_replayed_as_they_were() {
    let (plain, embedded) = (Scene::new(), Scene::new());
    embedded.json(&["enrich", "--only", "vectors"]);
    for scene in [&plain, &embedded] {
        scene.store.ok(&["consolidate", "--as-of", AFTER]);
        replays(scene);
    }
    let surprise =
        "SELECT string_agg(surprise::VARCHAR, ' ' ORDER BY memory_id) FROM state.memory_traces";
    assert_ne!(plain.text(surprise), embedded.text(surprise));
    // A session with a gap in its vectors goes by words.
    let gap = Scene::new();
    gap.server.refuses_text("clinic in Graça");
    gap.json(&["enrich", "--only", "vectors"]);
    gap.store.ok(&["consolidate", "--as-of", AFTER]);
    let first = "SELECT string_agg(surprise::VARCHAR, ' ' ORDER BY memory_id) FROM state.memory_traces JOIN raw.memories USING (memory_id) WHERE session = 's1'";
    assert_eq!(gap.text(first), plain.text(first));
    replays(&gap);
    // Vectors that come after the night change nothing it made.
    let hash = plain.state_hash();
    plain.json(&["enrich", "--only", "vectors"]);
    plain.store.ok(&["consolidate", "--as-of", AFTER]);
    assert_eq!(plain.state_hash(), hash);
    replays(&plain);
}

#[test]
fn a_day_sees_the_answers_that_come_in_it() {
    let scene = Scene::new();
    let noon = "2026-03-03T13:00:00Z";
    scene.store.ok(&["consolidate", "--as-of", noon]);
    scene.enrich();
    scene.store.ok(&["consolidate", "--as-of", noon]);
    assert_eq!(
        scene.count("SELECT count(*) FROM working_memory.epoch_memories WHERE importance = 0.8"),
        2
    );
    assert_eq!(scene.store.json(&["verify"])["ok"], true);
    assert!(
        scene
            .store
            .ok(&["consolidate", "--as-of", noon])
            .contains("nothing was due")
    );
}

#[test]
fn an_export_takes_answers_and_vectors_along() {
    let scene = Scene::new();
    scene.enrich();
    scene.store.ok(&["consolidate", "--as-of", AFTER]);
    let hash = scene.state_hash();
    for format in ["jsonl", "parquet"] {
        scene
            .store
            .ok(&["export", "--format", format, "--output", format]);
        let store = format!("{format}.duckdb");
        scene.store.ok(&["--db", &store, "import", format]);
        let verified = scene.store.json(&["--db", &store, "verify"]);
        assert_eq!(verified["state_hash"], json!(hash), "{format}");
        let rows = scene.store.json(&["--db", &store, "sql",
            "SELECT (SELECT count(*) FROM raw.answers WHERE kind = 'memory') AS answers, (SELECT count(*) FROM enrichment.vectors) AS vectors, \
             (SELECT sum(list_inner_product(vector, vector))::DECIMAL(9, 4) FROM enrichment.vectors)::VARCHAR AS lengths"]);
        assert_eq!(
            (
                &rows[0]["answers"],
                &rows[0]["vectors"],
                &rows[0]["lengths"]
            ),
            (&json!(6), &json!(6), &json!("6.0000")),
            "{rows}"
        );
    }
    // Into a store that has memories already, answers come with the memories that are new there.
    let other = "other.duckdb";
    scene
        .store
        .ok(&["--db", other, "memory", "add", "Something else."]);
    scene.store.ok(&["--db", other, "import", "jsonl"]);
    let rows = scene.store.json(&["--db", other, "sql", "SELECT count(*) AS n FROM enrichment.features f JOIN raw.answers a ON a.arrival = f.revision AND a.memory_id = f.memory_id WHERE f.provider = 'ollama' AND f.describes = f.memory_id"]);
    assert_eq!(rows[0]["n"], 6);
    let verified = scene.store.json(&["--db", other, "verify"]);
    assert_eq!(verified["ok"], true);
}
