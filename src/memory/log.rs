//! Appending events to the raw log. Rows are never changed and never removed.
//!
//! Every event gets the next arrival number of the store; a memory's arrival number is its `memory_id`.

use super::events::highest_arrivals;
use super::minds::MindId;
use crate::error::Result;
use chrono::NaiveDateTime;
use duckdb::{Connection, params};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A memory on its way into the log.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// Whose it is.
    pub mind: MindId,
    /// Where it comes from: a file's name, `cli`, a table.
    pub source: String,
    /// Its name there; with mind and source its identity.
    pub key: String,
    /// What is remembered.
    pub content: String,
    /// When it happened, UTC.
    pub created_at: NaiveDateTime,
    /// Who says it.
    pub speaker: Option<String>,
    /// The conversation it belongs to.
    pub session: Option<String>,
    /// A JSON object.
    pub metadata: String,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Intake {
    /// New memories.
    pub added: u64,
    /// Known memories whose content or metadata changed: an edit event each.
    pub edited: u64,
    /// Known and the same.
    pub unchanged: u64,
}

/// What kind of recall event it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActivationKind {
    /// It was in a result.
    Retrieved,
    /// Someone said it helped, or opened it.
    Used,
}

impl fmt::Display for ActivationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ActivationKind::Retrieved => "retrieved",
            ActivationKind::Used => "used",
        })
    }
}

/// Memories that one recall brought up together.
#[derive(Debug, Clone)]
pub struct Activation {
    /// Whose they are.
    pub mind: MindId,
    /// When, UTC.
    pub at: NaiveDateTime,
    /// What kind.
    pub kind: ActivationKind,
    /// The question asked.
    pub query: Option<String>,
    /// Which memories.
    pub memory_ids: Vec<i64>,
}

/// The number of the latest event; 0 in an empty store.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn highest_arrival(conn: &Connection) -> Result<i64> {
    // As operands of one greatest() the same questions take ten times as long.
    Ok(conn.query_row(
        &format!(
            "SELECT coalesce(max(arrival), 0) FROM ({})",
            highest_arrivals()
        ),
        [],
        |r| r.get(0),
    )?)
}

/// What appending one memory came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppendOutcome {
    /// It is new.
    Added,
    /// Known, with other content or metadata.
    Edited,
    /// Known and the same.
    Unchanged,
}

/// A memory as it stands in the log now.
#[derive(Debug, Clone, Copy)]
pub struct Appended {
    /// Its id.
    pub memory_id: i64,
    /// What became of it.
    pub outcome: AppendOutcome,
}

/// Appends `batch` in its order, in the caller's transaction. A memory known by (mind, source, key) is left alone
/// when content and metadata are the same, and becomes an edit event at `now` when they are not.
/// The batch itself must not name one identity twice.
///
/// # Errors
/// Failed when the store cannot be written.
pub fn append_memories(
    conn: &Connection,
    batch: &[Incoming],
    now: NaiveDateTime,
) -> Result<Intake> {
    let mut intake = Intake::default();
    for appended in append_each(conn, batch, now)? {
        match appended.outcome {
            AppendOutcome::Added => intake.added += 1,
            AppendOutcome::Edited => intake.edited += 1,
            AppendOutcome::Unchanged => intake.unchanged += 1,
        }
    }
    Ok(intake)
}

/// The same, told memory by memory in the order of `batch`.
///
/// # Errors
/// As [`append_memories`].
pub fn append_each(
    conn: &Connection,
    batch: &[Incoming],
    now: NaiveDateTime,
) -> Result<Vec<Appended>> {
    conn.execute_batch(
        "CREATE OR REPLACE TEMP TABLE incoming (
            ordinal BIGINT, mind_id VARCHAR, created_at TIMESTAMP, source VARCHAR, key VARCHAR,
            content VARCHAR, speaker VARCHAR, session VARCHAR, metadata VARCHAR)",
    )?;
    {
        let mut appender = conn.appender_to_catalog_and_db("incoming", "temp", "main")?;
        for (ordinal, m) in batch.iter().enumerate() {
            appender.append_row(params![
                ordinal as i64,
                m.mind.to_string(),
                m.created_at,
                m.source,
                m.key,
                m.content,
                m.speaker,
                m.session,
                m.metadata
            ])?;
        }
        appender.flush()?;
    }
    conn.execute_batch(
        "CREATE OR REPLACE TEMP TABLE known AS
         SELECT i.ordinal, m.memory_id, m.mind_id,
                i.content <> coalesce(e.content, m.content)
                OR i.metadata <> coalesce(e.metadata, m.metadata) AS changed
         FROM incoming i
         JOIN raw.memories m ON m.mind_id = i.mind_id::UUID AND m.source = i.source AND m.key = i.key
         LEFT JOIN (
             -- An edit that names no metadata leaves it as it was: arg_max passes over NULL.
             SELECT memory_id, arg_max(content, arrival) AS content, arg_max(metadata, arrival) AS metadata
             FROM raw.edits
             GROUP BY memory_id
          ) e USING (memory_id)
         -- A deleted memory is final; its key is free for another one.
         ANTI JOIN raw.deletions USING (memory_id)",
    )?;
    let base = highest_arrival(conn)?;
    let added = conn.execute(
        "INSERT INTO raw.memories
         SELECT ? + row_number() OVER (ORDER BY ordinal), mind_id::UUID, created_at, ?, source, key, content, speaker, session, metadata
         FROM incoming ANTI JOIN known USING (ordinal)
         ORDER BY ordinal",
        params![base, now],
    )?;
    conn.execute(
        "INSERT INTO raw.edits
         SELECT ? + row_number() OVER (ORDER BY ordinal), k.mind_id, k.memory_id, ?, i.content, i.metadata
         FROM incoming i JOIN known k USING (ordinal)
         WHERE k.changed
         ORDER BY ordinal",
        params![base + added as i64, now],
    )?;
    let told = appended_rows(conn, batch.len(), base)?;
    conn.execute_batch("DROP TABLE temp.incoming; DROP TABLE temp.known")?;
    debug_assert_eq!(
        told.iter()
            .filter(|row| row.outcome == AppendOutcome::Added)
            .count(),
        added
    );
    Ok(told)
}

/// What became of each: new ones got the numbers after `base`, in their order.
fn appended_rows(conn: &Connection, rows: usize, base: i64) -> Result<Vec<Appended>> {
    let mut known =
        conn.prepare("SELECT ordinal, memory_id, changed FROM known ORDER BY ordinal")?;
    let known = known.query_map([], |r| {
        Ok((
            r.get::<_, i64>(0)?,
            r.get::<_, i64>(1)?,
            r.get::<_, bool>(2)?,
        ))
    })?;
    let mut told: Vec<Option<Appended>> = vec![None; rows];
    for row in known {
        let (ordinal, memory_id, changed) = row?;
        let outcome = match changed {
            true => AppendOutcome::Edited,
            false => AppendOutcome::Unchanged,
        };
        told[ordinal as usize] = Some(Appended { memory_id, outcome });
    }
    let mut next = base;
    let each = told.into_iter().map(|known| {
        known.unwrap_or_else(|| {
            next += 1;
            Appended {
                memory_id: next,
                outcome: AppendOutcome::Added,
            }
        })
    });
    Ok(each.collect())
}

/// Appends an edit: from `at` on, the memory reads `content`. Returns its arrival number.
///
/// # Errors
/// Failed when the store cannot be written.
pub fn append_edit(
    conn: &Connection,
    mind: MindId,
    memory_id: i64,
    at: NaiveDateTime,
    content: &str,
) -> Result<i64> {
    let arrival = highest_arrival(conn)? + 1;
    conn.execute(
        "INSERT INTO raw.edits VALUES (?, ?::UUID, ?, ?, ?, NULL)",
        params![arrival, mind.to_string(), memory_id, at, content],
    )?;
    Ok(arrival)
}

/// Appends a tombstone: the raw row stays, but the memory is no longer recalled. Returns its arrival number.
///
/// # Errors
/// Failed when the store cannot be written.
pub fn append_deletion(
    conn: &Connection,
    mind: MindId,
    memory_id: i64,
    at: NaiveDateTime,
    reason: &str,
) -> Result<i64> {
    let arrival = highest_arrival(conn)? + 1;
    conn.execute(
        "INSERT INTO raw.deletions VALUES (?, ?::UUID, ?, ?, ?)",
        params![arrival, mind.to_string(), memory_id, at, reason],
    )?;
    Ok(arrival)
}

/// Appends the recall events of one recall, in the order given.
///
/// # Errors
/// Failed when the store cannot be written.
pub fn append_activations(conn: &Connection, activation: &Activation) -> Result<()> {
    let first = highest_arrival(conn)? + 1;
    let mut insert =
        conn.prepare("INSERT INTO raw.activations VALUES (?, ?::UUID, ?, ?, ?, ?, ?)")?;
    for (i, memory_id) in activation.memory_ids.iter().enumerate() {
        insert.execute(params![
            first + i as i64,
            activation.mind.to_string(),
            memory_id,
            activation.at,
            activation.kind.to_string(),
            first,
            activation.query
        ])?;
    }
    Ok(())
}

/// Appends a nap: the mind sleeps at `at`, whatever the hour. Returns its arrival number.
///
/// # Errors
/// Failed when the store cannot be written.
pub fn append_nap(conn: &Connection, mind: MindId, at: NaiveDateTime) -> Result<i64> {
    let arrival = highest_arrival(conn)? + 1;
    conn.execute(
        "INSERT INTO raw.naps VALUES (?, ?::UUID, ?)",
        params![arrival, mind.to_string(), at],
    )?;
    Ok(arrival)
}

/// What somebody or some program said of memories' use.
#[derive(Debug, Clone)]
pub struct Feedback {
    /// Whose they are.
    pub mind: MindId,
    /// When, UTC.
    pub at: NaiveDateTime,
    /// What was done with them.
    pub kind: FeedbackKind,
    /// What says so: a command, a door, an assistant.
    pub source: String,
    /// Which memories.
    pub memory_ids: Vec<i64>,
}

/// What was done with a memory. That it was retrieved, injected or evaluated is none of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedbackKind {
    /// It helped.
    Used,
    /// Somebody looked at it.
    Opened,
    /// An answer names it as its evidence.
    Cited,
    /// It is to be kept at hand.
    Pinned,
    /// Somebody set its words right: it matters that they are.
    Corrected,
    /// It was not wanted: the only kind that counts against.
    Dismissed,
}

impl FeedbackKind {
    /// The kind as stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Opened => "opened",
            Self::Cited => "cited",
            Self::Pinned => "pinned",
            Self::Corrected => "corrected",
            Self::Dismissed => "dismissed",
        }
    }
}

/// Appends feedback, a row a memory in the order given. Nights take it along; it makes none fall due by itself.
///
/// # Errors
/// Failed when the store cannot be written.
pub fn append_feedback(conn: &Connection, feedback: &Feedback) -> Result<()> {
    let first = highest_arrival(conn)? + 1;
    let mut insert = conn.prepare("INSERT INTO raw.feedback VALUES (?, ?::UUID, ?, ?, ?, ?)")?;
    for (i, memory_id) in feedback.memory_ids.iter().enumerate() {
        insert.execute(params![
            first + i as i64,
            feedback.mind.to_string(),
            memory_id,
            feedback.at,
            feedback.kind.as_str(),
            feedback.source
        ])?;
    }
    Ok(())
}
