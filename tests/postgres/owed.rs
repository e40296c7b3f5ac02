//! What could not travel is owed and follows: once, whatever broke on the way, and whatever PostgreSQL has in its place.

use crate::diary::{AS_OF, contents, diary, diary_beside, rows, write_back};
use crate::server::Server;
use crate::test_store::{TestStore, text};
use std::process::Child;
use std::time::{Duration, Instant};

/// How many of codex's statements sleep in a trigger.
const ASLEEP: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";

fn until_asleep(store: &TestStore<'_>, codex: &mut Child) {
    let started = Instant::now();
    while store.db.count(ASLEEP) == 0 {
        assert!(
            codex.try_wait().unwrap().is_none(),
            "codex ended before PostgreSQL slept"
        );
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "PostgreSQL never slept"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Starts a consolidation in a process of its own, waits until PostgreSQL sleeps in the trigger, and kills it.
fn killed_while_postgres_sleeps(store: &TestStore<'_>) {
    let mut codex = store.spawn(&["consolidate", "--as-of", AS_OF]);
    until_asleep(store, &mut codex);
    codex.kill().unwrap();
    codex.wait().unwrap();
    while store.db.count(ASLEEP) > 0 {
        std::thread::sleep(Duration::from_millis(20));
    }
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'codex'";
    while store.db.count(others) > 0 {
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What a run that nobody kills publishes.
fn undisturbed() -> String {
    let store = diary();
    store.ok(&["consolidate", "--as-of", AS_OF]);
    stable(&store)
}

/// What is published, but for how long things took.
fn stable(store: &TestStore<'_>) -> String {
    contents(store)
        .lines()
        .map(|line| match line.strip_prefix("processing_metrics ") {
            Some(rest) => format!("processing_metrics {}", rest.split(' ').next().unwrap()),
            None => line.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// A rebuild has cycles of its own.
fn without_metrics(stable: &str) -> String {
    let lines = stable.lines();
    let lines: Vec<&str> = lines
        .filter(|line| !line.starts_with("processing_metrics"))
        .collect();
    lines.join("\n")
}

#[test]
fn killed_after_postgres_committed_nothing_is_sent_twice() {
    let store = diary();
    store.db.run(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1.5); RETURN NULL; END $$;
         CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON dreams.publication DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()",
    );
    killed_while_postgres_sleeps(&store);
    store.db.run("DROP TRIGGER slow ON dreams.publication");
    // PostgreSQL has it all, the store does not know yet.
    assert_eq!(store.db.count("SELECT version FROM dreams.publication"), 1);
    let before = contents(&store);
    let done = write_back(&store);
    assert_eq!((done.written, done.removed, done.anew), (0, 0, false));
    assert_eq!(contents(&store), before);
    assert_eq!(stable(&store), undisturbed());
}

#[test]
fn killed_before_postgres_committed_everything_is_made_up() {
    let store = diary();
    store.db.run(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1.5); RETURN NULL; END $$;
         CREATE TRIGGER slow AFTER INSERT ON dreams.semantic_network FOR EACH STATEMENT EXECUTE FUNCTION slow()",
    );
    killed_while_postgres_sleeps(&store);
    store.db.run("DROP TRIGGER slow ON dreams.semantic_network");
    assert_eq!(store.db.count("SELECT version FROM dreams.publication"), 0);
    assert_eq!(rows(&store, "long_term_memories"), 0);
    assert!(store.ok(&["status"]).contains("owed to dreams"));
    store.ok(&["consolidate", "--as-of", AS_OF]);
    assert_eq!(stable(&store), undisturbed());
    assert!(!store.ok(&["status"]).contains("owed to dreams"));
}

#[test]
fn a_server_restarted_in_the_middle_of_publishing_gets_everything_once() {
    let server = Server::start();
    let store = diary_beside(&server);
    store.db.run(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$;
         CREATE TRIGGER slow AFTER INSERT ON dreams.semantic_network FOR EACH STATEMENT EXECUTE FUNCTION slow()",
    );
    let mut codex = store.spawn(&["consolidate", "--as-of", AS_OF]);
    until_asleep(&store, &mut codex);
    server.kill();
    assert!(codex.wait().unwrap().success(), "the cycle was done");
    server.run();
    assert_eq!(store.db.count("SELECT version FROM dreams.publication"), 0);
    assert!(store.ok(&["status"]).contains("owed to dreams"));
    store.db.run("DROP TRIGGER slow ON dreams.semantic_network");
    store.ok(&["write-back"]);
    assert_eq!(stable(&store), undisturbed());
}

#[test]
fn a_server_whose_disk_is_full_gets_everything_once_there_is_room() {
    let store = diary();
    store.db.run(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$;
         CREATE TRIGGER full_disk BEFORE INSERT ON dreams.semantic_network FOR EACH STATEMENT EXECUTE FUNCTION full_disk()",
    );
    let (code, stdout, stderr) = store.ran(&["consolidate", "--as-of", AS_OF]);
    assert_eq!(code, 0, "{stdout}{stderr}");
    assert!(stderr.contains("the server's disk is full"), "{stderr}");
    assert_eq!(rows(&store, "long_term_memories"), 0);
    store
        .db
        .run("DROP TRIGGER full_disk ON dreams.semantic_network");
    store.ok(&["consolidate", "--as-of", AS_OF]);
    assert_eq!(stable(&store), undisturbed());
}

#[test]
fn what_is_not_what_was_sent_is_replaced_as_a_whole() {
    let store = diary();
    store.ok(&["consolidate", "--as-of", AS_OF]);
    let before = contents(&store);
    store.db.run("DROP SCHEMA dreams CASCADE");
    // Nobody asked for it any more.
    assert_eq!(store.engine().write_back(false).unwrap(), None);
    store.ok(&["init", "postgres"]);
    assert!(write_back(&store).anew);
    assert_eq!(contents(&store), before);
    assert_eq!(write_back(&store).written, 0);
    // A snapshot of earlier takes the store's place: PostgreSQL knows more than it.
    store.ok(&["snapshot", "--output", "earlier.duckdb"]);
    store
        .db
        .run("INSERT INTO memories (content, created_at) VALUES ('later', '2026-03-07 13:00Z')");
    store.ok(&["consolidate", "--as-of", "2026-03-07T13:00:20Z"]);
    assert_ne!(contents(&store), before);
    std::fs::rename(store.path("earlier.duckdb"), store.path("memory.duckdb")).unwrap();
    assert!(write_back(&store).anew);
    assert_eq!(contents(&store), before);
}

#[test]
fn another_store_is_refused_until_it_takes_over() {
    let mut store = diary();
    store.ok(&["consolidate", "--as-of", AS_OF]);
    let before = stable(&store);
    store.set(
        "DUCKDB_PATH",
        store.path("other.duckdb").display().to_string(),
    );
    let (code, stdout, stderr) = store.ran(&["consolidate", "--as-of", AS_OF]);
    assert_eq!(code, 0, "{stderr}");
    assert!(
        stderr.contains("belongs to another store"),
        "{stdout}{stderr}"
    );
    let (code, _, stderr) = store.ran(&["write-back"]);
    assert_eq!(code, 2, "{stderr}");
    store.ok(&["write-back", "--take-over"]);
    assert_eq!(stable(&store), before);
}

#[test]
fn a_rebuilt_store_goes_on_publishing() {
    let store = diary();
    store.ok(&["consolidate", "--as-of", AS_OF]);
    let before = stable(&store);
    store.ok(&["consolidate", "--rebuild", "--as-of", AS_OF]);
    let done = write_back(&store);
    assert!(!done.anew);
    assert_eq!(without_metrics(&stable(&store)), without_metrics(&before));
    assert_eq!(
        store
            .ok(&["intake"])
            .lines()
            .nth(1)
            .unwrap()
            .split_whitespace()
            .nth(1),
        Some("nothing")
    );
    let engine = store.engine();
    assert_eq!(
        text(
            &engine,
            "SELECT count(*)::VARCHAR FROM long_term_memory.semantic_memories"
        ),
        rows(&store, "long_term_memories").to_string()
    );
}
