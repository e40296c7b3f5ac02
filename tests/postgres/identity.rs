//! Which memory a row is: by its id, whatever that looks like, and whatever changes.

use crate::test_store::{TestStore, count, reconcile, take_in, take_in_as, text};
use codex_dreams::engine::{Engine, IntakeRequest, Mode};

#[test]
fn whatever_changes_each_memory_keeps_the_words_of_its_own_row() {
    let store = TestStore::new();
    store.db.run(
        "INSERT INTO memories (content, created_at) SELECT 'note ' || i, timestamptz '2026-03-01 08:00Z' + i * interval '1 minute'
         FROM generate_series(1, 1000) i",
    );
    let mut engine = store.engine();
    take_in(&mut engine);
    store.db.run(
        "INSERT INTO memories (content, created_at) VALUES ('long ago', '2020-01-01 08:00Z');
         UPDATE memories SET content = 'note 5, again', updated_at = clock_timestamp() WHERE id = 5",
    );
    let tick = take_in(&mut engine);
    assert_eq!((tick.added, tick.edited), (1, 1));
    store.db.run("UPDATE memories SET content = 'note 999, again', updated_at = clock_timestamp() WHERE id = 999");
    let tick = take_in(&mut engine);
    assert_eq!((tick.added, tick.edited), (0, 1));
    let here = text(
        &engine,
        "SELECT string_agg(m.key || '=' || coalesce(e.content, m.content), ';' ORDER BY m.key::BIGINT) FROM raw.memories m
         LEFT JOIN (SELECT memory_id, arg_max(content, arrival) AS content FROM raw.edits GROUP BY memory_id) e USING (memory_id)",
    );
    let there = store
        .db
        .text("SELECT string_agg(id || '=' || content, ';' ORDER BY id) FROM memories");
    assert!(here == there, "a memory has another row's words");
}

#[test]
fn deleted_rows_become_deletions_and_an_id_that_comes_back_is_another_memory() {
    let store = TestStore::new();
    store
        .db
        .run("INSERT INTO memories (content) SELECT 'note ' || i FROM generate_series(1, 5) i");
    let mut engine = store.engine();
    take_in(&mut engine);
    store.db.run("DELETE FROM memories WHERE id IN (2, 4)");
    assert_eq!(reconcile(&mut engine).deleted, 2);
    assert_eq!(reconcile(&mut engine).deleted, 0);
    assert_eq!(count(&engine, "SELECT count(*) FROM raw.deletions"), 2);
    store
        .db
        .run("INSERT INTO memories (id, content) VALUES (2, 'a second life')");
    assert_eq!(take_in(&mut engine).added, 1);
    assert_eq!(
        text(
            &engine,
            "SELECT content FROM raw.memories WHERE key = '2#2'"
        ),
        "a second life"
    );
    store.db.run("UPDATE memories SET content = 'a second life, edited', updated_at = clock_timestamp() WHERE id = 2");
    assert_eq!(take_in(&mut engine).edited, 1);
    store.db.run("DELETE FROM memories WHERE id = 2");
    assert_eq!(reconcile(&mut engine).deleted, 1);
    store
        .db
        .run("INSERT INTO memories (id, content) VALUES (2, 'a third life')");
    assert_eq!(take_in(&mut engine).added, 1);
    assert_eq!(
        text(
            &engine,
            "SELECT content FROM raw.memories WHERE key = '2#3'"
        ),
        "a third life"
    );
}

#[test]
fn an_id_that_looks_like_a_second_life_is_an_id_like_any_other() {
    let store = TestStore::bare(crate::server::server());
    store.db.run(
        "CREATE TABLE memories (id text PRIMARY KEY, content text, created_at timestamptz DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(), metadata jsonb);
         CREATE INDEX ON memories (updated_at);
         INSERT INTO memories (id, content) VALUES ('PR', 'one'), ('PR#12', 'two'), ('PR#2', 'three')",
    );
    let mut engine = store.engine();
    assert_eq!(take_in(&mut engine).added, 3);
    for life in ["again", "and again"] {
        store.db.run("DELETE FROM memories");
        assert_eq!(reconcile(&mut engine).deleted, 3);
        store.db.run(&format!(
            "INSERT INTO memories (id, content) VALUES ('PR', '{life}'), ('PR#12', '{life}'), ('PR#2', '{life}'), ('PR#4', '{life}')
             ON CONFLICT DO NOTHING; DELETE FROM memories WHERE id = 'PR#4' AND '{life}' = 'again'"
        ));
        take_in(&mut engine);
    }
    assert_eq!(
        count(
            &engine,
            "SELECT count(*) - count(DISTINCT key) FROM raw.memories"
        ),
        0
    );
    assert_eq!(
        text(
            &engine,
            "SELECT string_agg(r.id || '=' || m.key, ' ' ORDER BY r.id) FROM codex.source_rows r JOIN raw.memories m USING (memory_id)"
        ),
        "PR=PR#5 PR#12=PR#12#3 PR#2=PR#2#3 PR#4=PR#4"
    );
}

#[test]
fn another_time_session_or_speaker_makes_another_memory() {
    let store = TestStore::new();
    store.db.run(
        "ALTER TABLE memories ADD chat text, ADD who text, ALTER created_at DROP NOT NULL;
         INSERT INTO memories (content, created_at, chat, who) SELECT 'note ' || i, timestamptz '2026-03-01 08:00Z', 'a', 'Ann' FROM generate_series(1, 5) i;
         UPDATE memories SET created_at = NULL WHERE id = 5",
    );
    let mapping = "  - {table: memories, columns: {session: chat, speaker: who}}\n";
    let mut engine = store.engine_mapping(mapping);
    assert_eq!(take_in(&mut engine).added, 5);
    store.db.run(
        "UPDATE memories SET created_at = '2026-03-01 09:00Z', updated_at = clock_timestamp() WHERE id = 1;
         UPDATE memories SET chat = 'b', updated_at = clock_timestamp() WHERE id = 2;
         UPDATE memories SET who = NULL, content = 'other words', updated_at = clock_timestamp() WHERE id = 3;
         UPDATE memories SET content = 'an edit', updated_at = clock_timestamp() WHERE id IN (4, 5)",
    );
    let tick = take_in(&mut engine);
    assert_eq!((tick.added, tick.deleted, tick.edited), (3, 3, 2));
    assert_eq!(
        text(
            &engine,
            "SELECT string_agg(concat_ws(' ', key, created_at, session, coalesce(speaker, '?'), content), '; ' ORDER BY key)
             FROM raw.memories WHERE key LIKE '%#%'"
        ),
        "1#2 2026-03-01 09:00:00 a Ann note 1; 2#2 2026-03-01 08:00:00 b Ann note 2; 3#2 2026-03-01 08:00:00 a ? other words"
    );
    assert_eq!(
        text(&engine, "SELECT DISTINCT reason FROM raw.deletions"),
        "its time, session or speaker changed in PostgreSQL"
    );
    assert_eq!(reconcile(&mut engine).added, 0);
}

#[test]
fn an_emptied_table_takes_no_memories_along_unless_that_was_meant() {
    let store = TestStore::new();
    store
        .db
        .run("INSERT INTO memories (content) SELECT 'note ' || i FROM generate_series(1, 30) i");
    let mut engine = store.engine();
    take_in(&mut engine);
    store.db.run("TRUNCATE memories");
    let kept = reconcile(&mut engine);
    assert_eq!(kept.deleted, 0);
    assert!(
        kept.notes[0].contains("30 of 30 known rows are missing"),
        "{:?}",
        kept.notes
    );
    // It is not asked again at every tick, and health says so.
    assert_eq!(take_in(&mut engine).mode, Mode::Nothing);
    let kept = |engine: &Engine| engine.postgres_health().unwrap().unwrap().kept;
    assert_eq!(kept(&engine), 30);
    drop(engine);
    assert!(
        store
            .ok(&["health"])
            .contains("30 rows missing there but kept")
    );
    assert!(store.ok(&["doctor"]).contains("--accept-deletions"));
    let mut engine = store.engine();
    let request = IntakeRequest {
        accept_deletions: true,
        ..IntakeRequest::default()
    };
    assert_eq!(take_in_as(&mut engine, request).deleted, 30);
    assert_eq!(kept(&engine), 0);
}
