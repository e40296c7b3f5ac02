//! What cycles made is in `dreams`: all of it, once, and only what changed travels.

use crate::room::{Room, text};
use crate::server::{Server, server};
use crate::unchecked::unchecked;
use codex_dreams::engine::WriteBack;
use codex_dreams::publish::RELATIONS;
use std::process::Child;
use std::time::{Duration, Instant};

/// A moment after the first five days of the diary.
const AS_OF: &str = "2026-03-07T12:00:00Z";

/// A room whose database holds the first five days of the sample diary.
fn diary_beside(server: &Server) -> Room<'_> {
    let room = Room::beside(server);
    fill(&room);
    room.ok(&["init", "postgres"]);
    room
}

fn diary() -> Room<'static> {
    diary_beside(server())
}

fn fill(room: &Room<'_>) {
    let mut client = room.db.client();
    let mut transaction = client.transaction().unwrap();
    for line in include_str!("../../sample/diary.jsonl").lines().take(100) {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        transaction
            .execute(
                "INSERT INTO memories (content, created_at, updated_at, metadata)
                 VALUES ($1, $2::text::timestamptz, $2::text::timestamptz, jsonb_build_object('key', $3::text))",
                &[&entry["content"].as_str(), &entry["created_at"].as_str(), &entry["id"].as_str()],
            )
            .unwrap();
    }
    transaction.commit().unwrap();
}

fn rows(room: &Room<'_>, relation: &str) -> i64 {
    room.db
        .count(&format!("SELECT count(*) FROM dreams.{relation}"))
}

/// Everything that is published, in an order of its own.
fn contents(room: &Room<'_>) -> String {
    RELATIONS
        .iter()
        .map(|relation| {
            room.db.text(&format!(
                "SELECT '{relation} ' || count(*) || ' ' || coalesce(md5(string_agg(md5(r::text), '' ORDER BY r.key)), '') FROM dreams.{relation} r"
            ))
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn write_back(room: &Room<'_>) -> WriteBack {
    room.engine().write_back(false).unwrap().unwrap()
}

#[test]
fn what_cycles_made_is_published_and_only_what_changed_travels() {
    let room = diary();
    let said = room.ok(&["consolidate", "--as-of", AS_OF]);
    assert!(said.contains("public.memories: 100 added"), "{said}");
    for relation in RELATIONS
        .iter()
        .filter(|relation| **relation != "working_memory")
    {
        assert!(rows(&room, relation) > 0, "{relation} is empty\n{said}");
    }
    let engine = room.engine();
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
        assert_eq!(text(&engine, here), room.db.text(there), "{there}");
    }
    drop(engine);
    // The applications' own rows are one join away.
    assert!(room.db.count("SELECT count(*) FROM dreams.long_term_memories d JOIN memories m ON m.id::text = d.source_id AND m.content = d.content") > 0);
    let before = contents(&room);
    assert_eq!(
        write_back(&room),
        WriteBack {
            version: 1,
            ..WriteBack::default()
        }
    );
    // A second later nothing travels; a day later, little.
    room.ok(&["consolidate", "--as-of", "2026-03-07T12:00:01Z"]);
    assert_eq!(contents(&room), before);
    room.db.run("INSERT INTO memories (content, created_at) VALUES ('Bolota caught a moth and Nora laughed.', '2026-03-07 12:00:30Z')");
    room.ok(&["consolidate", "--as-of", "2026-03-07T12:00:50Z"]);
    assert!(rows(&room, "working_memory") >= 1);
    let changed = room.db.count("SELECT count(*) FROM dreams.long_term_memories WHERE xmin::text = (SELECT xmin::text FROM dreams.publication)");
    assert_eq!(changed, 0, "long-term memories travelled by day");
}

#[test]
fn every_table_column_and_view_says_what_it_is() {
    let room = Room::new();
    room.ok(&["init", "postgres"]);
    room.ok(&["init", "postgres"]);
    let silent = room.db.text(
        "SELECT coalesce(string_agg(c.relname || coalesce('.' || a.attname, ''), ', '), '') FROM pg_class c
         JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'dreams'
         LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         WHERE c.relkind IN ('r', 'v') AND (obj_description(c.oid) IS NULL OR col_description(c.oid, a.attnum) IS NULL)",
    );
    assert_eq!(silent, "");
    for view in [
        "current_context",
        "recent_episodes",
        "knowledge_graph",
        "memory_timeline",
    ] {
        room.db
            .count(&format!("SELECT count(*) FROM dreams.{view}"));
    }
    assert_eq!(room.db.count("SELECT count(*) FROM pg_indexes WHERE schemaname = 'dreams' AND indexdef LIKE '%USING gin (search)%'"), 2);
}

#[test]
fn full_text_search_and_retention_work_where_the_applications_are() {
    let room = diary();
    room.ok(&["consolidate", "--as-of", AS_OF]);
    let found = room.db.count("SELECT count(*) FROM dreams.long_term_memories WHERE search @@ plainto_tsquery('simple', 'Bolota')");
    assert!(found > 0);
    // The law is the store's own: the same strength at the same time.
    let engine = room.engine();
    let here: f64 = text(
        &engine,
        "SELECT sum(strength)::VARCHAR FROM long_term_memory.semantic_memories",
    )
    .parse()
    .unwrap();
    let there: f64 = room
        .db
        .text("SELECT sum((strength * dreams.retention(event_at, as_of, stability))::numeric(9, 6))::text FROM dreams.long_term_memories, dreams.publication")
        .parse()
        .unwrap();
    assert!((here - there).abs() < 1e-3, "{here} and {there}");
    assert!(room.db.count("SELECT count(*) FROM dreams.recent_episodes") > 0);
    assert!(
        room.db
            .count("SELECT count(*) FROM dreams.knowledge_graph WHERE neighbour = 'bolota'")
            > 0
    );
}

#[test]
fn a_row_is_found_by_its_id_whatever_the_id_looks_like() {
    let room = Room::bare(server());
    room.db.run(
        "CREATE TABLE memories (id text PRIMARY KEY, content text, created_at timestamptz, updated_at timestamptz NOT NULL DEFAULT now(), metadata jsonb);
         INSERT INTO memories (id, content, created_at) VALUES ('PR', 'Nora planted tomatoes.', '2026-03-02 08:00:01Z'),
             ('PR#12', 'Bolota watched her.', '2026-03-02 08:00:02Z'), ('gone', 'The tomatoes need water.', '2026-03-02 08:00:03Z')",
    );
    room.ok(&["init", "postgres"]);
    room.ok(&["intake"]);
    room.db.run("DELETE FROM memories WHERE id = 'gone'");
    room.ok(&["intake", "--reconcile"]);
    room.db.run("INSERT INTO memories (id, content, created_at) VALUES ('gone', 'It rained.', '2026-03-02 08:00:04Z')");
    room.ok(&["consolidate", "--as-of", "2026-03-02T08:00:20Z"]);
    assert_eq!(
        room.db.text(
            "SELECT string_agg(source_id, ' ' ORDER BY source_id) FROM dreams.working_memory"
        ),
        "PR PR#12 gone"
    );
}

#[test]
fn deletions_travel_too() {
    let room = diary();
    room.ok(&["consolidate", "--as-of", AS_OF]);
    let id = room
        .db
        .text("SELECT source_id FROM dreams.long_term_memories ORDER BY memory_id LIMIT 1");
    room.db
        .run(&format!("DELETE FROM memories WHERE id = {id}"));
    room.ok(&["intake", "--reconcile"]);
    room.ok(&["consolidate"]);
    assert_eq!(
        room.db.count(&format!(
            "SELECT count(*) FROM dreams.long_term_memories WHERE source_id = '{id}'"
        )),
        0
    );
}

/// How many of codex's statements sleep in a trigger.
const ASLEEP: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";

fn until_asleep(room: &Room<'_>, codex: &mut Child) {
    let started = Instant::now();
    while room.db.count(ASLEEP) == 0 {
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
fn killed_while_postgres_sleeps(room: &Room<'_>) {
    let mut codex = room.spawn(&["consolidate", "--as-of", AS_OF]);
    until_asleep(room, &mut codex);
    codex.kill().unwrap();
    codex.wait().unwrap();
    while room.db.count(ASLEEP) > 0 {
        std::thread::sleep(Duration::from_millis(20));
    }
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'codex'";
    while room.db.count(others) > 0 {
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What a run that nobody kills publishes.
fn undisturbed() -> String {
    let room = diary();
    room.ok(&["consolidate", "--as-of", AS_OF]);
    stable(&room)
}

/// What is published, but for how long things took.
fn stable(room: &Room<'_>) -> String {
    contents(room)
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
    let room = diary();
    room.db.run(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1.5); RETURN NULL; END $$;
         CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON dreams.publication DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()",
    );
    killed_while_postgres_sleeps(&room);
    room.db.run("DROP TRIGGER slow ON dreams.publication");
    // PostgreSQL has it all, the store does not know yet.
    assert_eq!(room.db.count("SELECT version FROM dreams.publication"), 1);
    let before = contents(&room);
    let done = write_back(&room);
    assert_eq!((done.written, done.removed, done.anew), (0, 0, false));
    assert_eq!(contents(&room), before);
    assert_eq!(stable(&room), undisturbed());
}

#[test]
fn killed_before_postgres_committed_everything_is_made_up() {
    let room = diary();
    room.db.run(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1.5); RETURN NULL; END $$;
         CREATE TRIGGER slow AFTER INSERT ON dreams.semantic_network FOR EACH STATEMENT EXECUTE FUNCTION slow()",
    );
    killed_while_postgres_sleeps(&room);
    room.db.run("DROP TRIGGER slow ON dreams.semantic_network");
    assert_eq!(room.db.count("SELECT version FROM dreams.publication"), 0);
    assert_eq!(rows(&room, "long_term_memories"), 0);
    assert!(room.ok(&["status"]).contains("owed to dreams"));
    room.ok(&["consolidate", "--as-of", AS_OF]);
    assert_eq!(stable(&room), undisturbed());
    assert!(!room.ok(&["status"]).contains("owed to dreams"));
}

#[test]
fn a_server_restarted_in_the_middle_of_publishing_gets_everything_once() {
    let server = Server::start();
    let room = diary_beside(&server);
    room.db.run(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$;
         CREATE TRIGGER slow AFTER INSERT ON dreams.semantic_network FOR EACH STATEMENT EXECUTE FUNCTION slow()",
    );
    let mut codex = room.spawn(&["consolidate", "--as-of", AS_OF]);
    until_asleep(&room, &mut codex);
    server.kill();
    assert!(codex.wait().unwrap().success(), "the cycle was done");
    server.run();
    assert_eq!(room.db.count("SELECT version FROM dreams.publication"), 0);
    assert!(room.ok(&["status"]).contains("owed to dreams"));
    room.db.run("DROP TRIGGER slow ON dreams.semantic_network");
    room.ok(&["write-back"]);
    assert_eq!(stable(&room), undisturbed());
}

#[test]
fn a_server_whose_disk_is_full_gets_everything_once_there_is_room() {
    let room = diary();
    room.db.run(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$;
         CREATE TRIGGER full_disk BEFORE INSERT ON dreams.semantic_network FOR EACH STATEMENT EXECUTE FUNCTION full_disk()",
    );
    let (code, stdout, stderr) = room.ran(&["consolidate", "--as-of", AS_OF]);
    assert_eq!(code, 0, "{stdout}{stderr}");
    assert!(stderr.contains("the server's disk is full"), "{stderr}");
    assert_eq!(rows(&room, "long_term_memories"), 0);
    room.db
        .run("DROP TRIGGER full_disk ON dreams.semantic_network");
    room.ok(&["consolidate", "--as-of", AS_OF]);
    assert_eq!(stable(&room), undisturbed());
}

#[test]
fn a_nul_that_json_may_hold_comes_in_and_goes_out_as_what_postgres_can_hold() {
    let room = Room::new();
    room.db.run(
        r#"ALTER TABLE memories ALTER metadata DROP DEFAULT, ALTER metadata TYPE json USING metadata::json;
           INSERT INTO memories (content, created_at, metadata)
           SELECT 'Nora watered the tomatoes, ' || i, timestamptz '2026-03-02 08:00Z' + i * interval '10 seconds', '{"nul": "a\u0000b", "backslash": "\\u0000"}'
           FROM generate_series(1, 40) i"#,
    );
    room.ok(&["init", "postgres"]);
    room.ok(&[
        "--vars",
        "consolidation_threshold: 0.01",
        "consolidate",
        "--as-of",
        "2026-03-04T12:00:00Z",
    ]);
    let published = rows(&room, "long_term_memories");
    assert!(published > 0);
    assert_eq!(
        room.db.count(
            r"SELECT count(*) FROM dreams.long_term_memories WHERE metadata ->> 'nul' = U&'a\FFFDb' AND metadata ->> 'backslash' = E'\\u0000'"
        ),
        published
    );
}

#[test]
fn what_is_not_what_was_sent_is_replaced_as_a_whole() {
    let room = diary();
    room.ok(&["consolidate", "--as-of", AS_OF]);
    let before = contents(&room);
    room.db.run("DROP SCHEMA dreams CASCADE");
    // Nobody asked for it any more.
    assert_eq!(room.engine().write_back(false).unwrap(), None);
    room.ok(&["init", "postgres"]);
    assert!(write_back(&room).anew);
    assert_eq!(contents(&room), before);
    assert_eq!(write_back(&room).written, 0);
    // A snapshot of earlier takes the store's place: PostgreSQL knows more than it.
    room.ok(&["snapshot", "--output", "earlier.duckdb"]);
    room.db
        .run("INSERT INTO memories (content, created_at) VALUES ('later', '2026-03-07 13:00Z')");
    room.ok(&["consolidate", "--as-of", "2026-03-07T13:00:20Z"]);
    assert_ne!(contents(&room), before);
    std::fs::rename(room.path("earlier.duckdb"), room.path("memory.duckdb")).unwrap();
    assert!(write_back(&room).anew);
    assert_eq!(contents(&room), before);
}

#[test]
fn another_store_is_refused_until_it_takes_over() {
    let mut room = diary();
    room.ok(&["consolidate", "--as-of", AS_OF]);
    let before = stable(&room);
    room.set(
        "DUCKDB_PATH",
        room.path("other.duckdb").display().to_string(),
    );
    let (code, stdout, stderr) = room.ran(&["consolidate", "--as-of", AS_OF]);
    assert_eq!(code, 0, "{stderr}");
    assert!(
        stderr.contains("belongs to another store"),
        "{stdout}{stderr}"
    );
    let (code, _, stderr) = room.ran(&["write-back"]);
    assert_eq!(code, 2, "{stderr}");
    room.ok(&["write-back", "--take-over"]);
    assert_eq!(stable(&room), before);
}

#[test]
fn a_rebuilt_store_goes_on_publishing() {
    let room = diary();
    room.ok(&["consolidate", "--as-of", AS_OF]);
    let before = stable(&room);
    room.ok(&["consolidate", "--rebuild", "--as-of", AS_OF]);
    let done = write_back(&room);
    assert!(!done.anew);
    assert_eq!(without_metrics(&stable(&room)), without_metrics(&before));
    assert_eq!(
        room.ok(&["intake"])
            .lines()
            .nth(1)
            .unwrap()
            .split_whitespace()
            .nth(1),
        Some("nothing")
    );
    let engine = room.engine();
    assert_eq!(
        text(
            &engine,
            "SELECT count(*)::VARCHAR FROM long_term_memory.semantic_memories"
        ),
        rows(&room, "long_term_memories").to_string()
    );
}

#[test]
fn hostile_contents_are_published_as_they_are() {
    let room = diary();
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
    std::fs::write(room.path("hostile.jsonl"), lines.join("\n")).unwrap();
    room.ok(&["import", "hostile.jsonl"]);
    room.ok(&[
        "--vars",
        "consolidation_threshold: 0.01",
        "consolidate",
        "--as-of",
        AS_OF,
    ]);
    let mut client = room.db.client();
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
    let room = diary();
    if room
        .db
        .count("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'")
        == 0
    {
        unchecked("PostgreSQL has no pgvector: that vectors are published was not tried");
        return;
    }
    room.ok(&["consolidate", "--as-of", AS_OF]);
    room.db
        .run("CREATE SCHEMA extensions; CREATE EXTENSION vector SCHEMA extensions");
    let engine = room.engine();
    engine
        .warehouse()
        .conn()
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS enrichment.vectors (arrival BIGINT, mind_id UUID, memory_id BIGINT, revision BIGINT, model VARCHAR, vector FLOAT[]);
             INSERT INTO enrichment.vectors SELECT 1000000 + memory_id, mind_id, memory_id, memory_id, 'test:three', [memory_id % 3, 1, 0.5] FROM raw.memories",
        )
        .unwrap();
    drop(engine);
    write_back(&room);
    let memories = rows(&room, "long_term_memories");
    assert!(memories > 0);
    assert_eq!(
        room.db
            .count("SELECT count(embedding) FROM dreams.long_term_memories"),
        memories
    );
    assert_eq!(room.db.count("SELECT count(*) FROM pg_indexes WHERE schemaname = 'dreams' AND indexdef LIKE '%USING hnsw (embedding%'"), 1);
    assert_eq!(
        room.db.count("SELECT memory_id % 3 FROM dreams.long_term_memories ORDER BY embedding OPERATOR(extensions.<=>) '[2,1,0.5]', memory_id LIMIT 1"),
        2
    );
    assert_eq!(write_back(&room).written, 0);
}
