//! PostgreSQL away, slow, full, changed under us: the cycle goes on, and what was missed is made up.

use crate::room::{Room, count, take_in, text};
use crate::server::{OWNER, PASSWORD, Server, server};
use codex_dreams::engine::{CycleRequest, IntakeRequest, Listener, Mode};
use codex_dreams::error::ErrorKind;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A view that takes its time over each row.
const SLOW: &str = "
    INSERT INTO memories (content) SELECT 'note ' || i FROM generate_series(1, 200) i;
    CREATE VIEW slow AS SELECT m.*, pg_sleep(0.01)::text AS waited FROM memories m;";
const SLOW_MAPPING: &str = "  - {table: slow, columns: {speaker: waited}}\n";

/// Waits until a query of codex's runs in the view.
fn until_scanning(room: &Room<'_>) {
    let scanning = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%' AND wait_event = 'PgSleep'";
    let started = Instant::now();
    while room.db.count(scanning) == 0 {
        assert!(started.elapsed() < Duration::from_secs(60), "no scan began");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn without_postgres_cycles_go_on_and_the_circuit_opens_and_closes() {
    let server = Server::start();
    let room = Room::beside(&server);
    room.db.run("INSERT INTO memories (content, created_at) VALUES ('Nora planted tomatoes.', '2026-03-02 08:00Z')");
    room.ok(&["init", "postgres"]);
    room.ok(&["consolidate", "--as-of", "2026-03-02T09:00:00Z"]);
    room.ok(&[
        "memory",
        "add",
        "The tomatoes need water.",
        "--at",
        "2026-03-02T10:00:00Z",
    ]);
    server.kill();
    // Intake and write-back fail once each a run: after two runs the circuit is open.
    for minute in 0..3 {
        let at = format!("2026-03-02T10:0{minute}:30Z");
        let (code, stdout, stderr) = room.ran(&["consolidate", "--as-of", &at]);
        assert_eq!(code, 0, "{stdout}{stderr}");
        let warned = if minute < 2 {
            "warning: intake: "
        } else {
            "so intake waits until"
        };
        assert!(stderr.contains(warned), "{stderr}");
    }
    let engine = room.engine();
    assert_eq!(
        count(
            &engine,
            "SELECT count(*) FROM short_term_memory.episode_memories"
        ),
        2,
        "the cycle went on"
    );
    drop(engine);
    let health = room.ok(&["health"]);
    assert!(
        health.contains("circuit open after 4 failures")
            || health.contains("circuit open after 3 failures"),
        "{health}"
    );
    assert!(health.contains("owed to dreams"), "{health}");
    let json: serde_json::Value = serde_json::from_str(&room.ok(&["health", "--json"])).unwrap();
    assert_eq!(json["postgres"]["circuit"], "open");
    let (code, _, stderr) = room.ran(&["intake"]);
    assert_eq!(code, 3, "{stderr}");
    server.run();
    // By hand nobody has to wait, and what was owed arrives.
    room.ok(&["intake"]);
    assert!(room.ok(&["write-back"]).contains("written"));
    let health = room.ok(&["health", "--verbose"]);
    assert!(
        !health.contains("circuit") && !health.contains("owed"),
        "{health}"
    );
    assert_eq!(
        room.db
            .count("SELECT sum(memories)::bigint FROM dreams.short_term_episodes"),
        2
    );
}

#[test]
fn a_server_killed_in_the_middle_of_a_scan_costs_no_row() {
    let server = Server::start();
    let room = Room::beside(&server);
    room.db.run(SLOW);
    let mut engine = room.engine_mapping(SLOW_MAPPING);
    std::thread::scope(|scope| {
        let scan = scope.spawn(|| {
            let error = engine.take_in(IntakeRequest::default()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
            assert_eq!(count(&engine, "SELECT count(*) FROM raw.memories"), 0);
        });
        until_scanning(&room);
        server.kill();
        scan.join().unwrap();
    });
    drop(engine);
    server.run();
    room.db
        .run("CREATE OR REPLACE VIEW slow AS SELECT m.*, ''::text AS waited FROM memories m");
    let mut engine = room.engine_mapping(SLOW_MAPPING);
    assert_eq!(take_in(&mut engine).added, 200);
    assert_eq!(take_in(&mut engine).mode, Mode::Nothing);
}

#[test]
fn codex_killed_in_the_middle_of_a_scan_takes_no_row_twice() {
    let room = Room::new();
    room.db.run(SLOW);
    room.db
        .run("ALTER TABLE memories RENAME TO originals; ALTER VIEW slow RENAME TO memories");
    let mut codex = Command::new(env!("CARGO_BIN_EXE_codex"))
        .arg("intake")
        .current_dir(room.dir.path())
        .envs(&room.environment)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until_scanning(&room);
    codex.kill().unwrap();
    codex.wait().unwrap();
    room.db
        .run("CREATE OR REPLACE VIEW memories AS SELECT m.*, ''::text AS waited FROM originals m");
    let left = || {
        std::fs::read_dir(room.dir.path())
            .unwrap()
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().contains(".intake-"))
            .count()
    };
    assert_eq!(left(), 1);
    room.ok(&["intake"]);
    room.ok(&["intake", "--reconcile"]);
    assert_eq!(left(), 0, "what the killed process left is gone");
    let engine = room.engine();
    assert_eq!(count(&engine, "SELECT count(*) FROM raw.memories"), 200);
    assert_eq!(
        count(&engine, "SELECT count(DISTINCT key) FROM raw.memories"),
        200
    );
}

#[test]
fn two_at_once_take_each_row_once() {
    let room = Room::new();
    room.db
        .run("INSERT INTO memories (content) SELECT 'note ' || i FROM generate_series(1, 2000) i");
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| room.ok(&["intake", "--reconcile"]));
        }
    });
    assert_eq!(
        count(&room.engine(), "SELECT count(*) FROM raw.memories"),
        2000
    );
}

#[test]
fn what_is_wrong_is_named_and_mends_itself_when_it_is_mended() {
    let mut room = Room::new();
    room.db
        .run("INSERT INTO memories (content) VALUES ('first')");
    let mut engine = room.engine();
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
    room.db.run("ALTER TABLE memories RENAME content TO body");
    fails(&mut engine, ErrorKind::Failed, "has no column content");
    room.db.run("ALTER TABLE memories RENAME body TO content; INSERT INTO memories (content) VALUES ('second')");
    assert_eq!(take_in(&mut engine).added, 1);
    drop(engine);
    // A role without rights.
    let role = format!("nobody_{}", room.db.name);
    room.db.run(&format!("CREATE ROLE {role} LOGIN"));
    room.set("POSTGRES_DB_URL", room.db.url_of(&role));
    let mut engine = room.engine();
    fails(
        &mut engine,
        ErrorKind::Failed,
        &format!("role {role} may not read public.memories"),
    );
    // Rights to some columns only.
    room.db
        .run(&format!("GRANT SELECT (id, content) ON memories TO {role}"));
    fails(&mut engine, ErrorKind::Failed, "permission denied");
    // No connection left.
    room.db.run(&format!(
        "GRANT SELECT ON memories TO {role}; ALTER ROLE {role} CONNECTION LIMIT 0"
    ));
    fails(&mut engine, ErrorKind::Unavailable, "too many connections");
    room.db
        .run(&format!("ALTER ROLE {role} CONNECTION LIMIT -1"));
    assert_eq!(take_in(&mut engine).mode, Mode::Nothing);
    // Too slow.
    drop(engine);
    room.db
        .run("CREATE VIEW slow AS SELECT m.*, pg_sleep(3)::text AS waited FROM memories m");
    room.set("POSTGRES_DB_URL", room.db.url());
    room.set("CODEX_POSTGRES_STATEMENT_TIMEOUT", "1");
    let mut engine = room.engine_mapping(SLOW_MAPPING);
    fails(&mut engine, ErrorKind::Unavailable, "statement timeout");
    assert_eq!(count(&engine, "SELECT count(*) FROM raw.memories"), 2);
}

#[test]
fn a_role_with_the_least_rights_is_enough() {
    let mut room = Room::new();
    room.db.run("INSERT INTO memories (content, created_at) SELECT 'Nora watered the tomatoes, ' || i, timestamptz '2026-03-02 08:00Z' + i * interval '10 seconds' FROM generate_series(1, 40) i");
    let role = format!("codex_{}", room.db.name);
    room.db.run(&format!(
        "CREATE ROLE {role} LOGIN; REVOKE ALL ON SCHEMA public FROM PUBLIC"
    ));
    room.set("POSTGRES_DB_URL", room.db.url_of(&role));
    let (code, _, stderr) = room.ran(&["init", "postgres"]);
    assert_ne!(code, 0);
    assert!(
        stderr.contains("permission denied")
            && stderr.contains("CREATE SCHEMA dreams AUTHORIZATION"),
        "{stderr}"
    );
    // What the owner runs is what codex prints.
    let sql = room.ok(&["init", "postgres", "--print", "--trigger"]);
    room.db.run(&sql);
    room.ok(&["init", "postgres"]);
    room.ok(&["consolidate", "--as-of", "2026-03-04T12:00:00Z"]);
    assert!(
        room.db
            .count("SELECT count(*) FROM dreams.short_term_episodes")
            > 0
    );
    let doctor = room.ok(&["doctor"]);
    assert!(
        !doctor.contains("problem") && doctor.contains("up to date"),
        "{doctor}"
    );
    assert!(!doctor.contains("may change it"), "{doctor}");
    let mut client = postgres::Client::connect(&room.db.url_of(&role), postgres::NoTls).unwrap();
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
    let room = Room::new();
    let config = room.config();
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
fn a_trigger_tells_at_once_and_deletions_ask_for_a_comparison() {
    let room = Room::new();
    room.db
        .run("INSERT INTO memories (content) SELECT 'note ' || i FROM generate_series(1, 30) i");
    room.ok(&["init", "postgres", "--trigger"]);
    let mut engine = room.engine();
    take_in(&mut engine);
    let mut listener = Listener::open(&room.config()).unwrap().unwrap();
    assert_eq!(listener.wait(Duration::from_millis(50)).unwrap(), None);
    room.db.run("INSERT INTO memories (content) VALUES ('now')");
    let request = listener.wait(Duration::from_secs(20)).unwrap().unwrap();
    assert!(!request.reconcile);
    assert_eq!(
        engine.take_in(request).unwrap().unwrap().sources[0].added,
        1
    );
    room.db.run("UPDATE memories SET content = 'then', updated_at = clock_timestamp() WHERE id = 1; DELETE FROM memories WHERE id = 2");
    let request = listener.wait(Duration::from_secs(20)).unwrap().unwrap();
    assert!(request.reconcile);
    let report = engine.take_in(request).unwrap().unwrap();
    assert_eq!(
        (report.sources[0].edited, report.sources[0].deleted),
        (1, 1)
    );
}

#[test]
fn passwords_come_from_everywhere_and_are_printed_nowhere() {
    let mut room = Room::new();
    let encoded = "it%27s%20%5C%20a%20%24ecret";
    let mut ways = vec![
        (
            "URL",
            format!(
                "postgresql://{OWNER}:{encoded}@localhost:{}/{}",
                room.db.port(),
                room.db.name
            ),
            vec![],
        ),
        (
            "PGPASSWORD",
            room.db.tcp("127.0.0.1"),
            vec![("PGPASSWORD", PASSWORD)],
        ),
    ];
    let pgpass = room.path(".pgpass");
    std::fs::write(
        &pgpass,
        format!("*:*:*:{OWNER}:{}\n", PASSWORD.replace('\\', "\\\\")),
    )
    .unwrap();
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&pgpass, std::fs::Permissions::from_mode(0o600)).unwrap();
    ways.push((".pgpass", room.db.tcp("localhost"), vec![]));
    if let Some(authority) = room.db.server.authority() {
        let checked = format!(
            "{}?sslmode=verify-full&sslrootcert={}",
            room.db.tcp("localhost"),
            authority.display()
        );
        ways.push(("verify-full", checked, vec![]));
    }
    for (way, url, environment) in ways {
        room.set("POSTGRES_DB_URL", &url);
        for (name, value) in &environment {
            room.set(name, *value);
        }
        let mut said = room.ok(&["intake", "-vvv"]);
        for args in [
            &["config", "show"][..],
            &["config", "show", "--json"],
            &["doctor"],
            &["-vvv", "status"],
        ] {
            let (_, stdout, stderr) = room.ran(args);
            said += &stdout;
            said += &stderr;
        }
        assert!(!said.contains("ecret"), "{way}: {said}");
        for (name, _) in &environment {
            room.environment.remove(*name);
        }
    }
    // Wrong ones are refused without being repeated; DuckDB's own messages included.
    std::fs::remove_file(&pgpass).unwrap();
    room.set(
        "POSTGRES_DB_URL",
        format!(
            "postgresql://{OWNER}:geheimnis@127.0.0.1:{}/{}",
            room.db.port(),
            room.db.name
        ),
    );
    let (code, stdout, stderr) = room.ran(&["intake", "-vvv"]);
    assert_eq!(code, 3, "{stdout}{stderr}");
    assert!(
        stderr.contains("password authentication failed") && !stderr.contains("geheimnis"),
        "{stderr}"
    );
}

#[test]
fn a_dotenv_file_is_read_and_the_environment_wins_over_it() {
    let mut room = Room::new();
    let url = room.environment.remove("POSTGRES_DB_URL").unwrap();
    let (code, _, stderr) = room.ran(&["intake"]);
    assert_eq!(code, 2, "{stderr}");
    assert!(
        stderr.contains("no PostgreSQL is configured") && stderr.contains("POSTGRES_DB_URL"),
        "{stderr}"
    );
    std::fs::write(
        room.path(".env"),
        format!("# mine\nPOSTGRES_DB_URL='{url}'\nMAX_DB_CONNECTIONS=160\n"),
    )
    .unwrap();
    room.ok(&["intake"]);
    let shown: serde_json::Value =
        serde_json::from_str(&room.ok(&["config", "show", "--json"])).unwrap();
    assert_eq!(shown["settings"]["postgres"]["max_connections"], 160);
    room.set("MAX_DB_CONNECTIONS", "2");
    let shown: serde_json::Value =
        serde_json::from_str(&room.ok(&["config", "show", "--json"])).unwrap();
    assert_eq!(shown["settings"]["postgres"]["max_connections"], 2);
    std::fs::write(room.path(".env"), "A=1\nPOSTGRES_DB_URL geheimnis\n").unwrap();
    let (code, _, stderr) = room.ran(&["status"]);
    assert_eq!(code, 2);
    assert!(
        stderr.contains(".env:2") && !stderr.contains("geheimnis"),
        "{stderr}"
    );
}

#[test]
fn certificates_are_checked_as_far_as_asked() {
    let mut room = Room::new();
    let Some(authority) = room.db.server.authority() else {
        eprintln!("openssl is missing: TLS was not tried");
        return;
    };
    room.set("PGPASSWORD", PASSWORD);
    let other = room.path("other.crt");
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=somebody else",
            "-keyout",
            "/dev/null",
            "-out",
        ])
        .arg(&other)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(made.success());
    let (authority, other) = (authority.display().to_string(), other.display().to_string());
    for (host, query, works) in [
        ("localhost", "sslmode=disable".to_owned(), true),
        ("localhost", "sslmode=require".to_owned(), true),
        (
            "localhost",
            format!("sslmode=verify-full&sslrootcert={authority}"),
            true,
        ),
        (
            "127.0.0.1",
            format!("sslmode=verify-full&sslrootcert={authority}"),
            false,
        ),
        (
            "127.0.0.1",
            format!("sslmode=verify-ca&sslrootcert={authority}"),
            true,
        ),
        (
            "localhost",
            format!("sslmode=verify-ca&sslrootcert={other}"),
            false,
        ),
    ] {
        room.set("POSTGRES_DB_URL", format!("{}?{query}", room.db.tcp(host)));
        room.db
            .run("INSERT INTO memories (content) VALUES ('one more')");
        let (code, stdout, stderr) = room.ran(&["intake"]);
        assert_eq!(
            code,
            if works { 0 } else { 3 },
            "{host} {query}: {stdout}{stderr}"
        );
    }
    room.set(
        "POSTGRES_DB_URL",
        format!("{}?sslmode=require", room.db.tcp("localhost")),
    );
    assert!(
        room.ok(&["doctor"]).contains("TLSv1."),
        "the connection is not said to be encrypted"
    );
}

#[test]
fn doctor_says_what_to_do() {
    let mut room = Room::new();
    room.db.run("DROP INDEX memories_updated_at; ALTER TABLE memories ALTER updated_at DROP NOT NULL; INSERT INTO memories (content, updated_at) VALUES ('x', NULL)");
    let said = room.ok(&["doctor"]);
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
    room.db.run("ALTER TABLE memories DROP COLUMN metadata");
    let (code, said, _) = room.ran(&["doctor"]);
    assert_eq!(code, 1);
    assert!(said.contains("has no column metadata"), "{said}");
    room.environment.remove("POSTGRES_DB_URL");
    assert!(room.ok(&["doctor"]).contains("set POSTGRES_DB_URL"));
}

#[test]
fn a_cycle_by_the_library_tells_what_it_exchanged() {
    let room = Room::beside(server());
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
