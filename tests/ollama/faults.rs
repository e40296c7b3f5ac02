//! A server that is down, slow, busy or broken: nothing is lost, and everything is said.

use crate::Scene;
use crate::server::Fault;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

/// What became of memories, so many asked about at once.
fn memories(scene: &Scene, in_flight: &str) -> Value {
    let settings = [("CODEX_OLLAMA_IN_FLIGHT", in_flight)];
    scene.json_with(&settings, &["enrich", "--only", "memories"])["memories"].clone()
}

#[track_caller]
fn assert_counts(report: &Value, counts: [(&str, u64); 2]) {
    for (name, count) in counts {
        assert_eq!(report[name], count, "{name} of {report}");
    }
}

#[test]
fn without_a_server_everything_works_and_says_what_is_owed() {
    let scene = Scene::new();
    // A port that nobody listens on.
    let gone = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("http://{gone}");
    let nowhere: &[(&str, &str)] = &[("OLLAMA_URL", &url)];
    let report = scene.json_with(nowhere, &["enrich"]);
    assert!(
        report["memories"]["note"]
            .as_str()
            .unwrap()
            .contains("cannot be reached"),
        "{report}"
    );
    assert!(
        report["vectors"]["note"]
            .as_str()
            .unwrap()
            .contains("codex models pull all-minilm-l6-v2"),
        "{report}"
    );
    let answer = scene.json_with(nowhere, &["query", "--text", "When is the cutover?"]);
    assert_eq!(answer["results"][0]["key"], "b2");
    // Asked for by name, it is an error with what to do.
    for setting in ["CODEX_ENRICHMENT", "CODEX_EMBEDDINGS"] {
        let ran = scene.run_with(&[("OLLAMA_URL", &url), (setting, "ollama")], &["enrich"]);
        assert_eq!(ran.code, 3, "{}", ran.stderr);
        assert!(ran.stderr.contains("ollama serve"), "{}", ran.stderr);
    }
    // When it is back, all is made up.
    assert_eq!(scene.enrich()["memories"]["answered"], 6);
}

#[test]
fn a_missing_model_is_named_with_the_line_that_fetches_it() {
    let scene = Scene::new();
    scene.server.models(&["llama3.2:latest"]);
    let report = scene.enrich();
    assert!(
        report["memories"]["note"]
            .as_str()
            .unwrap()
            .contains("ollama pull gpt-oss:20b"),
        "{report}"
    );
    let ran = scene.run_with(&[("CODEX_ENRICHMENT", "ollama")], &["enrich"]);
    assert_eq!(ran.code, 3);
    assert!(
        ran.stderr.contains("hint: ollama pull gpt-oss:20b"),
        "{}",
        ran.stderr
    );
    // Another one will do.
    let report = scene.json_with(
        &[("OLLAMA_MODEL", "llama3.2")],
        &["enrich", "--only", "memories"],
    );
    assert_eq!(report["memories"]["answered"], 6, "{report}");
}

#[test]
fn a_model_that_is_removed_in_the_middle_leaves_the_rest_owed() {
    let scene = Scene::new();
    scene
        .server
        .fails([Fault::Status(404, "model 'gpt-oss:20b' not found")]);
    let report = memories(&scene, "1");
    let note = report["note"].as_str().unwrap();
    assert!(note.contains("ollama pull"), "{report}");
    assert_counts(&report, [("answered", 0), ("owed", 6)]);
    // The server was to blame, not the memory: nothing has to wait.
    assert_eq!(scene.enrich()["memories"]["answered"], 6);
}

#[test]
fn a_full_queue_is_waited_for() {
    let scene = Scene::new();
    let busy = || {
        Fault::Status(
            503,
            "server busy, please try again.  maximum pending requests exceeded",
        )
    };
    scene.server.fails([busy(), busy()]);
    assert_counts(&memories(&scene, "2"), [("answered", 6), ("failed", 0)]);
    assert_eq!(scene.server.asked("chat").len(), 8);
}

#[test]
fn a_poison_memory_does_not_hold_up_the_others() {
    let scene = Scene::new();
    scene.server.fails([
        Fault::Status(500, "llama runner process has terminated"),
        Fault::Truncated,
    ]);
    // What the runner died of, and what came in half, is tried again later.
    assert_counts(&memories(&scene, "1"), [("failed", 2), ("answered", 4)]);
    assert_counts(&scene.enrich()["memories"], [("answered", 0), ("owed", 2)]);
    assert_eq!(scene.count("SELECT count(*) FROM enrichment.retries WHERE kind = 'memory' AND contains(reason, 'terminated')"), 1);
}

#[test]
fn a_slow_server_is_given_up_in_time_and_left_alone_after_a_while() {
    let scene = Scene::new();
    let notes: String = (0..20)
        .map(|i| format!("{}\n", json!({"id": format!("n{i}"), "content": format!("Note {i} of the evening."), "created_at": "2026-03-03T20:00:00Z"})))
        .collect();
    scene.store.write("notes.jsonl", notes);
    scene.store.ok(&["import", "notes.jsonl"]);
    scene
        .server
        .fails((0..26).map(|_| Fault::Late(Duration::from_secs(8))));
    let started = Instant::now();
    let report = scene.json_with(
        &[("OLLAMA_TIMEOUT", "1"), ("CODEX_OLLAMA_IN_FLIGHT", "5")],
        &["enrich", "--only", "memories"],
    );
    assert!(
        started.elapsed() < Duration::from_secs(7),
        "{:?}",
        started.elapsed()
    );
    let failed = report["memories"]["failed"].as_u64().unwrap();
    assert!((5..=10).contains(&failed), "{report}");
    assert!(
        report["memories"]["note"]
            .as_str()
            .unwrap()
            .contains("left alone"),
        "{report}"
    );
    assert_eq!(report["memories"]["owed"], 26);
}
#[test]
fn a_question_does_not_wait_for_a_server_that_hangs() {
    let scene = Scene::new();
    scene.json(&["enrich", "--only", "vectors"]);
    scene.server.fails([Fault::Late(Duration::from_secs(60))]);
    let started = Instant::now();
    let answer = scene.json_with(
        &[
            ("OLLAMA_TIMEOUT", "60"),
            ("CODEX_OLLAMA_QUESTION_TIMEOUT", "1"),
        ],
        &["query", "--text", "When is the cutover?"],
    );
    assert!(
        started.elapsed() < Duration::from_secs(30),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(answer["results"][0]["key"], "b2");
    assert!(
        answer["notes"][0].as_str().unwrap().contains("words alone"),
        "{answer}"
    );
}

#[test]
fn a_server_killed_in_the_middle_of_a_batch_loses_nothing_that_came() {
    let scene = Scene::new();
    let before = scene.json(&["enrich", "--only", "memories", "--limit", "2"]);
    assert_eq!(before["memories"]["answered"], 2);
    // A server that says hello and hangs up on the rest.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let hello = std::thread::spawn(move || {
        for body in [
            r#"{"version":"0.33.1"}"#,
            r#"{"models":[{"name":"gpt-oss:20b"}]}"#,
        ] {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(body.as_bytes()).unwrap();
        }
        // One request is taken and never answered, then the process is gone.
        let _ = listener
            .accept()
            .map(|(mut stream, _)| stream.read(&mut [0; 64]));
    });
    let report = scene.json_with(&[("OLLAMA_URL", &url)], &["enrich", "--only", "memories"]);
    hello.join().unwrap();
    assert!(
        report["memories"]["note"]
            .as_str()
            .unwrap()
            .contains("cannot be reached"),
        "{report}"
    );
    assert_eq!(report["memories"]["owed"], 4, "{report}");
    assert_eq!(scene.count("SELECT count(*) FROM raw.answers"), 2);
    assert_eq!(scene.enrich()["memories"]["answered"], 4);
}

#[test]
fn an_address_that_is_none_is_refused() {
    let scene = Scene::new();
    for (url, code) in [("ftp://example.org", 2), ("http://", 2), ("localhost", 0)] {
        let ran = scene.run_with(
            &[("OLLAMA_URL", url), ("CODEX_OLLAMA_CONNECT_TIMEOUT", "1")],
            &["enrich", "--limit", "1"],
        );
        assert_eq!(ran.code, code, "{url}: {}{}", ran.stdout, ran.stderr);
    }
}
