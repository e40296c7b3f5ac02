//! The real all-MiniLM-L6-v2, run in this process without any server. Where it is not there, the tests say so and check nothing:
//! `scripts/minilm.sh` fetches it, and `make test` calls that.

use crate::test_store::{AFTER, TestStore};
use crate::unchecked::unchecked;
use codex_dreams::config::{Config, ConfigSources};
use codex_dreams::engine::request::{Recall, Reply, Request};
use codex_dreams::engine::{
    ActivationLogging, EmbedRequest, Engine, Project, ProjectSource, RequestContext, SharedStore,
    fingerprint,
};
use codex_dreams::enrich::embeddings::LocalModel;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Where the model is, or nothing and a line that says so.
fn model() -> Option<PathBuf> {
    let cache = std::env::var_os("CODEX_CACHE")
        .map(PathBuf::from)
        .unwrap_or_else(|| {
            let home = std::env::var_os("HOME")
                .map(PathBuf::from)
                .unwrap_or_default();
            std::env::var_os("XDG_CACHE_HOME")
                .map_or_else(|| home.join(".cache"), PathBuf::from)
                .join("codex")
        });
    let dir = cache.join("all-minilm-l6-v2-0.1.0");
    let there = dir.join("model.safetensors").is_file();
    if !there {
        unchecked(&format!(
            "all-MiniLM-L6-v2 is not in {} (scripts/minilm.sh fetches it)",
            dir.display()
        ));
    }
    there.then_some(dir)
}

/// The first eight numbers of vectors that an independent implementation (numpy) of sentence-transformers' semantics gives.
const REFERENCE: &str = include_str!("minilm_reference.json");

#[test]
fn vectors_are_those_of_sentence_transformers() {
    let Some(dir) = model() else { return };
    let model = LocalModel::load(&dir).unwrap();
    let reference: Vec<Value> = serde_json::from_str(REFERENCE).unwrap();
    let texts: Vec<String> = reference
        .iter()
        .map(|r| r["text"].as_str().unwrap().to_owned())
        .collect();
    let together = model.embed(&texts).unwrap();
    for ((row, text), vector) in reference.iter().zip(&texts).zip(&together) {
        assert_eq!(vector.len(), 384);
        for (ours, theirs) in vector.iter().zip(row["vector"].as_array().unwrap()) {
            assert!(
                (f64::from(*ours) - theirs.as_f64().unwrap()).abs() < 2e-5,
                "{text}: {ours} and {theirs}"
            );
        }
        // Padding and company do not matter.
        let alone = model.embed(std::slice::from_ref(text)).unwrap();
        let cosine: f32 = alone[0].iter().zip(vector).map(|(a, b)| a * b).sum();
        assert!((cosine - 1.0).abs() < 1e-5, "{text}: {cosine}");
    }
}

#[test]
fn a_room_without_a_server_finds_what_is_meant() {
    let Some(dir) = model() else { return };
    let store = TestStore::with_diary();
    let quiet = |args: &[&str]| {
        let mut codex = store.codex();
        // Nobody listens there.
        codex
            .env("OLLAMA_URL", "http://127.0.0.1:9")
            .env("CODEX_OLLAMA_CONNECT_TIMEOUT", "1")
            .args(args)
            .arg("--json");
        let ran = crate::ran(&mut codex);
        assert_eq!(ran.code, 0, "{args:?} {}{}", ran.stdout, ran.stderr);
        serde_json::from_str::<Value>(&ran.stdout).unwrap()
    };
    let found = |answer: &Value| {
        answer["results"][0]["key"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let question = ["query", "--text", "Is her pet unwell?"];
    let pulled = quiet(&[
        "models",
        "pull",
        "all-minilm-l6-v2",
        "--from",
        &dir.to_string_lossy(),
    ]);
    assert_eq!(pulled["complete"], json!(true));
    assert_eq!(quiet(&["models", "list"])[0]["name"], "all-minilm-l6-v2");
    let report = quiet(&["enrich"]);
    assert_eq!(
        (&report["vectors"]["model"], &report["vectors"]["embedded"]),
        (&json!("local:all-minilm-l6-v2"), &json!(6)),
        "{report}"
    );
    // No word of the question is in the diary.
    let answer = quiet(&question);
    assert_eq!(answer["basis"], "match", "{answer}");
    assert!(["a1", "a4"].contains(&found(&answer).as_str()), "{answer}");
    // A model that goes away: words alone, and it is said.
    std::fs::remove_dir_all(store.path(".local/share/codex/models")).unwrap();
    let answer = quiet(&question);
    assert!(
        answer["notes"].to_string().contains("words alone"),
        "{answer}"
    );
}

#[test]
fn a_model_that_nobody_asks_is_let_go_and_loaded_again_when_somebody_does() {
    let Some(dir) = model() else { return };
    let store = TestStore::with_diary();
    store.ok(&[
        "models",
        "pull",
        "all-minilm-l6-v2",
        "--from",
        &dir.to_string_lossy(),
    ]);
    let home = store.path(".").to_string_lossy().into_owned();
    let environment = [("HOME", home.as_str()), ("CODEX_EMBEDDINGS", "local")];
    let config = Config::load(&ConfigSources {
        database: Some(store.store()),
        environment: environment
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .into(),
        ..ConfigSources::default()
    })
    .unwrap();
    let project = Project::load(ProjectSource::Embedded).unwrap();
    let caller = RequestContext {
        patience: 30,
        fingerprint: fingerprint(&project, &config.parameters),
        project: None,
        parameters: config.parameters.to_stored(),
    };
    let mut engine = Engine::open(&config, Arc::new(project), false).unwrap();
    let report = engine.embed(&EmbedRequest::default(), |_| ()).unwrap();
    assert_eq!(report.embedded, 6);
    let shared = SharedStore::new(engine);
    let found = || {
        let as_of = AFTER.trim_end_matches('Z').parse().unwrap();
        let question = Recall {
            k: 1,
            activation_logging: ActivationLogging::None,
            ..Recall::new("default".to_owned(), "Is her pet unwell?".to_owned(), as_of)
        };
        let request = Request::Recall(question);
        let answered = shared.answer(request, &caller, &Arc::default(), &mut |_| ());
        let Reply::Recall(answer) = answered.unwrap() else {
            panic!("another question was answered");
        };
        assert!(answer.notes.is_empty(), "{:?}", answer.notes);
        answer.results[0].key.clone()
    };
    assert!(!shared.rest(Duration::ZERO), "nobody has asked yet");
    let first = found();
    assert!(
        !shared.rest(Duration::from_secs(3600)),
        "somebody has just asked"
    );
    assert!(shared.rest(Duration::ZERO));
    assert!(!shared.rest(Duration::ZERO), "it has been let go");
    assert_eq!(found(), first);
    assert!(shared.rest(Duration::ZERO), "it was loaded again");
}

#[test]
fn what_is_no_model_is_refused_and_leaves_nothing() {
    let store = TestStore::new();
    std::fs::create_dir(store.path("empty")).unwrap();
    store.refused(
        2,
        "holds no model",
        &["models", "pull", "x", "--from", "empty"],
    );
    store.refused(2, "knows no model", &["models", "pull", "x"]);
    store.refused(
        2,
        "no name of a model",
        &["models", "pull", "../x", "--from", "empty"],
    );
    std::fs::create_dir(store.path("broken")).unwrap();
    for file in ["config.json", "tokenizer.json", "model.safetensors"] {
        store.write(&format!("broken/{file}"), "not what it should be");
    }
    store.refused(
        2,
        "cannot be used",
        &["models", "pull", "x", "--from", "broken"],
    );
    assert_eq!(store.json(&["models", "list"]), json!([]));
}
