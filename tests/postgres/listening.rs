//! LISTEN/NOTIFY: what changes comes in at once where the trigger is installed.

use crate::server::Server;
use crate::test_store::{TestStore, count, take_in};
use codex_dreams::engine::Listener;
use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

#[test]
fn a_trigger_tells_at_once_and_deletions_ask_for_a_comparison() {
    let store = TestStore::new();
    store
        .db
        .run("INSERT INTO memories (content) SELECT 'note ' || i FROM generate_series(1, 30) i");
    store.ok(&["init", "postgres", "--trigger"]);
    let mut engine = store.engine();
    take_in(&mut engine);
    let mut listener = Listener::open(&store.config()).unwrap().unwrap();
    assert_eq!(listener.wait(Duration::from_millis(50)).unwrap(), None);
    store
        .db
        .run("INSERT INTO memories (content) VALUES ('now')");
    let request = listener.wait(Duration::from_secs(20)).unwrap().unwrap();
    assert!(!request.reconcile);
    assert_eq!(
        engine.take_in(request).unwrap().unwrap().sources[0].added,
        1
    );
    store.db.run("UPDATE memories SET content = 'then', updated_at = clock_timestamp() WHERE id = 1; DELETE FROM memories WHERE id = 2");
    let request = listener.wait(Duration::from_secs(20)).unwrap().unwrap();
    assert!(request.reconcile);
    let report = engine.take_in(request).unwrap().unwrap();
    assert_eq!(
        (report.sources[0].edited, report.sources[0].deleted),
        (1, 1)
    );
}

#[test]
fn a_view_gets_no_trigger_and_keeps_no_table_from_its_own() {
    let store = TestStore::new();
    store.db.run("CREATE VIEW mine AS SELECT * FROM memories");
    store.ok(&["init", "project"]);
    let file = store.path("project/pipeline/sources.yaml");
    let sources = std::fs::read_to_string(&file).unwrap();
    let sources = sources.replace("postgres:\n", "postgres:\n  - {table: mine}\n");
    std::fs::write(&file, &sources).unwrap();
    let init = ["--project-dir", "project", "init", "postgres", "--trigger"];
    let (code, stdout, stderr) = store.ran(&init);
    assert_eq!(code, 0, "{stdout}{stderr}");
    assert!(
        stdout.contains("public.memories tells") && stderr.contains("public.mine is no table"),
        "{stdout}{stderr}"
    );
    // A table that is not there is noticed before anything is changed.
    store
        .db
        .run("DROP SCHEMA dreams CASCADE; DROP TRIGGER codex_notify ON memories");
    let sources = sources
        .replace("  - {table: mine}\n", "")
        .replace("\nsources:", "\n  - {table: nothing}\n\nsources:");
    std::fs::write(&file, sources).unwrap();
    assert_eq!(store.ran(&init).0, 1);
    assert_eq!(
        store.db.count(
            "SELECT (SELECT count(*) FROM pg_trigger WHERE tgname = 'codex_notify') + (SELECT count(*) FROM pg_namespace WHERE nspname = 'dreams')"
        ),
        0
    );
}

#[test]
fn a_watch_does_what_it_was_asked_once_the_server_is_there() {
    let server = Server::start();
    let store = TestStore::beside(&server);
    store
        .db
        .run("INSERT INTO memories (content) SELECT 'note ' || i FROM generate_series(1, 30) i");
    store.ok(&["intake"]);
    store.db.run("DELETE FROM memories WHERE id = 7");
    // The tests' server writes nothing at once.
    store.db.run("CHECKPOINT");
    server.kill();
    let mut watch = store
        .piped(&["intake", "--watch", "--reconcile"])
        .spawn()
        .unwrap();
    let mut said = BufReader::new(watch.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.starts_with("warning: "), "{line}");
    server.run();
    let mut shown = BufReader::new(watch.stdout.take().unwrap());
    let mut table = String::new();
    while !table.contains("public.memories") {
        assert!(
            shown.read_line(&mut table).unwrap() > 0,
            "it ended: {table}"
        );
    }
    assert!(table.contains("compared"), "{table}");
    watch.kill().unwrap();
    watch.wait().unwrap();
    assert_eq!(
        count(&store.engine(), "SELECT count(*) FROM raw.deletions"),
        1
    );
}

#[test]
fn a_watch_whose_reader_has_gone_ends_well() {
    let store = TestStore::new();
    store.ok(&["init", "postgres", "--trigger"]);
    store
        .db
        .run("INSERT INTO memories (content) VALUES ('one')");
    let mut watch = store.piped(&["intake", "--watch"]).spawn().unwrap();
    let mut shown = BufReader::new(watch.stdout.take().unwrap());
    let mut table = String::new();
    while !table.contains("public.memories") {
        assert!(
            shown.read_line(&mut table).unwrap() > 0,
            "it ended: {table}"
        );
    }
    drop(shown);
    let started = Instant::now();
    let status = loop {
        store
            .db
            .run("INSERT INTO memories (content) VALUES ('another')");
        if let Some(status) = watch.try_wait().unwrap() {
            break status;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "it goes on");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(status.code(), Some(0));
}
