//! What changes in PostgreSQL comes into the raw log: once, as what it is, and whatever happens on the way.

use crate::test_store::{TestStore, count, reconcile, take_in, text};
use codex_dreams::engine::{ConsolidateOptions, Mode};

#[test]
fn rows_come_in_once_and_a_tick_brings_only_what_changed() {
    let store = TestStore::new();
    store.db.run("INSERT INTO memories (content, metadata) SELECT 'note ' || i, jsonb_build_object('n', i) FROM generate_series(1, 100) i");
    let mut engine = store.engine();
    let first = take_in(&mut engine);
    assert_eq!((first.mode, first.added), (Mode::Whole, 100));
    assert_eq!(take_in(&mut engine).mode, Mode::Nothing);
    store
        .db
        .run("INSERT INTO memories (content) VALUES ('one more')");
    let tick = take_in(&mut engine);
    assert_eq!(
        (tick.mode, tick.added, tick.unchanged),
        (Mode::Tick, 1, 100)
    );
    assert_eq!(take_in(&mut engine).mode, Mode::Nothing);
    assert_eq!(count(&engine, "SELECT count(*) FROM raw.memories"), 101);
    assert_eq!(
        text(
            &engine,
            "SELECT concat_ws('|', source, key, content, metadata) FROM raw.memories WHERE key = '7'"
        ),
        "postgres:public.memories|7|note 7|{\"n\": 7}"
    );
}

#[test]
fn an_updated_row_is_an_edit_and_its_earlier_words_stay() {
    let store = TestStore::new();
    store
        .db
        .run("INSERT INTO memories (content) VALUES ('the roof is blue'), ('the door is red')");
    let mut engine = store.engine();
    take_in(&mut engine);
    store
        .db
        .run("UPDATE memories SET content = 'the roof is green', updated_at = now() WHERE id = 1");
    let tick = take_in(&mut engine);
    assert_eq!((tick.added, tick.edited), (0, 1));
    assert_eq!(
        text(&engine, "SELECT content FROM raw.memories WHERE key = '1'"),
        "the roof is blue"
    );
    assert_eq!(
        text(&engine, "SELECT content FROM raw.edits"),
        "the roof is green"
    );
    // Touched, but the same: nothing.
    store
        .db
        .run("UPDATE memories SET updated_at = clock_timestamp()");
    let touched = take_in(&mut engine);
    assert_eq!((touched.edited, touched.added), (0, 0));
    assert_eq!(count(&engine, "SELECT count(*) FROM raw.edits"), 1);
}

#[test]
fn what_commits_late_within_the_overlap_is_not_missed() {
    let store = TestStore::new();
    store
        .db
        .run("INSERT INTO memories (content) VALUES ('early')");
    let mut engine = store.engine();
    let mut slow = store.db.client();
    let mut transaction = slow.transaction().unwrap();
    transaction
        .execute("INSERT INTO memories (content) VALUES ('late')", &[])
        .unwrap();
    take_in(&mut engine);
    store.db.run("INSERT INTO memories (content, created_at, updated_at) VALUES ('between', clock_timestamp(), clock_timestamp())");
    assert_eq!(take_in(&mut engine).added, 1);
    transaction.commit().unwrap();
    assert_eq!(take_in(&mut engine).added, 1);
    assert_eq!(count(&engine, "SELECT count(*) FROM raw.memories"), 3);
}

#[test]
fn what_commits_after_the_overlap_is_found_by_the_comparison() {
    let store = TestStore::new();
    store
        .db
        .run("INSERT INTO memories (content) VALUES ('early')");
    let mut engine = store.engine();
    take_in(&mut engine);
    store.db.run("INSERT INTO memories (content, updated_at) VALUES ('an hour late', now() - interval '1 hour')");
    assert_eq!(take_in(&mut engine).mode, Mode::Nothing);
    let compared = reconcile(&mut engine);
    assert_eq!((compared.mode, compared.added), (Mode::Reconciled, 1));
    assert_eq!(reconcile(&mut engine).added, 0);
}

#[test]
fn a_rhythm_tells_of_rows_that_cannot_be_memories_and_health_counts_them() {
    let store = TestStore::new();
    store.db.run(
        "ALTER TABLE memories ALTER created_at DROP NOT NULL, ALTER updated_at TYPE timestamptz;
         INSERT INTO memories (content, created_at) VALUES ('fine', now()), ('far', '20000-01-01');
         UPDATE memories SET updated_at = 'infinity' WHERE content = 'far'",
    );
    let mut engine = store.engine();
    assert_eq!(
        engine.take_in_by_rhythm().unwrap().as_deref(),
        Some("public.memories: 1 added, 0 edited, 0 deleted, 1 rejected")
    );
    assert_eq!(engine.postgres_health().unwrap().unwrap().rejected, 1);
    drop(engine);
    assert!(store.ok(&["health"]).contains("1 row cannot be memories"));
    assert!(store.ok(&["doctor"]).contains("1 cannot be memories"));
}

#[test]
fn hostile_contents_come_in_as_they_are() {
    let store = TestStore::new();
    let long = "word ".repeat(2_000_000);
    let contents = [
        "it's \"quoted\" and $$dollar$$ $1 ? :x",
        "{{ ref('x') }} {% raw %} {# no #}",
        "emoji 👩‍👩‍👧‍👦 and עברית and العربية and e\u{301}",
        "back\\slash \\u0000 \\x00 %s 'E'\\'' ; DROP TABLE raw.memories; --",
        "tab\tnewline\r\nbell\u{7}escape\u{1b}[31m",
        "",
        " ",
        long.as_str(),
    ];
    let mut client = store.db.client();
    for content in contents {
        client
            .execute("INSERT INTO memories (content) VALUES ($1)", &[&content])
            .unwrap();
    }
    client
        .execute("INSERT INTO memories (content, metadata) VALUES ('odd metadata', '[1, \"it''s\", {\"a\": null}]')", &[])
        .unwrap();
    let mut engine = store.engine();
    assert_eq!(take_in(&mut engine).added, contents.len() as u64 + 1);
    for (i, content) in contents.iter().enumerate() {
        let found = text(
            &engine,
            &format!("SELECT content FROM raw.memories WHERE key = '{}'", i + 1),
        );
        assert!(found == *content, "content {i} came in as {:.80}", found);
    }
    assert_eq!(
        text(&engine, "SELECT metadata FROM raw.memories WHERE key = '9'"),
        r#"{"value": [1, "it's", {"a": null}]}"#
    );
    engine.enrich(|_| ()).unwrap();
    store
        .db
        .run("UPDATE memories SET updated_at = clock_timestamp()");
    store
        .db
        .run("INSERT INTO memories (content) VALUES ('news')");
    let again = take_in(&mut engine);
    assert_eq!(
        (again.added, again.edited, again.unchanged),
        (1, 0, contents.len() as u64 + 1)
    );
}

#[test]
fn a_thousand_minds_stay_apart() {
    let store = TestStore::bare(crate::server::server());
    store.db.run(
        "CREATE TABLE turns (turn uuid PRIMARY KEY DEFAULT gen_random_uuid(), who text, said varchar(200), at timestamp NOT NULL,
             chat bigint, mind text, gone timestamptz);
         INSERT INTO turns (who, said, at, chat, mind) SELECT 'Ann', 'turn ' || i, timestamp '2026-01-01 12:00' + i * interval '1 minute',
             i % 7, 'mind ' || (i % 1000) FROM generate_series(1, 5000) i",
    );
    let mapping = "  - schema: public
    table: turns
    columns: {id: turn, content: said, created_at: at, updated_at: ~, metadata: ~, mind: mind, session: chat, speaker: who, deleted: gone}
    time_zone: Europe/Berlin
";
    let mut engine = store.engine_mapping(mapping);
    assert_eq!(take_in(&mut engine).added, 5000);
    assert_eq!(count(&engine, "SELECT count(*) FROM raw.minds"), 1000);
    assert_eq!(
        count(
            &engine,
            "SELECT max(n) FROM (SELECT count(*) AS n FROM raw.memories GROUP BY mind_id)"
        ),
        5
    );
    // A winter noon in Berlin, an hour before UTC's.
    assert_eq!(
        text(&engine, "SELECT min(created_at)::VARCHAR FROM raw.memories"),
        "2026-01-01 11:01:00"
    );
    assert_eq!(
        count(
            &engine,
            "SELECT count(DISTINCT session) FROM raw.memories WHERE speaker = 'Ann'"
        ),
        7
    );
    // A row that changes hands is gone for the one mind and new for the other; one marked as deleted is gone.
    store.db.run("UPDATE turns SET mind = 'another' WHERE said = 'turn 5'; UPDATE turns SET gone = now() WHERE said = 'turn 6'");
    let compared = reconcile(&mut engine);
    assert_eq!(
        (compared.added, compared.deleted, compared.edited),
        (1, 2, 0)
    );
    assert_eq!(
        text(
            &engine,
            "SELECT n.name FROM raw.memories m JOIN raw.minds n USING (mind_id) WHERE content = 'turn 5' ORDER BY memory_id DESC LIMIT 1"
        ),
        "another"
    );
    assert_eq!(reconcile(&mut engine).deleted, 0);
}

#[test]
fn rows_that_cannot_be_memories_are_named_once_and_the_others_come_in() {
    let store = TestStore::bare(crate::server::server());
    store.db.run(
        "CREATE TABLE memories (id text, content text, created_at timestamptz, updated_at timestamptz NOT NULL DEFAULT now(), metadata jsonb, mind text);
         CREATE INDEX ON memories (updated_at);
         INSERT INTO memories VALUES ('a', 'fine', now()), ('b', NULL, now()), (NULL, 'no id', now()), ('d', 'far', '20000-01-01'),
             ('e', 'forever', 'infinity'), ('f', 'before', '0044-03-15 BC'), ('g', 'g', now()), ('g', 'g again', now());
         UPDATE memories SET updated_at = 'infinity' WHERE id IN ('d', 'e', 'f');
         INSERT INTO memories VALUES ('h', 'whose', now(), now(), '{}', E'line\\nbreak')",
    );
    let mapping = "  - table: memories
    columns: {mind: mind}
";
    let mut engine = store.engine_mapping(mapping);
    let first = take_in(&mut engine);
    let reasons: Vec<String> = first
        .rejections
        .iter()
        .map(|r| format!("{}: {}", r.id, r.reason))
        .collect();
    assert_eq!((first.added, first.rejected), (2, 6), "{reasons:#?}");
    assert!(
        reasons.iter().any(|r| r == "(null): it has no id"),
        "{reasons:#?}"
    );
    assert!(
        reasons
            .iter()
            .any(|r| r.starts_with("h: its mind cannot be a name")),
        "{reasons:#?}"
    );
    assert!(
        reasons
            .iter()
            .any(|r| r.starts_with("g: another row has the same id")),
        "{reasons:#?}"
    );
    // A row mended is a memory.
    store
        .db
        .run("UPDATE memories SET created_at = now(), updated_at = now() WHERE id = 'e'");
    let compared = reconcile(&mut engine);
    assert_eq!(compared.added, 1, "{:?}", compared.rejections);
}

#[test]
fn a_cycle_by_the_library_tells_what_it_exchanged() {
    let store = TestStore::new();
    store.db.run("INSERT INTO memories (content, created_at) VALUES ('Nora planted tomatoes.', '2026-03-02 08:00Z')");
    let mut engine = store.engine();
    let request = ConsolidateOptions {
        cycle: None,
        as_of: codex_dreams::clock::now(),
        by_clock: false,
        mind: None,
    };
    let exchange = engine.live(&request, |_| ()).unwrap().postgres.unwrap();
    assert_eq!(exchange.warnings, Vec::<String>::new());
    assert_eq!(exchange.intake.unwrap().sources[0].added, 1);
    assert_eq!(exchange.write_back, None, "nobody asked for it");
    assert_eq!(
        text(&engine, "SELECT content FROM raw.memories"),
        "Nora planted tomatoes."
    );
}
