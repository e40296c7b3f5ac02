use super::*;
use crate::project::{ConfigPatch, ModelConfig, ModelName, StageName};
use crate::warehouse::Warehouse;

fn model(yaml: &str, sql: &str) -> Compiled {
    let patch: ConfigPatch = serde_yaml::from_str(yaml).unwrap();
    let config = ModelConfig::resolve("m", &StageName::parse("s").unwrap(), &patch, None).unwrap();
    Compiled {
        name: ModelName::parse("m").unwrap(),
        file: "sql/s/m.sql".into(),
        sql: sql.into(),
        relation: Relation::new(&config.schema, &config.alias),
        config,
        depends_on: Vec::new(),
        sources: Vec::new(),
    }
}

fn run(conn: &Connection, yaml: &str, sql: &str) -> Result<Outcome, MaterializeError> {
    materialize(conn, &model(yaml, sql), &Options::default())
}

fn rows(conn: &Connection) -> String {
    conn.query_row(
        "SELECT string_agg(t::VARCHAR, ' ' ORDER BY t::VARCHAR) FROM s.m AS t",
        [],
        |row| row.get::<_, Option<String>>(0),
    )
    .unwrap()
    .unwrap_or_default()
}

/// A database with `s.m` holding (id, v) = (1, 1), (2, 2).
fn filled() -> Connection {
    let conn = Connection::open_in_memory().unwrap();
    let values = "SELECT 1 AS id, 1 AS v UNION ALL SELECT 2, 2";
    let outcome = run(&conn, "{materialized: table}", values).unwrap();
    assert_eq!(
        outcome,
        Outcome {
            rows: 2,
            created: true
        }
    );
    conn
}

#[test]
fn views_and_tables_are_replaced() {
    let conn = filled();
    run(
        &conn,
        "{materialized: table}",
        "SELECT id + 10 AS id FROM s.m",
    )
    .unwrap();
    assert_eq!(rows(&conn), "{'id': 11} {'id': 12}");
    let refused = run(&conn, "{materialized: view}", "SELECT 1 AS x").unwrap_err();
    assert!(refused.to_string().contains("--full-refresh"), "{refused}");
    let options = Options {
        full_refresh: true,
        ..Options::default()
    };
    let view = model("{materialized: view}", "SELECT 1 AS x");
    assert_eq!(materialize(&conn, &view, &options).unwrap().rows, 0);
    run(&conn, "{materialized: view}", "SELECT 2 AS x").unwrap();
    assert_eq!(rows(&conn), "{'x': 2}");
    run(&conn, "{materialized: table}", "SELECT 3 AS x").unwrap();
    assert_eq!(rows(&conn), "{'x': 3}");
    assert_eq!(
        run(&conn, "{materialized: ephemeral}", "no sql")
            .unwrap()
            .rows,
        0
    );
}

#[test]
fn merge_updates_known_keys_and_inserts_others_by_name() {
    let conn = filled();
    let merge = "{materialized: incremental, unique_key: id}";
    let sql =
        "WITH q AS (SELECT 9 AS v, 2 AS id UNION ALL SELECT 3, NULL) SELECT * FROM q ORDER BY v";
    assert_eq!(
        run(&conn, merge, sql).unwrap(),
        Outcome {
            rows: 2,
            created: false
        }
    );
    run(&conn, merge, sql).unwrap();
    assert_eq!(
        rows(&conn),
        "{'id': 1, 'v': 1} {'id': 2, 'v': 9} {'id': NULL, 'v': 3}"
    );
}

#[test]
fn delete_insert_replaces_rows_of_the_same_keys_or_times() {
    let conn = filled();
    let by_key =
        "{materialized: incremental, incremental_strategy: delete+insert, unique_key: [id]}";
    let outcome = run(
        &conn,
        by_key,
        "SELECT 2 AS id, 7 AS v UNION ALL SELECT 2, 8",
    )
    .unwrap();
    assert_eq!(outcome.rows, 2);
    assert_eq!(
        rows(&conn),
        "{'id': 1, 'v': 1} {'id': 2, 'v': 7} {'id': 2, 'v': 8}"
    );
    let by_time = "{materialized: incremental, incremental_strategy: delete+insert, event_time: v}";
    run(
        &conn,
        by_time,
        "SELECT 5 AS id, 6 AS v UNION ALL SELECT 6, 7",
    )
    .unwrap();
    assert_eq!(
        rows(&conn),
        "{'id': 1, 'v': 1} {'id': 2, 'v': 8} {'id': 5, 'v': 6} {'id': 6, 'v': 7}"
    );
    run(&conn, by_time, "SELECT 5 AS id, 6 AS v WHERE false").unwrap();
    assert_eq!(rows(&conn).matches('{').count(), 4);
}

#[test]
fn many_rows_of_one_key_are_replaced_at_the_cost_of_one() {
    let conn = Connection::open_in_memory().unwrap();
    let rows = "SELECT 1 AS mind_id, 1 AS epoch, range AS x FROM range(200000)";
    for yaml in [
        "{materialized: incremental, incremental_strategy: delete+insert, unique_key: [mind_id]}",
        "{materialized: epoch_cache}",
    ] {
        conn.execute_batch("DROP TABLE IF EXISTS s.m").unwrap();
        for _ in 0..2 {
            // Key by key this would be forty thousand million matches.
            assert_eq!(run(&conn, yaml, rows).unwrap().rows, 200_000);
        }
        let left = "SELECT count(*) FROM s.m";
        let left: i64 = conn.query_row(left, [], |r| r.get(0)).unwrap();
        assert_eq!(left, 200_000);
    }
}

#[test]
fn a_kept_plan_writes_what_one_made_anew_does() {
    for strategy in ["merge", "delete+insert"] {
        let warehouse = Warehouse::in_memory(1).unwrap();
        let conn = warehouse.conn();
        conn.execute_batch(
            "CREATE SCHEMA s; CREATE TABLE s.m AS SELECT 1 AS id, 1 AS v UNION ALL SELECT 2, 2",
        )
        .unwrap();
        let yaml = format!(
            "{{materialized: transition, cycle: deep_sleep, unique_key: id, incremental_strategy: {strategy}}}"
        );
        let grows = model(
            &yaml,
            "SELECT id, v + 1 AS v FROM s.m UNION ALL SELECT max(id) + 1, 0 FROM s.m",
        );
        create_staging_table(conn, &grows).unwrap();
        let options = Options {
            plans: Plans::Kept,
            ..Options::default()
        };
        warehouse
            .keeping_plans(|| {
                for night in 0..3 {
                    let outcome = materialize(conn, &grows, &options).unwrap();
                    assert_eq!(outcome.rows, 3 + night, "{strategy}");
                }
                Ok(())
            })
            .unwrap();
        assert_eq!(
            rows(conn),
            "{'id': 1, 'v': 4} {'id': 2, 'v': 5} {'id': 3, 'v': 2} {'id': 4, 'v': 1} {'id': 5, 'v': 0}",
            "{strategy}"
        );
    }
}

#[test]
fn append_adds_and_delete_deletes_by_key() {
    let conn = filled();
    run(
        &conn,
        "{materialized: incremental}",
        "SELECT 1 AS id, 1 AS v",
    )
    .unwrap();
    assert_eq!(
        rows(&conn),
        "{'id': 1, 'v': 1} {'id': 1, 'v': 1} {'id': 2, 'v': 2}"
    );
    let delete = "{materialized: transition, cycle: deep_sleep, incremental_strategy: delete, unique_key: id}";
    assert_eq!(run(&conn, delete, "SELECT 1 AS id").unwrap().rows, 2);
    assert_eq!(rows(&conn), "{'id': 2, 'v': 2}");
}

#[test]
fn an_epoch_cache_replaces_the_epochs_in_question_only() {
    let conn = Connection::open_in_memory().unwrap();
    let cache = |epochs: Epochs, sql: &str| {
        let options = Options {
            epochs,
            ..Options::default()
        };
        materialize(&conn, &model("{materialized: epoch_cache}", sql), &options).unwrap()
    };
    let first = "SELECT 1 AS mind_id, 1 AS epoch, 'a' AS x UNION ALL SELECT 1, 2, 'b' UNION ALL SELECT 2, 1, 'c'";
    assert_eq!(
        cache(Epochs::OfResult, first),
        Outcome {
            rows: 3,
            created: true
        }
    );
    cache(
        Epochs::OfResult,
        "SELECT 1 AS mind_id, 2 AS epoch, 'B' AS x",
    );
    assert_eq!(
        rows(&conn),
        "{'mind_id': 1, 'epoch': 1, 'x': a} {'mind_id': 1, 'epoch': 2, 'x': B} {'mind_id': 2, 'epoch': 1, 'x': c}"
    );
    conn.execute_batch("CREATE TEMP TABLE due AS SELECT 1 AS mind_id, 1 AS epoch")
        .unwrap();
    let due = Relation {
        database: Some("temp".into()),
        ..Relation::new("main", "due")
    };
    let none = "SELECT 1 AS mind_id, 1 AS epoch, '' AS x WHERE false";
    assert_eq!(cache(Epochs::Listed(due.clone()), none).rows, 0);
    assert_eq!(
        rows(&conn),
        "{'mind_id': 1, 'epoch': 2, 'x': B} {'mind_id': 2, 'epoch': 1, 'x': c}"
    );
    cache(Epochs::OfMinds(due), none);
    assert_eq!(rows(&conn), "{'mind_id': 2, 'epoch': 1, 'x': c}");
    cache(Epochs::Emptied, "SELECT 2 AS mind_id, 1 AS epoch, 'd' AS x");
    assert_eq!(rows(&conn).matches('{').count(), 2);
}

#[test]
fn a_transition_needs_its_table_and_is_never_refreshed() {
    let conn = Connection::open_in_memory().unwrap();
    let yaml = "{materialized: transition, cycle: deep_sleep, unique_key: id}";
    let missing = run(&conn, yaml, "SELECT 1 AS id").unwrap_err().to_string();
    assert!(missing.contains("s.m is no table"), "{missing}");
    let conn = filled();
    let options = Options {
        full_refresh: true,
        ..Options::default()
    };
    let refused = materialize(&conn, &model(yaml, "SELECT 1 AS id"), &options).unwrap_err();
    assert!(refused.to_string().contains("--rebuild"), "{refused}");
}

#[test]
fn a_failing_model_leaves_the_transaction_to_its_caller_and_the_rows_as_they_were() {
    let mut conn = filled();
    let transaction = conn.transaction().unwrap();
    run(&transaction, "{materialized: table}", "SELECT 5 AS id").unwrap();
    run(
        &transaction,
        "{materialized: table}",
        "SELECT 'x'::INT AS id",
    )
    .unwrap_err();
    transaction.rollback().unwrap();
    assert_eq!(rows(&conn), "{'id': 1, 'v': 1} {'id': 2, 'v': 2}");
}

#[test]
fn sql_errors_are_placed_in_the_rendered_sql() {
    let conn = filled();
    let options = Options {
        rendered: Some(Path::new("target/compiled/m.sql")),
        ..Options::default()
    };
    let wrong = model(
        "{materialized: incremental, unique_key: id}",
        "SELECT 1 AS id,\n       vv AS v\nFROM s.m",
    );
    let error = materialize(&conn, &wrong, &options)
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "sql/s/m.sql: Binder Error: Referenced column \"vv\" not found in FROM clause!\nCandidate bindings: \"v\"\n  at target/compiled/m.sql:2:8\n  |\n2 |        vv AS v\n  |        ^"
    );
    let syntax = run(&conn, "{materialized: table}", "SELECT 1,\nFROM FROM s.m")
        .unwrap_err()
        .to_string();
    assert!(syntax.contains("at rendered SQL:2:6\n"), "{syntax}");
    let at_run_time = run(
        &conn,
        "{materialized: table}",
        "SELECT v::VARCHAR || 'x' FROM s.m WHERE (v || 'x')::INT > 0",
    );
    let at_run_time = at_run_time.unwrap_err().to_string();
    assert!(
        at_run_time.contains("Conversion Error") && at_run_time.ends_with("at rendered SQL"),
        "{at_run_time}"
    );
}

#[test]
fn a_query_is_not_even_planned_while_what_it_is_made_of_is_empty() {
    let conn = filled();
    conn.execute_batch("CREATE TABLE s.vectors (id INTEGER)")
        .unwrap();
    let made_of_vectors =
        "{materialized: incremental, incremental_strategy: append, skip_if_empty: s.vectors}";
    let planned = |conn: &Connection| run(conn, made_of_vectors, "SELECT no_such_column FROM s.m");
    assert_eq!(planned(&conn).unwrap().rows, 0);
    conn.execute_batch("INSERT INTO s.vectors VALUES (1)")
        .unwrap();
    assert!(planned(&conn).is_err());
    let misplaced: ConfigPatch =
        serde_yaml::from_str("{materialized: table, skip_if_empty: s.vectors}").unwrap();
    let refused = ModelConfig::resolve("m", &StageName::parse("s").unwrap(), &misplaced, None);
    assert!(refused.unwrap_err().contains("skip_if_empty"));
}
