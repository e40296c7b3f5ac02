//! `codex ls`, `compile`, `run` and `test` on a person's own project, as a person calls them.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// A project in a temporary directory, with a store of its own.
struct Project {
    dir: tempfile::TempDir,
}

/// What a command said.
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Project {
    /// A project with the stage `shop`: the YAML below `models:`, and files with their SQL.
    fn new(models: &str, sql: &[(&str, &str)]) -> Project {
        let project = Project {
            dir: tempfile::tempdir().unwrap(),
        };
        project.write(
            "pipeline/shop.yaml",
            &format!("version: 1\nstage: shop\nmodels:\n{models}"),
        );
        for (name, text) in sql {
            project.write(&format!("sql/shop/{name}.sql"), text);
        }
        project
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.dir.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn codex(&self, arguments: &[&str]) -> Said {
        let Output {
            status,
            stdout,
            stderr,
        } = Command::new(env!("CARGO_BIN_EXE_codex"))
            .args(["--project-dir", "."])
            .args(["--db", "shop.duckdb"])
            .args(arguments)
            .current_dir(self.dir.path())
            .env("HOME", self.dir.path())
            .env_remove("CODEX_CONFIG")
            .output()
            .unwrap();
        Said {
            code: status.code().unwrap(),
            out: String::from_utf8(stdout).unwrap(),
            err: String::from_utf8(stderr).unwrap(),
        }
    }

    /// The rows of a query, a line each.
    fn sql(&self, query: &str) -> String {
        self.codex(&["--json", "sql", query]).out
    }
}

impl Said {
    #[track_caller]
    fn ends(self, code: i32) -> Said {
        assert_eq!(
            self.code, code,
            "stdout:\n{}\nstderr:\n{}",
            self.out, self.err
        );
        self
    }

    #[track_caller]
    fn says(self, text: &str) -> Said {
        assert!(
            self.out.contains(text) || self.err.contains(text),
            "no {text:?} in\n{}\n{}",
            self.out,
            self.err
        );
        self
    }
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Orders, their sum a customer, and a view of large customers.
fn shop() -> Project {
    Project::new(
        "  - {name: orders, config: {materialized: table, tags: [raw]}, columns: [{name: id, tests: [unique, not_null]}]}\n\
         \x20 - {name: customers, config: {materialized: table}}\n\
         \x20 - {name: large, columns: [{name: size, tests: [{accepted_values: {values: [large]}}]}]}\n",
        &[
            (
                "orders",
                "SELECT * FROM (VALUES (1, 'ada', 10), (2, 'ada', 5), (3, 'bob', 1)) AS o (id, customer, amount)",
            ),
            (
                "customers",
                "SELECT customer, sum(amount)::INTEGER AS amount\nFROM {{ ref('orders') }}\nGROUP BY customer",
            ),
            (
                "large",
                "SELECT *, 'large' AS size FROM {{ ref('customers') }} WHERE amount > 3",
            ),
        ],
    )
}

#[test]
fn ls_lists_undecorated_names_in_running_order() {
    let shop = shop();
    assert_eq!(
        shop.codex(&["ls"]).ends(0).out,
        "orders\ncustomers\nlarge\n"
    );
    assert_eq!(
        shop.codex(&["ls", "-s", "+customers"]).out,
        "orders\ncustomers\n"
    );
    assert_eq!(
        shop.codex(&["ls", "--select", "config.materialized:view", "tag:raw"])
            .out,
        "orders\nlarge\n"
    );
    assert_eq!(shop.codex(&["ls", "--exclude", "orders+1"]).out, "large\n");
    let said = shop.codex(&["ls", "-s", "larg"]).ends(0);
    assert_eq!(said.out, "");
    said.says("did you mean 'large'?");
    shop.codex(&["ls", "-s", "colour:red"])
        .ends(2)
        .says("unknown method 'colour'");
    let line: serde_json::Value =
        serde_json::from_str(&shop.codex(&["--json", "ls", "-s", "large"]).out).unwrap();
    assert_eq!(line["depends_on"], serde_json::json!(["customers"]));
    assert_eq!(line["materialized"], "view");
}

#[test]
fn compile_writes_the_rendered_sql_and_prints_one_alone() {
    let shop = shop();
    let one = shop.codex(&["compile", "-s", "customers"]).ends(0);
    assert_eq!(
        one.out,
        "SELECT customer, sum(amount)::INTEGER AS amount\nFROM \"shop\".\"orders\"\nGROUP BY customer\n"
    );
    assert_eq!(
        fs::read_to_string(shop.path("target/compiled/shop/customers.sql")).unwrap(),
        one.out
    );
    assert!(
        !shop.path("shop.duckdb").exists(),
        "compiling needs no store"
    );
    shop.codex(&["compile", "--target-path", "elsewhere"])
        .ends(0)
        .says("elsewhere/compiled/shop/large.sql");
}

#[test]
fn run_makes_models_parents_first_and_counts_them() {
    let shop = shop();
    let said = shop.codex(&["run"]).ends(0);
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(
        lines[0].starts_with("1 of 3 OK created sql table model shop.orders ...."),
        "{}",
        lines[0]
    );
    assert!(
        lines[2].starts_with("3 of 3 OK created sql view model shop.large ...")
            && lines[2].ends_with("s]")
    );
    assert_eq!(lines[4], "Done. PASS=3 WARN=0 ERROR=0 SKIP=0 TOTAL=3");
    assert!(shop.sql("SELECT customer FROM shop.large").contains("ada"));
    let results = json(&shop.path("target/run_results.json"));
    assert_eq!(results["results"][0]["unique_id"], "model.codex.orders");
    assert_eq!(results["results"][0]["status"], "success");
    assert_eq!(results["results"][0]["rows_affected"], 3);
    let manifest = json(&shop.path("target/manifest.json"));
    assert_eq!(
        manifest["parent_map"]["model.codex.large"],
        serde_json::json!(["model.codex.customers"])
    );
}

#[test]
fn a_broken_model_says_where_and_its_children_are_skipped() {
    let shop = shop();
    shop.write("sql/shop/customers.sql", "{% set n = 1 %}\nSELECT customer,\n    sum(amuont) AS amount\nFROM {{ ref('orders') }}\nGROUP BY 1");
    let said = shop.codex(&["run"]).ends(1);
    let said = said
        .says("2 of 3 ERROR creating sql table model shop.customers")
        .says("3 of 3 SKIP view shop.large: customers failed")
        .says("sql/shop/customers.sql:3:9: ")
        .says("target/compiled/shop/customers.sql:2:9")
        .says("amuont")
        .says("Done. PASS=1 WARN=0 ERROR=1 SKIP=1 TOTAL=3");
    assert!(
        said.out.contains("amount"),
        "DuckDB's candidates are the fix"
    );
    shop.codex(&["run", "-x", "--exclude", "orders"])
        .ends(1)
        .says("TOTAL=2");
}

#[test]
fn a_broken_view_among_views_leaves_the_others_made() {
    let models = "  - name: a\n  - name: b\n  - name: c\n";
    let views = Project::new(
        models,
        &[
            ("a", "SELECT 1 AS x"),
            ("b", "SELECT nope"),
            ("c", "SELECT 2 AS x"),
        ],
    );
    let said = views.codex(&["run"]).ends(1);
    said.says("Done. PASS=2 WARN=0 ERROR=1 SKIP=0 TOTAL=3")
        .says("sql/shop/b.sql:1:8");
    assert!(views.sql("SELECT x FROM shop.c").contains('2'));
    views
        .codex(&["run", "--fail-fast"])
        .ends(1)
        .says("PASS=1 WARN=0 ERROR=1 SKIP=1 TOTAL=3");
}

#[test]
fn a_model_whose_parent_was_never_made_says_what_to_run() {
    let shop = shop();
    shop.codex(&["run", "-s", "customers"])
        .ends(1)
        .says("codex run --select +customers");
}

#[test]
fn an_incremental_model_adds_until_a_full_refresh() {
    let log = Project::new(
        "  - {name: log, config: {materialized: incremental, unique_key: id}}\n",
        &[(
            "log",
            "SELECT {% if is_incremental() %}2{% else %}1{% endif %} AS id, 'x' AS what",
        )],
    );
    let rows = || log.sql("SELECT count(*) AS n, max(id) AS id FROM shop.log");
    log.codex(&["run"]).ends(0);
    log.codex(&["run"]).ends(0);
    log.codex(&["run"]).ends(0);
    assert!(rows().contains("\"n\":2"), "{}", rows());
    log.codex(&["run", "--full-refresh"]).ends(0);
    assert!(rows().contains("\"n\":1"), "{}", rows());
}

#[test]
fn references_in_a_circle_are_named() {
    let models = "  - name: a\n  - name: b\n";
    let circle = Project::new(
        models,
        &[
            ("a", "SELECT * FROM {{ ref('b') }}"),
            ("b", "SELECT * FROM {{ ref('a') }}"),
        ],
    );
    for command in ["ls", "compile", "run", "test"] {
        circle.codex(&[command]).ends(2).says("a → b → a");
    }
}

#[test]
fn configuration_mistakes_have_a_place_and_a_way_out() {
    let shop = shop();
    shop.write("sql/shop/large.sql", "SELECT *\nFROM {{ ref('custmers') }}");
    shop.codex(&["run"])
        .ends(2)
        .says("sql/shop/large.sql:2:9")
        .says("did you mean 'customers'?");
    shop.write("sql/shop/large.sql", "SELECT 1 AS size");
    shop.write(
        "pipeline/shop.yaml",
        "version: 1\nstage: shop\nmodels:\n  - name: orders\n    materialised: table\n",
    );
    shop.codex(&["run"])
        .ends(2)
        .says("pipeline/shop.yaml:5:")
        .says("materialised");
    self::shop()
        .codex(&["--vars", "{consolidation_threshold: 7}", "run"])
        .ends(2)
        .says("consolidation_threshold");
}

#[test]
fn the_store_s_own_tables_are_never_a_target() {
    let models = "  - {name: memories, config: {materialized: table, schema: raw}}\n";
    let thief = Project::new(models, &[("memories", "SELECT 1 AS memory_id")]);
    thief.codex(&["run"]).ends(2).says("schema 'raw'");
}

#[test]
fn tests_pass_or_show_the_query_that_finds_the_rows() {
    let shop = shop();
    shop.codex(&["test"])
        .ends(1)
        .says("ERROR")
        .says("codex run");
    shop.codex(&["run"]).ends(0);
    shop.codex(&["test"])
        .ends(0)
        .says("1 of 3 PASS unique_orders_id ...")
        .says("Done. PASS=3 WARN=0 ERROR=0 SKIP=0 TOTAL=3");
    shop.write(
        "sql/tests/nobody_is_bob.sql",
        "SELECT * FROM {{ ref('customers') }} WHERE customer = 'bob'",
    );
    let said = shop.codex(&["test"]).ends(1);
    let said = said
        .says("4 of 4 FAIL 1 nobody_is_bob ...")
        .says("target/compiled/tests/nobody_is_bob.sql");
    said.says("Done. PASS=3 WARN=0 ERROR=1 SKIP=0 TOTAL=4");
    assert!(
        fs::read_to_string(shop.path("target/compiled/tests/nobody_is_bob.sql"))
            .unwrap()
            .contains("bob")
    );
    shop.codex(&["test", "-s", "orders"])
        .ends(0)
        .says("TOTAL=2");
    shop.codex(&["test", "-s", "customers"])
        .ends(1)
        .says("TOTAL=1");
}

#[test]
fn each_kind_of_test_finds_what_it_is_for() {
    let models = "  - {name: parents, config: {materialized: table}}\n  - name: children\n    columns:\n      \
        - {name: id, tests: [unique, not_null]}\n      \
        - {name: parent, tests: [{relationships: {to: ref('parents'), field: id}}]}\n      \
        - {name: kind, tests: [{accepted_values: {values: [a, b]}}]}\n";
    let rows = "SELECT * FROM (VALUES (1, 1, 'a'), (1, 9, 'c'), (NULL, NULL, NULL)) AS t (id, parent, kind)";
    let family = Project::new(models, &[("parents", "SELECT 1 AS id"), ("children", rows)]);
    family.codex(&["run"]).ends(0);
    let said = family
        .codex(&["test"])
        .ends(1)
        .says("Done. PASS=0 WARN=0 ERROR=4 SKIP=0 TOTAL=4");
    assert_eq!(said.out.matches(" FAIL 1 ").count(), 4, "{}", said.out);
}

#[test]
fn a_project_without_memory_says_that_it_has_no_cycles() {
    let shop = shop();
    shop.codex(&["run"]).ends(0);
    shop.codex(&["consolidate"])
        .ends(2)
        .says("this project has no model epoch_memories");
    shop.codex(&["verify"]).ends(2).says("conservation");
}

#[test]
fn transitions_are_left_to_cycles_and_everything_else_of_the_embedded_project_runs() {
    let dir = tempfile::tempdir().unwrap();
    let codex = |arguments: &[&str]| {
        let Output {
            status,
            stdout,
            stderr,
        } = Command::new(env!("CARGO_BIN_EXE_codex"))
            .args(["--db", "memory.duckdb"])
            .args(arguments)
            .current_dir(dir.path())
            .env("HOME", dir.path())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said {
            code: status.code().unwrap(),
            out: text(stdout),
            err: text(stderr),
        }
    };
    codex(&["memory", "add", "Nora decided to give the speech."]).ends(0);
    codex(&["run"])
        .ends(0)
        .says(
            "SKIP transition state.memory_traces: runs only in codex consolidate --type deep_sleep",
        )
        .says("ERROR=0");
    codex(&["run", "-f", "-s", "memory_traces"])
        .ends(0)
        .says("codex consolidate --rebuild");
    codex(&["test"]).ends(0).says("ERROR=0");
    codex(&["consolidate", "--nap"]).ends(0);
    codex(&["verify"]).ends(0);
    codex(&["run", "--full-refresh"]).ends(0);
    codex(&["verify"]).ends(0);
    codex(&["test"]).ends(0);
}
