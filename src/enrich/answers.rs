//! Answers of language models in the store: what is owed, what was said before of the same words, and recording as events.

use super::features::Features;
use super::ollama::{Kind, MemoryAnswer, to_features};
use super::pending::{FeatureRow, insert_features};
use super::rules::{Subject, enrich};
use crate::error::{Error, Result};
use crate::memory::{highest_arrival, parse_time_zone, to_local};
use crate::warehouse::{Warehouse, text_literal};
use chrono::NaiveDateTime;
use duckdb::{Connection, OptionalExt, params};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

/// The provider of answers that a model gave.
pub const BY_OLLAMA: &str = "ollama";
/// The provider where a model's answers could not be used.
pub const BY_RULES: &str = "rules";

/// Something a language model is to be asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matter {
    /// Whose.
    pub mind: String,
    /// The memory it is about, or that leads to it.
    pub memory_id: i64,
    /// Arrival of that memory's content.
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
pub struct Answered {
    /// What it is about.
    pub matter: Matter,
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
pub struct Commission {
    /// What kind of answer.
    pub kind: Kind,
    /// The model.
    pub model: String,
    /// The prompt's version.
    pub prompt: String,
    /// Also what another model or version answered already.
    pub redo: bool,
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

/// SQL for subjects of a kind that have their answer.
fn done(commission: &Commission) -> String {
    let same = match commission.redo {
        true => format!(
            " AND model = {} AND prompt = {}",
            text_literal(&commission.model),
            text_literal(&commission.prompt)
        ),
        false => String::new(),
    };
    format!(
        "SELECT mind_id, subject, revision FROM raw.answers WHERE kind = '{}'{same}",
        commission.kind
    )
}

/// SQL for subjects that are to be tried again later than the parameter.
fn later(commission: &Commission) -> String {
    format!(
        "SELECT mind_id, subject, revision FROM enrichment.retries WHERE kind = '{}' AND model = {} AND retry_at > ?",
        commission.kind,
        text_literal(&commission.model)
    )
}

fn owed_memories(commission: &Commission) -> String {
    format!(
        "FROM (SELECT *, memory_id::VARCHAR AS subject FROM lexical.documents) d
         ANTI JOIN ({}) a USING (mind_id, subject, revision)
         ANTI JOIN ({}) r USING (mind_id, subject, revision)
         ANTI JOIN raw.deletions x USING (memory_id)",
        done(commission),
        later(commission)
    )
}

/// How many current contents wait for an answer, those to be tried again later left out where `now` is given.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn count_owed_memories(
    conn: &Connection,
    commission: &Commission,
    now: Option<NaiveDateTime>,
) -> Result<u64> {
    let n: i64 = conn.query_row(
        &format!("SELECT count(*) {}", owed_memories(commission)),
        [now],
        |r| r.get(0),
    )?;
    Ok(n.unsigned_abs())
}

/// Contents that wait for an answer: first those no night has learned yet, whose night then knows more, then the newest.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn owed_memory_matters(
    conn: &Connection,
    commission: &Commission,
    now: NaiveDateTime,
    most: usize,
) -> Result<Vec<Matter>> {
    let mut statement = conn.prepare(&format!(
        "SELECT d.mind_id::VARCHAR, d.memory_id, d.revision, coalesce(e.content, m.content), coalesce(m.speaker, ''), m.created_at, i.time_zone
         FROM (
             SELECT d.*, t.memory_id IS NULL AS unlearned {}
             LEFT JOIN state.memory_traces t ON t.memory_id = d.memory_id
             ORDER BY unlearned DESC, d.revision DESC LIMIT {most}
         ) d
         JOIN raw.memories m USING (memory_id)
         JOIN raw.minds i ON i.mind_id = d.mind_id
         LEFT JOIN raw.edits e ON e.arrival = d.revision
         ORDER BY d.unlearned DESC, d.revision DESC",
        owed_memories(commission)
    ))?;
    let rows = statement.query_map([now], |r| {
        let memory_id: i64 = r.get(1)?;
        Ok(Matter {
            mind: r.get(0)?,
            memory_id,
            revision: r.get(2)?,
            subject: memory_id.to_string(),
            text: r.get(3)?,
            name: r.get(4)?,
            ids: vec![memory_id],
            created_at: r.get(5)?,
            zone: r.get(6)?,
        })
    })?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// Characters of an episode or column that are read.
const MOST_CHARACTERS: usize = 12_000;
/// A column of fewer memories comes to nothing yet.
const COLUMN_MEMORIES: i64 = 5;

fn owed_episodes(commission: &Commission) -> String {
    owed(
        commission,
        "SELECT mind_id, episode_id::VARCHAR AS subject, episode_id AS memory_id, 0::BIGINT AS revision, episode_id AS id,
                coalesce(session, '') AS name, started_at
         FROM state.episodes WHERE memories > 1",
    )
}

/// A column's revision is its size in steps of half: 5, 8, 12, 18 … So one that has grown by half is described again.
fn owed_clusters(commission: &Commission) -> String {
    owed(
        commission,
        &format!(
            "SELECT mind_id, column_id AS subject, exemplar_id AS memory_id, floor(ln(memories / {COLUMN_MEMORIES}.0) / ln(1.5))::BIGINT AS revision,
                    memories, label AS name, first_at AS started_at
             FROM long_term_memory.cortical_columns WHERE memories >= {COLUMN_MEMORIES}"
        ),
    )
}

/// SQL for the subjects of a query that have no answer yet and are not to be tried later than the parameter.
fn owed(commission: &Commission, subjects: &str) -> String {
    format!(
        "SELECT d.* FROM ({subjects}) d
         ANTI JOIN ({}) a USING (mind_id, subject, revision)
         ANTI JOIN ({}) r USING (mind_id, subject, revision)",
        done(commission),
        later(commission)
    )
}

/// How many episodes wait to be described; see [`count_owed_memories`].
///
/// # Errors
/// Failed when the store cannot be read.
pub fn count_owed_episodes(
    conn: &Connection,
    commission: &Commission,
    now: Option<NaiveDateTime>,
) -> Result<u64> {
    count(conn, &owed_episodes(commission), now)
}

/// How many columns wait to be described; see [`count_owed_memories`].
///
/// # Errors
/// Failed when the store cannot be read.
pub fn count_owed_clusters(
    conn: &Connection,
    commission: &Commission,
    now: Option<NaiveDateTime>,
) -> Result<u64> {
    match has_columns(conn)? {
        true => count(conn, &owed_clusters(commission), now),
        false => Ok(0),
    }
}

fn count(conn: &Connection, sql: &str, now: Option<NaiveDateTime>) -> Result<u64> {
    let n: i64 = conn.query_row(&format!("SELECT count(*) FROM ({sql})"), [now], |r| {
        r.get(0)
    })?;
    Ok(n.unsigned_abs())
}

/// Episodes that nights have kept and nobody has described, the latest first.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn owed_episode_matters(
    conn: &Connection,
    commission: &Commission,
    now: NaiveDateTime,
    most: usize,
) -> Result<Vec<Matter>> {
    let sql = format!(
        "WITH owed AS ({} ORDER BY started_at DESC, id DESC LIMIT {most}),
         said AS (
             SELECT o.*, m.memory_id AS said_id, m.created_at, m.speaker, coalesce(e.content, m.content) AS content, p.position AS place
             FROM owed o
             JOIN state.episode_memories p ON p.mind_id = o.mind_id AND p.episode_id = o.id
             JOIN raw.memories m ON m.memory_id = p.memory_id
             LEFT JOIN {LATEST} e ON e.memory_id = m.memory_id
             ANTI JOIN raw.deletions x ON x.memory_id = m.memory_id
         )
         SELECT s.mind_id::VARCHAR, s.memory_id, s.revision, s.subject, s.name, s.started_at, i.time_zone,
                s.said_id, s.created_at, s.speaker, s.content
         FROM said s JOIN raw.minds i ON i.mind_id = s.mind_id
         ORDER BY s.started_at DESC, s.id DESC, s.place",
        owed_episodes(commission)
    );
    gathered(conn, &sql, now, false)
}

/// Columns of long-term memory that nobody has described, or that have grown by half since, the largest first. None where the project
/// has no columns.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn owed_cluster_matters(
    conn: &Connection,
    commission: &Commission,
    now: NaiveDateTime,
    most: usize,
) -> Result<Vec<Matter>> {
    if !has_columns(conn)? {
        return Ok(Vec::new());
    }
    let sql = format!(
        "WITH owed AS ({} ORDER BY memories DESC, subject LIMIT {most}),
         said AS (
             SELECT o.*, m.memory_id AS said_id, m.created_at, m.speaker, coalesce(e.content, m.content) AS content
             FROM owed o
             JOIN (
                 SELECT mind_id, column_id, memory_id FROM long_term_memory.semantic_memories
                 QUALIFY row_number() OVER (PARTITION BY mind_id, column_id ORDER BY strength DESC, memory_id) <= 24
             ) p ON p.mind_id = o.mind_id AND p.column_id = o.subject
             JOIN raw.memories m ON m.memory_id = p.memory_id
             LEFT JOIN {LATEST} e ON e.memory_id = m.memory_id
             ANTI JOIN raw.deletions x ON x.memory_id = m.memory_id
         )
         SELECT s.mind_id::VARCHAR, s.memory_id, s.revision, s.subject, s.name, s.started_at, i.time_zone,
                s.said_id, s.created_at, s.speaker, s.content
         FROM said s JOIN raw.minds i ON i.mind_id = s.mind_id
         ORDER BY s.memories DESC, s.subject, s.created_at, s.said_id",
        owed_clusters(commission)
    );
    gathered(conn, &sql, now, true)
}

/// The words of edited memories.
const LATEST: &str =
    "(SELECT memory_id, arg_max(content, arrival) AS content FROM raw.edits GROUP BY memory_id)";

/// Whether a night has passed since insights were last said in sentences: before, there is nothing new to say.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn night_since_insights(conn: &Connection) -> Result<bool> {
    Ok(conn.query_row(
        "SELECT coalesce((SELECT max(started_at) FROM codex.ledger WHERE transition)
                > coalesce((SELECT max(answered_at) FROM raw.answers WHERE kind = 'insight'), TIMESTAMP '0001-01-01'), false)",
        [],
        |r| r.get(0),
    )?)
}

fn has_columns(conn: &Connection) -> Result<bool> {
    let n: i64 = conn.query_row(
        "SELECT count(*) FROM duckdb_views() WHERE database_name = current_database() AND schema_name = 'long_term_memory'
         AND view_name IN ('cortical_columns', 'semantic_memories')",
        [],
        |r| r.get(0),
    )?;
    Ok(n == 2)
}

/// Rows of memories, put together by subject.
fn gathered(conn: &Connection, sql: &str, now: NaiveDateTime, dated: bool) -> Result<Vec<Matter>> {
    let mut statement = conn.prepare(sql)?;
    let mut rows = statement.query([now])?;
    let mut matters: Vec<Matter> = Vec::new();
    while let Some(r) = rows.next()? {
        let (mind, subject): (String, String) = (r.get(0)?, r.get(3)?);
        if matters
            .last()
            .is_none_or(|m| m.mind != mind || m.subject != subject)
        {
            matters.push(Matter {
                mind,
                memory_id: r.get(1)?,
                revision: r.get(2)?,
                subject,
                text: String::new(),
                name: r.get(4)?,
                ids: Vec::new(),
                created_at: r.get(5)?,
                zone: r.get(6)?,
            });
        }
        let Some(matter) = matters.last_mut() else {
            continue;
        };
        let (id, at, speaker, content): (i64, NaiveDateTime, Option<String>, String) =
            (r.get(7)?, r.get(8)?, r.get(9)?, r.get(10)?);
        let day = match dated {
            true => format!(" {}", at.format("%Y-%m-%d")),
            false => String::new(),
        };
        let speaker = speaker.map(|s| format!(" {s}:")).unwrap_or_default();
        let words: String = content.chars().take(1_000).collect();
        let line = format!("[{id}]{day}{speaker} {words}\n");
        if matter.text.chars().count() + line.chars().count() <= MOST_CHARACTERS {
            matter.text.push_str(&line);
            matter.ids.push(id);
        }
    }
    Ok(matters)
}

/// The store's key for hashes of contents, made when it is first needed.
///
/// # Errors
/// Failed when the store cannot be written.
pub fn answer_key(warehouse: &Warehouse) -> Result<String> {
    let known: Option<String> = warehouse
        .conn()
        .query_row(
            "SELECT value FROM codex.meta WHERE key = 'answer_key'",
            [],
            |r| r.get(0),
        )
        .optional()?;
    if let Some(key) = known {
        return Ok(key);
    }
    // Each state is seeded by the system's randomness.
    let key: String = (0..4u64)
        .map(|i| {
            let mut hasher = RandomState::new().build_hasher();
            hasher.write_u64(i);
            format!("{:016x}", hasher.finish())
        })
        .collect();
    warehouse
        .conn()
        .execute("INSERT INTO codex.meta VALUES ('answer_key', ?)", [&key])?;
    Ok(key)
}

/// An HMAC (RFC 2104, SHA-256) of texts, in hex: who does not have the store cannot test whether it holds certain words.
///
/// # Errors
/// Failed when the key is none.
pub fn content_hmac(key: &str, texts: &[&str]) -> Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes())
        .map_err(|e| Error::failed(format!("the store's key for answers: {e}")))?;
    for text in texts {
        mac.update(&(text.len() as u64).to_le_bytes());
        mac.update(text.as_bytes());
    }
    let bytes = mac.finalize().into_bytes();
    Ok(bytes.iter().map(|b| format!("{b:02x}")).collect())
}

/// What the model said before of the same words in the same mind, by mind and HMAC.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn said_before(
    conn: &Connection,
    commission: &Commission,
    hmacs: &[String],
) -> Result<HashMap<(String, String), (Value, u32)>> {
    if hmacs.is_empty() {
        return Ok(HashMap::new());
    }
    let list: Vec<String> = hmacs.iter().map(|h| text_literal(h)).collect();
    let mut statement = conn.prepare(&format!(
        "SELECT mind_id::VARCHAR, content_hmac, arg_max(answer, arrival), arg_max(clamped, arrival) FROM raw.answers
         WHERE kind = ? AND model = ? AND prompt = ? AND provider = '{BY_OLLAMA}' AND content_hmac IN ({})
         GROUP BY ALL",
        list.join(", ")
    ))?;
    let rows = statement.query_map(
        params![
            commission.kind.as_str(),
            commission.model,
            commission.prompt
        ],
        |r| {
            Ok((
                r.get::<_, String>(0)?,
                r.get::<_, String>(1)?,
                r.get::<_, String>(2)?,
                r.get::<_, i64>(3)?,
            ))
        },
    )?;
    rows.map(|row| {
        let (mind, hmac, answer, clamped) = row?;
        let answer = serde_json::from_str(&answer)
            .map_err(|e| Error::failed(format!("a recorded answer is no JSON: {e}")))?;
        Ok(((mind, hmac), (answer, u32::try_from(clamped).unwrap_or(0))))
    })
    .collect()
}

/// Whether a subject has its answer, or is to be tried again later.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn was_answered(
    conn: &Connection,
    commission: &Commission,
    matter: &Matter,
    now: NaiveDateTime,
) -> Result<bool> {
    Ok(conn.query_row(
        &format!(
            "SELECT count(*) > 0 FROM ({} UNION ALL {}) WHERE mind_id = ?::UUID AND subject = ? AND revision = ?",
            done(commission),
            later(commission)
        ),
        params![now, matter.mind, matter.subject, matter.revision],
        |r| r.get(0),
    )?)
}

/// The sentences of insights, by mind and subject.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn said_of_insights(conn: &Connection) -> Result<HashMap<(String, String), String>> {
    let mut statement = conn.prepare(&format!(
        "SELECT mind_id::VARCHAR, subject, arg_max(answer->>'sentence', arrival) FROM raw.answers
         WHERE kind = 'insight' AND provider = '{BY_OLLAMA}' GROUP BY ALL"
    ))?;
    let rows = statement.query_map([], |r| {
        Ok((
            (r.get::<_, String>(0)?, r.get::<_, String>(1)?),
            r.get::<_, Option<String>>(2)?,
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

/// Requests answered since `since`, for the day's budget.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn asked_since(conn: &Connection, since: NaiveDateTime) -> Result<u64> {
    let n: i64 = conn.query_row(
        "SELECT count(*) FROM raw.answers WHERE asked AND answered_at >= ?",
        [since],
        |r| r.get(0),
    )?;
    Ok(n.unsigned_abs())
}

/// Records answers as events, in one transaction; those about memories with the features they come to.
///
/// # Errors
/// Failed when the store cannot be written; then none is recorded.
pub fn append_answers(
    warehouse: &Warehouse,
    commission: &Commission,
    answers: &[Answered],
    now: NaiveDateTime,
) -> Result<()> {
    if answers.is_empty() {
        return Ok(());
    }
    let described: Vec<Option<(NaiveDateTime, Features, String)>> = answers
        .iter()
        .map(|a| described(commission, a))
        .collect::<Result<_>>()?;
    warehouse.transaction(|conn| {
        let base = highest_arrival(conn)? + 1;
        let mut appender = conn.appender_to_db("answers", "raw")?;
        for (i, a) in answers.iter().enumerate() {
            appender.append_row(params![
                base + i as i64,
                a.matter.mind,
                a.matter.memory_id,
                a.matter.revision,
                now,
                commission.kind.as_str(),
                a.matter.subject,
                a.provider,
                commission.model,
                commission.prompt,
                a.hmac,
                a.asked,
                a.repaired,
                a.clamped,
                a.answer.to_string()
            ])?;
        }
        appender.flush()?;
        drop(appender);
        let rows: Vec<FeatureRow<'_>> = answers
            .iter()
            .enumerate()
            .zip(&described)
            .filter_map(|((i, a), described)| {
                let (local_at, features, task_type) = described.as_ref()?;
                Some(FeatureRow {
                    memory_id: a.matter.memory_id,
                    revision: base + i as i64,
                    mind: &a.matter.mind,
                    local_at: *local_at,
                    features,
                    describes: Some(a.matter.revision),
                    task_type: Some(task_type.as_str()),
                })
            })
            .collect();
        insert_features(conn, BY_OLLAMA, 1, &rows)?;
        let mut forget = conn.prepare(
            "DELETE FROM enrichment.retries WHERE kind = ? AND model = ? AND subject = ? AND mind_id = ?::UUID",
        )?;
        for a in answers {
            forget.execute(params![commission.kind.as_str(), commission.model, a.matter.subject, a.matter.mind])?;
        }
        Ok(())
    })
}

/// The features an answer about a memory comes to, with the memory's local time and kind of task.
fn described(
    commission: &Commission,
    answered: &Answered,
) -> Result<Option<(NaiveDateTime, Features, String)>> {
    if commission.kind != Kind::Memory || answered.provider != BY_OLLAMA {
        return Ok(None);
    }
    let answer: MemoryAnswer = serde_json::from_value(answered.answer.clone())
        .map_err(|e| Error::failed(format!("an answer is not what it was: {e}")))?;
    let matter = &answered.matter;
    let zone = parse_time_zone(&matter.zone)?;
    let local_at = to_local(zone, matter.created_at).unwrap_or(matter.created_at);
    let rules = enrich(&Subject {
        content: &matter.text,
        speaker: Some(matter.name.as_str()).filter(|name| !name.is_empty()),
        local_time: local_at,
    });
    let task_type = answered
        .answer
        .get("task_type")
        .and_then(Value::as_str)
        .unwrap_or("other")
        .to_owned();
    Ok(Some((local_at, to_features(&answer, &rules), task_type)))
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
