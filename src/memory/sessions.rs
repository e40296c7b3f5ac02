//! What is said about conversations: a title, whom they are with, when they ended.

use super::log::highest_arrival;
use super::minds::MindId;
use crate::error::{Error, Result};
use chrono::NaiveDateTime;
use duckdb::{Connection, params};
use serde::{Deserialize, Serialize};

/// What is said about a session; what is none stays as it was.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionChange {
    /// Its title.
    pub title: Option<String>,
    /// Whom it is with.
    pub person: Option<String>,
    /// When it ended, UTC.
    pub ended_at: Option<NaiveDateTime>,
}

/// Appends what is said about a session, in the caller's transaction.
///
/// # Errors
/// Usage when a name cannot be taken; failed when the store cannot be written.
pub fn append_session(
    conn: &Connection,
    mind: MindId,
    session: &str,
    change: &SessionChange,
    author: Option<&str>,
    at: NaiveDateTime,
) -> Result<i64> {
    for name in [
        Some(session),
        change.title.as_deref(),
        change.person.as_deref(),
    ]
    .into_iter()
    .flatten()
    {
        if name.trim().is_empty()
            || name.len() > super::readers::MAX_NAME_BYTES
            || name.chars().any(char::is_control)
        {
            return Err(Error::usage(format!(
                "{name:?} cannot be a session's name, title or person"
            ))
            .hint("use a short text without control characters"));
        }
    }
    let arrival = highest_arrival(conn)? + 1;
    conn.execute(
        &format!(
            "INSERT INTO raw.sessions
             SELECT $1, $2::UUID, $3, $4, $5, coalesce($6, s.title), coalesce($7, s.person), coalesce($8, s.ended_at)
             FROM (SELECT 1) LEFT JOIN {CURRENT_SESSIONS} s ON s.mind_id = $2::UUID AND s.session = $4"
        ),
        params![
            arrival,
            mind.to_string(),
            at,
            session,
            author,
            change.title,
            change.person,
            change.ended_at
        ],
    )?;
    Ok(arrival)
}

/// SQL for what is said about each session, of all minds.
pub const CURRENT_SESSIONS: &str = "(SELECT * FROM raw.sessions QUALIFY row_number() OVER (PARTITION BY mind_id, session ORDER BY arrival DESC) = 1)";
