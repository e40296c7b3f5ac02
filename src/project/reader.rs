//! Reads `pipeline/*.yaml` and finds each model's SQL.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::config::yaml::{self, Step};
use crate::config::{Place, suggest};

use super::error::ProjectError;
use super::files::Sources;
use super::mapping::{self, SourceMapping};
use super::model::{Column, DataTest, Model, SourceTable, SqlTest, Stage};
use super::model_config::{ConfigPatch, ModelConfig};
use super::name::{ModelName, Relation, SourceName, StageName};

const SOURCES_FILES: [&str; 2] = ["pipeline/sources.yaml", "pipeline/sources.yml"];
/// Folders of `sql/` that hold no models.
const RESERVED: [&str; 3] = ["macros", "recall", "tests"];

/// What the files of a project describe.
#[derive(Debug, Clone, Default)]
pub(super) struct Described {
    pub(super) stages: Vec<Stage>,
    pub(super) models: BTreeMap<ModelName, Model>,
    pub(super) tables: BTreeMap<SourceName, SourceTable>,
    pub(super) tests: Vec<SqlTest>,
    pub(super) macros: Vec<String>,
    pub(super) mappings: Vec<SourceMapping>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StageFile {
    version: u32,
    stage: StageName,
    #[serde(default)]
    description: String,
    #[serde(default)]
    models: Vec<ModelEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelEntry {
    name: ModelName,
    #[serde(default)]
    description: String,
    #[serde(default)]
    config: ConfigPatch,
    #[serde(default)]
    columns: Vec<Column>,
    #[serde(default, alias = "data_tests")]
    tests: Vec<DataTest>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourcesFile {
    version: Option<u32>,
    sources: Vec<SourceEntry>,
    #[serde(default)]
    postgres: Vec<SourceMapping>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceEntry {
    name: String,
    database: Option<String>,
    schema: Option<String>,
    #[serde(default, rename = "description")]
    _description: String,
    tables: Vec<TableEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableEntry {
    name: String,
    identifier: Option<String>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    columns: Vec<Column>,
}

/// Reads everything; `shown` turns a path of the project into the path that a person sees.
pub(super) fn read(
    sources: &Sources,
    shown: &dyn Fn(&str) -> String,
) -> Result<Described, ProjectError> {
    let mut described = Described::default();
    let is_yaml = |path: &str| path.ends_with(".yaml") || path.ends_with(".yml");
    for (path, text) in sources {
        match path.strip_prefix("pipeline/") {
            Some(_) if SOURCES_FILES.contains(&path.as_str()) => {
                read_sources(&mut described, &shown(path), text)?;
            }
            Some(_) if is_yaml(path) => {
                read_stage(&mut described, sources, path, &shown(path), text, shown)?;
            }
            _ => {}
        }
    }
    find_sql(&mut described, sources, shown)?;
    Ok(described)
}

fn version_is_known(version: u32, file: &str, text: &str) -> Result<(), ProjectError> {
    if version == 1 {
        return Ok(());
    }
    Err(ProjectError::Invalid {
        place: yaml::place_of_value(file, text, &[Step::Key("version")]),
        message: format!("version {version} is not known; this codex reads version 1"),
    })
}

fn read_sources(described: &mut Described, file: &str, text: &str) -> Result<(), ProjectError> {
    let mut parsed: SourcesFile = yaml::parse(file, text)?;
    version_is_known(parsed.version.unwrap_or(1), file, text)?;
    mapping::check(&mut parsed.postgres).map_err(|(at, message)| ProjectError::Invalid {
        place: yaml::place_of_value(file, text, &[Step::Key("postgres"), Step::Index(at)]),
        message,
    })?;
    described.mappings.append(&mut parsed.postgres);
    for (number, source) in parsed.sources.into_iter().enumerate() {
        let schema = source.schema.unwrap_or_else(|| source.name.clone());
        // `schema: temp.main` is short for `database: temp` and `schema: main`.
        let (database, schema) = match (source.database, schema.split_once('.')) {
            (None, Some((database, schema))) => (Some(database.to_owned()), schema.to_owned()),
            (database, _) => (database, schema),
        };
        for (at, table) in source.tables.into_iter().enumerate() {
            let name = SourceName {
                source: source.name.clone(),
                table: table.name.clone(),
            };
            if described.tables.contains_key(&name) {
                let path = |at| {
                    [
                        Step::Key("sources"),
                        Step::Index(number),
                        Step::Key("tables"),
                        Step::Index(at),
                        Step::Key("name"),
                    ]
                };
                return Err(ProjectError::Duplicate {
                    place: yaml::place_of_value(file, text, &path(at)),
                    what: "source table",
                    name: name.to_string(),
                    first: Box::new(Place::whole(file)),
                });
            }
            let relation = Relation {
                database: database.clone(),
                schema: schema.clone(),
                name: table.identifier.unwrap_or(table.name),
            };
            described.tables.insert(
                name.clone(),
                SourceTable {
                    name,
                    relation,
                    description: table.description,
                    columns: table.columns,
                },
            );
        }
    }
    Ok(())
}

fn read_stage(
    described: &mut Described,
    sources: &Sources,
    path: &str,
    file: &str,
    text: &str,
    shown: &dyn Fn(&str) -> String,
) -> Result<(), ProjectError> {
    let parsed: StageFile = yaml::parse(file, text)?;
    version_is_known(parsed.version, file, text)?;
    let stage_place = || yaml::place_of_value(file, text, &[Step::Key("stage")]);
    if RESERVED.contains(&parsed.stage.as_str()) {
        return Err(ProjectError::Invalid {
            place: stage_place(),
            message: format!(
                "a stage cannot be named '{}': sql/{}/ has a meaning of its own",
                parsed.stage, parsed.stage
            ),
        });
    }
    if let Some(first) = described
        .stages
        .iter()
        .find(|stage| stage.name == parsed.stage)
    {
        return Err(ProjectError::Duplicate {
            place: stage_place(),
            what: "stage",
            name: parsed.stage.to_string(),
            first: Box::new(Place::whole(shown(&first.file))),
        });
    }
    for (index, entry) in parsed.models.into_iter().enumerate() {
        let steps = [Step::Key("models"), Step::Index(index), Step::Key("name")];
        let place = || yaml::place_of_value(file, text, &steps);
        if let Some(first) = described.models.get(entry.name.as_str()) {
            return Err(ProjectError::Duplicate {
                place: place(),
                what: "model",
                name: entry.name.to_string(),
                first: Box::new(model_place(first, sources, shown)),
            });
        }
        let sql = format!("sql/{}/{}.sql", parsed.stage, entry.name);
        if !sources.contains_key(&sql) {
            return Err(ProjectError::MissingSql {
                place: place(),
                model: entry.name.to_string(),
                path: shown(&sql),
            });
        }
        check_columns(&entry, index, file, text)?;
        described.models.insert(
            entry.name.clone(),
            Model {
                name: entry.name,
                stage: parsed.stage.clone(),
                description: entry.description,
                config: entry.config,
                columns: entry.columns,
                tests: entry.tests,
                path: sql,
                yaml_file: path.to_owned(),
                yaml_index: index,
            },
        );
    }
    described.stages.push(Stage {
        name: parsed.stage,
        description: parsed.description,
        file: path.to_owned(),
    });
    Ok(())
}

fn check_columns(
    entry: &ModelEntry,
    index: usize,
    file: &str,
    text: &str,
) -> Result<(), ProjectError> {
    let steps = [Step::Key("models"), Step::Index(index)];
    let mut names = BTreeSet::new();
    for (at, column) in entry.columns.iter().enumerate() {
        if !names.insert(column.name.as_str()) {
            let path = [
                &steps[..],
                &[Step::Key("columns"), Step::Index(at), Step::Key("name")],
            ]
            .concat();
            return Err(ProjectError::Invalid {
                place: yaml::place_of_value(file, text, &path),
                message: format!("column '{}' is described twice; remove one", column.name),
            });
        }
    }
    for (at, test) in entry.tests.iter().enumerate() {
        let place = || {
            let path = [&steps[..], &[Step::Key("tests"), Step::Index(at)]].concat();
            yaml::place_of_value(file, text, &path)
        };
        match test {
            DataTest::Unique { columns } | DataTest::NotNull { columns } if columns.is_empty() => {
                return Err(ProjectError::Invalid {
                    place: place(),
                    message: format!(
                        "a model's {0} test names its columns: {{{0}: {{columns: [a, b]}}}}",
                        test.kind()
                    ),
                });
            }
            DataTest::Relationships { .. } | DataTest::AcceptedValues { .. } => {
                return Err(ProjectError::Invalid {
                    place: place(),
                    message: format!("a {} test belongs to a column; move it there", test.kind()),
                });
            }
            _ => {}
        }
    }
    Ok(())
}

/// The place of a model's entry.
pub(super) fn model_place(
    model: &Model,
    sources: &Sources,
    shown: &dyn Fn(&str) -> String,
) -> Place {
    let text = sources.get(&model.yaml_file).map_or("", String::as_str);
    let steps = [
        Step::Key("models"),
        Step::Index(model.yaml_index),
        Step::Key("name"),
    ];
    yaml::place_of_value(&shown(&model.yaml_file), text, &steps)
}

fn find_sql(
    described: &mut Described,
    sources: &Sources,
    shown: &dyn Fn(&str) -> String,
) -> Result<(), ProjectError> {
    let mut test_names = BTreeMap::new();
    for path in sources
        .keys()
        .filter(|path| path.starts_with("sql/") && path.ends_with(".sql"))
    {
        let parts: Vec<&str> = path.trim_end_matches(".sql").split('/').collect();
        match parts.as_slice() {
            ["sql", "macros", ..] => described.macros.push(path.clone()),
            // Queries with bound values, rendered when a question is asked.
            ["sql", "recall", _] => {}
            ["sql", "tests", .., name] => {
                if let Some(first) = test_names.insert(*name, path) {
                    return Err(ProjectError::Duplicate {
                        place: Place::whole(shown(path)),
                        what: "test",
                        name: (*name).to_owned(),
                        first: Box::new(Place::whole(shown(first))),
                    });
                }
                described.tests.push(SqlTest {
                    name: (*name).to_owned(),
                    path: path.clone(),
                });
            }
            ["sql", stage, name] => {
                let is_known = described.models.values().any(|model| model.path == *path);
                if !is_known {
                    return Err(ProjectError::OrphanSql {
                        place: Place::whole(shown(path)),
                        fix: orphan_fix(described, stage, name, shown),
                    });
                }
            }
            _ => {
                return Err(ProjectError::OrphanSql {
                    place: Place::whole(shown(path)),
                    fix: "a model's SQL is sql/<stage>/<name>.sql: move it there".to_owned(),
                });
            }
        }
    }
    Ok(())
}

fn orphan_fix(
    described: &Described,
    stage: &str,
    name: &str,
    shown: &dyn Fn(&str) -> String,
) -> String {
    let same_stage = described
        .models
        .values()
        .filter(|model| model.stage == *stage);
    let nearest = suggest::closest(name, same_stage.map(|model| model.name.as_str()));
    let meant = nearest.map_or(String::new(), |nearest| {
        format!(" (did you mean '{nearest}'?)")
    });
    match described.stages.iter().find(|known| known.name == *stage) {
        Some(known) => format!(
            "add `- name: {name}` to the models of {}{meant}",
            shown(&known.file)
        ),
        None => format!(
            "write {} with `stage: {stage}` and `- name: {name}` under `models:`",
            shown(&format!("pipeline/{stage}.yaml"))
        ),
    }
}

/// Checks what the YAML alone says about a model; the renderer checks again with the inline `config(…)`.
/// Not at load time: what is missing here may stand in the SQL.
pub(super) fn resolve(model: &Model, inline: Option<&ConfigPatch>) -> Result<ModelConfig, String> {
    ModelConfig::resolve(model.name.as_str(), &model.stage, &model.config, inline)
}
