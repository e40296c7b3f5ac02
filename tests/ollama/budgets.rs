//! A daemon's tick: a little at a time, and not more than a day's budget.

use crate::Scene;
use crate::server::Fault;
use codex_dreams::config::{Config, ConfigSources};
use codex_dreams::daemon::jobs;
use codex_dreams::daemon::rhythms::{self, Work};
use codex_dreams::engine::{
    Engine, EnrichReport, EnrichRequest, EnrichWhat, Interrupt, Project, ProjectSource,
    SharedStore, examine_models, pull_on_server,
};
use codex_dreams::enrich::answers::night_since_insights;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

fn config(scene: &Scene, more: &[(&str, &str)]) -> Config {
    let home = scene.store.path("home").to_string_lossy().into_owned();
    let mut environment: BTreeMap<String, String> =
        [("HOME", home.as_str()), ("OLLAMA_URL", &scene.server.url())]
            .iter()
            .chain(more)
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
    environment.insert(
        "DUCKDB_PATH".into(),
        scene.store.store().to_string_lossy().into_owned(),
    );
    Config::load(&ConfigSources {
        environment,
        ..ConfigSources::default()
    })
    .unwrap()
}

fn engine(scene: &Scene, more: &[(&str, &str)]) -> Engine {
    let project = Arc::new(Project::load(ProjectSource::Embedded).unwrap());
    Engine::open(&config(scene, more), project, false).unwrap()
}

#[test]
fn a_tick_keeps_to_its_share_and_a_day_to_its_budget() {
    let scene = Scene::new();
    let budget = [
        ("CODEX_ENRICH_PER_TICK", "2"),
        ("CODEX_ENRICH_PER_DAY", "3"),
    ];
    let mut engine = engine(&scene, &budget);
    assert_eq!(
        engine.enrich_tick().unwrap().as_deref(),
        Some("6 vectors, 2 memories")
    );
    assert_eq!(
        engine.enrich_tick().unwrap().as_deref(),
        Some("1 memory; the day's budget is used up (settings.enrich_per_day)")
    );
    // Nothing more today, and that is nothing to tell.
    assert_eq!(engine.enrich_tick().unwrap(), None);
    assert_eq!(scene.server.asked("chat").len(), 3);
    let status = engine.status(None).unwrap().models;
    assert_eq!((status.memories_owed, status.vectors_owed), (3, 0));
    assert_eq!(status.answers[0].subjects, 3);
}

#[test]
fn a_days_budget_counts_requests_and_not_answers() {
    let scene = Scene::new();
    let budget = [
        ("CODEX_ENRICH_PER_TICK", "2"),
        ("CODEX_ENRICH_PER_DAY", "3"),
        ("CODEX_EMBEDDINGS", "none"),
    ];
    // Two memories take three requests.
    scene.server.fails([Fault::Says("No.".into(), "stop")]);
    let mut engine = engine(&scene, &budget);
    assert_eq!(engine.enrich_tick().unwrap().as_deref(), Some("2 memories"));
    assert_eq!(engine.enrich_tick().unwrap(), None);
    assert_eq!(scene.server.asked("chat").len(), 3);
}

/// Everything is due again.
fn later(engine: &Engine) {
    let sql = "UPDATE enrichment.retries SET retry_at = TIMESTAMP '2000-01-01'";
    engine.warehouse().conn().execute_batch(sql).unwrap();
}

fn of_memories(scene: &Scene) -> (EnrichReport, Engine) {
    // An engine anew: a server that failed is not left alone.
    let mut engine = engine(scene, &[("CODEX_OLLAMA_IN_FLIGHT", "1")]);
    let request = EnrichRequest {
        only: Some(EnrichWhat::Memories),
        ..EnrichRequest::default()
    };
    let report = engine.enrich_pending_tasks(&request, |_| ()).unwrap();
    (report, engine)
}

#[test]
fn a_server_that_fails_for_everybody_leaves_nothing_to_the_rules() {
    let scene = Scene::new();
    for round in 0..7 {
        scene
            .server
            .fails((0..4).map(|_| Fault::Status(500, "out of memory")));
        let (report, engine) = of_memories(&scene);
        let memories = &report.memories;
        assert_eq!(
            (memories.answered, memories.kept_rules),
            (0, 0),
            "round {round}: {report:?}"
        );
        assert!(memories.note.is_some(), "round {round}: {report:?}");
        later(&engine);
    }
    // Nor does it count against one that fails once more when the server is well again.
    let hiccup = Fault::Status(500, "out of memory");
    scene.server.fails([Fault::Late(Duration::ZERO), hiccup]);
    let (report, engine) = of_memories(&scene);
    let memories = &report.memories;
    assert_eq!(
        (memories.answered, memories.failed, memories.kept_rules),
        (5, 1, 0),
        "{report:?}"
    );
    later(&engine);
    drop(engine);
    assert_eq!(of_memories(&scene).0.memories.answered, 1);
}

#[test]
fn a_memory_that_fails_beside_others_is_left_to_the_rules_in_the_end() {
    let scene = Scene::new();
    scene.json(&["enrich", "--only", "memories", "--limit", "5"]);
    for round in 0..5 {
        // The newest is asked first, and goes well.
        scene
            .store
            .ok(&["memory", "add", &format!("Note {round} of the evening.")]);
        scene.server.fails([
            Fault::Late(Duration::ZERO),
            Fault::Status(500, "llama runner process has terminated"),
        ]);
        let (report, engine) = of_memories(&scene);
        let memories = &report.memories;
        let left = u64::from(round == 4);
        assert_eq!(
            (memories.answered, memories.failed, memories.kept_rules),
            (1, 1 - left, left),
            "round {round}: {report:?}"
        );
        later(&engine);
    }
}

#[test]
fn a_nights_insights_are_looked_at_once() {
    let scene = Scene::new();
    scene
        .store
        .ok(&["consolidate", "--as-of", crate::test_store::AFTER]);
    let mut engine = engine(&scene, &[("CODEX_EMBEDDINGS", "none")]);
    let due = |engine: &Engine| {
        night_since_insights(engine.warehouse().conn(), codex_dreams::clock::now()).unwrap()
    };
    assert!(due(&engine).is_some());
    engine.enrich_tick().unwrap();
    assert_eq!(due(&engine), None);
    // What has to be tried again is looked at when its time has come.
    engine
        .warehouse()
        .conn()
        .execute_batch("INSERT INTO enrichment.retries SELECT mind_id, 1, 0, 'insight', 'x', 'm', 1, now()::TIMESTAMP - INTERVAL 1 MINUTE, 'slow' FROM raw.minds LIMIT 1")
        .unwrap();
    assert!(due(&engine).is_some());
}

#[test]
fn a_tick_without_a_server_is_no_failure() {
    let scene = Scene::new();
    let mut engine = engine(&scene, &[("OLLAMA_URL", "http://127.0.0.1:9")]);
    assert_eq!(engine.enrich_tick().unwrap(), None);
    assert_eq!(engine.status(None).unwrap().models.memories_owed, 6);
}

#[test]
fn a_doctor_finds_what_is_missing_and_fetches_it() {
    let scene = Scene::new();
    scene.server.models(&["gpt-oss:20b"]);
    let settings = config(&scene, &[]).settings;
    let findings = examine_models(&settings).unwrap();
    assert_eq!(findings.server.version.as_deref(), Some("0.33.1"));
    assert_eq!(findings.reads.as_deref(), Some("gpt-oss:20b"));
    assert_eq!(findings.embeds, None);
    let missing: Vec<_> = findings
        .models
        .iter()
        .filter_map(|m| m.fix.clone())
        .collect();
    assert_eq!(missing, ["ollama pull nomic-embed-text"]);
    assert_eq!(
        findings.local.fix.as_deref(),
        Some("codex models pull all-minilm-l6-v2")
    );
    let mut heard = Vec::new();
    pull_on_server(&settings, "nomic-embed-text", |what, done, total| {
        heard.push((what.to_owned(), done, total))
    })
    .unwrap();
    assert_eq!(heard.last().unwrap().0, "success");
    assert!(
        heard
            .iter()
            .any(|(_, done, total)| *done > 0 && done == total)
    );
    assert_eq!(
        examine_models(&settings).unwrap().embeds.as_deref(),
        Some("ollama:nomic-embed-text")
    );
    scene.server.models(&["gpt-oss:20b"]);
    let report = scene.json(&["doctor", "--fix"]);
    assert!(
        report["findings"]
            .to_string()
            .contains("ollama:nomic-embed-text"),
        "{report}"
    );
    let error = pull_on_server(&settings, "nowhere", |_, _, _| ()).unwrap_err();
    assert!(error.to_string().contains("file does not exist"), "{error}");
    // No server at all.
    let settings = config(&scene, &[("OLLAMA_URL", "http://127.0.0.1:9")]).settings;
    let findings = examine_models(&settings).unwrap();
    assert!(findings.server.problem.is_some() && findings.server.version.is_none());
    // Without anything to ask, nobody is contacted.
    let settings = config(
        &scene,
        &[
            ("CODEX_ENRICHMENT", "rules"),
            ("CODEX_EMBEDDINGS", "none"),
            ("OLLAMA_URL", "http://127.0.0.1:9"),
        ],
    )
    .settings;
    let findings = examine_models(&settings).unwrap();
    assert!(findings.server.problem.is_none() && findings.models.is_empty());
}

#[test]
fn a_second_round_of_looks_and_jobs_writes_nothing() {
    let scene = Scene::new();
    let config = config(&scene, &[]);
    let shared = SharedStore::new(engine(&scene, &[]));
    let nothing: Arc<Interrupt> = Arc::default();
    let now = chrono::NaiveDate::from_ymd_opt(2026, 3, 4)
        .and_then(|day| day.and_hms_opt(12, 0, 0))
        .unwrap();
    let rhythms = rhythms::of_project(&Project::load(ProjectSource::Embedded).unwrap()).unwrap();
    let round = || -> Vec<String> {
        let done = rhythms.iter().map(|rhythm| match &rhythm.work {
            Work::Cycle(cycle) => {
                let found = shared.look(*cycle, now, &nothing).unwrap();
                found.map(|_| rhythm.name.clone())
            }
            Work::Job(job) => {
                let job = jobs::find(job).unwrap();
                let run = |engine: &mut Engine| (job.run)(engine, &config, now);
                shared.work_beside(&nothing, run).unwrap()
            }
        });
        done.flatten().collect()
    };
    let writes = || shared.queue().writes();
    assert_ne!(round(), [""; 0], "there was much to do");
    while !round().is_empty() {}
    let before = writes();
    assert_eq!(round(), [""; 0]);
    assert_eq!(writes(), before, "nothing was done, so nothing was written");
    // And what is written is seen by the next look.
    shared
        .work("a test", &nothing, |engine| engine.nap(None, now, true))
        .unwrap();
    assert_eq!(writes(), before + 1);
    assert_ne!(round(), [""; 0]);
}
