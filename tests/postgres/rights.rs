//! What the role may, and what is wrong with the server or the table: named, with what to do about it.

use crate::away::SLOW_MAPPING;
use crate::test_store::{TestStore, count, take_in};
use codex_dreams::engine::{IntakeRequest, Mode};
use codex_dreams::error::ErrorKind;

#[test]
fn what_is_wrong_is_named_and_mends_itself_when_it_is_mended() {
    let mut store = TestStore::new();
    store
        .db
        .run("INSERT INTO memories (content) VALUES ('first')");
    let mut engine = store.engine();
    take_in(&mut engine);
    let fails = |engine: &mut codex_dreams::engine::Engine, kind, what: &str| {
        let error = engine
            .take_in(IntakeRequest {
                reconcile: true,
                ..IntakeRequest::default()
            })
            .unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.next_step().is_some(), "{error}");
    };
    // The schema changes under us.
    store.db.run("ALTER TABLE memories RENAME content TO body");
    fails(&mut engine, ErrorKind::Failed, "has no column content");
    store.db.run("ALTER TABLE memories RENAME body TO content; INSERT INTO memories (content) VALUES ('second')");
    assert_eq!(take_in(&mut engine).added, 1);
    drop(engine);
    // A role without rights.
    let role = format!("nobody_{}", store.db.name);
    store.db.run(&format!("CREATE ROLE {role} LOGIN"));
    store.set("POSTGRES_DB_URL", store.db.url_of(&role));
    let mut engine = store.engine();
    fails(
        &mut engine,
        ErrorKind::Failed,
        &format!("role {role} may not read public.memories"),
    );
    // Rights to some columns only.
    store
        .db
        .run(&format!("GRANT SELECT (id, content) ON memories TO {role}"));
    fails(&mut engine, ErrorKind::Failed, "permission denied");
    // No connection left.
    store.db.run(&format!(
        "GRANT SELECT ON memories TO {role}; ALTER ROLE {role} CONNECTION LIMIT 0"
    ));
    fails(&mut engine, ErrorKind::Unavailable, "too many connections");
    store
        .db
        .run(&format!("ALTER ROLE {role} CONNECTION LIMIT -1"));
    assert_eq!(take_in(&mut engine).mode, Mode::Nothing);
    // Too slow.
    drop(engine);
    store
        .db
        .run("CREATE VIEW slow AS SELECT m.*, pg_sleep(3)::text AS waited FROM memories m");
    store.set("POSTGRES_DB_URL", store.db.url());
    store.set("CODEX_POSTGRES_STATEMENT_TIMEOUT", "1");
    let mut engine = store.engine_mapping(SLOW_MAPPING);
    fails(&mut engine, ErrorKind::Unavailable, "statement timeout");
    assert_eq!(count(&engine, "SELECT count(*) FROM raw.memories"), 2);
}

#[test]
fn a_role_with_the_least_rights_is_enough() {
    let mut store = TestStore::new();
    store.db.run("INSERT INTO memories (content, created_at) SELECT 'Nora watered the tomatoes, ' || i, timestamptz '2026-03-02 08:00Z' + i * interval '10 seconds' FROM generate_series(1, 40) i");
    let role = format!("codex_{}", store.db.name);
    store.db.run(&format!(
        "CREATE ROLE {role} LOGIN; REVOKE ALL ON SCHEMA public FROM PUBLIC"
    ));
    store.set("POSTGRES_DB_URL", store.db.url_of(&role));
    let (code, _, stderr) = store.ran(&["init", "postgres"]);
    assert_ne!(code, 0);
    assert!(
        stderr.contains("permission denied")
            && stderr.contains("CREATE SCHEMA dreams AUTHORIZATION"),
        "{stderr}"
    );
    // What the owner runs is what codex prints.
    let sql = store.ok(&["init", "postgres", "--print", "--trigger"]);
    store.db.run(&sql);
    store.ok(&["init", "postgres"]);
    store.ok(&["consolidate", "--as-of", "2026-03-04T12:00:00Z"]);
    assert!(
        store
            .db
            .count("SELECT count(*) FROM dreams.short_term_episodes")
            > 0
    );
    let doctor = store.ok(&["doctor"]);
    assert!(
        !doctor.contains("problem") && doctor.contains("up to date"),
        "{doctor}"
    );
    assert!(!doctor.contains("may change it"), "{doctor}");
    let mut client = postgres::Client::connect(&store.db.url_of(&role), postgres::NoTls).unwrap();
    for sql in [
        "DELETE FROM memories",
        "CREATE TABLE public.x (i int)",
        "CREATE SCHEMA more",
    ] {
        assert!(client.batch_execute(sql).is_err(), "the role may {sql}");
    }
}

#[test]
fn the_reading_connection_cannot_write() {
    use codex_dreams::warehouse::postgres::{Limits, Purpose, connect};
    let store = TestStore::new();
    let config = store.config();
    let limits = Limits::of(&config.settings.postgres);
    let mut client = connect(config.postgres.as_ref().unwrap(), &limits, Purpose::Read).unwrap();
    let error = client.batch_execute("DELETE FROM memories").unwrap_err();
    assert!(
        error
            .as_db_error()
            .unwrap()
            .message()
            .contains("read-only transaction"),
        "{error:?}"
    );
}

#[test]
fn doctor_says_what_to_do() {
    let mut store = TestStore::new();
    store.db.run("DROP INDEX memories_updated_at; ALTER TABLE memories ALTER updated_at DROP NOT NULL; INSERT INTO memories (content, updated_at) VALUES ('x', NULL)");
    let said = store.ok(&["doctor"]);
    for part in [
        "found in the extension directory",
        "CREATE INDEX CONCURRENTLY ON \"public\".\"memories\" (\"updated_at\");",
        "some rows have no updated_at",
        "there is no schema `dreams`",
        "no trigger",
        "may do everything on this server",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    store.db.run("ALTER TABLE memories DROP COLUMN metadata");
    let (code, said, _) = store.ran(&["doctor"]);
    assert_eq!(code, 1);
    assert!(said.contains("has no column metadata"), "{said}");
    store.environment.remove("POSTGRES_DB_URL");
    assert!(store.ok(&["doctor"]).contains("set POSTGRES_DB_URL"));
}
