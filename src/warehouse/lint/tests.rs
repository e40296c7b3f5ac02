use super::*;
use crate::project::{ConfigPatch, ModelConfig, ModelName, Project, Relation, StageName};

fn model(sql: &str) -> Compiled {
    let patch = ConfigPatch {
        order_keys: Some(vec!["term".into()]),
        ..ConfigPatch::default()
    };
    let stage = StageName::parse("s").unwrap();
    Compiled {
        name: ModelName::parse("m").unwrap(),
        file: "sql/s/m.sql".into(),
        sql: sql.into(),
        relation: Relation::new("s", "m"),
        config: ModelConfig::resolve("m", &stage, &patch, None).unwrap(),
        depends_on: Vec::new(),
        sources: Vec::new(),
    }
}

fn database() -> Connection {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute_batch(
        "CREATE SCHEMA s; CREATE TABLE s.m (id INT, mind_id INT, d DOUBLE, n DECIMAL(9, 3), term TEXT, heard_at TIMESTAMP)",
    )
    .unwrap();
    conn
}

fn found(sql: &str) -> Vec<String> {
    let findings = lint(&database(), &model(sql), &ExactColumns::default()).unwrap();
    findings
        .into_iter()
        .map(|finding| finding.construct)
        .collect()
}

/// Asserts that the first SQL is refused for one construct, and that the second, which is the fix, passes.
fn refused(wrong: &str, construct: &str, right: &str) {
    assert_eq!(found(wrong), [construct], "{wrong}");
    assert_eq!(found(right), [""; 0], "{right}");
}

#[test]
fn the_clock_is_refused() {
    let right = "SELECT TIMESTAMP '2026-01-01' - heard_at, age(heard_at, heard_at) FROM s.m";
    for (wrong, construct) in [
        ("now()", "now"),
        ("today()", "today"),
        ("current_timestamp", "current_timestamp"),
        ("current_date", "current_date"),
        ("age(heard_at)", "age"),
    ] {
        refused(&format!("SELECT {wrong} FROM s.m"), construct, right);
    }
}

#[test]
fn chance_is_refused() {
    for name in ["random", "uuid", "gen_random_uuid", "uuidv7"] {
        refused(
            &format!("SELECT {name}()"),
            &format!("{name}()"),
            "SELECT md5('seed' || id) FROM s.m",
        );
    }
    refused(
        "SELECT * FROM s.m USING SAMPLE 10",
        "a sample",
        "SELECT * FROM s.m",
    );
    refused(
        "SELECT * FROM s.m TABLESAMPLE 10%",
        "a sample",
        "SELECT * FROM s.m",
    );
    refused("SELECT rowid FROM s.m", "rowid", "SELECT id FROM s.m");
}

#[test]
fn sums_must_be_exact_by_their_bound_type() {
    refused(
        "SELECT sum(d) FROM s.m",
        "sum()",
        "SELECT sum(d::DECIMAL(9, 3)), sum(n), avg(n), sum(1), sum(id * 2) FROM s.m",
    );
    refused(
        "SELECT avg(x) FROM (SELECT d / 2 AS x FROM s.m)",
        "avg()",
        "SELECT avg(x) FROM (SELECT n * 2 AS x FROM s.m)",
    );
    refused(
        "SELECT sum(n / 2) FROM s.m",
        "sum()",
        "SELECT sum(CASE WHEN d > 1 THEN 1 ELSE 0 END) FROM s.m",
    );
    refused(
        "SELECT sum(d) OVER (PARTITION BY mind_id), sum(n) OVER (PARTITION BY mind_id) FROM s.m",
        "sum()",
        "SELECT sum(n) OVER (PARTITION BY mind_id ORDER BY heard_at) FROM s.m",
    );
    refused(
        "SELECT stddev(n) FROM s.m",
        "stddev()",
        "SELECT count(*), sum(n), sum(n * n) FROM s.m",
    );
}

#[test]
fn sums_must_be_exact_by_their_syntax_where_tables_are_missing() {
    let sql = "SELECT sum(weight), sum(strength), sum(weight::DECIMAL(9, 6) + 1) FROM not_yet";
    assert_eq!(found(sql), ["sum()", "sum()"]);
    let yaml = "version: 1\nstage: s\nmodels: [{name: m, columns: [{name: weight, data_type: 'DECIMAL(9, 6)'}, {name: strength, data_type: DOUBLE}]}]\n";
    let sources = [("pipeline/s.yaml", yaml), ("sql/s/m.sql", "")];
    let sources = sources
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .into();
    let columns = ExactColumns::of(&Project::from_sources(sources).unwrap());
    let findings = lint(&database(), &model(sql), &columns).unwrap();
    assert_eq!(findings.len(), 1);
    assert_eq!(
        findings[0].to_string(),
        "sql/s/m.sql: sum() (rendered SQL:1:21): a sum of DOUBLE differs with the number of threads; cast the argument: sum((…)::DECIMAL(18, 6))"
    );
}

#[test]
fn aggregates_that_depend_on_order_must_be_ordered_fully() {
    refused(
        "SELECT list(term) FROM s.m",
        "list()",
        "SELECT list(term ORDER BY heard_at, id) FROM s.m",
    );
    refused(
        "SELECT list_sort(list(now()))",
        "now",
        "SELECT list(term ORDER BY term), list_sort(list(d) FILTER (id > 1)) FROM s.m",
    );
    refused(
        "SELECT string_agg(term, ',' ORDER BY heard_at) FROM s.m",
        "string_agg()",
        "SELECT string_agg(term, ',' ORDER BY term) FROM s.m",
    );
    refused(
        "SELECT any_value(term) FROM s.m",
        "any_value()",
        "SELECT min(term) FROM s.other",
    );
    refused(
        "SELECT arg_max(term, heard_at) FROM s.m",
        "arg_max()",
        "SELECT arg_max(term, (heard_at, id)) FROM s.m",
    );
    refused(
        "SELECT arg_min(term, (id, heard_at), 3) FROM s.m",
        "arg_min()",
        "SELECT arg_min(term, id, 3) FROM s.m",
    );
    refused(
        "SELECT first(d ORDER BY mind_id) FROM s.m",
        "first()",
        "SELECT first(d ORDER BY heard_at, term) FROM s.m",
    );
    refused(
        "SELECT mode(term) FROM s.m",
        "mode()",
        "SELECT count(*) FROM s.m",
    );
}

#[test]
fn windows_by_position_must_be_ordered_fully() {
    let over = |function: &str, order: &str| {
        format!("SELECT {function} OVER (PARTITION BY mind_id, id ORDER BY {order}) FROM s.m")
    };
    let good = "SELECT row_number() OVER (PARTITION BY mind_id ORDER BY heard_at, id DESC), rank() OVER (ORDER BY heard_at) FROM s.m";
    refused(&over("row_number()", "heard_at"), "row_number() OVER", good);
    refused(
        &over("row_number()", "heard_at, id"),
        "row_number() OVER",
        &over("row_number()", "heard_at, term"),
    );
    refused(&over("lag(d)", "heard_at, mind_id"), "lag() OVER", good);
    refused(
        "SELECT first_value(d) OVER () FROM s.m",
        "first_value() OVER",
        good,
    );
    refused(
        "SELECT sum(n) OVER (ORDER BY heard_at ROWS 2 PRECEDING) FROM s.m",
        "sum() OVER",
        "SELECT sum(n) OVER (ORDER BY heard_at), sum(n) OVER (ORDER BY id ROWS 2 PRECEDING) FROM s.m",
    );
    // Frames by peers are counted rightly.
    refused(
        "SELECT count(*) OVER (ORDER BY heard_at RANGE BETWEEN UNBOUNDED PRECEDING AND INTERVAL 1 DAY PRECEDING) FROM s.m",
        "count() OVER",
        "SELECT count(*) OVER (ORDER BY heard_at), sum(n) OVER (PARTITION BY mind_id ORDER BY id RANGE BETWEEN 5 PRECEDING AND 1 PRECEDING) FROM s.m",
    );
}

#[test]
fn limits_must_be_ordered_fully() {
    refused(
        "SELECT * FROM s.m LIMIT 1",
        "LIMIT",
        "SELECT * FROM s.m ORDER BY heard_at, id LIMIT 1",
    );
    refused(
        "SELECT * FROM s.m ORDER BY heard_at LIMIT 1",
        "LIMIT",
        "SELECT heard_at, id FROM s.m ORDER BY 1, 2 LIMIT 1",
    );
    refused(
        "SELECT DISTINCT ON (mind_id) * FROM s.m",
        "DISTINCT ON",
        "SELECT DISTINCT mind_id FROM s.m",
    );
    refused(
        "(SELECT d FROM s.m UNION ALL SELECT n FROM s.m) LIMIT 2",
        "LIMIT",
        "SELECT d, count(*) FROM s.m GROUP BY d ORDER BY count(*) DESC, d LIMIT 2",
    );
}

#[test]
fn a_high_water_mark_of_the_own_table_is_refused() {
    refused(
        "SELECT * FROM s.m WHERE heard_at > (SELECT coalesce(max(heard_at), DATE '1970-01-01') FROM s.m AS t)",
        "max() over {{ this }}",
        "SELECT mind_id, max(heard_at) FROM s.m GROUP BY mind_id",
    );
}

#[test]
fn findings_have_a_place_in_deep_trees_too() {
    let chain = vec!["term"; 300].join(" || ");
    let findings = lint(
        &database(),
        &model(&format!("SELECT {chain},\n  now() FROM s.m")),
        &ExactColumns::default(),
    );
    assert_eq!(
        findings.unwrap()[0].position,
        Some(Position { line: 2, column: 3 })
    );
}

#[test]
fn what_is_no_select_says_where() {
    let error = lint(
        &database(),
        &model("SELECT 1,\nFROM FROM x"),
        &ExactColumns::default(),
    )
    .unwrap_err();
    assert!(error.to_string().contains("rendered SQL:2:6"), "{error}");
    let error = lint(
        &database(),
        &model("DELETE FROM s.m"),
        &ExactColumns::default(),
    )
    .unwrap_err();
    assert!(
        error.to_string().contains("a model is one SELECT"),
        "{error}"
    );
}
