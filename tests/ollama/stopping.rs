//! Who stops a round of questions does not wait for its answers, and loses none that have come.

use crate::Scene;
use crate::house::{House, ended, kill, wait_until};
use crate::server::{Fault, Server};
use crate::test_store::{TestStore, ran};
use std::time::{Duration, Instant};

/// Far less than a question is waited for here, and far more than stopping takes.
const SOON: Duration = Duration::from_secs(30);

/// A daemon that asks one question after another.
fn daemon(scene: Scene, settings: &[(&str, &str)]) -> (House, Server) {
    let Scene { store, server } = scene;
    // Three answers come; the fourth takes longer than anybody waits.
    let prompt = std::iter::repeat_n(Duration::ZERO, 3);
    server.fails(prompt.chain([SOON * 20]).map(Fault::Late));
    let house = House::of(store);
    let mut start = house.store.codex();
    start
        .args(["daemon", "start"])
        .env("OLLAMA_URL", server.url())
        .env_remove("OLLAMA_MODEL")
        .env("OLLAMA_TIMEOUT", "600")
        .env("CODEX_OLLAMA_IN_FLIGHT", "1")
        .env("CODEX_EMBEDDINGS", "none")
        .envs(settings.iter().copied());
    let start = ran(&mut start);
    assert_eq!(start.code, 0, "{}", start.stderr);
    (house, server)
}

/// The fourth question is asked once three answers are there.
fn wait_for_three_answers(server: &Server) {
    wait_until("three answers have come", || {
        server.asked("chat").len() == 4
    });
}

fn recorded(store: &TestStore) -> i64 {
    store.count("SELECT count(*) FROM raw.answers WHERE provider = 'ollama'")
}

fn paused() -> Scene {
    let scene = Scene::new();
    scene.store.ok(&["schedule", "pause", "--all"]);
    scene
}

#[test]
fn ctrl_c_ends_a_round_of_questions_and_keeps_the_answers_that_came() {
    let (house, server) = daemon(paused(), &[]);
    let enrich = house.begin(&["enrich", "--only", "memories"]);
    wait_for_three_answers(&server);
    kill(enrich.id(), "INT");
    ended(enrich);
    wait_until("they are recorded", || recorded(&house.store) == 3);
    let stopping = Instant::now();
    house.store.ok(&["daemon", "stop"]);
    assert!(stopping.elapsed() < SOON, "{:?}", stopping.elapsed());
    let log = house.store.ok(&["daemon", "logs"]);
    assert!(!log.contains("did not end in time"), "{log}");
}

#[test]
fn a_daemon_that_stops_ends_a_round_of_questions_and_keeps_the_answers_that_came() {
    let (house, server) = daemon(paused(), &[("CODEX_DAEMON_GRACE", "0")]);
    let enrich = house.begin(&["enrich", "--only", "memories"]);
    wait_for_three_answers(&server);
    let stopping = Instant::now();
    let said = house.store.ok(&["daemon", "stop"]);
    assert!(said.contains("has stopped"), "{said}");
    assert!(stopping.elapsed() < SOON, "{:?}", stopping.elapsed());
    ended(enrich);
    let log = house.store.ok(&["daemon", "logs"]);
    assert!(log.contains("the daemon has stopped"), "{log}");
    assert_eq!(recorded(&house.store), 3);
    assert_eq!(house.store.json(&["verify"])["ok"], true);
}

#[test]
fn a_deadline_ends_a_round_of_questions_and_keeps_the_answers_that_came() {
    let (house, server) = daemon(Scene::new(), &[("CODEX_DAEMON_DEADLINE", "2")]);
    wait_for_three_answers(&server);
    let enrich = || {
        let rhythms = house.status()["rhythms"].clone();
        let of = |rhythm: &&serde_json::Value| rhythm["name"] == "enrich";
        rhythms.as_array().unwrap().iter().find(of).unwrap().clone()
    };
    wait_until("the look has ended", || enrich()["state"] == "waiting");
    let outcome = enrich()["outcome"].as_str().unwrap().to_owned();
    assert_eq!(outcome, "3 memories; stopped");
    assert_eq!(recorded(&house.store), 3);
}
