//! The settings: where and how codex runs. They never change a result; parameters do.
//!
//! A new setting is a field of [`Settings`] and a line in `config/default.yaml`; files, environment, checks
//! and suggestions follow from these.

use std::fmt;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, de};

/// The effective settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Path of the DuckDB file, absolute once loaded.
    #[serde(deserialize_with = "null_is_empty")]
    pub database: PathBuf,
    /// How much memory DuckDB may use.
    pub memory_limit: MemoryLimit,
    /// How many threads DuckDB may use.
    pub threads: Threads,
    /// Time zone of new minds.
    pub time_zone: TimeZone,
    /// Seconds to wait for another owner of the file.
    pub lock_timeout: u32,
    /// What reads memories.
    pub enrichment: Enrichment,
    /// What tells how near meanings are.
    pub embeddings: Embeddings,
    /// Directory of local embedding models, absolute once loaded.
    #[serde(deserialize_with = "null_is_empty")]
    pub models: PathBuf,
    /// The local embedding model: a directory in `models`.
    pub local_model: String,
    /// The Ollama server and its models.
    pub ollama: OllamaSettings,
    /// Memories a daemon's tick gives to the model at most.
    pub enrich_per_tick: u32,
    /// Requests to the model a day, UTC.
    pub enrich_per_day: u32,
}

/// What reads memories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Enrichment {
    /// Rules alone.
    Rules,
    /// Ollama; rules meanwhile. A server that does not answer is an error of `codex enrich`.
    Ollama,
    /// Ollama where it answers and has the model.
    Auto,
}

/// What tells how near meanings are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Embeddings {
    /// Ollama where it answers and has the model, else a local model where there is one, else none.
    Auto,
    /// Ollama's embedding model.
    Ollama,
    /// The local model.
    Local,
    /// Nothing: words alone.
    None,
}

/// The Ollama server and its models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OllamaSettings {
    /// Where it listens, http or https.
    pub url: String,
    /// The model that reads memories.
    pub model: String,
    /// The one that describes episodes; none: `model`.
    pub episode_model: Option<String>,
    /// The one that describes columns of long-term memory; none: `model`.
    pub cluster_model: Option<String>,
    /// The one that says insights in a sentence; none: `model`.
    pub insight_model: Option<String>,
    /// The model that embeds texts.
    pub embedding_model: String,
    /// Seconds for an answer, loading the model included; at least 1.
    pub timeout: NonZeroU32,
    /// Seconds to reach the server; at least 1.
    pub connect_timeout: NonZeroU32,
    /// How long the server keeps a model loaded: `5m`, `30s`, `1h`, 0, -1 for ever.
    pub keep_alive: KeepAlive,
    /// Requests at once; at least 1.
    pub in_flight: NonZeroU32,
    /// Texts of one embedding request; at least 1.
    pub batch: NonZeroU32,
}

/// How long a model stays loaded: a number with `s`, `m` or `h`, seconds without a unit, or -1 for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeepAlive(String);

impl KeepAlive {
    /// The text as Ollama takes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for KeepAlive {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<KeepAlive, D::Error> {
        let text = match serde_yaml::Value::deserialize(deserializer)? {
            serde_yaml::Value::String(text) => text,
            serde_yaml::Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        let digits = text.trim_end_matches(['s', 'm', 'h']);
        if text.len() - digits.len() <= 1 && digits.parse::<i32>().is_ok_and(|n| n >= -1) {
            return Ok(KeepAlive(text));
        }
        Err(de::Error::custom(format!(
            "'{text}' is no duration; write for example 5m, 30s, 0 or -1"
        )))
    }
}

/// A number of threads, at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Threads(u32);

impl Threads {
    /// So many threads.
    pub fn new(number: NonZeroU32) -> Threads {
        Threads(number.get())
    }

    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Threads {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Threads, D::Error> {
        match u32::deserialize(deserializer)? {
            0 => Err(de::Error::custom("must be at least 1")),
            threads => Ok(Threads(threads)),
        }
    }
}

/// An amount of memory as DuckDB writes it, for example `2GB` or `512MiB`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemoryLimit(String);

impl MemoryLimit {
    /// The text for `SET memory_limit`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for MemoryLimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<MemoryLimit, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = text[digits.len()..].to_ascii_uppercase();
        let number = digits.trim().parse::<f64>().unwrap_or(0.0);
        let known = ["KB", "MB", "GB", "TB", "KIB", "MIB", "GIB", "TIB"];
        if number > 0.0 && number.is_finite() && known.contains(&unit.as_str()) {
            Ok(MemoryLimit(text))
        } else {
            Err(de::Error::custom(format!(
                "'{text}' is no amount of memory; write for example 2GB or 512MB"
            )))
        }
    }
}

/// An IANA time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeZone(pub chrono_tz::Tz);

impl<'de> Deserialize<'de> for TimeZone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<TimeZone, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(TimeZone).map_err(|_| {
            let known = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
            let hint = super::suggest::closest(&text, known)
                .map_or("write for example Europe/Berlin".to_owned(), |zone| {
                    format!("did you mean '{zone}'?")
                });
            de::Error::custom(format!("'{text}' is no IANA time zone; {hint}"))
        })
    }
}

impl Serialize for TimeZone {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

fn null_is_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    Ok(Option::<PathBuf>::deserialize(deserializer)?.unwrap_or_default())
}

/// Makes a path absolute: `~/` is the home directory, anything else relative is relative to `base`.
pub(super) fn absolute(path: &Path, base: &Path, home: Option<&Path>) -> PathBuf {
    if let (Ok(rest), Some(home)) = (path.strip_prefix("~"), home) {
        return home.join(rest);
    }
    let joined = base.join(path);
    std::path::absolute(&joined).unwrap_or(joined)
}
