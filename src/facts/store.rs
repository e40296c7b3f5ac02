//! Readings in the store: every content version is read once, when it arrives.

use super::answer::read_answer;
use super::read::{Reading, Says, read};
use super::registry::registry;
use super::timeline::{Act, Claim, Evidence, SELF};
use crate::error::Result;
use crate::memory::{Mind, highest_arrival, parse_time_zone, to_local, to_utc_time};
use crate::warehouse::Warehouse;
use chrono::NaiveDateTime;
use duckdb::{Connection, params};
use std::collections::BTreeSet;

/// Content versions a transaction takes.
const BATCH: i64 = 5_000;
/// How sure a rule is of what a text states, and of an answer read with its question.
const STATED: f64 = 0.9;
const ANSWERED: f64 = 0.8;

struct Version {
    memory_id: i64,
    revision: i64,
    mind: String,
    content: String,
    created_at: NaiveDateTime,
    zone: String,
    speaker: Option<String>,
    /// What was said before it in its session, and by whom.
    question: Option<(String, Option<String>)>,
}

/// Reads what has not been read yet by these rules. Returns how many content versions there were.
///
/// # Errors
/// Failed when the store cannot be read or written.
pub fn read_pending(warehouse: &Warehouse) -> Result<u64> {
    let registry = registry()?;
    let mut done = 0;
    let mut after = read_so_far(warehouse.conn(), &registry.version)?;
    let known = after.is_some();
    let end = highest_arrival(warehouse.conn())?;
    if after.is_some_and(|after| after >= end) {
        return Ok(0);
    }
    loop {
        let batch = pending(warehouse.conn(), after.unwrap_or(0))?;
        let first = !known && done == 0;
        if batch.is_empty() && !first {
            return Ok(done);
        }
        let reached = batch.last().map_or(end, |v| v.revision);
        warehouse.transaction(|conn| {
            if first {
                conn.execute_batch("DELETE FROM enrichment.fact_readings")?;
            }
            let mut rows = conn.appender_to_db("fact_readings", "enrichment")?;
            for version in &batch {
                for (i, r) in read_version(version)?.iter().enumerate() {
                    rows.append_row(params![
                        version.memory_id,
                        version.revision,
                        i as i32 + 1,
                        version.mind,
                        r.subject,
                        r.slot,
                        r.value,
                        r.positive,
                        r.says.as_str(),
                        r.from,
                        r.until,
                        r.words
                    ])?;
                }
            }
            rows.flush()?;
            conn.execute(
                "DELETE FROM codex.meta WHERE key IN ('facts_version', 'facts_read')",
                [],
            )?;
            conn.execute(
                "INSERT INTO codex.meta VALUES ('facts_version', ?), ('facts_read', ?)",
                params![registry.version, reached.to_string()],
            )?;
            Ok(())
        })?;
        done += batch.len() as u64;
        if batch.is_empty() || reached >= end {
            return Ok(done);
        }
        after = Some(reached);
    }
}

/// The arrival up to which these rules have read; none where others did, or nobody.
fn read_so_far(conn: &Connection, version: &str) -> Result<Option<i64>> {
    let (by, read): (Option<String>, Option<String>) = conn.query_row(
        "SELECT max(value) FILTER (key = 'facts_version'), max(value) FILTER (key = 'facts_read') FROM codex.meta",
        [],
        |r| Ok((r.get(0)?, r.get(1)?)),
    )?;
    Ok(read
        .and_then(|read| read.parse().ok())
        .filter(|_| by.as_deref() == Some(version)))
}

fn pending(conn: &Connection, after: i64) -> Result<Vec<Version>> {
    let mut statement = conn.prepare(
        "WITH versions AS (
             SELECT memory_id, memory_id AS revision, mind_id, content, created_at, session, speaker
             FROM raw.memories WHERE memory_id > $1
             UNION ALL
             SELECT e.memory_id, e.arrival, e.mind_id, e.content, m.created_at, m.session, m.speaker
             FROM raw.edits e JOIN raw.memories m USING (memory_id) WHERE e.arrival > $1
         ),
         batch AS (FROM versions ORDER BY revision LIMIT $2),
         said AS (
             SELECT memory_id, lag(content) OVER in_order AS question, lag(speaker) OVER in_order AS asker
             FROM raw.memories
             WHERE (mind_id, session) IN (SELECT (mind_id, session) FROM batch WHERE session IS NOT NULL)
             WINDOW in_order AS (PARTITION BY mind_id, session ORDER BY created_at, memory_id)
         )
         SELECT b.memory_id, b.revision, b.mind_id::VARCHAR, b.content, b.created_at, i.time_zone, b.speaker, s.question, s.asker
         FROM batch b JOIN raw.minds i USING (mind_id) LEFT JOIN said s ON s.memory_id = b.memory_id
         ORDER BY b.revision",
    )?;
    let rows = statement.query_map(params![after, BATCH], |r| {
        let question: Option<String> = r.get(7)?;
        let asker: Option<String> = r.get(8)?;
        Ok(Version {
            memory_id: r.get(0)?,
            revision: r.get(1)?,
            mind: r.get(2)?,
            content: r.get(3)?,
            created_at: r.get(4)?,
            zone: r.get(5)?,
            speaker: r.get(6)?,
            question: question.map(|question| (question, asker)),
        })
    })?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// Names of programs, whose "I" is nobody of the mind's.
fn is_program(speaker: Option<&str>) -> bool {
    speaker.is_some_and(|speaker| {
        [
            "assistant",
            "system",
            "tool",
            "ai",
            "bot",
            "chatgpt",
            "claude",
            "gemini",
            "codex",
            "model",
            "developer",
            "function",
        ]
        .contains(&speaker.trim().to_lowercase().as_str())
    })
}

fn read_version(version: &Version) -> Result<Vec<Reading>> {
    if is_program(version.speaker.as_deref()) {
        return Ok(Vec::new());
    }
    let zone = parse_time_zone(&version.zone)?;
    let now = to_local(zone, version.created_at).unwrap_or(version.created_at);
    let registry = registry()?;
    let mut readings = read(registry, &version.content, now);
    if let Some((question, asker)) = &version.question
        && *asker != version.speaker
    {
        let answers = read_answer(registry, question, &version.content, now);
        for answer in answers {
            if !readings
                .iter()
                .any(|r| r.subject.is_none() && r.slot == answer.slot)
            {
                readings.push(answer);
            }
        }
    }
    for reading in &mut readings {
        reading.from = reading.from.map(|at| to_utc_time(zone, at));
        reading.until = reading.until.map(|at| to_utc_time(zone, at));
    }
    Ok(readings)
}

/// Everything that is said of a mind's slots.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn claims(conn: &Connection, mind: &Mind) -> Result<Vec<Claim>> {
    let mut claims = said_by_texts(conn, mind)?;
    claims.extend(said_by_hand(conn, mind)?);
    Ok(claims)
}

fn said_by_texts(conn: &Connection, mind: &Mind) -> Result<Vec<Claim>> {
    let owner = owner(conn, mind)?;
    // A memory's latest words count; what was edited out was never said.
    let mut statement = conn.prepare(
        "SELECT f.memory_id, f.revision, f.ordinal, f.subject, f.slot, f.value, f.positive, f.says, f.from_at, f.until_at, f.words,
                m.created_at, m.speaker
         FROM enrichment.fact_readings f
         JOIN raw.memories m ON m.memory_id = f.memory_id
         JOIN lexical.documents d ON d.memory_id = f.memory_id AND d.revision = f.revision
         WHERE f.mind_id = ?::UUID AND f.memory_id NOT IN (SELECT memory_id FROM raw.deletions)
         ORDER BY m.created_at, f.memory_id, f.ordinal",
    )?;
    let rows = statement.query_map([mind.id.to_string()], |r| {
        let memory_id: i64 = r.get(0)?;
        let ordinal: i32 = r.get(2)?;
        let named: Option<String> = r.get(3)?;
        let says: String = r.get(7)?;
        let created_at: NaiveDateTime = r.get(11)?;
        let speaker: Option<String> = r.get(12)?;
        let words: String = r.get(10)?;
        let value: String = r.get(5)?;
        let subject = named.unwrap_or_else(|| subject_of(speaker.as_deref(), owner.as_deref()));
        Ok(Claim {
            id: format!("{memory_id}.{ordinal}"),
            at: (created_at, memory_id, ordinal),
            subject,
            slot: r.get(4)?,
            trust: if words.len() > value.len() + 8 {
                STATED
            } else {
                ANSWERED
            },
            value,
            positive: r.get(6)?,
            act: Act::Says(Says::parse(&says)),
            from: r.get(8)?,
            until: r.get(9)?,
            evidence: Evidence {
                memory_id: Some(memory_id),
                words,
            },
        })
    })?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// The speaker who is the mind's own person: the one that bears its name, or the only one there is.
fn owner(conn: &Connection, mind: &Mind) -> Result<Option<String>> {
    let mut statement = conn.prepare(
        "SELECT DISTINCT speaker FROM raw.memories WHERE mind_id = ?::UUID AND speaker IS NOT NULL ORDER BY speaker",
    )?;
    let speakers = statement
        .query_map([mind.id.to_string()], |r| r.get::<_, String>(0))?
        .collect::<std::result::Result<BTreeSet<_>, _>>()?;
    let people: Vec<&String> = speakers
        .iter()
        .filter(|s| !is_program(Some(s)) && !is_self(s))
        .collect();
    let named = people
        .iter()
        .find(|s| s.to_lowercase() == mind.name.to_lowercase());
    Ok(match (named, people.as_slice()) {
        (Some(named), _) => Some((**named).clone()),
        (None, [only]) if !speakers.iter().any(|s| is_self(s)) => Some((*only).clone()),
        _ => None,
    })
}

fn is_self(speaker: &str) -> bool {
    ["user", "human", "me", "i", "myself", "self"].contains(&speaker.trim().to_lowercase().as_str())
}

fn subject_of(speaker: Option<&str>, owner: Option<&str>) -> String {
    match speaker {
        Some(speaker) if !is_self(speaker) && Some(speaker) != owner => speaker.to_owned(),
        _ => SELF.to_owned(),
    }
}

fn said_by_hand(conn: &Connection, mind: &Mind) -> Result<Vec<Claim>> {
    let mut statement = conn.prepare(
        "SELECT arrival, happened_at, action, subject, slot, value, state, valid_from, valid_until, author, reason
         FROM raw.fact_statements WHERE mind_id = ?::UUID ORDER BY arrival",
    )?;
    let rows = statement.query_map([mind.id.to_string()], |r| {
        let arrival: i64 = r.get(0)?;
        let action: String = r.get(2)?;
        let state: String = r.get(6)?;
        let author: Option<String> = r.get(9)?;
        let reason: Option<String> = r.get(10)?;
        let by = author.map(|a| format!(" by {a}")).unwrap_or_default();
        let why = reason.map(|r| format!(": {r}")).unwrap_or_default();
        Ok(Claim {
            id: format!("s{arrival}"),
            at: (r.get(1)?, arrival, 0),
            subject: r.get(3)?,
            slot: r.get(4)?,
            value: r.get(5)?,
            positive: true,
            act: match (action.as_str(), state.as_str()) {
                ("retract", _) => Act::Retracts,
                ("confirm", _) => Act::Confirms,
                (_, "past") => Act::Says(Says::Was),
                (_, "planned") => Act::Says(Says::Plans),
                (_, "recurring") => Act::Says(Says::Recurs),
                _ => Act::Says(Says::Holds),
            },
            from: r.get(7)?,
            until: r.get(8)?,
            evidence: Evidence {
                memory_id: None,
                words: format!("{action}{by}{why}"),
            },
            trust: 1.0,
        })
    })?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// A statement by hand.
#[derive(Debug, Clone)]
pub struct Statement<'a> {
    /// `set`, `retract` or `confirm`.
    pub action: &'a str,
    /// `self`, or a name.
    pub subject: &'a str,
    /// The slot with its key.
    pub slot: &'a str,
    /// The value.
    pub value: &'a str,
    /// `current`, `past`, `planned` or `recurring`.
    pub state: &'a str,
    /// UTC.
    pub valid_from: Option<NaiveDateTime>,
    /// UTC.
    pub valid_until: Option<NaiveDateTime>,
    /// Who says so.
    pub author: Option<&'a str>,
    /// Why.
    pub reason: Option<&'a str>,
}

/// Appends a statement, in the caller's transaction. Returns its arrival number.
///
/// # Errors
/// Failed when the store cannot be written.
pub fn append_statement(
    conn: &Connection,
    mind: &Mind,
    statement: &Statement<'_>,
    at: NaiveDateTime,
) -> Result<i64> {
    let arrival = highest_arrival(conn)? + 1;
    conn.execute(
        "INSERT INTO raw.fact_statements VALUES (?, ?::UUID, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            arrival,
            mind.id.to_string(),
            at,
            statement.action,
            statement.subject,
            statement.slot,
            statement.value,
            statement.state,
            statement.valid_from,
            statement.valid_until,
            statement.author,
            statement.reason
        ],
    )?;
    Ok(arrival)
}
