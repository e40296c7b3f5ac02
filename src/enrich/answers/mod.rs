//! Answers of language models in the store.
//!
//! # Layout
//!
//! * `pending`: what they are to be asked about
//! * `cache`: what they said before of the same words
//! * `record`: answers become events

mod cache;
mod pending;
mod record;

pub use cache::{answer_key, content_hmac, known_answer_key, said_before};
pub use pending::{
    count_pending_clusters, count_pending_episodes, count_pending_memories, has_night,
    looked_at_insights, night_since_insights, pending_cluster_tasks, pending_episode_tasks,
    pending_memory_tasks, was_answered,
};
pub use record::append_answers;

use super::llm::Kind;
use crate::error::Result;
use crate::warehouse::Warehouse;
use chrono::{NaiveDate, NaiveDateTime};
use duckdb::Connection;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashMap;

/// The provider of answers that a model gave.
pub const BY_OLLAMA: &str = "ollama";
/// The provider where a model's answers could not be used.
pub const BY_RULES: &str = "rules";

/// Something a language model is to be asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtractionTask {
    /// Whose.
    pub mind: String,
    /// The memory it is about, or that leads to it.
    pub memory_id: i64,
    /// Arrival of that memory's content; of an insight, which contents it rests on.
    pub revision: i64,
    /// The memory's or episode's number, the column's name, the insight's identity.
    pub subject: String,
    /// What is read.
    pub text: String,
    /// Who says it, or what it is called.
    pub name: String,
    /// The memories that may be named in the answer.
    pub ids: Vec<i64>,
    /// When it happened, UTC, and the mind's zone.
    pub created_at: NaiveDateTime,
    /// The mind's IANA zone.
    pub zone: String,
}

/// An answer to record.
#[derive(Debug, Clone, PartialEq)]
pub struct ExtractionResult {
    /// What it is about.
    pub task: ExtractionTask,
    /// [`BY_OLLAMA`] or [`BY_RULES`].
    pub provider: &'static str,
    /// An HMAC of what was asked.
    pub hmac: String,
    /// Whether the model was asked, or had said it before.
    pub asked: bool,
    /// It took a second request.
    pub repaired: bool,
    /// Values that were set right.
    pub clamped: u32,
    /// The checked answer.
    pub answer: Value,
}

/// Who is asked what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtractionSpec {
    /// What kind of answer.
    pub kind: Kind,
    /// The model.
    pub model: String,
    /// The prompt's version.
    pub prompt: String,
    /// Also what another model or version result, or rules were kept for, before this moment.
    pub redo_since: Option<NaiveDateTime>,
}

/// Where the features of memories come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// memory, episode, cluster, insight.
    pub kind: String,
    /// ollama; rules where a model's answers could not be used.
    pub provider: String,
    /// The model.
    pub model: String,
    /// How many subjects.
    pub subjects: u64,
    /// Of them, answers to words that were asked about before.
    pub from_cache: u64,
    /// Of them, answers that took a second request.
    pub repaired: u64,
    /// Values that were set right, all in all.
    pub clamped: u64,
}

/// The sentences of insights, by mind, subject and revision.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn said_of_insights(conn: &Connection) -> Result<HashMap<(String, String, i64), String>> {
    let mut statement = conn.prepare(&format!(
        "SELECT mind_id::VARCHAR, subject, revision, arg_max(answer->>'sentence', arrival) FROM raw.answers
         WHERE kind = 'insight' AND provider = '{BY_OLLAMA}' GROUP BY ALL"
    ))?;
    let rows = statement.query_map([], |r| {
        Ok((
            (r.get(0)?, r.get(1)?, r.get(2)?),
            r.get::<_, Option<String>>(3)?,
        ))
    })?;
    let mut sentences = HashMap::new();
    for row in rows {
        if let (key, Some(sentence)) = row? {
            sentences.insert(key, sentence);
        }
    }
    Ok(sentences)
}

/// The key of the requests of a day: the day (UTC) and how many.
const REQUESTS: &str = "model_requests";

/// Requests made on a day (UTC), for its budget: repairs, parts of long memories and failures included.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn requests_on(conn: &Connection, day: NaiveDate) -> Result<u64> {
    let n: Option<i64> = conn.query_row(
        "SELECT max(split_part(value, ' ', 2)::BIGINT) FROM codex.meta WHERE key = ? AND split_part(value, ' ', 1) = ?",
        [REQUESTS, &day.to_string()],
        |r| r.get(0),
    )?;
    Ok(n.map_or(0, i64::unsigned_abs))
}

/// Adds requests to those of a day (UTC).
///
/// # Errors
/// Failed when the store cannot be written.
pub fn add_requests(warehouse: &Warehouse, day: NaiveDate, requests: u64) -> Result<()> {
    if requests == 0 {
        return Ok(());
    }
    warehouse.transaction(|conn| {
        let all = requests_on(conn, day)? + requests;
        set_meta(conn, REQUESTS, &format!("{day} {all}"))
    })
}

fn set_meta(conn: &Connection, key: &str, value: &str) -> Result<()> {
    conn.execute("DELETE FROM codex.meta WHERE key = ?", [key])?;
    conn.execute("INSERT INTO codex.meta VALUES (?, ?)", [key, value])?;
    Ok(())
}

/// Where what is known comes from, by kind and model.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn provenance(conn: &Connection) -> Result<Vec<Provenance>> {
    let mut statement = conn.prepare(
        "SELECT kind, provider, model, count(*), count(*) FILTER (NOT asked), count(*) FILTER (repaired), sum(clamped)::BIGINT
         FROM (
             SELECT * FROM raw.answers
             QUALIFY row_number() OVER (PARTITION BY mind_id, kind, subject ORDER BY arrival DESC) = 1
         )
         GROUP BY ALL ORDER BY ALL",
    )?;
    let rows = statement.query_map([], |r| {
        let count = |i: usize| r.get::<_, i64>(i).map(i64::unsigned_abs);
        Ok(Provenance {
            kind: r.get(0)?,
            provider: r.get(1)?,
            model: r.get(2)?,
            subjects: count(3)?,
            from_cache: count(4)?,
            repaired: count(5)?,
            clamped: count(6)?,
        })
    })?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}
