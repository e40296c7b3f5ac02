//! What changes in PostgreSQL comes into the raw log: once, as what it is, and whatever happens on the way.

use crate::room::{Room, count, reconcile, take_in, take_in_as, text};
use codex_dreams::engine::{CycleRequest, Engine, IntakeRequest, Mode};

#[test]
fn rows_come_in_once_and_a_tick_brings_only_what_changed() {
    let room = Room::new();
    room.db.run("INSERT INTO memories (content, metadata) SELECT 'note ' || i, jsonb_build_object('n', i) FROM generate_series(1, 100) i");
    let mut engine = room.engine();
    let first = take_in(&mut engine);
    assert_eq!((first.mode, first.added), (Mode::Whole, 100));
    assert_eq!(take_in(&mut engine).mode, Mode::Nothing);
    room.db
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
    let room = Room::new();
    room.db
        .run("INSERT INTO memories (content) VALUES ('the roof is blue'), ('the door is red')");
    let mut engine = room.engine();
    take_in(&mut engine);
    room.db
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
    room.db
        .run("UPDATE memories SET updated_at = clock_timestamp()");
    let touched = take_in(&mut engine);
    assert_eq!((touched.edited, touched.added), (0, 0));
    assert_eq!(count(&engine, "SELECT count(*) FROM raw.edits"), 1);
}

#[test]
fn whatever_changes_each_memory_keeps_the_words_of_its_own_row() {
    let room = Room::new();
    room.db.run(
        "INSERT INTO memories (content, created_at) SELECT 'note ' || i, timestamptz '2026-03-01 08:00Z' + i * interval '1 minute'
         FROM generate_series(1, 1000) i",
    );
    let mut engine = room.engine();
    take_in(&mut engine);
    room.db.run(
        "INSERT INTO memories (content, created_at) VALUES ('long ago', '2020-01-01 08:00Z');
         UPDATE memories SET content = 'note 5, again', updated_at = clock_timestamp() WHERE id = 5",
    );
    let tick = take_in(&mut engine);
    assert_eq!((tick.added, tick.edited), (1, 1));
    room.db.run("UPDATE memories SET content = 'note 999, again', updated_at = clock_timestamp() WHERE id = 999");
    let tick = take_in(&mut engine);
    assert_eq!((tick.added, tick.edited), (0, 1));
    let here = text(
        &engine,
        "SELECT string_agg(m.key || '=' || coalesce(e.content, m.content), ';' ORDER BY m.key::BIGINT) FROM raw.memories m
         LEFT JOIN (SELECT memory_id, arg_max(content, arrival) AS content FROM raw.edits GROUP BY memory_id) e USING (memory_id)",
    );
    let there = room
        .db
        .text("SELECT string_agg(id || '=' || content, ';' ORDER BY id) FROM memories");
    assert!(here == there, "a memory has another row's words");
}

#[test]
fn what_commits_late_within_the_overlap_is_not_missed() {
    let room = Room::new();
    room.db
        .run("INSERT INTO memories (content) VALUES ('early')");
    let mut engine = room.engine();
    let mut slow = room.db.client();
    let mut transaction = slow.transaction().unwrap();
    transaction
        .execute("INSERT INTO memories (content) VALUES ('late')", &[])
        .unwrap();
    take_in(&mut engine);
    room.db.run("INSERT INTO memories (content, created_at, updated_at) VALUES ('between', clock_timestamp(), clock_timestamp())");
    assert_eq!(take_in(&mut engine).added, 1);
    transaction.commit().unwrap();
    assert_eq!(take_in(&mut engine).added, 1);
    assert_eq!(count(&engine, "SELECT count(*) FROM raw.memories"), 3);
}

#[test]
fn what_commits_after_the_overlap_is_found_by_the_comparison() {
    let room = Room::new();
    room.db
        .run("INSERT INTO memories (content) VALUES ('early')");
    let mut engine = room.engine();
    take_in(&mut engine);
    room.db.run("INSERT INTO memories (content, updated_at) VALUES ('an hour late', now() - interval '1 hour')");
    assert_eq!(take_in(&mut engine).mode, Mode::Nothing);
    let compared = reconcile(&mut engine);
    assert_eq!((compared.mode, compared.added), (Mode::Reconciled, 1));
    assert_eq!(reconcile(&mut engine).added, 0);
}

#[test]
fn deleted_rows_become_deletions_and_an_id_that_comes_back_is_another_memory() {
    let room = Room::new();
    room.db
        .run("INSERT INTO memories (content) SELECT 'note ' || i FROM generate_series(1, 5) i");
    let mut engine = room.engine();
    take_in(&mut engine);
    room.db.run("DELETE FROM memories WHERE id IN (2, 4)");
    assert_eq!(reconcile(&mut engine).deleted, 2);
    assert_eq!(reconcile(&mut engine).deleted, 0);
    assert_eq!(count(&engine, "SELECT count(*) FROM raw.deletions"), 2);
    room.db
        .run("INSERT INTO memories (id, content) VALUES (2, 'a second life')");
    assert_eq!(take_in(&mut engine).added, 1);
    assert_eq!(
        text(
            &engine,
            "SELECT content FROM raw.memories WHERE key = '2#2'"
        ),
        "a second life"
    );
    room.db.run("UPDATE memories SET content = 'a second life, edited', updated_at = clock_timestamp() WHERE id = 2");
    assert_eq!(take_in(&mut engine).edited, 1);
    room.db.run("DELETE FROM memories WHERE id = 2");
    assert_eq!(reconcile(&mut engine).deleted, 1);
    room.db
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
fn an_emptied_table_takes_no_memories_along_unless_that_was_meant() {
    let room = Room::new();
    room.db
        .run("INSERT INTO memories (content) SELECT 'note ' || i FROM generate_series(1, 30) i");
    let mut engine = room.engine();
    take_in(&mut engine);
    room.db.run("TRUNCATE memories");
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
        room.ok(&["health"])
            .contains("30 rows missing there but kept")
    );
    assert!(room.ok(&["doctor"]).contains("--accept-deletions"));
    let mut engine = room.engine();
    let request = IntakeRequest {
        accept_deletions: true,
        ..IntakeRequest::default()
    };
    assert_eq!(take_in_as(&mut engine, request).deleted, 30);
    assert_eq!(kept(&engine), 0);
}

#[test]
fn an_id_that_looks_like_a_second_life_is_an_id_like_any_other() {
    let room = Room::bare(crate::server::server());
    room.db.run(
        "CREATE TABLE memories (id text PRIMARY KEY, content text, created_at timestamptz DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(), metadata jsonb);
         CREATE INDEX ON memories (updated_at);
         INSERT INTO memories (id, content) VALUES ('PR', 'one'), ('PR#12', 'two'), ('PR#2', 'three')",
    );
    let mut engine = room.engine();
    assert_eq!(take_in(&mut engine).added, 3);
    for life in ["again", "and again"] {
        room.db.run("DELETE FROM memories");
        assert_eq!(reconcile(&mut engine).deleted, 3);
        room.db.run(&format!(
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
    let room = Room::new();
    room.db.run(
        "ALTER TABLE memories ADD chat text, ADD who text, ALTER created_at DROP NOT NULL;
         INSERT INTO memories (content, created_at, chat, who) SELECT 'note ' || i, timestamptz '2026-03-01 08:00Z', 'a', 'Ann' FROM generate_series(1, 5) i;
         UPDATE memories SET created_at = NULL WHERE id = 5",
    );
    let mapping = "  - {table: memories, columns: {session: chat, speaker: who}}\n";
    let mut engine = room.engine_mapping(mapping);
    assert_eq!(take_in(&mut engine).added, 5);
    room.db.run(
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
fn a_table_that_cannot_be_read_hides_no_other() {
    let room = Room::new();
    room.db.run("INSERT INTO memories (content) VALUES ('one')");
    let mapping = "  - {table: nothing}\n  - {table: memories}\n";
    let mut engine = room.engine_mapping(mapping);
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
    room.ok(&["init", "project"]);
    let file = room.path("project/pipeline/sources.yaml");
    let sources = std::fs::read_to_string(&file).unwrap();
    let sources = sources.replace("postgres:\n", "postgres:\n  - {table: nothing}\n");
    std::fs::write(&file, sources).unwrap();
    let (code, stdout, stderr) = room.ran(&["--project-dir", "project", "intake"]);
    assert_eq!(code, 1, "{stdout}{stderr}");
    assert!(
        stdout.contains("public.memories") && stderr.contains("has no table public.nothing"),
        "{stdout}{stderr}"
    );
}

#[test]
fn a_rhythm_tells_of_rows_that_cannot_be_memories_and_health_counts_them() {
    let room = Room::new();
    room.db.run(
        "ALTER TABLE memories ALTER created_at DROP NOT NULL, ALTER updated_at TYPE timestamptz;
         INSERT INTO memories (content, created_at) VALUES ('fine', now()), ('far', '20000-01-01');
         UPDATE memories SET updated_at = 'infinity' WHERE content = 'far'",
    );
    let mut engine = room.engine();
    assert_eq!(
        engine.take_in_by_rhythm().unwrap().as_deref(),
        Some("public.memories: 1 added, 0 edited, 0 deleted, 1 rejected")
    );
    assert_eq!(engine.postgres_health().unwrap().unwrap().rejected, 1);
    drop(engine);
    assert!(room.ok(&["health"]).contains("1 row cannot be memories"));
    assert!(room.ok(&["doctor"]).contains("1 cannot be memories"));
}

#[test]
fn hostile_contents_come_in_as_they_are() {
    let room = Room::new();
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
    let mut client = room.db.client();
    for content in contents {
        client
            .execute("INSERT INTO memories (content) VALUES ($1)", &[&content])
            .unwrap();
    }
    client
        .execute("INSERT INTO memories (content, metadata) VALUES ('odd metadata', '[1, \"it''s\", {\"a\": null}]')", &[])
        .unwrap();
    let mut engine = room.engine();
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
    room.db
        .run("UPDATE memories SET updated_at = clock_timestamp()");
    room.db
        .run("INSERT INTO memories (content) VALUES ('news')");
    let again = take_in(&mut engine);
    assert_eq!(
        (again.added, again.edited, again.unchanged),
        (1, 0, contents.len() as u64 + 1)
    );
}

#[test]
fn a_thousand_minds_stay_apart() {
    let room = Room::bare(crate::server::server());
    room.db.run(
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
    let mut engine = room.engine_mapping(mapping);
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
    room.db.run("UPDATE turns SET mind = 'another' WHERE said = 'turn 5'; UPDATE turns SET gone = now() WHERE said = 'turn 6'");
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
    let room = Room::bare(crate::server::server());
    room.db.run(
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
    let mut engine = room.engine_mapping(mapping);
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
    room.db
        .run("UPDATE memories SET created_at = now(), updated_at = now() WHERE id = 'e'");
    let compared = reconcile(&mut engine);
    assert_eq!(compared.added, 1, "{:?}", compared.rejections);
}

#[test]
fn a_tick_is_answered_by_the_index_on_updated_at() {
    use codex_dreams::memory::postgres::{Queries, inspect};
    let room = Room::new();
    room.db.run(
        "INSERT INTO memories (content, created_at, updated_at)
         SELECT 'note ' || i, now() - i * interval '1 minute', now() - i * interval '1 minute' FROM generate_series(1, 50000) i;
         ANALYZE memories",
    );
    let config = room.config();
    let mut client = room.db.client();
    let project = room
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
    let room = Room::new();
    room.db
        .run("DROP INDEX memories_updated_at; INSERT INTO memories (content) VALUES ('a')");
    let mut engine = room.engine();
    take_in(&mut engine);
    room.db.run("INSERT INTO memories (content, updated_at) VALUES ('b', now() - interval '1 day'); DELETE FROM memories WHERE content = 'a'");
    let compared = take_in(&mut engine);
    assert_eq!(
        (compared.mode, compared.added, compared.deleted),
        (Mode::Reconciled, 1, 1)
    );
    room.db.run("CREATE INDEX ON memories (updated_at); ALTER TABLE memories ALTER updated_at DROP NOT NULL; UPDATE memories SET updated_at = NULL");
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
    let room = Room::new();
    room.db.run(
        "INSERT INTO memories (content, metadata) VALUES ('hello', '{\"who\": \"Ann\"}'), ('hidden', '{}');
         CREATE VIEW mine AS SELECT *, metadata ->> 'who' AS who FROM memories WHERE content <> 'hidden'",
    );
    let mut engine = room.engine_mapping("  - {table: mine, columns: {speaker: who}}\n");
    assert_eq!(take_in(&mut engine).added, 1);
    assert_eq!(take_in(&mut engine).mode, Mode::Nothing);
    assert_eq!(text(&engine, "SELECT speaker FROM raw.memories"), "Ann");
}

#[test]
fn a_table_that_is_not_as_mapped_is_named_with_what_is_there() {
    let room = Room::bare(crate::server::server());
    room.db.run("CREATE TABLE memories (id boolean, contents text, created_at date, updated_at timestamptz, metadata text)");
    let said = room
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
    room.db
        .run("DROP TABLE memories; CREATE TABLE memory (id int)");
    let error = room.engine().take_in(IntakeRequest::default()).unwrap_err();
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
fn a_cycle_by_the_library_tells_what_it_exchanged() {
    let room = Room::new();
    room.db.run("INSERT INTO memories (content, created_at) VALUES ('Nora planted tomatoes.', '2026-03-02 08:00Z')");
    let mut engine = room.engine();
    let request = CycleRequest {
        cycle: None,
        as_of: codex_dreams::clock::now(),
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
