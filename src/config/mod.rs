//! Settings and parameters, from defaults, a file, the environment and `--vars`. Depends on nothing of ours.
//!
//! Later layers win: `config/default.yaml` in the binary, the same file of an edited project, the user's file
//! (`--config`, else `$CODEX_CONFIG`, else `config/codex.yaml` of the project, else `codex/codex.yaml` in
//! `$XDG_CONFIG_HOME`), `.env`, the environment (`CODEX_<NAME>`, and `DUCKDB_PATH`, `POSTGRES_DB_URL`,
//! `MAX_DB_CONNECTIONS`), then `--vars` and `--db`.

mod conninfo;
mod digest;
mod error;
mod layers;
mod models;
mod parameters;
mod pgpass;
mod place;
mod postgres;
mod server;
mod settings;
pub mod suggest;
mod value;
pub mod yaml;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_yaml::Mapping;

pub use digest::{Digests, differing};
pub use error::ConfigError;
pub use models::{Embeddings, Enrichment, KeepAlive, OllamaSettings};
pub use parameters::{Declaration, Origin, Parameter, Parameters};
pub use place::{Place, Position};
pub use postgres::{PgEnvironment, PostgresAddress, SslMode};
pub use server::ServerSettings;
pub use settings::{
    DaemonSettings, LogLevel, MemoryLimit, PostgresSettings, Secret, Settings, Threads, TimeZone,
};
pub use value::{Kind, Value, describe};
pub use yaml::YamlError;

use layers::SettingLayers;

/// The text of `config/default.yaml`, as built into the binary.
pub const DEFAULT_YAML: &str = include_str!("../../config/default.yaml");
const DEFAULT_FILE: &str = "config/default.yaml";

/// Where to look for configuration. The default looks nowhere but in the binary, as tests want it.
#[derive(Debug, Clone, Default)]
pub struct ConfigSources {
    /// `--config FILE`.
    pub file: Option<PathBuf>,
    /// `--project-dir DIR`.
    pub project_dir: Option<PathBuf>,
    /// `--vars`: a YAML or JSON mapping, or `@file`.
    pub vars: Option<String>,
    /// `--db PATH`.
    pub database: Option<PathBuf>,
    /// The environment variables.
    pub environment: BTreeMap<String, String>,
    /// Environment variables whose values are not UTF-8.
    pub not_text: Vec<String>,
}

impl ConfigSources {
    /// Sources with the environment of this process.
    pub fn from_process() -> ConfigSources {
        let mut sources = ConfigSources::default();
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else {
                continue;
            };
            match value.into_string() {
                Ok(value) => {
                    sources.environment.insert(name, value);
                }
                Err(_) => sources.not_text.push(name),
            }
        }
        sources
    }

    /// Adds what the environment does not say from a `.env` file; no such file is fine. Returns whether there was one.
    /// It may be another program's: a line that is no `NAME=value` is passed over unless it names something of codex's.
    ///
    /// # Errors
    /// A file that cannot be read, or a line in it that sets a name of codex's and is no `NAME=value`.
    pub fn read_env_file(&mut self, path: &Path) -> Result<bool, ConfigError> {
        let text = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(source) => {
                return Err(ConfigError::Unreadable {
                    path: path.to_owned(),
                    source,
                });
            }
        };
        for (name, value) in read_pairs(path, &text)? {
            self.environment.entry(name).or_insert(value);
        }
        Ok(true)
    }

    /// The environment variables that say something about codex: `CODEX_…`, PostgreSQL's `PG…`, and the names people know.
    pub fn variables(&self) -> BTreeMap<&str, &str> {
        self.environment
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .filter(|(name, value)| is_ours(name) && !value.is_empty())
            .collect()
    }

    /// What an address of PostgreSQL may leave to its surroundings.
    fn surroundings(&self) -> PgEnvironment {
        PgEnvironment {
            environment: self
                .environment
                .iter()
                .filter(|(name, value)| name.starts_with("PG") && !value.is_empty())
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            home: self.home(),
            user: self
                .variable("USER")
                .or_else(|| self.variable("LOGNAME"))
                .map(str::to_owned),
        }
    }

    /// An environment variable; an empty one counts as not set.
    fn variable(&self, name: &str) -> Option<&str> {
        self.environment
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    fn home(&self) -> Option<PathBuf> {
        self.variable("HOME").map(PathBuf::from)
    }

    /// The user's file: the first of the four places that is named or exists.
    fn user_file(&self) -> Option<PathBuf> {
        if let Some(file) = &self.file {
            return Some(file.clone());
        }
        if let Some(file) = self.variable("CODEX_CONFIG") {
            return Some(PathBuf::from(file));
        }
        let project = self
            .project_dir
            .as_ref()
            .map(|dir| dir.join("config/codex.yaml"));
        let user = self
            .variable("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .or_else(|| self.home().map(|home| home.join(".config")))
            .map(|dir| dir.join("codex/codex.yaml"));
        [project, user]
            .into_iter()
            .flatten()
            .find(|file| file.exists())
    }

    /// Where the database is when nothing says so.
    fn default_database(&self) -> Option<PathBuf> {
        self.data_home().map(|dir| dir.join("codex/memory.duckdb"))
    }

    fn data_home(&self) -> Option<PathBuf> {
        self.variable("XDG_DATA_HOME")
            .map(PathBuf::from)
            .or_else(|| self.home().map(|home| home.join(".local/share")))
    }
}

/// The effective configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Where and how codex runs.
    pub settings: Settings,
    /// How memory works.
    pub parameters: Parameters,
    /// Where PostgreSQL is, with its password; none where no URL is given.
    pub postgres: Option<PostgresAddress>,
    /// Things worth a line on stderr, for example an environment variable that looks like a slip.
    pub warnings: Vec<String>,
}

/// A file of settings and parameters.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Layer {
    #[serde(default)]
    settings: Option<Mapping>,
    #[serde(default)]
    parameters: Option<Mapping>,
}

impl Layer {
    fn parse(file: &str, text: &str) -> Result<Layer, YamlError> {
        Ok(yaml::parse::<Option<Layer>>(file, text)?.unwrap_or_default())
    }
}

/// The parameters as `config/default.yaml` has them.
pub(crate) fn default_parameters() -> Parameters {
    let mut parameters = Parameters::default();
    if let Ok(layer) = Layer::parse(DEFAULT_FILE, DEFAULT_YAML) {
        let entries = layer.parameters.unwrap_or_default();
        // A test reads the file; it cannot be wrong in a binary.
        let _ = parameters.declare(DEFAULT_FILE, DEFAULT_YAML, &entries);
    }
    parameters
}

impl Config {
    /// Loads all layers and checks every name and value.
    pub fn load(sources: &ConfigSources) -> Result<Config, ConfigError> {
        if let Some(name) = sources.not_text.iter().find(|name| is_ours(name)) {
            let name = name.clone();
            return Err(ConfigError::NotText { name });
        }
        let defaults = Layer::parse(DEFAULT_FILE, DEFAULT_YAML)?;
        let mut settings = SettingLayers::new(
            DEFAULT_FILE,
            DEFAULT_YAML,
            defaults.settings.unwrap_or_default(),
        )?;
        let mut parameters = Parameters::default();
        parameters.declare(
            DEFAULT_FILE,
            DEFAULT_YAML,
            &defaults.parameters.unwrap_or_default(),
        )?;

        if let Some(path) = sources
            .project_dir
            .as_ref()
            .map(|dir| dir.join(DEFAULT_FILE))
            && path.exists()
        {
            let (file, text) = read(&path)?;
            let layer = Layer::parse(&file, &text)?;
            settings.file(&file, &text, &layer.settings.unwrap_or_default())?;
            parameters.declare(&file, &text, &layer.parameters.unwrap_or_default())?;
        }
        if let Some(path) = sources.user_file() {
            let (file, text) = read(&path)?;
            let layer = Layer::parse(&file, &text)?;
            settings.file(&file, &text, &layer.settings.unwrap_or_default())?;
            let values = layer.parameters.unwrap_or_default();
            set_all(
                &mut parameters,
                &file,
                &text,
                &["parameters"],
                &values,
                |file| Origin::File(file.to_owned()),
            )?;
        }
        let mut warnings = environment(sources, &mut settings, &mut parameters)?;
        if let Some(vars) = &sources.vars {
            let (file, text) = match vars.strip_prefix('@') {
                Some(path) => read(Path::new(path))?,
                None => ("--vars".to_owned(), vars.clone()),
            };
            let values = yaml::parse::<Option<Mapping>>(&file, &text)?.unwrap_or_default();
            set_all(&mut parameters, &file, &text, &[], &values, |_| {
                Origin::Vars
            })?;
        }

        let (mut settings, base) = settings.finish();
        let home = sources.home();
        settings.database = match (&sources.database, settings.database.as_os_str().is_empty()) {
            (Some(path), _) => settings::absolute(path, Path::new(""), home.as_deref()),
            (None, false) => settings::absolute(&settings.database, &base, home.as_deref()),
            (None, true) => sources
                .default_database()
                .ok_or(ConfigError::NoDataDirectory)?,
        };
        settings.models = match settings.models.as_os_str().is_empty() {
            true => sources.data_home().unwrap_or_default().join("codex/models"),
            false => settings::absolute(&settings.models, Path::new(""), home.as_deref()),
        };
        if !settings.extension_directory.as_os_str().is_empty() {
            settings.extension_directory =
                settings::absolute(&settings.extension_directory, &base, home.as_deref());
        }
        let postgres = match &settings.postgres.url {
            Some(url) => {
                let address = PostgresAddress::parse(url.reveal(), &sources.surroundings())
                    .map_err(|message| ConfigError::BadSetting {
                        place: Place::whole("the address of PostgreSQL"),
                        name: "postgres.url".to_owned(),
                        message,
                    })?;
                warnings.extend(address.warning.clone());
                Some(address)
            }
            None => None,
        };
        Ok(Config {
            settings,
            parameters,
            postgres,
            warnings,
        })
    }
}

fn read(path: &Path) -> Result<(String, String), ConfigError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok((path.display().to_string(), text)),
        Err(source) => Err(ConfigError::Unreadable {
            path: path.to_owned(),
            source,
        }),
    }
}

/// What to say of a `.env` file; never the line itself, which may hold a password.
/// Whether an environment variable says something about codex.
fn is_ours(name: &str) -> bool {
    let known = KNOWN_NAMES.iter().any(|(known, _)| *known == name);
    known || ["CODEX_", "PG"].iter().any(|start| name.starts_with(start))
}

/// The pairs of a `.env` file. Where it is not all pairs, each line is read by itself, and those that name nothing of codex's are
/// passed over.
fn read_pairs(path: &Path, text: &[u8]) -> Result<Vec<(String, String)>, ConfigError> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    if let Ok(pairs) = dotenvy::from_read_iter(text).collect::<Result<Vec<_>, _>>() {
        return Ok(pairs);
    }
    let mut pairs = Vec::new();
    for (i, line) in text.split(|byte| *byte == b'\n').enumerate() {
        match dotenvy::from_read_iter(line).next() {
            None => {}
            Some(Ok(pair)) => pairs.push(pair),
            Some(Err(_)) => {
                let line = String::from_utf8_lossy(line);
                let name = line.trim_start().trim_start_matches("export ");
                let is_end = |c: char| c == '=' || c.is_whitespace();
                let name = name.split(is_end).next().unwrap_or_default();
                if is_ours(name) {
                    let place = Place::at(path.display().to_string(), i + 1, 1);
                    let message =
                        "this line is no NAME=value; put quotes around values with spaces or #";
                    return Err(ConfigError::Malformed(YamlError {
                        place,
                        message: message.to_owned(),
                    }));
                }
            }
        }
    }
    Ok(pairs)
}

/// Sets every `name: value` of a mapping that stands at `above` in a file.
fn set_all(
    parameters: &mut Parameters,
    file: &str,
    text: &str,
    above: &[&str],
    values: &Mapping,
    origin: impl Fn(&str) -> Origin,
) -> Result<(), ConfigError> {
    for (key, value) in values {
        let name = key.as_str().map_or_else(|| describe(key), str::to_owned);
        let known = parameters.get(&name).is_some();
        parameters.set(&name, value, origin(file), || {
            let steps: Vec<yaml::Step<'_>> = above
                .iter()
                .copied()
                .chain([name.as_str()])
                .map(yaml::Step::Key)
                .collect();
            match known {
                true => yaml::place_of_value(file, text, &steps),
                false => yaml::place_of_key(file, text, &steps),
            }
        })?;
    }
    Ok(())
}

/// Names other than `CODEX_…` that people know, and the settings they set.
const KNOWN_NAMES: [(&str, &[&str]); 9] = [
    ("CODEX_ADMIN_KEY", &["server", "admin_key"]),
    ("CODEX_ADMIN_KEY_FILE", &["server", "admin_key_file"]),
    ("DUCKDB_PATH", &["database"]),
    ("OLLAMA_URL", &["ollama", "url"]),
    ("OLLAMA_MODEL", &["ollama", "model"]),
    ("OLLAMA_TIMEOUT", &["ollama", "timeout"]),
    ("EMBEDDING_MODEL", &["ollama", "embedding_model"]),
    ("POSTGRES_DB_URL", &["postgres", "url"]),
    ("MAX_DB_CONNECTIONS", &["postgres", "max_connections"]),
];

/// Applies `CODEX_<NAME>` and the names of [`KNOWN_NAMES`]; returns warnings about names that look like slips.
/// Other programs use `CODEX_…` too, so an unknown name is no error.
fn environment(
    sources: &ConfigSources,
    settings: &mut SettingLayers,
    parameters: &mut Parameters,
) -> Result<Vec<String>, ConfigError> {
    const OTHERS: [&str; 2] = ["CODEX_CONFIG", "CODEX_CACHE"];
    let place = |name: &str| Place::whole(format!("environment variable {name}"));
    for (name, setting) in KNOWN_NAMES {
        if let Some(text) = sources.variable(name) {
            let setting: Vec<String> = setting.iter().map(|part| (*part).to_owned()).collect();
            settings.text(&setting, text, place(name))?;
        }
    }
    let mut known: Vec<String> = OTHERS.iter().map(|name| (*name).to_owned()).collect();
    for leaf in settings.leaves() {
        let name = format!("CODEX_{}", leaf.join("_").to_uppercase());
        if let Some(text) = sources.variable(&name) {
            settings.text(&leaf, text, place(&name))?;
        }
        known.push(name);
    }
    let names: Vec<(String, Kind)> = parameters
        .iter()
        .map(|parameter| (parameter.name.clone(), parameter.declaration.kind))
        .collect();
    for (parameter, kind) in names {
        let name = format!("CODEX_{}", parameter.to_uppercase());
        if let Some(text) = sources.variable(&name) {
            let value = match kind {
                Kind::Text => serde_yaml::Value::String(text.to_owned()),
                _ => serde_yaml::from_str(text)
                    .unwrap_or_else(|_| serde_yaml::Value::String(text.to_owned())),
            };
            let origin = Origin::Environment(name.clone());
            parameters.set(&parameter, &value, origin, || place(&name))?;
        }
        known.push(name);
    }
    Ok(sources
        .environment
        .keys()
        .filter(|name| name.starts_with("CODEX_") && !known.contains(name))
        .filter_map(|name| {
            let nearest = suggest::closest(name, known.iter().map(String::as_str))?;
            Some(format!(
                "environment variable {name} is not known; did you mean {nearest}?"
            ))
        })
        .collect())
}

#[cfg(test)]
mod tests;
