//! What a project is made of.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::config::{suggest, yaml};

use super::model_config::{ConfigPatch, ModelConfig};
use super::name::{ModelName, Relation, SourceName, StageName};

/// A stage of memory: a file of `pipeline/` and a folder of `sql/`.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// Its name.
    pub name: StageName,
    /// What happens in it.
    pub description: String,
    /// The YAML file, from the project's root.
    pub file: String,
}

/// A model: one SELECT with a description.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Its name.
    pub name: ModelName,
    /// The stage it belongs to.
    pub stage: StageName,
    /// What one row is, and which finding it models.
    pub description: String,
    /// The configuration of the YAML; an inline `config(…)` wins over it.
    pub config: ConfigPatch,
    /// The columns described.
    pub columns: Vec<Column>,
    /// Tests of the model as a whole.
    pub tests: Vec<DataTest>,
    /// Its SQL file, from the project's root.
    pub path: String,
    /// The YAML file that describes it, from the project's root.
    pub yaml_file: String,
    /// Its number in the `models:` of that file, from 0.
    pub yaml_index: usize,
}

/// A described column.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    #[serde(default)]
    pub description: String,
    /// Its SQL type, where declared.
    #[serde(default)]
    pub data_type: Option<String>,
    /// Tests of its values.
    #[serde(default, alias = "data_tests")]
    pub tests: Vec<DataTest>,
}

/// A table outside the project.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceTable {
    /// Its name in `source(…)`.
    pub name: SourceName,
    /// Where it is.
    pub relation: Relation,
    /// What it holds.
    pub description: String,
    /// The columns described.
    pub columns: Vec<Column>,
}

/// A test of data in `sql/tests/`: every row it returns is a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlTest {
    /// Its name: the file's without `.sql`.
    pub name: String,
    /// Its file, from the project's root.
    pub path: String,
}

/// A test of a column or a model.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DataTest {
    /// No two rows have the same values in these columns; empty: the column the test stands at.
    Unique {
        /// The columns together.
        columns: Vec<String>,
    },
    /// No row has null in these columns; empty: the column the test stands at.
    NotNull {
        /// Each of the columns.
        columns: Vec<String>,
    },
    /// Every value that is not null exists in another relation.
    Relationships {
        /// The other relation.
        to: TestTarget,
        /// The column there.
        field: String,
    },
    /// Every value that is not null is one of these.
    AcceptedValues {
        /// The values, as SQL literals.
        values: Vec<String>,
    },
}

impl DataTest {
    /// The name of the kind of test, as in YAML.
    pub fn kind(&self) -> &'static str {
        match self {
            DataTest::Unique { .. } => "unique",
            DataTest::NotNull { .. } => "not_null",
            DataTest::Relationships { .. } => "relationships",
            DataTest::AcceptedValues { .. } => "accepted_values",
        }
    }
}

/// What a relationships test looks into: `ref('model')` or `source('raw', 'memories')`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TestTarget {
    /// A model.
    Model(ModelName),
    /// A source table.
    Source(SourceName),
}

/// A model with everything known after its SQL was read once: what selectors and the graph work on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Node {
    /// The model.
    pub name: ModelName,
    /// Its stage.
    pub stage: StageName,
    /// Its SQL file, from the project's root.
    pub path: String,
    /// Its complete configuration.
    pub config: ModelConfig,
    /// The models it refers to, by name.
    pub depends_on: Vec<ModelName>,
    /// The source tables it refers to, by name.
    pub sources: Vec<SourceName>,
}

impl Node {
    /// The relation it becomes.
    pub fn relation(&self) -> Relation {
        Relation::new(&self.config.schema, &self.config.alias)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Columns {
    columns: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Relationships {
    to: TestTarget,
    field: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AcceptedValues {
    values: Vec<serde_yaml::Value>,
}

const TESTS: [&str; 4] = ["unique", "not_null", "relationships", "accepted_values"];

impl<'de> Deserialize<'de> for DataTest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<DataTest, D::Error> {
        struct TestVisitor;
        impl<'de> de::Visitor<'de> for TestVisitor {
            type Value = DataTest;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a test: unique, not_null, relationships or accepted_values")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<DataTest, E> {
                let columns = Vec::new();
                match name {
                    "unique" => Ok(DataTest::Unique { columns }),
                    "not_null" => Ok(DataTest::NotNull { columns }),
                    "relationships" => Err(E::custom(
                        "relationships needs its target: {relationships: {to: ref('model'), field: id}}",
                    )),
                    "accepted_values" => Err(E::custom(
                        "accepted_values needs its values: {accepted_values: {values: [a, b]}}",
                    )),
                    other => Err(unknown_test(other)),
                }
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<DataTest, A::Error> {
                let Some(name) = map.next_key::<String>()? else {
                    return Err(de::Error::custom("an empty test; remove it"));
                };
                let test = match name.as_str() {
                    "unique" => DataTest::Unique {
                        columns: map.next_value::<Columns>()?.columns,
                    },
                    "not_null" => DataTest::NotNull {
                        columns: map.next_value::<Columns>()?.columns,
                    },
                    "relationships" => {
                        let Relationships { to, field } = map.next_value()?;
                        DataTest::Relationships { to, field }
                    }
                    "accepted_values" => DataTest::AcceptedValues {
                        values: map
                            .next_value::<AcceptedValues>()?
                            .values
                            .iter()
                            .map(|value| {
                                crate::config::Value::of_any_kind(value)
                                    .map(|value| value.to_sql())
                                    .map_err(|found| {
                                        de::Error::custom(format!(
                                            "{found} is no value of a column"
                                        ))
                                    })
                            })
                            .collect::<Result<_, _>>()?,
                    },
                    other => return Err(unknown_test(other)),
                };
                match map.next_key::<String>()? {
                    Some(other) => Err(de::Error::custom(format!(
                        "'{other}' after '{name}': each test is an item of its own, with a dash"
                    ))),
                    None => Ok(test),
                }
            }
        }
        deserializer.deserialize_any(TestVisitor)
    }
}

fn unknown_test<E: de::Error>(name: &str) -> E {
    E::custom(format!(
        "unknown test '{name}'; {}",
        suggest::hint(name, TESTS)
    ))
}

impl<'de> Deserialize<'de> for TestTarget {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<TestTarget, D::Error> {
        yaml::parsed_text(deserializer, |text| {
            TestTarget::parse(text).ok_or_else(|| {
                format!("'{text}' is no target; write ref('model') or source('raw', 'memories')")
            })
        })
    }
}

impl TestTarget {
    fn parse(text: &str) -> Option<TestTarget> {
        let (function, rest) = text.trim().split_once('(')?;
        let arguments: Vec<&str> = rest
            .strip_suffix(')')?
            .split(',')
            .map(|argument| argument.trim().trim_matches(['\'', '"']))
            .collect();
        match (function.trim(), arguments.as_slice()) {
            ("ref", [name] | [_, name]) => ModelName::parse(name).ok().map(TestTarget::Model),
            ("source", [source, table]) => Some(TestTarget::Source(SourceName {
                source: (*source).to_owned(),
                table: (*table).to_owned(),
            })),
            _ => None,
        }
    }
}
