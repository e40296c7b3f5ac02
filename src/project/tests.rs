use super::*;

const STAGE: &str = "\
version: 1
stage: dreams
models:
  - name: sheep
    description: One sheep a row.
    config: {materialized: incremental, unique_key: id, tags: [night]}
    columns:
      - name: id
        tests: [unique, not_null]
      - name: kind
        tests:
          - accepted_values: {values: [black, 7]}
          - relationships: {to: ref('kinds'), field: id}
    tests:
      - unique: {columns: [id, kind]}
  - name: kinds
";

fn files(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect()
}

fn sheep() -> BTreeMap<String, String> {
    files(&[
        ("pipeline/dreams.yaml", STAGE),
        (
            "pipeline/sources.yaml",
            "sources:\n  - {name: raw, schema: temp.raw, tables: [{name: memories, identifier: memory_log}]}\n",
        ),
        ("sql/dreams/sheep.sql", "SELECT 1 AS id"),
        ("sql/dreams/kinds.sql", "SELECT 1 AS id"),
        ("sql/macros/count.sql", ""),
        ("sql/tests/no_wolf.sql", "SELECT 1 WHERE false"),
    ])
}

fn error_with(path: &str, text: &str) -> String {
    let mut sources = sheep();
    sources.insert(path.to_owned(), text.to_owned());
    Project::from_sources(sources).unwrap_err().to_string()
}

#[test]
fn the_embedded_project_loads() {
    let project = Project::load(ProjectSource::Embedded).unwrap();
    assert!(project.text("config/default.yaml").is_some());
}

#[test]
fn models_tests_and_sources_are_read() {
    let project = Project::from_sources(sheep()).unwrap();
    let model = project.model("sheep").unwrap();
    assert_eq!(model.path, "sql/dreams/sheep.sql");
    assert_eq!(model.columns[0].tests.len(), 2);
    assert_eq!(
        model.columns[1].tests[0],
        DataTest::AcceptedValues {
            values: vec!["'black'".into(), "7".into()]
        }
    );
    assert_eq!(model.tests[0].kind(), "unique");
    let config = project.config_of(model, None).unwrap();
    assert_eq!(config.incremental_strategy, IncrementalStrategy::Merge);
    assert_eq!(
        (config.schema.as_str(), config.alias.as_str()),
        ("dreams", "sheep")
    );
    let table = project.tables().values().next().unwrap();
    assert_eq!(
        table.relation.to_string(),
        "\"temp\".\"raw\".\"memory_log\""
    );
    assert_eq!(project.tests()[0].name, "no_wolf");
    assert_eq!(project.macros(), ["sql/macros/count.sql"]);
}

#[test]
fn an_inline_config_wins_over_the_yaml() {
    let project = Project::from_sources(sheep()).unwrap();
    let inline = ConfigPatch {
        materialized: Some(Materialization::Table),
        tags: Some(vec!["day".into()]),
        ..ConfigPatch::default()
    };
    let config = project
        .config_of(project.model("sheep").unwrap(), Some(&inline))
        .unwrap();
    assert_eq!(config.materialized, Materialization::Table);
    assert_eq!(config.tags, ["night", "day"]);
}

#[test]
fn unknown_keys_and_values_have_a_place_and_a_suggestion() {
    assert_eq!(
        error_with(
            "pipeline/dreams.yaml",
            &STAGE.replace("materialized", "materialised")
        ),
        "pipeline/dreams.yaml:6:14: models[0].config: unknown key 'materialised'; did you mean 'materialized'?"
    );
    assert_eq!(
        error_with(
            "pipeline/dreams.yaml",
            &STAGE.replace("incremental", "incrementl")
        ),
        "pipeline/dreams.yaml:6:28: models[0].config.materialized: unknown materialization 'incrementl'; did you mean 'incremental'?"
    );
    assert_eq!(
        error_with(
            "pipeline/dreams.yaml",
            &STAGE.replace("[unique, not_null]", "[uniqe]")
        ),
        "pipeline/dreams.yaml:9:17: models[0].columns[0].tests[0]: unknown test 'uniqe'; did you mean 'unique'?"
    );
    let tags = error_with("pipeline/dreams.yaml", &STAGE.replace("[night]", "{a: b}"));
    assert!(
        tags.ends_with("expected a name or a list of names"),
        "{tags}"
    );
}

#[test]
fn sql_and_yaml_must_fit_together() {
    assert_eq!(
        error_with(
            "pipeline/dreams.yaml",
            &STAGE.replace("name: kinds", "name: kind")
        ),
        "pipeline/dreams.yaml:16:11: model 'kind' has no SQL; write sql/dreams/kind.sql, or remove the entry"
    );
    assert_eq!(
        error_with("sql/dreams/sheeps.sql", "SELECT 1"),
        "sql/dreams/sheeps.sql: this SQL has no entry; add `- name: sheeps` to the models of pipeline/dreams.yaml (did you mean 'sheep'?)"
    );
    assert_eq!(
        error_with("sql/naps/nap.sql", "SELECT 1"),
        "sql/naps/nap.sql: this SQL has no entry; write pipeline/naps.yaml with `stage: naps` and `- name: nap` under `models:`"
    );
    assert_eq!(
        error_with(
            "pipeline/more.yaml",
            "version: 1\nstage: more\nmodels:\n  - name: sheep\n"
        ),
        "pipeline/more.yaml:4:11: model 'sheep' exists already, at pipeline/dreams.yaml:4:11; give one of them another name"
    );
}

#[test]
fn a_configuration_that_makes_no_sense_is_refused_with_its_place() {
    let check = |from: &str, to: &str| {
        let mut sources = sheep();
        sources.insert("pipeline/dreams.yaml".into(), STAGE.replace(from, to));
        let project = Project::from_sources(sources).unwrap();
        project
            .config_of(project.model("sheep").unwrap(), None)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        check("materialized: incremental", "materialized: transition"),
        "pipeline/dreams.yaml:4:11: model 'sheep': a transition needs a cycle, for example `cycle: deep_sleep`: only cycles run transitions"
    );
    assert_eq!(
        check("unique_key: id", "incremental_strategy: merge"),
        "pipeline/dreams.yaml:4:11: model 'sheep': the strategy 'merge' needs unique_key: the columns that identify a row"
    );
}

#[test]
fn an_ejected_project_is_the_same_project_and_nothing_is_overwritten() {
    let project = Project::from_sources(sheep()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let written = project.eject(dir.path()).unwrap();
    assert_eq!(written.len(), project.sources().len());
    let again = Project::load(ProjectSource::Directory(dir.path().to_owned())).unwrap();
    assert_eq!(again.fingerprint(), project.fingerprint());
    assert_eq!(again.sources(), project.sources());

    std::fs::remove_file(dir.path().join("sql/macros/count.sql")).unwrap();
    let refused = project.eject(dir.path()).unwrap_err().to_string();
    assert!(refused.contains("nothing written"), "{refused}");
    assert!(!dir.path().join("sql/macros/count.sql").exists());
}

#[test]
fn the_fingerprint_changes_with_a_model_and_not_with_a_schedule() {
    let project = Project::from_sources(sheep()).unwrap();
    let with = |path: &str| {
        let mut sources = sheep();
        sources.insert(path.to_owned(), "# changed\nversion: 1\n".to_owned());
        Project::from_sources(sources).unwrap().fingerprint()
    };
    assert_eq!(
        with("schedules/biological_rhythms.yaml"),
        project.fingerprint()
    );
    assert_ne!(with("sql/macros/count.sql"), project.fingerprint());
}

#[test]
fn a_directory_without_a_project_says_how_to_get_one() {
    let dir = tempfile::tempdir().unwrap();
    let error = Project::load(ProjectSource::Directory(dir.path().to_owned())).unwrap_err();
    assert!(error.to_string().contains("codex init"), "{error}");
    Project::from_sources(sheep())
        .unwrap()
        .eject(dir.path())
        .unwrap();
    std::fs::write(dir.path().join("sql/dreams/sheep.sql"), b"SELECT\n '\xff'").unwrap();
    let error = Project::load(ProjectSource::Directory(dir.path().to_owned())).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("sheep.sql:2:3: not UTF-8; save the file as UTF-8"),
        "{error}"
    );
}
