//! Single memories: adding, looking, listing, editing, deleting.

use super::Engine;
use super::rows::{moment, typed_rows};
use crate::error::{Error, ErrorCode, Result};
use crate::memory::readers::{MAX_CONTENT_BYTES, MAX_NAME_BYTES};
use crate::memory::{
    Activation, ActivationKind, AppendOutcome, Incoming, Mind, MindId, append_activations,
    append_deletion, append_each, append_edit, ensure_mind,
};
use crate::warehouse::text_literal;
use chrono::NaiveDateTime;
use chrono_tz::Tz;
use duckdb::params;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

/// The source of memories that were added one by one.
const SOURCE: &str = "cli";

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
}

impl NewMemory {
    /// Whether it can be taken in.
    ///
    /// # Errors
    /// Usage when the words or names cannot be taken.
    pub fn check(&self) -> Result<()> {
        check_content(&self.content)?;
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
}

/// Which memories a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryFilter {
    /// Only of this conversation.
    pub session: Option<String>,
    /// Only what this one says.
    pub speaker: Option<String>,
    /// Only in this state.
    pub tier: Option<String>,
    /// Only what happened then or later, UTC.
    pub since: Option<NaiveDateTime>,
    /// Only what happened before then, UTC.
    pub until: Option<NaiveDateTime>,
    /// Only what stands behind this one in the list: when it happened, and its id.
    pub after: Option<(NaiveDateTime, i64)>,
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

const CURRENT: &str = "
    SELECT m.memory_id AS id, m.mind_id, m.key, coalesce(e.content, m.content) AS content, m.created_at AS happened_at,
        s.state AS tier, m.speaker, m.session, s.reason, m.source, m.recorded_at AS heard_at,
        coalesce(e.metadata, m.metadata) AS metadata_text
    FROM raw.memories m
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
            .prepare("SELECT memory_id FROM raw.memories WHERE mind_id = ?::UUID AND key = ? ORDER BY memory_id")?;
        let rows = statement.query_map(params![mind.id.to_string(), key], |r| r.get(0))?;
        Ok(rows.collect::<std::result::Result<_, _>>()?)
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
            "SELECT c.* EXCLUDE (mind_id, metadata_text, happened_at, heard_at), {} AS created_at, {} AS recorded_at,
                c.metadata_text::JSON AS metadata, {} AS mind,
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
            moment("c.happened_at"),
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

    /// The newest memories of a mind that `filter` lets through, newest first; deleted ones are left out.
    ///
    /// # Errors
    /// Failed when the store cannot be read.
    pub fn list_memories(
        &self,
        mind: &Mind,
        limit: u64,
        filter: &MemoryFilter,
    ) -> Result<Vec<MemorySummary>> {
        let mut conditions = vec!["tier <> 'deleted'".to_owned()];
        for (column, wanted) in [
            ("session", &filter.session),
            ("speaker", &filter.speaker),
            ("tier", &filter.tier),
        ] {
            if let Some(text) = wanted {
                conditions.push(format!("{column} = {}", text_literal(text)));
            }
        }
        if let Some(since) = filter.since {
            conditions.push(format!("happened_at >= TIMESTAMP '{since}'"));
        }
        if let Some(until) = filter.until {
            conditions.push(format!("happened_at < TIMESTAMP '{until}'"));
        }
        if let Some((at, id)) = filter.after {
            conditions.push(format!("(happened_at, id) < (TIMESTAMP '{at}', {id})"));
        }
        let sql = format!(
            "SELECT id, key, content, {} AS created_at, tier, speaker, session
             FROM ({CURRENT} WHERE m.mind_id = '{}'::UUID)
             WHERE {}
             ORDER BY happened_at DESC, id DESC LIMIT {}",
            moment("happened_at"),
            mind.id,
            conditions.join(" AND "),
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
        now: NaiveDateTime,
    ) -> Result<MemoryDetail> {
        check_content(content)?;
        let before = self.living(mind, id)?;
        if before.memory.content != content {
            self.warehouse
                .transaction(|conn| append_edit(conn, mind.id, id, now, content))?;
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
        now: NaiveDateTime,
    ) -> Result<MemoryDetail> {
        self.living(mind, id)?;
        self.warehouse
            .transaction(|conn| append_deletion(conn, mind.id, id, now, reason))?;
        self.memory(mind, id)
    }

    fn living(&self, mind: &Mind, id: i64) -> Result<MemoryDetail> {
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
