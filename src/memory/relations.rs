//! Relations between memories that a person or program drew: events of the log, beside the associations that nights learn.

use super::log::highest_arrival;
use super::minds::MindId;
use crate::error::{Error, Result};
use chrono::NaiveDateTime;
use duckdb::{Connection, params};
use serde::{Deserialize, Serialize};

/// A relation to draw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewRelation {
    /// `related_to`, `causes`, `contradicts`, `part_of`, `supersedes`, or one of its own.
    pub kind: String,
    /// 0..1.
    pub strength: f64,
    /// Whether it leads from the first memory to the second only.
    pub directed: bool,
    /// Days after which half of the strength is left; none: it does not fade.
    pub half_life_days: Option<f64>,
}

/// Kinds that go one way unless said otherwise.
const DIRECTED: [&str; 4] = ["causes", "part_of", "supersedes", "restores"];

/// Whether relations of this kind lead one way by their meaning.
pub fn is_directed(kind: &str) -> bool {
    DIRECTED.contains(&kind)
}

impl NewRelation {
    fn check(&self) -> Result<()> {
        check_kind(&self.kind)?;
        if !(0.0..=1.0).contains(&self.strength) {
            return Err(Error::usage(format!(
                "the strength {} is not between 0 and 1",
                self.strength
            ))
            .hint("use a number such as 0.8"));
        }
        if let Some(days) = self.half_life_days
            && !(0.001..=100_000.0).contains(&days)
        {
            return Err(
                Error::usage(format!("a half-life of {days} days cannot be taken"))
                    .hint("use 0.001 to 100000 days, or none for a relation that does not fade"),
            );
        }
        Ok(())
    }
}

/// Whether `kind` can be a relation's.
///
/// # Errors
/// Usage when it cannot.
pub fn check_kind(kind: &str) -> Result<()> {
    let good = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | ':' | '.');
    if kind.is_empty() || kind.len() > 100 || !kind.chars().all(good) {
        return Err(
            Error::usage(format!("{kind:?} cannot be the kind of a relation"))
                .hint("use a word such as related_to, causes, contradicts, part_of, supersedes"),
        );
    }
    Ok(())
}

/// Whose relation it is, from where to where, and by whom.
#[derive(Debug, Clone, Copy)]
pub struct RelationEvent<'a> {
    /// Whose.
    pub mind: MindId,
    /// From.
    pub from: i64,
    /// To.
    pub to: i64,
    /// When, UTC.
    pub at: NaiveDateTime,
    /// By whom, where that was said.
    pub author: Option<&'a str>,
}

/// Appends a relation in the caller's transaction; one of this kind between both that is there takes the new strength.
///
/// # Errors
/// Usage when it cannot be taken; failed when the store cannot be written.
pub fn append_relation(
    conn: &Connection,
    event: RelationEvent<'_>,
    relation: &NewRelation,
) -> Result<i64> {
    relation.check()?;
    if event.from == event.to {
        return Err(Error::usage(format!(
            "memory {} cannot be related to itself",
            event.from
        )));
    }
    // One that goes both ways is one relation, however it was called.
    let (from, to) = if relation.directed {
        (event.from, event.to)
    } else {
        (event.from.min(event.to), event.from.max(event.to))
    };
    write(conn, RelationEvent { from, to, ..event }, relation, false)
}

/// Appends that the relations of `kind` between both, or of every kind, are no more. Returns how many there were.
///
/// # Errors
/// Failed when the store cannot be written.
pub fn append_unlink(
    conn: &Connection,
    event: RelationEvent<'_>,
    kind: Option<&str>,
) -> Result<u64> {
    let mut statement = conn.prepare(&format!(
        "SELECT memory_id, other_id, kind, strength::DOUBLE, directed, half_life_days::DOUBLE FROM {CURRENT_RELATIONS}
         WHERE (memory_id = $1 AND other_id = $2 OR memory_id = $2 AND other_id = $1) AND ($3 IS NULL OR kind = $3)
         ORDER BY arrival"
    ))?;
    let found = statement
        .query_map(params![event.from, event.to, kind], |r| {
            Ok((
                r.get::<_, i64>(0)?,
                r.get::<_, i64>(1)?,
                NewRelation {
                    kind: r.get(2)?,
                    strength: r.get(3)?,
                    directed: r.get(4)?,
                    half_life_days: r.get(5)?,
                },
            ))
        })?
        .collect::<std::result::Result<Vec<_>, _>>()?;
    for (from, to, relation) in &found {
        let ends = RelationEvent {
            from: *from,
            to: *to,
            ..event
        };
        write(conn, ends, relation, true)?;
    }
    Ok(found.len() as u64)
}

fn write(
    conn: &Connection,
    event: RelationEvent<'_>,
    relation: &NewRelation,
    removed: bool,
) -> Result<i64> {
    let arrival = highest_arrival(conn)? + 1;
    conn.execute(
        "INSERT INTO raw.relations VALUES (?, ?::UUID, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            arrival,
            event.mind.to_string(),
            event.from,
            event.to,
            event.at,
            event.author,
            relation.kind,
            relation.directed,
            relation.strength,
            relation.half_life_days,
            removed
        ],
    )?;
    Ok(arrival)
}

/// SQL for the relations that hold, of all minds.
pub const CURRENT_RELATIONS: &str = "(
    SELECT * FROM (
        SELECT * FROM raw.relations
        QUALIFY row_number() OVER (PARTITION BY memory_id, other_id, kind ORDER BY arrival DESC) = 1
    )
    WHERE NOT removed)";
