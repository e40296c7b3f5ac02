//! Which memories a question may bring up, and what an answer holds beside them.

use super::score::Score;
use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Which memories may come up; all of what is named has to be so.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Made then or later, UTC.
    pub since: Option<NaiveDateTime>,
    /// Made before, UTC.
    pub until: Option<NaiveDateTime>,
    /// In this state: `pending`, `short_term`, `long_term`, `forgotten` …
    pub tier: Option<String>,
    /// Of this session.
    pub session: Option<String>,
    /// Filed as of this kind.
    pub kind: Option<String>,
    /// Said by this speaker.
    pub speaker: Option<String>,
    /// With these values in their metadata.
    #[serde(rename = "where")]
    pub fields: BTreeMap<String, String>,
    /// At least this strong at the moment of asking, 0..1.
    pub min_strength: Option<Score>,
    /// This one alone.
    pub id: Option<i64>,
}

impl Filter {
    /// Whether every memory passes.
    pub fn is_empty(&self) -> bool {
        *self == Filter::default()
    }

    /// As `sql/recall/allowed.sql` takes it.
    pub(super) fn as_json(&self) -> Value {
        let time =
            |at: Option<NaiveDateTime>| at.map(|at| at.format("%Y-%m-%d %H:%M:%S%.6f").to_string());
        let fields: Vec<Value> = self
            .fields
            .iter()
            .map(|(key, value)| json!({"path": format!("$.\"{}\"", key.replace('"', "")), "value": value}))
            .collect();
        json!({"since": time(self.since), "until": time(self.until), "tier": self.tier, "session": self.session, "kind": self.kind,
            "speaker": self.speaker, "fields": fields, "min_strength": self.min_strength, "id": self.id})
    }
}

/// What is done with the memories that came up.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Presentation {
    /// How much what is like a better result steps back, 0..1; the order alone changes.
    pub diversity: Score,
    /// So many neighbours in their session come with each result, before and after.
    pub expand: usize,
    /// What comes to mind with the results, along associations, each with its path.
    pub associative: bool,
    /// No more than so many tokens of four characters.
    pub max_tokens: Option<usize>,
    /// Why this memory is not among the results.
    pub why_not: Option<i64>,
}
