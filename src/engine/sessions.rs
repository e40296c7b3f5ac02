//! Conversations: what memories say of them, and what is said about them.

use super::rows::{moment, typed_rows};
use super::{Engine, Mind};
use crate::error::{Error, Result};
use crate::memory::{CURRENT_SESSIONS, SessionChange, append_session};
use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

/// A conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionSummary {
    /// As memories name it.
    pub id: String,
    /// Its title, where it has one.
    pub title: Option<String>,
    /// Whom it is with, where that was said.
    pub user: Option<String>,
    /// When its first memory happened, or when it was made, UTC.
    pub started: String,
    /// When its last memory happened, UTC.
    pub last: String,
    /// When it ended, where that was said, UTC.
    pub ended: Option<String>,
    /// Memories, without deleted ones.
    pub memories: i64,
    /// Who speaks in it, by name.
    pub speakers: Vec<String>,
}

impl Engine {
    /// The conversations of a mind, the one with the latest memory first.
    ///
    /// # Errors
    /// Failed when the store cannot be read.
    pub fn list_sessions(
        &self,
        mind: &Mind,
        limit: u64,
        offset: u64,
    ) -> Result<Vec<SessionSummary>> {
        self.sessions(mind, "true", limit, offset)
    }

    /// Says something about a conversation: a title, whom it is with, that it ended. One that has no memories yet is made.
    ///
    /// # Errors
    /// Usage when it cannot be taken; failed when the store cannot be written.
    pub fn save_session(
        &self,
        mind: &Mind,
        session: &str,
        change: &SessionChange,
        author: Option<&str>,
        now: NaiveDateTime,
    ) -> Result<SessionSummary> {
        self.warehouse.transaction(|conn| {
            append_session(conn, mind.id, session, change, author, now).map(|_| ())
        })?;
        let named = format!("id = {}", crate::warehouse::text_literal(session));
        self.sessions(mind, &named, 1, 0)?
            .pop()
            .ok_or_else(|| Error::failed(format!("session '{session}' was not kept")))
    }

    fn sessions(
        &self,
        mind: &Mind,
        condition: &str,
        limit: u64,
        offset: u64,
    ) -> Result<Vec<SessionSummary>> {
        let sql = format!(
            "WITH spoken AS (
                 SELECT session, min(created_at) AS started, max(created_at) AS last, count(*) AS memories,
                        list_sort(list_distinct(list(speaker) FILTER (speaker IS NOT NULL))) AS speakers
                 FROM raw.memories
                 WHERE mind_id = '{mind}'::UUID AND session IS NOT NULL
                   AND memory_id NOT IN (SELECT memory_id FROM raw.deletions)
                 GROUP BY session
             ),
             named AS (FROM {CURRENT_SESSIONS} WHERE mind_id = '{mind}'::UUID),
             sessions AS (
                 SELECT coalesce(s.session, n.session) AS id, n.title, n.person AS user, coalesce(s.started, n.happened_at) AS begun,
                        coalesce(s.last, n.happened_at) AS latest, n.ended_at, coalesce(s.memories, 0) AS memories,
                        coalesce(s.speakers, []) AS speakers
                 FROM spoken s FULL JOIN named n ON n.session = s.session
             )
             SELECT id, title, \"user\", {} AS started, {} AS last, {} AS ended, memories, speakers
             FROM sessions WHERE {condition}
             ORDER BY latest DESC, id LIMIT {} OFFSET {}",
            moment("begun"),
            moment("latest"),
            moment("ended_at"),
            limit.min(i64::MAX as u64),
            offset.min(i64::MAX as u64),
            mind = mind.id,
        );
        typed_rows(self.warehouse.conn(), &sql)
    }
}
