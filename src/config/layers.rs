//! Lays the settings of one layer over those below it.

use std::path::{Path, PathBuf};

use serde_yaml::{Mapping, Value as Yaml};

use super::error::ConfigError;
use super::place::Place;
use super::settings::Settings;
use super::suggest;
use super::value::describe;
use super::yaml::{self, Step, YamlError};

/// The settings while layers are laid on each other. `default.yaml` names all that exist; they may be nested.
pub(super) struct SettingLayers {
    merged: Mapping,
    settings: Settings,
    /// What a relative path of the database is relative to.
    pub(super) base: PathBuf,
}

impl SettingLayers {
    /// Starts with the defaults.
    pub(super) fn new(
        file: &str,
        text: &str,
        defaults: Mapping,
    ) -> Result<SettingLayers, ConfigError> {
        let settings = read(&defaults).map_err(|message| {
            ConfigError::Malformed(YamlError {
                place: yaml::place_of_key(file, text, &[Step::Key("settings")]),
                message: format!("settings: {message}"),
            })
        })?;
        Ok(SettingLayers {
            merged: defaults,
            settings,
            base: PathBuf::new(),
        })
    }

    /// Lays the `settings:` of a file on top.
    pub(super) fn file(
        &mut self,
        file: &str,
        text: &str,
        layer: &Mapping,
    ) -> Result<(), ConfigError> {
        let base = Path::new(file).parent().unwrap_or(Path::new(""));
        self.mapping(file, text, base, &mut vec!["settings".to_owned()], layer)
    }

    fn mapping(
        &mut self,
        file: &str,
        text: &str,
        base: &Path,
        path: &mut Vec<String>,
        layer: &Mapping,
    ) -> Result<(), ConfigError> {
        for (key, value) in layer {
            path.push(key.as_str().map_or_else(|| describe(key), str::to_owned));
            let steps: Vec<Step<'_>> = path.iter().map(|name| Step::Key(name)).collect();
            let names = path[1..].to_vec();
            match (self.find(&names), value) {
                (None, _) => {
                    return Err(self.unknown(&names, yaml::place_of_key(file, text, &steps)));
                }
                (Some(Yaml::Mapping(_)), Yaml::Mapping(inner)) => {
                    self.mapping(file, text, base, path, inner)?;
                }
                _ => self.set(&names, value.clone(), base).map_err(|message| {
                    ConfigError::BadSetting {
                        place: yaml::place_of_value(file, text, &steps),
                        name: names.join("."),
                        message,
                    }
                })?,
            }
            path.pop();
        }
        Ok(())
    }

    /// Lays one text on top, from the environment or the command line.
    pub(super) fn text(
        &mut self,
        names: &[String],
        text: &str,
        place: Place,
    ) -> Result<(), ConfigError> {
        let base = PathBuf::new();
        // An address is no YAML: what looks like a comment in it may be its password.
        let yaml = match names.last().map(String::as_str) {
            Some("url" | "admin_key") => Yaml::String(text.to_owned()),
            _ => serde_yaml::from_str(text).unwrap_or_else(|_| Yaml::String(text.to_owned())),
        };
        let tried = self.set(names, yaml, &base);
        // What looks like a number may be meant as a text.
        let tried = match tried {
            Err(message) => self
                .set(names, Yaml::String(text.to_owned()), &base)
                .map_err(|_| message),
            ok => ok,
        };
        tried.map_err(|message| ConfigError::BadSetting {
            place,
            name: names.join("."),
            message,
        })
    }

    /// The names of all settings, each as its way down from `settings`.
    pub(super) fn leaves(&self) -> Vec<Vec<String>> {
        fn descend(mapping: &Mapping, way: &mut Vec<String>, leaves: &mut Vec<Vec<String>>) {
            for (key, value) in mapping {
                way.push(key.as_str().unwrap_or_default().to_owned());
                match value {
                    Yaml::Mapping(inner) => descend(inner, way, leaves),
                    _ => leaves.push(way.clone()),
                }
                way.pop();
            }
        }
        let mut leaves = Vec::new();
        descend(&self.merged, &mut Vec::new(), &mut leaves);
        leaves
    }

    /// The effective settings.
    pub(super) fn finish(self) -> (Settings, PathBuf) {
        (self.settings, self.base)
    }

    fn find(&self, names: &[String]) -> Option<&Yaml> {
        let (first, rest) = names.split_first()?;
        rest.iter()
            .try_fold(self.merged.get(first.as_str())?, |value, name| {
                value.as_mapping()?.get(name.as_str())
            })
    }

    fn set(&mut self, names: &[String], value: Yaml, base: &Path) -> Result<(), String> {
        let mut merged = self.merged.clone();
        let mut slot = &mut merged;
        for name in &names[..names.len() - 1] {
            slot = slot
                .get_mut(name.as_str())
                .and_then(Yaml::as_mapping_mut)
                .ok_or("no such setting")?;
        }
        let last = names[names.len() - 1].as_str();
        slot.insert(last.into(), value);
        self.settings = read(&merged)?;
        self.merged = merged;
        if names == ["database"] {
            self.base = base.to_owned();
        }
        Ok(())
    }

    fn unknown(&self, names: &[String], place: Place) -> ConfigError {
        let name = names.join(".");
        let leaves: Vec<String> = self.leaves().iter().map(|leaf| leaf.join(".")).collect();
        ConfigError::Unknown {
            place,
            what: "setting",
            hint: suggest::hint(&name, leaves.iter().map(String::as_str)),
            name,
        }
    }
}

fn read(mapping: &Mapping) -> Result<Settings, String> {
    serde_yaml::from_value(Yaml::Mapping(mapping.clone())).map_err(|error| {
        let message = yaml::explain("", &error).message;
        // The name is said already.
        match message.split_once(": ") {
            Some((name, rest)) if !name.contains(' ') => rest.to_owned(),
            _ => message,
        }
    })
}
