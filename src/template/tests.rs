use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDateTime;

use super::*;
use crate::config::{Config, ConfigSources, Origin as ValueOrigin, Place};

const SOURCES: &str = "sources: [{name: raw, schema: raw, tables: [{name: memories}, {name: minds, identifier: mind}]}]\n";

/// A project of one stage with these models, and macros where the name starts with `macros/`.
fn project(files: &[(&str, &str)]) -> Arc<Project> {
    let mut sources = BTreeMap::from([("pipeline/sources.yaml".to_owned(), SOURCES.to_owned())]);
    let mut yaml = "version: 1\nstage: s\nmodels:\n".to_owned();
    for (name, text) in files {
        if name.contains('/') {
            sources.insert(format!("sql/{name}.sql"), (*text).to_owned());
        } else {
            yaml.push_str(&format!("  - name: {name}\n"));
            sources.insert(format!("sql/s/{name}.sql"), (*text).to_owned());
        }
    }
    sources.insert("pipeline/s.yaml".to_owned(), yaml);
    Arc::new(Project::from_sources(sources).unwrap())
}

fn parameters() -> Parameters {
    let environment = BTreeMap::from([("HOME".to_owned(), "/home/ada".to_owned())]);
    let sources = ConfigSources {
        environment,
        ..ConfigSources::default()
    };
    let mut parameters = Config::load(&sources).unwrap().parameters;
    let place = || Place::whole("test");
    parameters
        .set(
            "consolidation_threshold",
            &serde_yaml::Value::from(0.6),
            ValueOrigin::Vars,
            place,
        )
        .unwrap();
    parameters
}

fn as_of() -> NaiveDateTime {
    NaiveDateTime::parse_from_str("2026-03-02 02:00:00", "%Y-%m-%d %H:%M:%S").unwrap()
}

fn context() -> RenderContext {
    RenderContext::new(as_of())
}

fn compile(files: &[(&str, &str)], model: &str) -> Compiled {
    let renderer = Renderer::new(project(files), &parameters()).unwrap();
    renderer.compile(model, &context()).unwrap()
}

fn sql(text: &str) -> String {
    compile(&[("m", text), ("other", "SELECT 1")], "m").sql
}

fn error(files: &[(&str, &str)]) -> String {
    match Renderer::new(project(files), &parameters()) {
        Ok(_) => panic!("no error"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn references_sources_and_time_become_sql() {
    let files = [
        (
            "m",
            "SELECT * FROM {{ ref('other') }}, {{ source('raw', 'minds') }}\nWHERE at < {{ as_of }};\n",
        ),
        ("other", "SELECT 1"),
    ];
    let compiled = compile(&files, "m");
    assert_eq!(
        compiled.sql,
        "SELECT * FROM \"s\".\"other\", \"raw\".\"mind\"\nWHERE at < TIMESTAMP '2026-03-02 02:00:00.000000'"
    );
    assert_eq!(compiled.depends_on[0], "other");
    assert_eq!(compiled.sources[0].to_string(), "raw.minds");
    assert_eq!(
        sql("SELECT * FROM {{ ref('s', 'other') }} -- {{ this }}"),
        "SELECT * FROM \"s\".\"other\" -- \"s\".\"m\""
    );
}

#[test]
fn parameters_become_literals_and_still_compare() {
    assert_eq!(
        sql("{{ var('consolidation_threshold') }} {{ var('working_memory_capacity') }}"),
        "0.6 7"
    );
    assert_eq!(
        sql("{{ var('overflow') }}{{ ', yes' if var('overflow') == 'defer' }}"),
        "'defer', yes"
    );
    assert_eq!(
        sql("{% for i in range(var('working_memory_capacity')) %}{{ i }}{% endfor %}"),
        "0123456"
    );
    assert_eq!(
        sql("{{ var('not_there', \"it's\") }} {{ var('not_there', 2) }}"),
        "'it''s' 2"
    );
}

#[test]
fn filters_quote_for_sql_and_nothing_is_escaped_for_html() {
    assert_eq!(
        sql("{{ \"it's <b>\" | literal }} {{ [1, 'a'] | literal }} {{ none | literal }}"),
        "'it''s <b>' [1, 'a'] NULL"
    );
    assert_eq!(
        sql("{{ 'a\"b' | identifier }} {{ '<&>' }}"),
        "\"a\"\"b\" <&>"
    );
}

#[test]
fn macros_are_callable_everywhere_and_call_each_other() {
    let files = [
        ("m", "SELECT {{ twice(as_of) }}, {{ threshold() }}"),
        (
            "macros/a",
            "{% macro twice(x) -%}\n{{ once(x) }} + {{ once(x) }}\n{%- endmacro %}\n",
        ),
        (
            "macros/b",
            "{% macro once(x) -%} ({{ x }}) {%- endmacro %}{% macro threshold() %}{{ var('consolidation_threshold') }}{{ ref('n') }}{% endmacro %}",
        ),
        ("n", "SELECT 1"),
    ];
    let compiled = compile(&files, "m");
    let time = "(TIMESTAMP '2026-03-02 02:00:00.000000')";
    assert_eq!(
        compiled.sql,
        format!("SELECT {time} + {time}, 0.6\"s\".\"n\"")
    );
    assert_eq!(compiled.depends_on[0], "n");
}

#[test]
fn an_inline_config_wins_and_leaves_no_trace_in_the_sql() {
    let files = [
        (
            "m",
            "{{ config(materialized='incremental', unique_key='id', schema='x', alias='y', tags=['t']) }}\nSELECT 1 AS id",
        ),
        ("n", "SELECT * FROM {{ ref('m') }}"),
    ];
    let compiled = compile(&files, "m");
    assert_eq!(compiled.sql, "SELECT 1 AS id");
    assert_eq!(compiled.config.materialized, Materialization::Incremental);
    assert_eq!(compiled.config.unique_key, ["id"]);
    assert_eq!(compile(&files, "n").sql, "SELECT * FROM \"x\".\"y\"");
}

#[test]
fn only_a_table_that_exists_is_added_to() {
    let text = "{{ config(materialized='incremental') }}SELECT 1{% if is_incremental() %} FROM {{ ref('n') }} WHERE x > (SELECT max(x) FROM {{ this }}){% endif %}";
    let renderer = Renderer::new(
        project(&[("m", text), ("n", "SELECT {{ is_incremental() }}")]),
        &parameters(),
    )
    .unwrap();
    assert_eq!(renderer.node("m").unwrap().depends_on[0], "n");
    assert_eq!(renderer.compile("m", &context()).unwrap().sql, "SELECT 1");
    let again = context().incremental(true);
    assert_eq!(
        renderer.compile("m", &again).unwrap().sql,
        "SELECT 1 FROM \"s\".\"n\" WHERE x > (SELECT max(x) FROM \"s\".\"m\")"
    );
    assert_eq!(renderer.compile("n", &again).unwrap().sql, "SELECT false");
}

#[test]
fn ephemeral_models_stand_in_front_each_after_those_it_uses() {
    let files = [
        (
            "a",
            "{{ config(materialized='ephemeral') }}SELECT 1 AS x -- end",
        ),
        (
            "b",
            "{{ config(materialized='ephemeral') }}WITH q AS (SELECT x + 1 AS x FROM {{ ref('a') }}) SELECT * FROM q",
        ),
        (
            "m",
            "-- one row\n/* a number */ with /* of */ q AS (SELECT * FROM {{ ref('b') }} UNION ALL SELECT * FROM {{ ref('a') }}) SELECT x FROM q ORDER BY x",
        ),
    ];
    let compiled = compile(&files, "m");
    let connection = duckdb::Connection::open_in_memory().unwrap();
    let rows: Vec<i32> = connection
        .prepare(&compiled.sql)
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(rows, [1, 2], "{}", compiled.sql);
    assert!(compiled.sql.find("__cte__a AS").unwrap() < compiled.sql.find("__cte__b AS").unwrap());
    assert_eq!(compiled.sql.matches("__cte__a AS").count(), 1);
}

#[test]
fn mistakes_have_file_line_column_a_mark_and_the_fix() {
    let models = |text: &'static str| [("episodes", "SELECT 1"), ("m", text)];
    assert_eq!(
        error(&models("SELECT *\n  FROM {{ ref('episods') }}")),
        "sql/s/m.sql:2:11: unknown model 'episods'; did you mean 'episodes'?\n  |\n2 |   FROM {{ ref('episods') }}\n  |           ^^^^^^^^^^^^^^"
    );
    let message = |text| error(&models(text)).lines().next().unwrap().to_owned();
    assert_eq!(
        message("SELECT {{ as_off }}"),
        "sql/s/m.sql:1:11: 'as_off' is not defined; did you mean 'as_of'?"
    );
    assert_eq!(
        message("SELECT {{ sorce('raw', 'x') }}"),
        "sql/s/m.sql:1:11: 'sorce' is not defined; did you mean 'source'?"
    );
    assert_eq!(
        message("SELECT {{ source('raw', 'memoris') }}"),
        "sql/s/m.sql:1:11: unknown table 'memoris' of source 'raw'; did you mean 'memories'? (sources are in pipeline/sources.yaml)"
    );
    assert_eq!(
        message("SELECT {{ var('consolidation_treshold') }}"),
        "sql/s/m.sql:1:11: unknown parameter 'consolidation_treshold'; did you mean 'consolidation_threshold'? (parameters are declared in config/default.yaml)"
    );
    assert_eq!(
        message("SELECT 1\n{{ config(materialised='table') }}"),
        "sql/s/m.sql:2:4: config: unknown key 'materialised'; did you mean 'materialized'?"
    );
    assert_eq!(
        message("SELECT * FROM {{ ref('m') }}"),
        "sql/s/m.sql:1:18: model 'm' refers to itself; its own table is {{ this }}"
    );
    let syntax = message("SELECT 1,\n       {{ as_of }");
    assert!(
        syntax.starts_with("sql/s/m.sql:2:17: syntax error: "),
        "{syntax}"
    );
}

#[test]
fn mistakes_in_macros_are_placed_in_the_macros_file() {
    let files = [
        ("macros/a", "{% macro fine() %}1{% endmacro %}\n"),
        (
            "macros/b",
            "\n{% macro broken() %}{{ fne() }}{% endmacro %}\n",
        ),
        ("m", "SELECT\n{{ broken() }}"),
    ];
    assert_eq!(
        error(&files).lines().next().unwrap(),
        "sql/macros/b.sql:2:24: 'fne' is not defined; did you mean 'fine'?"
    );
    let open = [
        ("macros/a", "{% macro x() %}1"),
        ("macros/b", "{% macro y() %}{% endmacro %}"),
    ];
    assert!(
        error(&open).starts_with("sql/macros/a.sql:1:"),
        "{}",
        error(&open)
    );
    let twice = [
        ("macros/a", "{% macro x() %}1{% endmacro %}"),
        ("macros/b", "{%- macro x() %}2{% endmacro %}"),
    ];
    assert_eq!(
        error(&twice),
        "sql/macros/b.sql:1:11: macro 'x' exists already, in sql/macros/a.sql; give one of them another name"
    );
    let beside_a_macro = [
        ("macros/a", "{% macro fine() %}1{% endmacro %}\n"),
        ("m", "{{ fine() }} {{ nope }}"),
    ];
    assert!(
        error(&beside_a_macro).starts_with("sql/s/m.sql:1:17: "),
        "{}",
        error(&beside_a_macro)
    );
}

#[test]
fn disabled_models_are_left_out_and_say_so_when_referred_to() {
    let off = ("off", "{{ config(enabled=false) }}SELECT 1");
    let renderer = Renderer::new(project(&[off]), &parameters()).unwrap();
    assert!(renderer.nodes().is_empty());
    let renderer = Renderer::new(
        project(&[off, ("m", "SELECT * FROM {{ ref('off') }}")]),
        &parameters(),
    )
    .unwrap();
    let error = renderer.compile("m", &context()).unwrap_err().to_string();
    assert!(error.contains("model 'off' is disabled"), "{error}");
}

#[test]
fn ephemeral_models_in_a_circle_are_named() {
    let files = [
        (
            "a",
            "{{ config(materialized='ephemeral') }}SELECT * FROM {{ ref('b') }}",
        ),
        (
            "b",
            "{{ config(materialized='ephemeral') }}SELECT * FROM {{ ref('a') }}",
        ),
    ];
    let renderer = Renderer::new(project(&files), &parameters()).unwrap();
    let error = renderer.compile("a", &context()).unwrap_err().to_string();
    assert!(error.contains("a → b → a"), "{error}");
}

#[test]
fn tests_and_texts_are_rendered_as_models_are() {
    let files = [
        ("m", "{{ config(materialized='ephemeral') }}SELECT 1 AS x"),
        (
            "tests/none",
            "SELECT * FROM {{ ref('m') }} WHERE x > {{ one() }}",
        ),
        ("macros/one", "{% macro one() %}1{% endmacro %}"),
    ];
    let renderer = Renderer::new(project(&files), &parameters()).unwrap();
    let test = renderer
        .compile_test("sql/tests/none.sql", &context())
        .unwrap();
    assert!(test.sql.contains("__cte__m WHERE x > 1"), "{}", test.sql);
    let text = renderer.compile_text(
        "<text>",
        "SELECT {{ one() }}\nFROM {{ ref('n') }}",
        &context(),
    );
    assert!(
        text.unwrap_err()
            .to_string()
            .starts_with("<text>:2:9: unknown model 'n'")
    );
}

#[test]
fn the_embedded_project_compiles() {
    let project = Arc::new(Project::load(crate::project::ProjectSource::Embedded).unwrap());
    let renderer = Renderer::new(project, &parameters()).unwrap();
    let start = std::time::Instant::now();
    for name in renderer.nodes().keys() {
        let context = context().in_cycle(CycleValues::default());
        renderer.compile(name.as_str(), &context).unwrap();
    }
    let each = start.elapsed() / renderer.nodes().len().max(1) as u32;
    println!("{each:?} for each of {} models", renderer.nodes().len());
}
