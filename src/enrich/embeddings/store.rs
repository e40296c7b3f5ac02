//! Vectors in the store: what is owed, what has come, and which model questions are asked with.

use crate::error::Result;
use crate::memory::highest_arrival;
use crate::warehouse::{Warehouse, text_literal};
use chrono::NaiveDateTime;
use duckdb::{Connection, OptionalExt, params};
use serde::{Deserialize, Serialize};

/// Content that has no vector of a model yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwedText {
    /// Whose.
    pub mind: String,
    /// The memory.
    pub memory_id: i64,
    /// Arrival of its content.
    pub revision: i64,
    /// What it says.
    pub content: String,
}

/// A vector with what it is of.
#[derive(Debug, Clone, PartialEq)]
pub struct Vector {
    /// Whose.
    pub mind: String,
    /// The memory.
    pub memory_id: i64,
    /// Arrival of its content.
    pub revision: i64,
    /// Its numbers, of length 1 together.
    pub values: Vec<f32>,
}

/// How many contents have vectors of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Embedded {
    /// The model, `provider:name`.
    pub model: String,
    /// Numbers of its vectors.
    pub dimension: u64,
    /// Vectors there are.
    pub vectors: u64,
    /// Whether questions are asked with it.
    pub active: bool,
}

/// Current contents, and those being lived through, without a vector of `model`.
fn pending_sql(model: &str) -> String {
    format!(
        "FROM lexical.documents d
         ANTI JOIN (SELECT memory_id, revision FROM enrichment.vectors WHERE model = {model}) v USING (memory_id, revision)
         ANTI JOIN raw.deletions x USING (memory_id)
         ANTI JOIN (SELECT memory_id, revision FROM enrichment.retries WHERE kind = 'vector' AND model = {model} AND retry_at > ?) r
             USING (memory_id, revision)",
        model = text_literal(model)
    )
}

/// How many contents wait for a vector of `model`; with `now`, those to be tried again later are left out.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn count_pending(conn: &Connection, model: &str, now: Option<NaiveDateTime>) -> Result<u64> {
    let owed: i64 = conn.query_row(
        &format!("SELECT count(*) {}", pending_sql(model)),
        [now],
        |r| r.get(0),
    )?;
    Ok(owed.unsigned_abs())
}

/// The newest contents that wait for a vector of `model`, at most `most`.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn pending_texts(
    conn: &Connection,
    model: &str,
    now: NaiveDateTime,
    most: usize,
) -> Result<Vec<OwedText>> {
    let mut statement = conn.prepare(&format!(
        "SELECT d.mind_id::VARCHAR, d.memory_id, d.revision, coalesce(e.content, m.content)
         FROM (SELECT d.* {} ORDER BY d.revision DESC LIMIT {most}) d
         JOIN raw.memories m USING (memory_id)
         LEFT JOIN raw.edits e ON e.arrival = d.revision
         ORDER BY d.revision DESC",
        pending_sql(model)
    ))?;
    let rows = statement.query_map([now], |r| {
        Ok(OwedText {
            mind: r.get(0)?,
            memory_id: r.get(1)?,
            revision: r.get(2)?,
            content: r.get(3)?,
        })
    })?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// Records vectors as events, in one transaction. A content that has one of the model already keeps it.
///
/// # Errors
/// Failed when the store cannot be written.
pub fn append_vectors(warehouse: &Warehouse, model: &str, vectors: &[Vector]) -> Result<()> {
    if vectors.is_empty() {
        return Ok(());
    }
    warehouse.transaction(|conn| {
        conn.execute_batch(
            "CREATE OR REPLACE TEMP TABLE embedded (ordinal BIGINT, mind_id VARCHAR, memory_id BIGINT, revision BIGINT, vector VARCHAR)",
        )?;
        {
            let mut appender = conn.appender_to_catalog_and_db("embedded", "temp", "main")?;
            for (ordinal, vector) in vectors.iter().enumerate() {
                appender.append_row(params![
                    ordinal as i64,
                    vector.mind,
                    vector.memory_id,
                    vector.revision,
                    vector_text(&vector.values)
                ])?;
            }
            appender.flush()?;
        }
        let base = highest_arrival(conn)?;
        conn.execute(
            "INSERT INTO enrichment.vectors BY NAME
             SELECT ?::BIGINT + row_number() OVER (ORDER BY ordinal) AS arrival, mind_id::UUID AS mind_id, memory_id, revision,
                    ? AS model, vector::FLOAT[] AS vector
             FROM temp.main.embedded e
             ANTI JOIN (SELECT memory_id, revision FROM enrichment.vectors WHERE model = ?) v USING (memory_id, revision)
             ORDER BY arrival",
            params![base, model, model],
        )?;
        conn.execute(
            "DELETE FROM enrichment.retries WHERE kind = 'vector' AND model = ?
             AND (memory_id, revision) IN (SELECT (memory_id, revision) FROM temp.main.embedded)",
            [model],
        )?;
        conn.execute_batch("DROP TABLE temp.main.embedded")?;
        Ok(())
    })
}

/// Numbers as DuckDB reads them into a FLOAT[], each to the last bit.
pub(super) fn vector_text(values: &[f32]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(values.len() * 12);
    text.push('[');
    for (i, value) in values.iter().enumerate() {
        let separator = if i == 0 { "" } else { "," };
        let _ = write!(text, "{separator}{value}");
    }
    text.push(']');
    text
}

/// Before any wall clock: what was ever put off is left out.
const EVER: NaiveDateTime = chrono::DateTime::UNIX_EPOCH.naive_utc();

const ACTIVE: &str = "embedding_model";

/// The model questions are asked with, where any vectors are there.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn active_model(conn: &Connection) -> Result<Option<String>> {
    Ok(conn
        .query_row(
            "SELECT value FROM codex.meta WHERE key = ?",
            [ACTIVE],
            |r| r.get(0),
        )
        .optional()?)
}

/// Numbers of the vectors of a model, where there are any.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn dimension(conn: &Connection, model: &str) -> Result<Option<usize>> {
    let found: Option<i64> = conn
        .query_row(
            "SELECT len(vector) FROM enrichment.vectors WHERE model = ? LIMIT 1",
            [model],
            |r| r.get(0),
        )
        .optional()?;
    Ok(found.and_then(|n| usize::try_from(n).ok()))
}

/// Lets questions be asked with `model` from now on, where that is right: at once when there is none yet, and when every content
/// has its vector where there is one. Returns whether `model` is the one.
///
/// # Errors
/// Failed when the store cannot be written.
pub fn settle_model(warehouse: &Warehouse, model: &str) -> Result<bool> {
    match standing(warehouse.conn(), model)? {
        Standing::Asked => return Ok(true),
        Standing::Incomplete => return Ok(false),
        Standing::Ready => {}
    }
    warehouse.transaction(|conn| {
        conn.execute("DELETE FROM codex.meta WHERE key = ?", [ACTIVE])?;
        conn.execute("INSERT INTO codex.meta VALUES (?, ?)", [ACTIVE, model])?;
        Ok(())
    })?;
    Ok(true)
}

/// How a model stands among those there are vectors of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Questions are asked with it.
    Asked,
    /// They may be from now on: [`settle_model`] has something to write.
    Ready,
    /// Vectors are missing.
    Incomplete,
}

/// How `model` stands.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn standing(conn: &Connection, model: &str) -> Result<Standing> {
    let current = active_model(conn)?;
    if current.as_deref() == Some(model) {
        return Ok(Standing::Asked);
    }
    // What could not be embedded does not hold the others back.
    let owed = count_pending(conn, model, Some(EVER))?;
    let vectors: i64 = conn.query_row(
        "SELECT count(*) FROM enrichment.vectors WHERE model = ?",
        [model],
        |r| r.get(0),
    )?;
    Ok(match vectors == 0 || (current.is_some() && owed > 0) {
        true => Standing::Incomplete,
        false => Standing::Ready,
    })
}

/// The models there are vectors of.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn vector_counts(conn: &Connection) -> Result<Vec<Embedded>> {
    let active = active_model(conn)?;
    let mut statement = conn.prepare(
        "SELECT model, max(len(vector))::BIGINT, count(*) FROM enrichment.vectors GROUP BY model ORDER BY model",
    )?;
    let rows = statement.query_map([], |r| {
        Ok((
            r.get::<_, String>(0)?,
            r.get::<_, i64>(1)?,
            r.get::<_, i64>(2)?,
        ))
    })?;
    rows.map(|row| {
        let (model, dimension, vectors) = row?;
        Ok(Embedded {
            active: active.as_ref() == Some(&model),
            model,
            dimension: dimension.unsigned_abs(),
            vectors: vectors.unsigned_abs(),
        })
    })
    .collect()
}
