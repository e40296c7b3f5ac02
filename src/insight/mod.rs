//! What the memories say that nobody asked for. → recall, memory, warehouse
//!
//! # Layout
//!
//! * `reading`: what entries say, sentence by sentence; `kinds`: what is told of it, a file a kind; `choose`: what is shown
//! * this file: themes, associations, bridges and arcs measured in SQL (`sql/insight/`), shown where all are asked for, and the shape of all
//!
//! A model of `sql/insight/` that is a question returns `mind_id, kind, title, confidence, evidence, details`; `entries` are what is
//! read. This module renders them for a period, runs them and puts the evidence's words beside its ids.

mod choose;
mod kinds;
mod reading;
#[cfg(test)]
mod tests;

use crate::clock;
use crate::error::{Error, Result};
use crate::memory::{MindId, to_local};
use crate::text::fold;
use chrono::{NaiveDate, NaiveDateTime};
use chrono_tz::Tz;
use duckdb::Connection;
use reading::{Diary, RawEntry};
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

/// Every kind of insight: those that are read, then those that are measured.
pub const KINDS: [&str; 18] = [
    "due",
    "appointment",
    "overdue",
    "open",
    "question",
    "fact",
    "changed_mind",
    "debt",
    "habit_stopped",
    "quiet_person",
    "progress",
    "contradiction",
    "recurring_theme",
    "growing_association",
    "fading_association",
    "bridge",
    "open_loop",
    "emotional_arc",
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
    /// due, appointment, overdue, open, question, fact, changed_mind, debt, habit_stopped, quiet_person, progress; where all are asked for also
    /// recurring_theme, growing_association, fading_association, bridge, open_loop, emotional_arc, contradiction.
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

/// Which insights are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InsightFilter {
    /// At most so many; ten where nothing is said.
    #[serde(default)]
    pub limit: Option<usize>,
    /// Only these kinds.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// Only those whose sentence has this.
    #[serde(default)]
    pub about: Option<String>,
    /// Those too that few would miss: without limits, and what is only measured.
    #[serde(default)]
    pub all: bool,
}

impl InsightFilter {
    /// Everything there is.
    pub fn everything() -> InsightFilter {
        InsightFilter {
            all: true,
            ..InsightFilter::default()
        }
    }

    /// Whether one of this kind with this sentence is wanted.
    pub fn wants(&self, kind: &str, title: &str) -> bool {
        let is_kind = self.kinds.is_empty() || self.kinds.iter().any(|wanted| wanted == kind);
        let is_about = self
            .about
            .as_ref()
            .is_none_or(|about| fold(title).contains(&fold(about)));
        is_kind && is_about
    }
}

/// A fact of the person as insights need it.
#[derive(Debug, Clone)]
pub struct HeldFact {
    /// The slot, by its name in `config/slots.yaml`.
    pub slot: String,
    /// The value.
    pub value: String,
    /// The value that it took the place of.
    pub before: Option<String>,
    /// The memory that says so.
    pub memory_id: i64,
    /// The very words.
    pub words: String,
}

/// What entries say that is worth telling, of all minds or one, most telling first: those whose newest evidence is of the period, and
/// what is due, owed or has stopped by its end. `facts` are those that stand of the mind's own person, by the mind's name.
///
/// # Errors
/// As [`insights`].
pub fn told(
    conn: &Connection,
    render: &dyn Fn(&str, &Period) -> Result<String>,
    period: Period,
    mind: Option<MindId>,
    filter: &InsightFilter,
    facts: &dyn Fn(&str) -> Result<Vec<HeldFact>>,
) -> Result<Vec<Insight>> {
    let sql = render("entries", &period)?;
    let mut all = Vec::new();
    for (name, zone, raw) in entries(conn, &sql, mind).map_err(|e| e.context("insight entries"))? {
        let today = day_at(zone, period.as_of);
        let since = day_at(zone, period.since);
        let diary = Diary::read(raw, today);
        let mut findings = kinds::due::find(&diary);
        findings.extend(kinds::due::open(&diary));
        findings.extend(kinds::fact::find(&diary, &facts(&name)?));
        findings.extend(kinds::due::questions(&diary));
        findings.extend(kinds::change::find(&diary));
        findings.extend(kinds::debt::find(&diary));
        findings.extend(kinds::habit::find(&diary));
        findings.extend(kinds::progress::find(&diary));
        findings.retain(|finding| finding.is_lasting || finding.newest >= since);
        let chosen = choose::chosen(findings, today, filter);
        all.extend(chosen.into_iter().map(|finding| (name.clone(), finding)));
    }
    let memories = evidence(conn, all.iter().flat_map(|(_, finding)| &finding.evidence))?;
    let with_words = all.into_iter().map(|(mind, finding)| {
        let found = Found {
            mind,
            kind: finding.kind.to_owned(),
            title: finding.title,
            thousandths: (finding.confidence * 1000.0).round() as i32,
            evidence: finding.evidence,
            details: finding.details,
        };
        found.with(&memories)
    });
    Ok(with_words.collect())
}

/// The day on a mind's wall clock; UTC's where its zone has none.
fn day_at(zone: Tz, at: NaiveDateTime) -> NaiveDate {
    to_local(zone, at).unwrap_or(at).date()
}

/// A mind's name, its zone and its entries.
type Entries = (String, Tz, Vec<RawEntry>);

/// The entries that are read, mind by mind.
fn entries(conn: &Connection, sql: &str, mind: Option<MindId>) -> Result<Vec<Entries>> {
    let only = mind.map_or(String::new(), |mind| {
        format!("WHERE e.mind_id = '{mind}'::UUID")
    });
    let mut statement = conn.prepare(&format!(
        "SELECT m.name, m.time_zone, e.memory_id, e.local_at, e.speaker, e.content, to_json(e.people)::VARCHAR
         FROM (\n{sql}\n) e JOIN raw.minds m ON m.mind_id = e.mind_id {only} ORDER BY m.name, e.local_at, e.memory_id"
    ))?;
    let mut rows = statement.query([])?;
    let mut all: Vec<Entries> = Vec::new();
    while let Some(row) = rows.next()? {
        let (name, zone): (String, String) = (row.get(0)?, row.get(1)?);
        let people: String = row.get(6)?;
        let entry = RawEntry {
            id: row.get(2)?,
            at: row.get(3)?,
            speaker: row.get(4)?,
            content: row.get(5)?,
            people: serde_json::from_str(&people).unwrap_or_default(),
        };
        match all.last_mut() {
            Some((known, _, list)) if *known == name => list.push(entry),
            _ => all.push((name, zone.parse().unwrap_or(Tz::UTC), vec![entry])),
        }
    }
    Ok(all)
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
