//! Single memories: adding, looking, listing, editing, deleting.

use super::Engine;
use super::filings::MemoryFilter;
use super::rows::{moment, typed_rows};
use crate::error::{Error, ErrorCode, Result};
use crate::memory::{
    Activation, ActivationKind, AppendOutcome, Appended, Filing, FilingChange, FilingEvent,
    Incoming, Mind, MindId, append_activations, append_deletion, append_each, append_edit,
    append_filing, ensure_mind, filing_of,
};
use crate::warehouse::text_literal;
use chrono::NaiveDateTime;
use chrono_tz::Tz;
use codex_import::{MAX_CONTENT_BYTES, MAX_NAME_BYTES};
use duckdb::{Connection, params};
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

/// The source of memories that were added one by one.
pub(super) const SOURCE: &str = "cli";

/// A memory to add.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewMemory {
    /// The mind's name; it is made where there is none.
    pub mind: String,
    /// The zone of a mind that is made.
    #[serde(with = "crate::memory::zone_name")]
    pub time_zone: Tz,
    /// What to remember.
    pub content: String,
    /// When it happened, UTC.
    pub created_at: NaiveDateTime,
    /// Who says it.
    pub speaker: Option<String>,
    /// The conversation it belongs to.
    pub session: Option<String>,
    /// Anything else.
    pub metadata: Map<String, Value>,
    /// Its own name; made from what it says, when and by whom, where there is none.
    pub key: Option<String>,
    /// What it is filed as.
    #[serde(default)]
    pub filing: FilingChange,
    /// Who adds it, where that is said.
    #[serde(default)]
    pub author: Option<String>,
}

impl NewMemory {
    /// Whether it can be taken in.
    ///
    /// # Errors
    /// Usage when the words or names cannot be taken.
    pub fn check(&self) -> Result<()> {
        check_content(&self.content)?;
        Filing::default().changed(&self.filing)?;
        if let Some(key) = &self.key
            && (key.trim().is_empty() || key.contains('\0'))
        {
            return Err(
                Error::usage("a key cannot be empty").hint("leave --key out to have one made")
            );
        }
        let names = [&self.speaker, &self.session, &self.key];
        for name in names.into_iter().flatten() {
            if name.contains('\0') || name.len() > MAX_NAME_BYTES {
                return Err(Error::usage(
                    "speaker, session and key are short names without NUL characters",
                )
                .hint(format!("use at most {MAX_NAME_BYTES} bytes each")));
            }
        }
        Ok(())
    }

    /// Files it as it says, in the caller's transaction.
    fn file(
        &self,
        conn: &Connection,
        mind: MindId,
        appended: Appended,
        now: NaiveDateTime,
    ) -> Result<()> {
        if self.filing.is_empty() && self.author.is_none() {
            return Ok(());
        }
        let before = filing_of(conn, appended.memory_id)?;
        let filing = before.changed(&self.filing)?;
        let is_signed = self.author.is_some() && appended.outcome != AppendOutcome::Unchanged;
        if filing != before || is_signed {
            let event = FilingEvent {
                mind,
                memory_id: appended.memory_id,
                at: now,
                action: "add",
                author: self.author.as_deref(),
                batch: None,
                reason: None,
            };
            append_filing(conn, event, &filing)?;
        }
        Ok(())
    }

    /// Its name, made where it has none.
    fn own_key(&self) -> String {
        self.key.clone().unwrap_or_else(|| derived_key(self))
    }

    fn incoming(&self, mind: MindId) -> Incoming {
        Incoming {
            mind,
            source: SOURCE.to_owned(),
            key: self.own_key(),
            content: self.content.clone(),
            created_at: self.created_at,
            speaker: self.speaker.clone(),
            session: self.session.clone(),
            metadata: Value::Object(self.metadata.clone()).to_string(),
        }
    }
}

/// What became of a memory that was added.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Added {
    /// Its memory_id.
    pub id: i64,
    /// Its name.
    pub key: String,
    /// The mind it went to.
    pub mind: String,
    /// Whether it was new.
    pub outcome: Outcome,
}

/// What adding a memory came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is new.
    Added,
    /// Its key was known, with other words.
    Edited,
    /// It was known.
    Unchanged,
}

impl From<AppendOutcome> for Outcome {
    fn from(outcome: AppendOutcome) -> Outcome {
        match outcome {
            AppendOutcome::Added => Outcome::Added,
            AppendOutcome::Edited => Outcome::Edited,
            AppendOutcome::Unchanged => Outcome::Unchanged,
        }
    }
}

/// A memory as a list shows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MemorySummary {
    /// Its memory_id.
    pub id: i64,
    /// Its name where it came from.
    pub key: String,
    /// What it says today.
    pub content: String,
    /// When it happened, UTC.
    pub created_at: String,
    /// The state it is in.
    pub tier: String,
    /// Who says it.
    pub speaker: Option<String>,
    /// The conversation it belongs to.
    pub session: Option<String>,
    /// The collection it is filed in.
    pub space: Option<String>,
    /// What kind it is filed as.
    pub kind: Option<String>,
    /// Whether it is out of default recall.
    pub archived: bool,
    /// Whether it is never cleaned up.
    pub pinned: bool,
    /// 0..1, as its owner sees it.
    pub importance: Option<f64>,
    /// Where its owner has it from.
    pub filed_source: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// What it says holds from then on, UTC.
    pub valid_from: Option<String>,
    /// What it says holds until then, UTC.
    pub valid_until: Option<String>,
}

/// A memory in full.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MemoryDetail {
    /// What a list shows of it.
    #[serde(flatten)]
    pub memory: MemorySummary,
    /// The mind it belongs to.
    pub mind: String,
    /// Why it is in its state, where there is a reason.
    pub reason: Option<String>,
    /// Where it came from.
    pub source: String,
    /// When codex heard of it, UTC.
    pub recorded_at: String,
    /// As given, or as last edited.
    pub metadata: Map<String, Value>,
    /// How often it came up in answers.
    pub retrieved: i64,
    /// How often it was used.
    pub used: i64,
    /// Its words before each edit, oldest first.
    pub earlier: Vec<MemoryVersion>,
}

/// Words a memory no longer has.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MemoryVersion {
    /// When it was edited, UTC.
    pub until: String,
    /// What it said before.
    pub content: String,
}

/// SQL for every memory of a mind as it is now.
pub(super) fn current_of(mind: &Mind) -> String {
    format!("{CURRENT} WHERE m.mind_id = '{}'::UUID", mind.id)
}

/// Text values as a list in SQL.
pub(super) fn escaped(values: &[String]) -> String {
    let values: Vec<_> = values.iter().map(|value| text_literal(value)).collect();
    values.join(", ")
}

/// What a list shows of a row of [`CURRENT`].
fn summary() -> String {
    format!(
        "id, key, content, {} AS created_at, tier, speaker, session, space, kind, archived, pinned, importance, filed_source, tags,
         {} AS valid_from, {} AS valid_until",
        moment("happened_at"),
        moment("holds_from"),
        moment("holds_until")
    )
}

const CURRENT: &str = "
    SELECT m.memory_id AS id, m.mind_id, m.key, coalesce(e.content, m.content) AS content, m.created_at AS happened_at,
        s.state AS tier, m.speaker, m.session, s.reason, m.source, m.recorded_at AS heard_at,
        coalesce(e.metadata, m.metadata) AS metadata_text, f.space, f.kind, coalesce(f.archived, false) AS archived,
        coalesce(f.pinned, false) AS pinned, f.importance::DOUBLE AS importance, f.source AS filed_source,
        coalesce(f.tags, []) AS tags, f.valid_from AS holds_from, f.valid_until AS holds_until
    FROM raw.memories m
    LEFT JOIN (
        SELECT * FROM raw.filings QUALIFY row_number() OVER (PARTITION BY memory_id ORDER BY arrival DESC) = 1
    ) f ON f.memory_id = m.memory_id
    JOIN memory_states s ON s.memory_id = m.memory_id
    LEFT JOIN (
        SELECT memory_id, arg_max(content, arrival) AS content, arg_max(metadata, arrival) AS metadata
        FROM raw.edits GROUP BY memory_id
    ) e ON e.memory_id = m.memory_id";

impl Engine {
    /// Adds one memory.
    ///
    /// # Errors
    /// Usage when the words or the mind's name cannot be taken; failed when the store cannot be written.
    pub fn add_memory(&self, new: &NewMemory, now: NaiveDateTime) -> Result<Added> {
        self.add_memories(std::slice::from_ref(new), now)?
            .pop()
            .ok_or_else(|| Error::failed("the memory was not added"))
    }

    /// Adds memories in one transaction, all of them or none, and reads and indexes them: they can be recalled at once.
    ///
    /// # Errors
    /// Usage when the words or a mind's name cannot be taken; failed when the store cannot be written.
    pub fn add_memories(&self, new: &[NewMemory], now: NaiveDateTime) -> Result<Vec<Added>> {
        for memory in new {
            memory.check()?;
        }
        let added = self.warehouse.transaction(|conn| {
            let mut minds: HashMap<&str, Mind> = HashMap::new();
            let mut incoming = Vec::with_capacity(new.len());
            let mut seen: HashSet<(MindId, String)> = HashSet::new();
            let mut appended = Vec::with_capacity(new.len());
            for memory in new {
                if !minds.contains_key(memory.mind.as_str()) {
                    let mind = ensure_mind(conn, &memory.mind, memory.time_zone, now)?;
                    minds.insert(&memory.mind, mind);
                }
                let mind = minds[memory.mind.as_str()].id;
                let row = memory.incoming(mind);
                // One batch names no memory twice: what comes again comes after.
                if !seen.insert((mind, row.key.clone())) {
                    appended.extend(append_each(conn, &incoming, now)?);
                    incoming.clear();
                    seen.clear();
                    seen.insert((mind, row.key.clone()));
                }
                incoming.push(row);
            }
            appended.extend(append_each(conn, &incoming, now)?);
            for (memory, appended) in new.iter().zip(&appended) {
                memory.file(conn, minds[memory.mind.as_str()].id, *appended, now)?;
            }
            Ok(appended)
        })?;
        self.enrich(|_| ())?;
        let told = new.iter().zip(added).map(|(memory, appended)| Added {
            id: appended.memory_id,
            key: memory.own_key(),
            mind: memory.mind.clone(),
            outcome: appended.outcome.into(),
        });
        Ok(told.collect())
    }

    /// The memory's id from its number or its key.
    ///
    /// # Errors
    /// Usage when the mind has no such memory, or several of that key.
    pub fn find_memory(&self, mind: &Mind, name: &str) -> Result<i64> {
        let conn = self.warehouse.conn();
        if let Ok(id) = name.parse::<i64>() {
            let owner: Option<String> = conn.query_row(
                "SELECT max(i.name) FROM raw.memories m JOIN raw.minds i USING (mind_id) WHERE m.memory_id = ?",
                [id],
                |r| r.get(0),
            )?;
            match owner {
                Some(owner) if owner == mind.name => return Ok(id),
                Some(owner) if self.keyed(mind, name)?.is_empty() => {
                    return Err(Error::usage(format!(
                        "memory {id} is not one of mind '{}'",
                        mind.name
                    ))
                    .code(ErrorCode::MemoryUnknown)
                    .hint(format!("it belongs to another one: add --mind {owner}")));
                }
                _ => {}
            }
        }
        match self.keyed(mind, name)?.as_slice() {
            [id] => Ok(*id),
            [] => Err(Error::usage(format!(
                "mind '{}' has no memory with the id or key '{name}'",
                mind.name
            ))
            .code(ErrorCode::MemoryUnknown)
            .hint("`codex memory list` and `codex query` show ids; --mind names another mind")),
            several => {
                let ids: Vec<_> = several.iter().map(ToString::to_string).collect();
                Err(Error::usage(format!(
                    "the key '{name}' belongs to several memories: {}",
                    ids.join(", ")
                ))
                .hint("they come from different sources; use one of these ids"))
            }
        }
    }

    fn keyed(&self, mind: &Mind, key: &str) -> Result<Vec<i64>> {
        let mut statement = self
            .warehouse
            .conn()
            .prepare(
                "SELECT m.memory_id, d.memory_id IS NULL
                 FROM raw.memories m LEFT JOIN (SELECT DISTINCT memory_id FROM raw.deletions) d USING (memory_id)
                 WHERE m.mind_id = ?::UUID AND m.key = ? ORDER BY m.memory_id",
            )?;
        let rows = statement
            .query_map(params![mind.id.to_string(), key], |r| {
                Ok((r.get::<_, i64>(0)?, r.get::<_, bool>(1)?))
            })?
            .collect::<std::result::Result<Vec<_>, _>>()?;
        // A memory that took a deleted one's key is meant by it.
        let some_live = rows.iter().any(|(_, live)| *live);
        Ok(rows
            .into_iter()
            .filter(|(_, live)| *live || !some_live)
            .map(|(id, _)| id)
            .collect())
    }

    /// A memory in full. Looking at one is using it: a `used` activation is logged where the store can be written and the
    /// memory is not deleted.
    ///
    /// # Errors
    /// Usage when there is none; failed when the store cannot be read.
    pub fn show_memory(&self, mind: &Mind, id: i64, now: NaiveDateTime) -> Result<MemoryDetail> {
        let shown = self.memory(mind, id)?;
        if self.is_writable() && shown.memory.tier != "deleted" {
            self.activate(mind, ActivationKind::Used, None, &[id], now)?;
        }
        Ok(shown)
    }

    /// A memory in full; nothing is logged.
    ///
    /// # Errors
    /// Usage when there is none; failed when the store cannot be read.
    pub fn memory(&self, mind: &Mind, id: i64) -> Result<MemoryDetail> {
        let sql = format!(
            "SELECT {}, reason, source, {} AS recorded_at, c.metadata_text::JSON AS metadata, {} AS mind,
                (SELECT count(*) FROM raw.activations a WHERE a.memory_id = c.id AND a.kind = 'retrieved') AS retrieved,
                (SELECT count(*) FROM raw.activations a WHERE a.memory_id = c.id AND a.kind = 'used') AS used,
                coalesce((
                    SELECT list({{'until': {}, 'content': before}} ORDER BY arrival)
                    FROM (
                        SELECT e.arrival, e.happened_at, coalesce(lag(e.content) OVER (ORDER BY e.arrival), m.content) AS before
                        FROM raw.edits e JOIN raw.memories m USING (memory_id)
                        WHERE e.memory_id = {id}
                    )
                ), []) AS earlier
             FROM ({CURRENT} WHERE m.memory_id = {id} AND m.mind_id = '{}'::UUID) c",
            summary(),
            moment("c.heard_at"),
            text_literal(&mind.name),
            moment("happened_at"),
            mind.id
        );
        typed_rows(self.warehouse.conn(), &sql)?
            .pop()
            .ok_or_else(|| {
                Error::usage(format!("mind '{}' has no memory {id}", mind.name))
                    .code(ErrorCode::MemoryUnknown)
            })
    }

    /// Memories of a mind, newest first: those that `filter` lets through, and of those the ones after the place `after`.
    ///
    /// # Errors
    /// Usage when filter or place cannot be understood; failed when the store cannot be read.
    pub fn list_memories(
        &self,
        mind: &Mind,
        filter: &MemoryFilter,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Vec<MemorySummary>> {
        let before = match after.map(place) {
            Some(place) => {
                let (at, id) = place?;
                format!(
                    "AND (happened_at < TIMESTAMP '{at}' OR happened_at = TIMESTAMP '{at}' AND id < {id})"
                )
            }
            None => String::new(),
        };
        let sql = format!(
            "SELECT {} FROM ({})
             WHERE {} {before}
             ORDER BY happened_at DESC, id DESC LIMIT {}",
            summary(),
            current_of(mind),
            filter.conditions()?,
            limit.min(i64::MAX as u64)
        );
        typed_rows(self.warehouse.conn(), &sql)
    }

    /// From now on the memory reads `content`; what it said before stays in the raw log.
    ///
    /// # Errors
    /// Usage when the words cannot be taken or the memory is deleted; failed when the store cannot be written.
    pub fn edit_memory(
        &self,
        mind: &Mind,
        id: i64,
        content: &str,
        author: Option<&str>,
        now: NaiveDateTime,
    ) -> Result<MemoryDetail> {
        check_content(content)?;
        let before = self.living(mind, id)?;
        if before.memory.content != content {
            self.warehouse.transaction(|conn| {
                append_edit(conn, mind.id, id, now, content)?;
                sign(conn, mind, id, "edit", author, now)
            })?;
            self.enrich(|_| ())?;
        }
        self.memory(mind, id)
    }

    /// The memory no longer comes up; its raw row stays.
    ///
    /// # Errors
    /// Usage when it is deleted already; failed when the store cannot be written.
    pub fn delete_memory(
        &self,
        mind: &Mind,
        id: i64,
        reason: &str,
        author: Option<&str>,
        now: NaiveDateTime,
    ) -> Result<MemoryDetail> {
        self.living(mind, id)?;
        self.warehouse.transaction(|conn| {
            append_deletion(conn, mind.id, id, now, reason)?;
            sign(conn, mind, id, "delete", author, now)
        })?;
        self.memory(mind, id)
    }

    pub(super) fn living(&self, mind: &Mind, id: i64) -> Result<MemoryDetail> {
        let shown = self.memory(mind, id)?;
        match shown.memory.tier.as_str() {
            "deleted" => {
                Err(Error::usage(format!("memory {id} is deleted already"))
                    .code(ErrorCode::Conflict))
            }
            _ => Ok(shown),
        }
    }

    /// Logs what a recall brought up.
    pub(super) fn activate(
        &self,
        mind: &Mind,
        kind: ActivationKind,
        query: Option<&str>,
        ids: &[i64],
        at: NaiveDateTime,
    ) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let activation = Activation {
            mind: mind.id,
            at,
            kind,
            query: query.map(str::to_owned),
            memory_ids: ids.to_vec(),
        };
        let turn = self.turn_now("query");
        match &self.coordination {
            Some(coordination) if turn.is_none() => {
                coordination.write_later(activation);
                Ok(())
            }
            _ => self
                .warehouse
                .transaction(|conn| append_activations(conn, &activation)),
        }
    }
}

/// Notes who did something to a memory, where that is said; what it is filed as stays.
fn sign(
    conn: &duckdb::Connection,
    mind: &Mind,
    memory_id: i64,
    action: &str,
    author: Option<&str>,
    at: NaiveDateTime,
) -> Result<()> {
    if author.is_none() {
        return Ok(());
    }
    let event = FilingEvent {
        mind: mind.id,
        memory_id,
        at,
        action,
        author,
        batch: None,
        reason: None,
    };
    append_filing(conn, event, &filing_of(conn, memory_id)?).map(|_| ())
}

/// Reads a place in a list, as [`MemorySummary::place`] writes it.
fn place(text: &str) -> Result<(NaiveDateTime, i64)> {
    let read = || {
        let (at, id) = text.split_once('/')?;
        let at = chrono::DateTime::parse_from_rfc3339(at).ok()?.naive_utc();
        Some((at, id.parse().ok()?))
    };
    read().ok_or_else(|| {
        Error::usage(format!("'{text}' is no place in a list of memories"))
            .hint("use what the page before calls `next`")
    })
}

impl MemorySummary {
    /// Its place in a list, from which the next page goes on.
    pub fn place(&self) -> String {
        format!("{}/{}", self.created_at, self.id)
    }
}

fn check_content(content: &str) -> Result<()> {
    if content.trim().is_empty() {
        return Err(Error::usage(
            "there is nothing to remember: the text is empty",
        ));
    }
    if content.contains('\0') {
        return Err(Error::usage("the text holds a NUL character").hint("remove it and try again"));
    }
    if content.len() > MAX_CONTENT_BYTES {
        return Err(Error::usage(format!(
            "the text is {} bytes long; a memory holds at most {MAX_CONTENT_BYTES}",
            content.len()
        ))
        .hint("split it into several memories"));
    }
    Ok(())
}

/// The same words at the same time by the same speaker are the same memory.
fn derived_key(new: &NewMemory) -> String {
    let mut md5 = Md5::new();
    let at = new.created_at.to_string();
    for part in [
        &at,
        &new.content,
        new.speaker.as_deref().unwrap_or(""),
        new.session.as_deref().unwrap_or(""),
    ] {
        md5.update((part.len() as u64).to_le_bytes());
        md5.update(part.as_bytes());
    }
    format!("md5:{:x}", md5.finalize())
}
