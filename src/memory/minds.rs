//! Minds: isolated memory spaces. Nothing crosses minds.

use super::log::highest_arrival;
use crate::error::{Error, ErrorCode, Result};
use chrono::{Datelike, NaiveDateTime, TimeZone};
use chrono_tz::Tz;
use duckdb::{Connection, params};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fmt;
use uuid::Uuid;

/// The mind that exists from the start.
pub const DEFAULT_MIND: &str = "default";

/// A mind's identity: made from its name, so that the same history imported anywhere has the same ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MindId(Uuid);

impl MindId {
    /// The identity of the mind called `name`.
    pub fn of(name: &str) -> MindId {
        const NAMESPACE: Uuid = Uuid::from_u128(0x6f8f_a5a1_3f0c_4f4e_9d5a_0c0d_e0dd_7ea5);
        MindId(Uuid::new_v5(&NAMESPACE, name.as_bytes()))
    }

    /// Reads an id as DuckDB prints it.
    ///
    /// # Errors
    /// Failed when it is no UUID.
    pub fn parse(text: &str) -> Result<MindId> {
        Uuid::parse_str(text)
            .map(MindId)
            .map_err(|e| Error::failed(format!("'{text}' is not a mind id: {e}")))
    }
}

impl fmt::Display for MindId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A mind as the raw log knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mind {
    /// Its identity.
    pub id: MindId,
    /// Its name, unique in the store.
    pub name: String,
    /// The zone its nights are told by.
    #[serde(with = "zone_name")]
    pub time_zone: Tz,
}

/// A zone as its IANA name, for `#[serde(with)]`.
pub mod zone_name {
    use chrono_tz::Tz;
    use serde::{Deserialize, Deserializer, Serializer, de};

    /// Writes the name.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(zone: &Tz, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(zone.name())
    }

    /// Reads the name.
    ///
    /// # Errors
    /// When there is no such zone.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tz, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse()
            .map_err(|_| de::Error::custom(format!("'{name}' is not a time zone")))
    }
}

/// The zone called `name` in the IANA database.
///
/// # Errors
/// Usage when there is no such zone.
pub fn parse_time_zone(name: &str) -> Result<Tz> {
    name.parse::<Tz>().map_err(|_| {
        Error::usage(format!("'{name}' is not a time zone"))
            .hint("use an IANA name such as Europe/Lisbon, or UTC")
    })
}

/// Every mind, by name.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn all_minds(conn: &Connection) -> Result<Vec<Mind>> {
    let mut statement =
        conn.prepare("SELECT mind_id::VARCHAR, name, time_zone FROM raw.minds ORDER BY name")?;
    let rows = statement.query_map([], |r| {
        Ok((
            r.get::<_, String>(0)?,
            r.get::<_, String>(1)?,
            r.get::<_, String>(2)?,
        ))
    })?;
    rows.map(|row| {
        let (id, name, zone) = row?;
        Ok(Mind {
            id: MindId::parse(&id)?,
            name,
            time_zone: parse_time_zone(&zone)?,
        })
    })
    .collect()
}

/// The mind called `name`.
///
/// # Errors
/// Usage, listing the minds there are, when there is none of that name.
pub fn find_mind(conn: &Connection, name: &str) -> Result<Mind> {
    let minds = all_minds(conn)?;
    let known: Vec<_> = minds.iter().map(|m| m.name.clone()).collect();
    minds.into_iter().find(|m| m.name == name).ok_or_else(|| {
        Error::usage(format!("there is no mind called '{name}'"))
            .code(ErrorCode::MindUnknown)
            .hint(if known.is_empty() {
                "import or add a memory first".to_owned()
            } else {
                format!("there are: {}", known.join(", "))
            })
    })
}

/// The mind called `name`, made with `time_zone` where there is none. Call it inside a transaction.
///
/// # Errors
/// Usage when the name is empty or has control characters; failed when the store cannot be written.
pub fn ensure_mind(
    conn: &Connection,
    name: &str,
    time_zone: Tz,
    at: NaiveDateTime,
) -> Result<Mind> {
    check_name(name)?;
    let found: Option<String> = conn.query_row(
        "SELECT max(time_zone) FROM raw.minds WHERE mind_id = ?::UUID",
        [MindId::of(name).to_string()],
        |r| r.get(0),
    )?;
    if let Some(zone) = found {
        return Ok(Mind {
            id: MindId::of(name),
            name: name.to_owned(),
            time_zone: parse_time_zone(&zone)?,
        });
    }
    let mind = Mind {
        id: MindId::of(name),
        name: name.to_owned(),
        time_zone,
    };
    conn.execute(
        "INSERT INTO raw.minds VALUES (?::UUID, ?, ?, ?, ?)",
        params![
            mind.id.to_string(),
            highest_arrival(conn)? + 1,
            name,
            time_zone.name(),
            at
        ],
    )?;
    begin_minds(conn)?;
    Ok(mind)
}

/// Makes every mind of `names` that there is not yet, in their order. Call it inside a transaction.
///
/// # Errors
/// See [`ensure_mind`].
pub(super) fn ensure_minds(
    conn: &Connection,
    names: &[String],
    time_zone: Tz,
    at: NaiveDateTime,
) -> Result<()> {
    let known: HashSet<String> = all_minds(conn)?.into_iter().map(|mind| mind.name).collect();
    let mut arrival = highest_arrival(conn)?;
    let mut minds = conn.appender_to_db("minds", "raw")?;
    for name in names.iter().filter(|name| !known.contains(*name)) {
        check_name(name)?;
        arrival += 1;
        let id = MindId::of(name).to_string();
        minds.append_row(params![id, arrival, name, time_zone.name(), at])?;
    }
    minds.flush()?;
    begin_minds(conn)
}

/// Gives every new mind its first epoch, which is open.
pub(super) fn begin_minds(conn: &Connection) -> Result<()> {
    Ok(conn.execute_batch(
        "INSERT INTO codex.progress BY NAME
         SELECT mind_id, 1 AS epoch, TIMESTAMP '0001-01-01' AS epoch_start, 0 AS seen_arrival, '' AS chain, 0 AS chain_step
         FROM raw.minds
         ANTI JOIN codex.progress USING (mind_id)
         ORDER BY mind_id",
    )?)
}

/// Whether `name` can be a mind's name.
///
/// # Errors
/// Usage when it is empty, longer than 200 bytes or has control characters.
pub(super) fn check_name(name: &str) -> Result<()> {
    if name.trim().is_empty() || name.len() > 200 || name.chars().any(char::is_control) {
        return Err(Error::usage(format!("{name:?} cannot be a mind's name"))
            .hint("use 1 to 200 bytes without control characters"));
    }
    Ok(())
}

/// A UTC time on the zone's wall clock; none outside the years 1 to 9999.
pub fn to_local(zone: Tz, at: NaiveDateTime) -> Option<NaiveDateTime> {
    // chrono panics at the very ends of its own range; within DuckDB's years it cannot.
    (1..=9999)
        .contains(&at.year())
        .then(|| zone.from_utc_datetime(&at).naive_local())
}

/// A time on the zone's wall clock in UTC: of one that comes twice the first, and one that is left out as if the clocks had not
/// gone on.
pub fn to_utc_time(zone: Tz, local: NaiveDateTime) -> NaiveDateTime {
    if !(2..=9998).contains(&local.year()) {
        return local;
    }
    zone.from_local_datetime(&local).earliest().map_or_else(
        || {
            let before = local - chrono::Duration::hours(3);
            match zone.from_local_datetime(&before).earliest() {
                Some(found) => found.naive_utc() + chrono::Duration::hours(3),
                None => local,
            }
        },
        |found| found.naive_utc(),
    )
}
