//! What cycles made is in `dreams`: all of it, and only what changed travels.

use crate::diary::{AS_OF, contents, diary, diary_beside, rows, write_back};
use crate::server::{Server, server};
use crate::test_store::{TestStore, text};
use crate::unchecked::unchecked;
use codex_dreams::engine::WriteBack;
use codex_dreams::insight;
use codex_dreams::publish::RELATIONS;

#[test]
fn what_cycles_made_is_published_and_only_what_changed_travels() {
    let store = diary();
    let said = store.ok(&["consolidate", "--as-of", AS_OF]);
    assert!(said.contains("public.memories: 100 added"), "{said}");
    for relation in RELATIONS
        .iter()
        .filter(|relation| **relation != "working_memory")
    {
        assert!(rows(&store, relation) > 0, "{relation} is empty\n{said}");
    }
    let engine = store.engine();
    for (here, there) in [
        (
            "SELECT count(*)::VARCHAR FROM long_term_memory.semantic_memories",
            "SELECT count(*)::text FROM dreams.long_term_memories",
        ),
        (
            "SELECT count(*)::VARCHAR FROM long_term_memory.semantic_network",
            "SELECT count(*)::text FROM dreams.semantic_network",
        ),
        (
            "SELECT count(*)::VARCHAR FROM codex.ledger",
            "SELECT count(*)::text FROM dreams.processing_metrics",
        ),
        (
            "SELECT sum(strength)::VARCHAR FROM state.memory_traces WHERE tier = 'long_term'",
            "SELECT sum(strength)::text FROM dreams.long_term_memories",
        ),
    ] {
        assert_eq!(text(&engine, here), store.db.text(there), "{there}");
    }
    drop(engine);
    // The applications' own rows are one join away.
    assert!(store.db.count("SELECT count(*) FROM dreams.long_term_memories d JOIN memories m ON m.id::text = d.source_id AND m.content = d.content") > 0);
    let before = contents(&store);
    assert_eq!(
        write_back(&store),
        WriteBack {
            version: 1,
            ..WriteBack::default()
        }
    );
    // A second later nothing travels; a day later, little.
    store.ok(&["consolidate", "--as-of", "2026-03-07T12:00:01Z"]);
    assert_eq!(contents(&store), before);
    store.db.run("INSERT INTO memories (content, created_at) VALUES ('Bolota caught a moth and Nora laughed.', '2026-03-07 12:00:30Z')");
    store.ok(&["consolidate", "--as-of", "2026-03-07T12:00:50Z"]);
    assert!(rows(&store, "working_memory") >= 1);
    let changed = store.db.count("SELECT count(*) FROM dreams.long_term_memories WHERE xmin::text = (SELECT xmin::text FROM dreams.publication)");
    assert_eq!(changed, 0, "long-term memories travelled by day");
}

#[test]
fn every_table_column_and_view_says_what_it_is() {
    let store = TestStore::new();
    store.ok(&["init", "postgres"]);
    store.ok(&["init", "postgres"]);
    let silent = store.db.text(
        "SELECT coalesce(string_agg(c.relname || coalesce('.' || a.attname, ''), ', '), '') FROM pg_class c
         JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'dreams'
         LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         WHERE c.relkind IN ('r', 'v') AND (obj_description(c.oid) IS NULL OR col_description(c.oid, a.attnum) IS NULL)",
    );
    assert_eq!(silent, "");
    let kinds = store.db.text(
        "SELECT col_description('dreams.memory_insights'::regclass, attnum) FROM pg_attribute
         WHERE attrelid = 'dreams.memory_insights'::regclass AND attname = 'kind'",
    );
    // The models are named after what they find, in the plural.
    for model in insight::MODELS {
        let kind = model.trim_end_matches('s');
        assert!(kinds.split(", ").any(|k| k == kind), "{kind} in {kinds}");
    }
    for view in [
        "current_context",
        "recent_episodes",
        "knowledge_graph",
        "memory_timeline",
    ] {
        store
            .db
            .count(&format!("SELECT count(*) FROM dreams.{view}"));
    }
    assert_eq!(store.db.count("SELECT count(*) FROM pg_indexes WHERE schemaname = 'dreams' AND indexdef LIKE '%USING gin (search)%'"), 2);
}

#[test]
fn full_text_search_and_retention_work_where_the_applications_are() {
    let store = diary();
    store.ok(&["consolidate", "--as-of", AS_OF]);
    let found = store.db.count("SELECT count(*) FROM dreams.long_term_memories WHERE search @@ plainto_tsquery('simple', 'Bolota')");
    assert!(found > 0);
    // The law is the store's own: the same strength at the same time.
    let engine = store.engine();
    let here: f64 = text(
        &engine,
        "SELECT sum(strength)::VARCHAR FROM long_term_memory.semantic_memories",
    )
    .parse()
    .unwrap();
    let there: f64 = store
        .db
        .text("SELECT sum((strength * dreams.retention(event_at, as_of, stability))::numeric(9, 6))::text FROM dreams.long_term_memories, dreams.publication")
        .parse()
        .unwrap();
    assert!((here - there).abs() < 1e-3, "{here} and {there}");
    assert!(
        store
            .db
            .count("SELECT count(*) FROM dreams.recent_episodes")
            > 0
    );
    assert!(
        store
            .db
            .count("SELECT count(*) FROM dreams.knowledge_graph WHERE neighbour = 'bolota'")
            > 0
    );
}

#[test]
fn a_row_is_found_by_its_id_whatever_the_id_looks_like() {
    let store = TestStore::bare(server());
    store.db.run(
        "CREATE TABLE memories (id text PRIMARY KEY, content text, created_at timestamptz, updated_at timestamptz NOT NULL DEFAULT now(), metadata jsonb);
         INSERT INTO memories (id, content, created_at) VALUES ('PR', 'Nora planted tomatoes.', '2026-03-02 08:00:01Z'),
             ('PR#12', 'Bolota watched her.', '2026-03-02 08:00:02Z'), ('gone', 'The tomatoes need water.', '2026-03-02 08:00:03Z')",
    );
    store.ok(&["init", "postgres"]);
    store.ok(&["intake"]);
    store.db.run("DELETE FROM memories WHERE id = 'gone'");
    store.ok(&["intake", "--reconcile"]);
    store.db.run("INSERT INTO memories (id, content, created_at) VALUES ('gone', 'It rained.', '2026-03-02 08:00:04Z')");
    store.ok(&["consolidate", "--as-of", "2026-03-02T08:00:20Z"]);
    assert_eq!(
        store.db.text(
            "SELECT string_agg(source_id, ' ' ORDER BY source_id) FROM dreams.working_memory"
        ),
        "PR PR#12 gone"
    );
}

#[test]
fn deletions_travel_too() {
    let store = diary();
    store.ok(&["consolidate", "--as-of", AS_OF]);
    let id = store
        .db
        .text("SELECT source_id FROM dreams.long_term_memories ORDER BY memory_id LIMIT 1");
    store
        .db
        .run(&format!("DELETE FROM memories WHERE id = {id}"));
    store.ok(&["intake", "--reconcile"]);
    store.ok(&["consolidate"]);
    assert_eq!(
        store.db.count(&format!(
            "SELECT count(*) FROM dreams.long_term_memories WHERE source_id = '{id}'"
        )),
        0
    );
}

#[test]
fn a_nul_that_json_may_hold_comes_in_and_goes_out_as_what_postgres_can_hold() {
    let store = TestStore::new();
    store.db.run(
        r#"ALTER TABLE memories ALTER metadata DROP DEFAULT, ALTER metadata TYPE json USING metadata::json;
           INSERT INTO memories (content, created_at, metadata)
           SELECT 'Nora watered the tomatoes, ' || i, timestamptz '2026-03-02 08:00Z' + i * interval '10 seconds', '{"nul": "a\u0000b", "backslash": "\\u0000"}'
           FROM generate_series(1, 40) i"#,
    );
    store.ok(&["init", "postgres"]);
    store.ok(&[
        "--vars",
        "consolidation_threshold: 0.01",
        "consolidate",
        "--as-of",
        "2026-03-04T12:00:00Z",
    ]);
    let published = rows(&store, "long_term_memories");
    assert!(published > 0);
    assert_eq!(
        store.db.count(
            r"SELECT count(*) FROM dreams.long_term_memories WHERE metadata ->> 'nul' = U&'a\FFFDb' AND metadata ->> 'backslash' = E'\\u0000'"
        ),
        published
    );
}

#[test]
fn hostile_contents_are_published_as_they_are() {
    let store = diary();
    let long = format!("{} end", "Bolota und 猫 and قطة ".repeat(100_000));
    let contents = [
        "Nora wrote: it's \"quoted\" $$dollar$$ {{ ref('x') }} \\u0000 \\\\ \u{7f} 👩‍👩‍👧 עברית",
        "Nora said \u{1}\u{2} and tab\t and escape \u{1b}[31m to the cat, twice.",
        long.as_str(),
    ];
    let lines: Vec<String> = contents
        .iter()
        .enumerate()
        .map(|(i, content)| {
            serde_json::json!({"id": format!("h{i}"), "content": content, "created_at": format!("2026-03-05T1{i}:00:00Z"),
                "metadata": {"it's": ["\\u0000", null, 1e300]}})
            .to_string()
        })
        .collect();
    std::fs::write(store.path("hostile.jsonl"), lines.join("\n")).unwrap();
    store.ok(&["import", "hostile.jsonl"]);
    store.ok(&[
        "--vars",
        "consolidation_threshold: 0.01",
        "consolidate",
        "--as-of",
        AS_OF,
    ]);
    let mut client = store.db.client();
    let mut seen = 0;
    for (i, content) in contents.iter().enumerate() {
        for row in client
            .query(
                "SELECT content FROM dreams.long_term_memories WHERE source_id = $1",
                &[&format!("h{i}")],
            )
            .unwrap()
        {
            seen += 1;
            assert!(row.get::<_, String>(0) == *content, "content {i}");
        }
    }
    assert!(
        seen >= 2,
        "only {seen} of the hostile contents reached long-term memory"
    );
}

#[test]
fn vectors_are_published_where_pgvector_is() {
    let Some(server) = Server::with_pgvector() else {
        unchecked("there is no PostgreSQL with pgvector: that vectors are published was not tried");
        return;
    };
    let store = diary_beside(&server);
    store.ok(&["consolidate", "--as-of", AS_OF]);
    store
        .db
        .run("CREATE SCHEMA extensions; CREATE EXTENSION vector SCHEMA extensions");
    let engine = store.engine();
    engine
        .warehouse()
        .conn()
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS enrichment.vectors (arrival BIGINT, mind_id UUID, memory_id BIGINT, revision BIGINT, model VARCHAR, vector FLOAT[]);
             INSERT INTO enrichment.vectors SELECT 1000000 + memory_id, mind_id, memory_id, memory_id, 'test:three', [memory_id % 3, 1, 0.5] FROM raw.memories",
        )
        .unwrap();
    drop(engine);
    write_back(&store);
    let memories = rows(&store, "long_term_memories");
    assert!(memories > 0);
    assert_eq!(
        store
            .db
            .count("SELECT count(embedding) FROM dreams.long_term_memories"),
        memories
    );
    assert_eq!(store.db.count("SELECT count(*) FROM pg_indexes WHERE schemaname = 'dreams' AND indexdef LIKE '%USING hnsw (embedding%'"), 1);
    assert_eq!(
        store.db.count("SELECT memory_id % 3 FROM dreams.long_term_memories ORDER BY embedding OPERATOR(extensions.<=>) '[2,1,0.5]', memory_id LIMIT 1"),
        2
    );
    assert_eq!(write_back(&store).written, 0);
}
