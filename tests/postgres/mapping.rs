//! Tables and views as pipeline/sources.yaml maps them: how they are read, and what is wrong with them.

use crate::test_store::{TestStore, take_in, text};
use codex_dreams::engine::{IntakeRequest, Mode};

#[test]
fn a_tick_is_answered_by_the_index_on_updated_at() {
    use codex_dreams::memory::postgres::{Queries, inspect};
    let store = TestStore::new();
    store.db.run(
        "INSERT INTO memories (content, created_at, updated_at)
         SELECT 'note ' || i, now() - i * interval '1 minute', now() - i * interval '1 minute' FROM generate_series(1, 50000) i;
         ANALYZE memories",
    );
    let config = store.config();
    let mut client = store.db.client();
    let project = store
        .engine()
        .pipeline()
        .renderer()
        .project()
        .mappings()
        .to_vec();
    let shape = inspect(config.postgres.as_ref().unwrap(), &mut client, &project[0]).unwrap();
    assert!(shape.updated_at_indexed);
    let queries = Queries::new(&project[0], &shape);
    let now = codex_dreams::clock::now();
    for query in [
        queries.changed(now, 600).unwrap(),
        queries.window(now, 600).unwrap(),
    ] {
        let plan: Vec<String> = client
            .query(&format!("EXPLAIN {query}"), &[])
            .unwrap()
            .iter()
            .map(|row| row.get(0))
            .collect();
        let plan = plan.join("\n");
        assert!(
            plan.contains("memories_updated_at") && !plan.contains("Seq Scan"),
            "{plan}"
        );
    }
}

#[test]
fn without_an_index_or_with_a_null_updated_at_the_whole_table_is_compared() {
    let store = TestStore::new();
    store
        .db
        .run("DROP INDEX memories_updated_at; INSERT INTO memories (content) VALUES ('a')");
    let mut engine = store.engine();
    take_in(&mut engine);
    store.db.run("INSERT INTO memories (content, updated_at) VALUES ('b', now() - interval '1 day'); DELETE FROM memories WHERE content = 'a'");
    let compared = take_in(&mut engine);
    assert_eq!(
        (compared.mode, compared.added, compared.deleted),
        (Mode::Reconciled, 1, 1)
    );
    store.db.run("CREATE INDEX ON memories (updated_at); ALTER TABLE memories ALTER updated_at DROP NOT NULL; UPDATE memories SET updated_at = NULL");
    let compared = take_in(&mut engine);
    assert_eq!(compared.mode, Mode::Reconciled);
    assert!(
        compared.notes[0].contains("have no updated_at"),
        "{:?}",
        compared.notes
    );
}

#[test]
fn a_view_works_as_well_as_a_table() {
    let store = TestStore::new();
    store.db.run(
        "INSERT INTO memories (content, metadata) VALUES ('hello', '{\"who\": \"Ann\"}'), ('hidden', '{}');
         CREATE VIEW mine AS SELECT *, metadata ->> 'who' AS who FROM memories WHERE content <> 'hidden'",
    );
    let mut engine = store.engine_mapping("  - {table: mine, columns: {speaker: who}}\n");
    assert_eq!(take_in(&mut engine).added, 1);
    assert_eq!(take_in(&mut engine).mode, Mode::Nothing);
    assert_eq!(text(&engine, "SELECT speaker FROM raw.memories"), "Ann");
}

#[test]
fn a_table_that_is_not_as_mapped_is_named_with_what_is_there() {
    let store = TestStore::bare(crate::server::server());
    store.db.run("CREATE TABLE memories (id boolean, contents text, created_at date, updated_at timestamptz, metadata text)");
    let said = store
        .engine()
        .take_in(IntakeRequest::default())
        .unwrap_err()
        .to_string();
    for part in [
        "column id (its id) is boolean, but must be text, varchar, uuid, bigint",
        "has no column content (its content)",
        "column created_at (its created_at) is date, but must be timestamptz, timestamp",
        "column metadata (its metadata) is text, but must be jsonb, json",
        "it has id boolean, contents text",
    ] {
        assert!(said.contains(part), "{said}");
    }
    store
        .db
        .run("DROP TABLE memories; CREATE TABLE memory (id int)");
    let error = store
        .engine()
        .take_in(IntakeRequest::default())
        .unwrap_err();
    assert!(
        error.to_string().contains("has no table public.memories"),
        "{error}"
    );
    assert!(
        error
            .next_step()
            .unwrap()
            .contains("did you mean public.memory?"),
        "{:?}",
        error.next_step()
    );
}

#[test]
fn a_table_that_cannot_be_read_hides_no_other() {
    let store = TestStore::new();
    store
        .db
        .run("INSERT INTO memories (content) VALUES ('one')");
    let mapping = "  - {table: nothing}\n  - {table: memories}\n";
    let mut engine = store.engine_mapping(mapping);
    let report = engine.take_in(IntakeRequest::default()).unwrap().unwrap();
    assert!(
        report.sources[0]
            .error
            .as_ref()
            .unwrap()
            .contains("has no table public.nothing")
    );
    assert_eq!(report.sources[1].added, 1);
    // A table that is not as mapped is no server that is away.
    let health = engine.postgres_health().unwrap().unwrap();
    assert_eq!((health.circuit.as_str(), health.failures), ("closed", 0));
    drop(engine);
    store.ok(&["init", "project"]);
    let file = store.path("project/pipeline/sources.yaml");
    let sources = std::fs::read_to_string(&file).unwrap();
    let sources = sources.replace("postgres:\n", "postgres:\n  - {table: nothing}\n");
    std::fs::write(&file, sources).unwrap();
    let (code, stdout, stderr) = store.ran(&["--project-dir", "project", "intake"]);
    assert_eq!(code, 1, "{stdout}{stderr}");
    assert!(
        stdout.contains("public.memories") && stderr.contains("has no table public.nothing"),
        "{stdout}{stderr}"
    );
}
