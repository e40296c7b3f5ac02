//! What a language model owes.

use super::{BY_OLLAMA, ExtractionSpec, ExtractionTask, set_meta};
use crate::enrich::llm::one_line_of;
use crate::error::Result;
use crate::warehouse::{Warehouse, text_literal, timestamp_literal};
use chrono::NaiveDateTime;
use duckdb::{Connection, params};

/// SQL for subjects of a kind that have their answer. Who asks again is content with what this model has said to this prompt, and
/// with whatever came since: what it could not read twice is kept by rules once more, not asked about for ever.
fn done(spec: &ExtractionSpec) -> String {
    let same = match spec.redo_since {
        Some(since) => format!(
            " AND (answered_at >= {} OR model = {} AND prompt = {} AND provider = '{BY_OLLAMA}')",
            timestamp_literal(since),
            text_literal(&spec.model),
            text_literal(&spec.prompt)
        ),
        None => String::new(),
    };
    format!(
        "SELECT mind_id, subject, revision FROM raw.answers WHERE kind = '{}'{same}",
        spec.kind
    )
}

/// SQL for subjects that are to be tried again later than the parameter.
fn later(spec: &ExtractionSpec) -> String {
    format!(
        "SELECT mind_id, subject, revision FROM enrichment.retries WHERE kind = '{}' AND model = {} AND retry_at > ?",
        spec.kind,
        text_literal(&spec.model)
    )
}

fn pending_memories(spec: &ExtractionSpec) -> String {
    format!(
        "FROM (SELECT *, memory_id::VARCHAR AS subject FROM lexical.documents) d
         ANTI JOIN ({}) a USING (mind_id, subject, revision)
         ANTI JOIN ({}) r USING (mind_id, subject, revision)
         ANTI JOIN raw.deletions x USING (memory_id)",
        done(spec),
        later(spec)
    )
}

/// How many current contents wait for an answer, those to be tried again later left out where `now` is given.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn count_pending_memories(
    conn: &Connection,
    spec: &ExtractionSpec,
    now: Option<NaiveDateTime>,
) -> Result<u64> {
    let n: i64 = conn.query_row(
        &format!("SELECT count(*) {}", pending_memories(spec)),
        [now],
        |r| r.get(0),
    )?;
    Ok(n.unsigned_abs())
}

/// Contents that wait for an answer: first those no night has learned yet, whose night then knows more, then the newest.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn pending_memory_tasks(
    conn: &Connection,
    spec: &ExtractionSpec,
    now: NaiveDateTime,
    most: usize,
) -> Result<Vec<ExtractionTask>> {
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
        pending_memories(spec)
    ))?;
    let rows = statement.query_map([now], |r| {
        let memory_id: i64 = r.get(1)?;
        Ok(ExtractionTask {
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

fn pending_episodes(spec: &ExtractionSpec) -> String {
    pending(
        spec,
        "SELECT mind_id, episode_id::VARCHAR AS subject, episode_id AS memory_id, 0::BIGINT AS revision, episode_id AS id,
                coalesce(session, '') AS name, started_at
         FROM state.episodes WHERE memories > 1",
    )
}

/// A column's revision is its size in steps of half: 5, 8, 12, 18 … So one that has grown by half is described again.
fn pending_clusters(spec: &ExtractionSpec) -> String {
    pending(
        spec,
        &format!(
            "SELECT mind_id, column_id AS subject, exemplar_id AS memory_id, floor(ln(memories / {COLUMN_MEMORIES}.0) / ln(1.5))::BIGINT AS revision,
                    memories, label AS name, first_at AS started_at
             FROM long_term_memory.cortical_columns WHERE memories >= {COLUMN_MEMORIES}"
        ),
    )
}

/// SQL for the subjects of a query that have no answer yet and are not to be tried later than the parameter.
fn pending(spec: &ExtractionSpec, subjects: &str) -> String {
    format!(
        "SELECT d.* FROM ({subjects}) d
         ANTI JOIN ({}) a USING (mind_id, subject, revision)
         ANTI JOIN ({}) r USING (mind_id, subject, revision)",
        done(spec),
        later(spec)
    )
}

/// How many episodes wait to be described; see [`count_pending_memories`].
///
/// # Errors
/// Failed when the store cannot be read.
pub fn count_pending_episodes(
    conn: &Connection,
    spec: &ExtractionSpec,
    now: Option<NaiveDateTime>,
) -> Result<u64> {
    count(conn, &pending_episodes(spec), now)
}

/// How many columns wait to be described; see [`count_pending_memories`].
///
/// # Errors
/// Failed when the store cannot be read.
pub fn count_pending_clusters(
    conn: &Connection,
    spec: &ExtractionSpec,
    now: Option<NaiveDateTime>,
) -> Result<u64> {
    match has_columns(conn)? {
        true => count(conn, &pending_clusters(spec), now),
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
pub fn pending_episode_tasks(
    conn: &Connection,
    spec: &ExtractionSpec,
    now: NaiveDateTime,
    most: usize,
) -> Result<Vec<ExtractionTask>> {
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
        pending_episodes(spec)
    );
    gathered(conn, &sql, now, false)
}

/// Columns of long-term memory that nobody has described, or that have grown by half since, the largest first. None where the project
/// has no columns.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn pending_cluster_tasks(
    conn: &Connection,
    spec: &ExtractionSpec,
    now: NaiveDateTime,
    most: usize,
) -> Result<Vec<ExtractionTask>> {
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
        pending_clusters(spec)
    );
    gathered(conn, &sql, now, true)
}

/// The words of edited memories.
const LATEST: &str =
    "(SELECT memory_id, arg_max(content, arrival) AS content FROM raw.edits GROUP BY memory_id)";

/// The key of the last night whose insights were looked at.
const LOOKED_AT: &str = "insights_night";

/// The last night, where its insights have not all been said in sentences yet or one is to be tried again: before another, there is
/// nothing new to say, and finding out costs seconds.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn night_since_insights(conn: &Connection, now: NaiveDateTime) -> Result<Option<i64>> {
    Ok(conn.query_row(
        "SELECT CASE WHEN night IS DISTINCT FROM (SELECT max(value)::BIGINT FROM codex.meta WHERE key = ?)
                OR EXISTS (FROM enrichment.retries WHERE kind = 'insight' AND retry_at BETWEEN ?::TIMESTAMP - INTERVAL 1 DAY AND ?)
                THEN night END
         FROM (SELECT max(ledger_id) AS night FROM codex.ledger WHERE transition)",
        params![LOOKED_AT, now, now],
        |r| r.get(0),
    )?)
}

/// Whether any night has passed.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn has_night(conn: &Connection) -> Result<bool> {
    let sql = "SELECT count(*) > 0 FROM codex.ledger WHERE transition";
    Ok(conn.query_row(sql, [], |r| r.get(0))?)
}

/// Notes that the insights of a night have been looked at.
///
/// # Errors
/// Failed when the store cannot be written.
pub fn looked_at_insights(warehouse: &Warehouse, night: i64) -> Result<()> {
    warehouse.transaction(|conn| set_meta(conn, LOOKED_AT, &night.to_string()))
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
fn gathered(
    conn: &Connection,
    sql: &str,
    now: NaiveDateTime,
    dated: bool,
) -> Result<Vec<ExtractionTask>> {
    let mut statement = conn.prepare(sql)?;
    let mut rows = statement.query([now])?;
    let mut tasks: Vec<ExtractionTask> = Vec::new();
    while let Some(r) = rows.next()? {
        let (mind, subject): (String, String) = (r.get(0)?, r.get(3)?);
        if tasks
            .last()
            .is_none_or(|m| m.mind != mind || m.subject != subject)
        {
            tasks.push(ExtractionTask {
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
        let Some(task) = tasks.last_mut() else {
            continue;
        };
        let (id, at, speaker, content): (i64, NaiveDateTime, Option<String>, String) =
            (r.get(7)?, r.get(8)?, r.get(9)?, r.get(10)?);
        let day = match dated {
            true => format!(" {}", at.format("%Y-%m-%d")),
            false => String::new(),
        };
        // A line a memory: no memory can speak for another.
        let speaker = speaker
            .map(|s| format!(" {}:", one_line_of(&s, 80)))
            .unwrap_or_default();
        let words = one_line_of(&content, 1_000);
        let line = format!("[{id}]{day}{speaker} {words}\n");
        if task.text.chars().count() + line.chars().count() <= MOST_CHARACTERS {
            task.text.push_str(&line);
            task.ids.push(id);
        }
    }
    Ok(tasks)
}

/// Whether a subject has its answer, or is to be tried again later.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn was_answered(
    conn: &Connection,
    spec: &ExtractionSpec,
    task: &ExtractionTask,
    now: NaiveDateTime,
) -> Result<bool> {
    Ok(conn.query_row(
        &format!(
            "SELECT count(*) > 0 FROM ({} UNION ALL {}) WHERE mind_id = ?::UUID AND subject = ? AND revision = ?",
            done(spec),
            later(spec)
        ),
        params![now, task.mind, task.subject, task.revision],
        |r| r.get(0),
    )?)
}
