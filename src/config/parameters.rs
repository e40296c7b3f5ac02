//! The biological parameters: each with a unit, a range and a source, each with a value and where that came from.

use std::collections::BTreeMap;
use std::fmt;

use md5::{Digest, Md5};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use super::error::ConfigError;
use super::place::Place;
use super::suggest;
use super::value::{Kind, Value, describe};
use super::yaml::{self, Step, YamlError};

/// Where a parameter's value came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// `config/default.yaml`.
    Default,
    /// A user's file.
    File(String),
    /// An environment variable.
    Environment(String),
    /// `--vars`.
    Vars,
    /// The database: the parameters of an earlier run, for replay.
    Stored,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File(path) => write!(f, "file {path}"),
            Origin::Environment(name) => write!(f, "environment {name}"),
            Origin::Vars => f.write_str("--vars"),
            Origin::Stored => f.write_str("stored"),
        }
    }
}

/// What a parameter means and which values it may take.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Declaration {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Unit, for example `seconds`.
    pub unit: Option<String>,
    /// Smallest value allowed.
    pub min: Option<f64>,
    /// Largest value allowed.
    pub max: Option<f64>,
    /// The texts allowed; empty: any.
    pub choices: Vec<String>,
    /// The paper or the project it is taken from.
    pub source: Option<String>,
    /// What it does.
    pub description: Option<String>,
}

/// One parameter with its effective value.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// The effective value.
    pub value: Value,
    /// Where the value came from.
    pub origin: Origin,
    /// What it means.
    pub declaration: Declaration,
}

/// All parameters, in the order of `config/default.yaml`. Serializes as a mapping of names to values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parameters {
    list: Vec<Parameter>,
    index: BTreeMap<String, usize>,
}

/// How a parameter is written in `default.yaml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    value: serde_yaml::Value,
    #[serde(rename = "type")]
    kind: Kind,
    unit: Option<String>,
    min: Option<f64>,
    max: Option<f64>,
    #[serde(default)]
    choices: Vec<String>,
    source: Option<String>,
    description: Option<String>,
}

impl Parameters {
    /// The effective value of a parameter.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.parameter(name).map(|parameter| &parameter.value)
    }

    /// A parameter with everything known about it.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.index.get(name).map(|&at| &self.list[at])
    }

    /// All parameters, in file order.
    pub fn iter(&self) -> impl Iterator<Item = &Parameter> {
        self.list.iter()
    }

    /// Their names, in file order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|parameter| parameter.name.as_str())
    }

    /// Sets a value after checking it against the declaration.
    pub fn set(
        &mut self,
        name: &str,
        value: &serde_yaml::Value,
        origin: Origin,
        place: impl FnOnce() -> Place,
    ) -> Result<(), ConfigError> {
        let Some(&at) = self.index.get(name) else {
            return Err(ConfigError::Unknown {
                place: place(),
                what: "parameter",
                name: name.to_owned(),
                hint: suggest::hint(name, self.names()),
            });
        };
        let parameter = &mut self.list[at];
        parameter.value = checked(name, &parameter.declaration, value, place)?;
        parameter.origin = origin;
        Ok(())
    }

    /// Adds the declarations of a `default.yaml`, in its order; a parameter declared before is declared anew in its old place.
    pub(super) fn declare(
        &mut self,
        file: &str,
        text: &str,
        entries: &serde_yaml::Mapping,
    ) -> Result<(), ConfigError> {
        for (key, yaml) in entries {
            let bad = |name: &str, message: String| ConfigError::BadDeclaration {
                place: yaml::place_of_key(file, text, &[Step::Key("parameters"), Step::Key(name)]),
                name: name.to_owned(),
                message,
            };
            let Some(name) = key.as_str() else {
                return Err(bad("?", format!("a name is a text, not {}", describe(key))));
            };
            let entry: Entry = serde_yaml::from_value(yaml.clone())
                .map_err(|error| bad(name, yaml::explain(file, &error).message))?;
            let declaration = Declaration {
                kind: entry.kind,
                unit: entry.unit,
                min: entry.min,
                max: entry.max,
                choices: entry.choices,
                source: entry.source,
                description: entry.description,
            };
            let value = checked(name, &declaration, &entry.value, || {
                let path = [Step::Key("parameters"), Step::Key(name), Step::Key("value")];
                yaml::place_of_value(file, text, &path)
            })?;
            self.put(Parameter {
                name: name.to_owned(),
                value,
                origin: Origin::Default,
                declaration,
            });
        }
        Ok(())
    }

    /// Gives parameters that nobody has set the defaults that `text`, a mapping of names to values, says instead.
    ///
    /// # Errors
    /// Malformed YAML, or a value that is none.
    pub fn restore_defaults(&mut self, file: &str, text: &str) -> Result<(), YamlError> {
        let defaults: serde_yaml::Mapping = yaml::parse(file, text)?;
        let installed = super::default_parameters();
        for (key, yaml) in &defaults {
            let name = key.as_str().unwrap_or_default();
            let value = Value::of_any_kind(yaml).map_err(|found| YamlError {
                place: yaml::place_of_value(file, text, &[Step::Key(name)]),
                message: format!("'{name}' is {found}, not a value of a parameter"),
            })?;
            let Some(&at) = self.index.get(name) else {
                self.put(undeclared(name, value, Origin::Default));
                continue;
            };
            let parameter = &mut self.list[at];
            // What travelled to a daemon has lost where it came from; a value that is the default's counts as nobody's.
            let is_default = match parameter.origin {
                Origin::Default => true,
                Origin::Stored => {
                    installed.get(name).map(Value::to_sql) == Some(parameter.value.to_sql())
                }
                _ => false,
            };
            if is_default {
                parameter.value = value;
            }
        }
        Ok(())
    }

    fn put(&mut self, parameter: Parameter) {
        match self.index.get(&parameter.name) {
            Some(&at) => self.list[at] = parameter,
            None => {
                self.index.insert(parameter.name.clone(), self.list.len());
                self.list.push(parameter);
            }
        }
    }

    /// The effective values as one line of JSON, to be stored with their [`fingerprint`](Self::fingerprint).
    pub fn to_stored(&self) -> String {
        serde_json::to_string(self).expect("names and scalars always serialize")
    }

    /// The parameters that [`to_stored`](Self::to_stored) wrote, whatever the present version declares.
    pub fn from_stored(stored: &str) -> Result<Parameters, YamlError> {
        const FILE: &str = "stored parameters";
        // JSON is YAML, and this reader parses decimal numbers exactly.
        let mapping: serde_yaml::Mapping = yaml::parse(FILE, stored)?;
        let mut parameters = Parameters::default();
        for (key, yaml) in &mapping {
            let name = key.as_str().unwrap_or_default();
            let value = Value::of_any_kind(yaml).map_err(|found| YamlError {
                place: yaml::place_of_value(FILE, stored, &[Step::Key(name)]),
                message: format!("'{name}' is {found}, not a value of a parameter"),
            })?;
            parameters.put(undeclared(name, value, Origin::Stored));
        }
        Ok(parameters)
    }

    /// md5 (hex) over names and values sorted by name: the same for the same values in any order.
    pub fn fingerprint(&self) -> String {
        let mut hash = Md5::new();
        for (name, &at) in &self.index {
            hash.update(format!("{name}={}\n", self.list[at].value.to_sql()));
        }
        format!("{:x}", hash.finalize())
    }
}

/// A parameter of another version of codex, of which only the value is known.
fn undeclared(name: &str, value: Value, origin: Origin) -> Parameter {
    Parameter {
        name: name.to_owned(),
        origin,
        declaration: Declaration {
            kind: value.kind(),
            unit: None,
            min: None,
            max: None,
            choices: Vec::new(),
            source: None,
            description: None,
        },
        value,
    }
}

impl Serialize for Parameters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.list.len()))?;
        for parameter in &self.list {
            map.serialize_entry(&parameter.name, &parameter.value)?;
        }
        map.end()
    }
}

fn checked(
    name: &str,
    declaration: &Declaration,
    yaml: &serde_yaml::Value,
    place: impl FnOnce() -> Place,
) -> Result<Value, ConfigError> {
    let value = match Value::from_yaml(yaml, declaration.kind) {
        Ok(value) => value,
        Err(found) => {
            return Err(ConfigError::WrongType {
                place: place(),
                name: name.to_owned(),
                expected: declaration.kind,
                found,
            });
        }
    };
    if let Some(number) = value.as_f64() {
        let low = declaration.min.is_some_and(|min| number < min);
        let high = declaration.max.is_some_and(|max| number > max);
        if low || high {
            return Err(ConfigError::OutOfRange {
                place: place(),
                name: name.to_owned(),
                value: value.to_string(),
                range: range(declaration),
            });
        }
    }
    if let (Value::Text(text), false) = (&value, declaration.choices.is_empty())
        && !declaration.choices.contains(text)
    {
        return Err(ConfigError::NotAChoice {
            place: place(),
            name: name.to_owned(),
            value: text.clone(),
            choices: declaration.choices.clone(),
        });
    }
    Ok(value)
}

fn range(declaration: &Declaration) -> String {
    let range = match (declaration.min, declaration.max) {
        (Some(min), Some(max)) => format!("between {min} and {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => String::new(),
    };
    match &declaration.unit {
        Some(unit) => format!("{range} ({unit})"),
        None => range,
    }
}
