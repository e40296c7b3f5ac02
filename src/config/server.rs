//! How the daemon answers over HTTP.

use super::settings::{MemoryLimit, Secret};
use serde::{Deserialize, Deserializer, Serialize};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

/// How the daemon answers over HTTP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    /// Whether it does.
    pub enabled: bool,
    /// Where.
    pub listen: SocketAddr,
    /// Whether a proxy in front speaks TLS.
    pub behind_proxy: bool,
    /// Names it is called by beyond loopback.
    #[serde(deserialize_with = "names")]
    pub hosts: Vec<String>,
    /// Origins whose pages may ask.
    #[serde(deserialize_with = "names")]
    pub origins: Vec<String>,
    /// Whether `GET /query` asks one mind without a key, on loopback.
    pub open_reads: bool,
    /// That mind.
    pub open_mind: String,
    /// A key that may everything.
    pub admin_key: Option<Secret>,
    /// A file that holds one.
    pub admin_key_file: Option<PathBuf>,
    /// The largest body of a request.
    pub body_limit: MemoryLimit,
    /// Seconds it may take to arrive.
    pub body_timeout: NonZeroU32,
    /// Connections at once.
    pub max_connections: NonZeroU32,
}

impl ServerSettings {
    /// The administrator's key that environment or file bring.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn first_key(&self) -> Result<Option<String>, super::ConfigError> {
        if let Some(key) = &self.admin_key {
            return Ok(Some(key.reveal().to_owned()));
        }
        let Some(path) = &self.admin_key_file else {
            return Ok(None);
        };
        let text =
            std::fs::read_to_string(path).map_err(|source| super::ConfigError::Unreadable {
                path: path.clone(),
                source,
            })?;
        Ok(Some(text.trim().to_owned()))
    }
}

/// Names as a list, or as one text with commas between them, as an environment variable has it.
fn names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Names {
        List(Vec<String>),
        Text(String),
    }
    let all = match Names::deserialize(deserializer)? {
        Names::List(all) => all,
        Names::Text(text) => text.split(',').map(|name| name.trim().to_owned()).collect(),
    };
    Ok(all.into_iter().filter(|name| !name.is_empty()).collect())
}
