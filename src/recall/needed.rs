//! What a conversation is likely to need before anything is asked.

use super::queries::{Scope, sql};
use crate::error::{Error, Result};
use crate::memory::MindId;
use crate::template::Renderer;
use chrono::NaiveDateTime;
use duckdb::Connection;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A memory that may be needed.
#[derive(Debug, Clone, Deserialize)]
pub struct NeededMemory {
    /// Its number.
    pub id: i64,
    /// The day it happened, UTC: YYYY-MM-DD.
    pub day: String,
    /// Who said it.
    pub speaker: Option<String>,
    /// Its most telling sentence.
    pub gist: String,
    /// How much it is needed, in millionths.
    pub need: i64,
    /// Its terms.
    pub terms: Vec<WeightedTerm>,
}

/// A term, and how rare it is.
#[derive(Debug, Clone, Deserialize)]
pub struct WeightedTerm {
    /// The term.
    pub term: String,
    /// Its inverse document frequency, in millionths.
    pub idf: i64,
}

/// An episode of late, or a memory of late that no episode holds yet.
#[derive(Debug, Clone, Deserialize)]
pub struct RecentMemory {
    /// The memory that stands for it.
    pub id: i64,
    /// The day it ended, UTC: YYYY-MM-DD.
    pub day: String,
    /// Who said that memory.
    pub speaker: Option<String>,
    /// What it was about.
    pub gist: String,
    /// How many memories it holds.
    pub memories: i64,
}

/// The memories of a mind most likely to be needed, the most needed first.
///
/// # Errors
/// Usage when `sql/recall/needed.sql` is wrong; failed when the store cannot be read.
pub fn needed_memories(
    conn: &Connection,
    renderer: &Renderer,
    mind: MindId,
    as_of: NaiveDateTime,
    most: usize,
) -> Result<Vec<NeededMemory>> {
    rows(conn, renderer, "needed", mind, as_of, most)
}

/// What happened last, the latest first.
///
/// # Errors
/// Usage when `sql/recall/recent.sql` is wrong; failed when the store cannot be read.
pub fn recent_memories(
    conn: &Connection,
    renderer: &Renderer,
    mind: MindId,
    as_of: NaiveDateTime,
    most: usize,
) -> Result<Vec<RecentMemory>> {
    rows(conn, renderer, "recent", mind, as_of, most)
}

fn rows<T: DeserializeOwned>(
    conn: &Connection,
    renderer: &Renderer,
    name: &str,
    mind: MindId,
    as_of: NaiveDateTime,
    most: usize,
) -> Result<Vec<T>> {
    let scope = Scope {
        mind,
        as_of,
        explain: false,
        filtered: false,
        model: None,
    };
    let query = sql(renderer, name, &scope)?;
    let mut statement = conn.prepare(&format!(
        "SELECT to_json(r)::VARCHAR FROM (\n{query}\n) AS r"
    ))?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = statement.query_map([most], |r| r.get::<_, String>(0))?;
    rows.map(|row| {
        let row = row?;
        serde_json::from_str(&row)
            .map_err(|e| Error::failed(format!("sql/recall/{name}.sql: {row}: {e}")))
    })
    .collect()
}
