//! The settings of embedding and language models.

use serde::{Deserialize, Deserializer, Serialize, de};
use std::num::NonZeroU32;

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
    /// Seconds for the vector of a question, which is answered by words alone after them; at least 1.
    pub question_timeout: NonZeroU32,
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
