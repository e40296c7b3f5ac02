//! What the memories say that nobody asked for: themes, bridges, open loops, changes of mind, contradictions. → memory, warehouse
//!
//! The questions are models (`sql/insight/`); this module renders them for a period, runs them and puts the evidence's words
//! beside its ids. Every one returns `mind_id, kind, title, confidence, evidence, details`.

use crate::clock;
use crate::error::{Error, Result};
use crate::memory::MindId;
use chrono::NaiveDateTime;
use duckdb::Connection;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The models that are questions, by file name.
pub const MODELS: [&str; 8] = [
    "recurring_themes",
    "growing_associations",
    "fading_associations",
    "bridges",
    "open_loops",
    "emotional_arcs",
    "changed_minds",
    "contradictions",
];

/// The time an insight is about: memories from `since` to `as_of`, UTC. Templates call them `since` and `as_of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// Its beginning.
    pub since: NaiveDateTime,
    /// Its end, and the clock: nothing later is looked at.
    pub as_of: NaiveDateTime,
}

/// Something the memories say, with what it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Insight {
    /// The name of the mind it is about.
    pub mind: String,
    /// recurring_theme, growing_association, fading_association, bridge, open_loop, emotional_arc, changed_mind,
    /// contradiction.
    pub kind: String,
    /// A sentence for a person.
    pub title: String,
    /// The same as a language model says it, where one has been asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentence: Option<String>,
    /// 0..1, in thousandths; the formula is in the header of the model's SQL.
    pub confidence: f64,
    /// The raw memories it leads back to, at most ten, in the order that tells it.
    pub evidence: Vec<Evidence>,
    /// What was measured.
    pub details: serde_json::Value,
}

/// A raw memory an insight rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Its arrival number.
    pub id: i64,
    /// The id it came with.
    pub key: String,
    /// Event time, UTC.
    #[serde(with = "clock::utc")]
    pub created_at: NaiveDateTime,
    /// Its most telling sentence.
    pub gist: String,
}

/// The insights of a period over all minds or one, the surest first, then by kind and title.
///
/// `render` gives the SQL of a model for the period.
///
/// # Errors
/// What `render` returns; failed, naming the model, when its SQL fails or is not of the common shape.
pub fn insights(
    conn: &Connection,
    render: &dyn Fn(&str, &Period) -> Result<String>,
    period: Period,
    mind: Option<MindId>,
) -> Result<Vec<Insight>> {
    insights_of(conn, &MODELS, render, period, mind)
}

/// The same, of some [`MODELS`] only.
///
/// # Errors
/// As [`insights`].
pub fn insights_of(
    conn: &Connection,
    models: &[&str],
    render: &dyn Fn(&str, &Period) -> Result<String>,
    period: Period,
    mind: Option<MindId>,
) -> Result<Vec<Insight>> {
    let mut found = Vec::new();
    for model in models {
        let sql = render(model, &period)?;
        found.extend(ask(conn, &sql, mind).map_err(|e| e.context(format!("insight {model}")))?);
    }
    let memories = evidence(conn, found.iter().flat_map(|f| &f.evidence))?;
    let mut insights: Vec<(i32, Insight)> = found
        .into_iter()
        .map(|f| (f.thousandths, f.with(&memories)))
        .collect();
    insights.sort_by(|(a, x), (b, y)| {
        b.cmp(a)
            .then_with(|| (&x.kind, &x.title, &x.mind).cmp(&(&y.kind, &y.title, &y.mind)))
    });
    Ok(insights.into_iter().map(|(_, insight)| insight).collect())
}

/// An insight as a model returns it.
struct Found {
    mind: String,
    kind: String,
    title: String,
    thousandths: i32,
    evidence: Vec<i64>,
    details: serde_json::Value,
}

impl Found {
    fn with(self, memories: &BTreeMap<i64, Evidence>) -> Insight {
        Insight {
            mind: self.mind,
            kind: self.kind,
            title: self.title,
            sentence: None,
            confidence: f64::from(self.thousandths) / 1000.0,
            evidence: self
                .evidence
                .iter()
                .filter_map(|id| memories.get(id).cloned())
                .collect(),
            details: self.details,
        }
    }
}

fn ask(conn: &Connection, sql: &str, mind: Option<MindId>) -> Result<Vec<Found>> {
    let only = mind.map_or(String::new(), |mind| {
        format!("WHERE i.mind_id = '{mind}'::UUID")
    });
    let mut statement = conn.prepare(&format!(
        "SELECT m.name, i.kind, i.title, (i.confidence * 1000)::INTEGER, to_json(i.evidence)::VARCHAR, i.details::VARCHAR
         FROM (\n{sql}\n) i JOIN raw.minds m ON m.mind_id = i.mind_id {only}"
    ))?;
    let rows = statement.query_map([], |r| {
        Ok((
            Found {
                mind: r.get(0)?,
                kind: r.get(1)?,
                title: r.get(2)?,
                thousandths: r.get(3)?,
                evidence: Vec::new(),
                details: serde_json::Value::Null,
            },
            r.get::<_, String>(4)?,
            r.get::<_, String>(5)?,
        ))
    })?;
    rows.map(|row| {
        let (found, evidence, details) = row?;
        let evidence = serde_json::from_str(&evidence)
            .map_err(|e| Error::failed(format!("its evidence is not a list of ids: {e}")))?;
        let details = serde_json::from_str(&details)
            .map_err(|e| Error::failed(format!("its details are not JSON: {e}")))?;
        Ok(Found {
            evidence,
            details,
            ..found
        })
    })
    .collect()
}

/// The memories with these ids.
fn evidence<'a>(
    conn: &Connection,
    ids: impl Iterator<Item = &'a i64>,
) -> Result<BTreeMap<i64, Evidence>> {
    let ids: BTreeSet<i64> = ids.copied().collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let list = ids
        .iter()
        .map(i64::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    let mut statement = conn.prepare(&format!(
        "SELECT l.memory_id, m.key, l.created_at, l.gist
         FROM insight.live_memories l JOIN raw.memories m ON m.memory_id = l.memory_id
         WHERE l.memory_id IN ({list})"
    ))?;
    let rows = statement.query_map([], |r| {
        Ok(Evidence {
            id: r.get(0)?,
            key: r.get(1)?,
            created_at: r.get(2)?,
            gist: r.get(3)?,
        })
    })?;
    rows.map(|row| {
        let memory = row?;
        Ok((memory.id, memory))
    })
    .collect()
}
