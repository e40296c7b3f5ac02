//! The settings: where and how codex runs. They never change a result; parameters do.
//!
//! A new setting is a field of [`Settings`] and a line in `config/default.yaml`; files, environment, checks
//! and suggestions follow from these.

use std::fmt;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, de};

use super::models::{Embeddings, Enrichment, OllamaSettings};
use super::postgres::{PgEnvironment, PostgresAddress};
use super::server::ServerSettings;

/// The effective settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Path of the DuckDB file, absolute once loaded.
    #[serde(deserialize_with = "null_is_empty")]
    pub database: PathBuf,
    /// Whether the user's group may read what codex writes; nobody else ever may.
    pub group_readable: bool,
    /// Seconds a query of `codex sql` may take; 0 for as long as it takes.
    pub sql_timeout: u32,
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
    /// Where DuckDB's extensions are; empty for DuckDB's own place.
    #[serde(deserialize_with = "null_is_empty")]
    pub extension_directory: PathBuf,
    /// The PostgreSQL server memories come from and dreams go to.
    pub postgres: PostgresSettings,
    /// How the daemon runs.
    pub daemon: DaemonSettings,
    /// How it answers over HTTP.
    pub server: ServerSettings,
}

/// How codex deals with PostgreSQL.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresSettings {
    /// Where it is; none where there is none.
    pub url: Option<Secret>,
    /// Connections codex may hold at once, at least 1.
    pub max_connections: NonZeroU32,
    /// Seconds a tick reads again before its watermark.
    pub overlap: u32,
    /// Seconds between comparisons with the whole table.
    pub reconcile_every: u32,
    /// Seconds to wait for a connection.
    pub connect_timeout: NonZeroU32,
    /// Seconds a statement may take.
    pub statement_timeout: NonZeroU32,
    /// Whether cycles publish into the schema `dreams`.
    pub write_back: bool,
}

/// A text that may hold a password: it is never printed, and written out as the address it stands for, masked.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The text itself. Whoever prints it, prints the password.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn masked(&self) -> String {
        match PostgresAddress::parse(&self.0, &PgEnvironment::default()) {
            Ok(address) => address.to_string(),
            Err(_) => "***".to_owned(),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.masked())
    }
}

/// How the daemon runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DaemonSettings {
    /// Seconds that stopping leaves to what is running before it is interrupted.
    pub grace: u32,
    /// Seconds a rhythm's look may take before it is interrupted.
    pub deadline: u32,
    /// Resident memory from which it warns.
    pub memory_alert: MemoryLimit,
    /// Size of the store's file from which it warns.
    pub size_alert: MemoryLimit,
    /// Seconds without a question after which a local model is unloaded.
    pub unload_after: u32,
    /// Files of the log that are kept, one a day; at least 1.
    pub log_days: u32,
    /// What is logged.
    pub log_level: LogLevel,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
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

    /// In bytes.
    pub fn bytes(&self) -> u64 {
        let unit = self
            .0
            .trim_start_matches(|c: char| !c.is_ascii_alphabetic());
        let number: f64 = self.0[..self.0.len() - unit.len()]
            .trim()
            .parse()
            .unwrap_or(0.0);
        let base: f64 = if unit.len() == 3 { 1024.0 } else { 1000.0 };
        let power = match unit.as_bytes().first().map(u8::to_ascii_uppercase) {
            Some(b'K') => 1,
            Some(b'M') => 2,
            Some(b'G') => 3,
            _ => 4,
        };
        (number * base.powi(power)) as u64
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
