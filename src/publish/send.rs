//! The noted changes into PostgreSQL, in one transaction.

use super::RELATIONS;
use super::changes::{Publication, publication};
use super::schema::{Dreams, create, dreams};
use crate::config::PostgresAddress;
use crate::error::{Error, Result};
use crate::warehouse::postgres::{Limits, Purpose, connect, failure, quoted};
use chrono::NaiveDateTime;
use duckdb::{Connection, params};
use postgres::{Client, Transaction};
use serde::{Deserialize, Serialize};

/// Rows, and bytes, that one statement carries.
const ROWS: i64 = 2_000;
const BYTES: usize = 8 << 20;

/// The retention law, as PostgreSQL computes it: (1 + factor·t/S)^−exponent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetentionFunction {
    /// F.
    pub factor: f64,
    /// ψ.
    pub exponent: f64,
}

/// What travelled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteBack {
    /// Rows written or changed.
    pub written: u64,
    /// Rows removed.
    pub removed: u64,
    /// Version that PostgreSQL has now.
    pub version: i64,
    /// Whether everything travelled, because what PostgreSQL had was not what this store had sent.
    pub anew: bool,
    /// Rows that PostgreSQL cannot hold, with its reason.
    pub refused: Vec<String>,
}

/// A connection to the schema `dreams`, brought up to date. None where there is none: nobody asked for write-back.
///
/// # Errors
/// Unavailable when PostgreSQL cannot be reached; usage when the schema is somebody else's.
pub fn open(address: &PostgresAddress, limits: &Limits) -> Result<Option<Client>> {
    let mut client = connect(address, limits, Purpose::Write)?;
    match dreams(address, &mut client)? {
        Dreams::Missing | Dreams::Empty => Ok(None),
        Dreams::Foreign | Dreams::Version(_) => {
            create(address, &mut client)?;
            Ok(Some(client))
        }
    }
}

/// How sending ended.
#[derive(Debug)]
pub enum Sent {
    /// Everything noted has arrived; acknowledge it.
    Arrived(WriteBack),
    /// PostgreSQL has something else than this store has sent, at this version: forget what was noted, note everything, send again.
    Elsewhere(i64),
}

/// Sends what is noted, in one transaction of PostgreSQL's. `take_over` replaces what another store has published.
///
/// # Errors
/// Unavailable when PostgreSQL cannot be reached; usage when the schema belongs to another store. What was noted stays noted.
pub fn send(
    conn: &Connection,
    address: &PostgresAddress,
    client: &mut Client,
    law: RetentionFunction,
    take_over: bool,
) -> Result<Sent> {
    let fail = |e| failure(address, e);
    let mut transaction = client.transaction().map_err(fail)?;
    let row = transaction
        .query_one(
            "SELECT store_id, version FROM dreams.publication FOR UPDATE",
            &[],
        )
        .map_err(fail)?;
    let (owner, there): (Option<String>, i64) = (row.get(0), row.get(1));
    // Only now: whoever had the lock before may have changed what is noted.
    let known = publication(conn)?
        .ok_or_else(|| Error::failed("the store has not noted what it publishes"))?;
    let ours = owner.as_deref() == Some(known.store_id.as_str());
    if owner.is_some() && !ours && !take_over {
        return Err(Error::usage(format!(
            "the schema `dreams` of database {} belongs to another store of codex",
            address.database
        ))
        .hint("if that store is gone, take it over: `codex write-back --take-over` (replaces all that is in it); else use another database"));
    }
    let from = match Standing::of(&known, ours, owner.is_none(), there) {
        Standing::Behind(from) => Some(from),
        Standing::Anew => None,
        // No lock of PostgreSQL's waits for the store meanwhile.
        Standing::Elsewhere => {
            transaction.rollback().map_err(fail)?;
            return Ok(Sent::Elsewhere(there));
        }
    };
    let mut done = WriteBack {
        version: known.version,
        anew: from.is_none(),
        ..WriteBack::default()
    };
    if from.is_none_or(|from| from < known.version) {
        travel(
            conn,
            address,
            &mut transaction,
            &known,
            from,
            law,
            &mut done,
        )?;
        transaction.commit().map_err(fail)?;
    } else {
        transaction.rollback().map_err(fail)?;
    }
    Ok(Sent::Arrived(done))
}

/// How what PostgreSQL has stands to what the store has noted.
#[derive(Debug, PartialEq, Eq)]
enum Standing {
    /// Changes after this version are missing; -1: all.
    Behind(i64),
    /// Everything was noted anew and replaces what is there.
    Anew,
    /// It is neither.
    Elsewhere,
}

impl Standing {
    fn of(known: &Publication, ours: bool, nobodys: bool, there: i64) -> Standing {
        let begun = known.acknowledged == 0 && there == 0;
        match (ours, known.acknowledged) {
            (false, _) if nobodys && begun => Standing::Behind(-1),
            // What arrived before a crash is not sent again.
            (true, -1) if there == known.version => Standing::Behind(there),
            (_, -1) => Standing::Anew,
            (true, acknowledged) if (acknowledged..=known.version).contains(&there) => {
                Standing::Behind(there)
            }
            _ => Standing::Elsewhere,
        }
    }
}

/// All changes after `from`, and the version they lead to.
fn travel(
    conn: &Connection,
    address: &PostgresAddress,
    transaction: &mut Transaction<'_>,
    known: &Publication,
    from: Option<i64>,
    law: RetentionFunction,
    done: &mut WriteBack,
) -> Result<()> {
    for relation in RELATIONS {
        if done.anew {
            done.removed += transaction
                .execute(&format!("DELETE FROM dreams.{relation}"), &[])
                .map_err(|e| failure(address, e))?;
        }
        let upsert = upsert(address, transaction, relation)?;
        let mut after = String::new();
        loop {
            let batch = batch(conn, relation, from.unwrap_or(-1), &after)?;
            let Some((last, _)) = batch.last() else { break };
            after = last.clone();
            let gone: Vec<&str> = batch
                .iter()
                .filter(|(_, row)| row.is_none())
                .map(|(key, _)| key.as_str())
                .collect();
            if !gone.is_empty() {
                done.removed += transaction
                    .execute(
                        &format!("DELETE FROM dreams.{relation} WHERE key = ANY($1)"),
                        &[&gone],
                    )
                    .map_err(|e| failure(address, e))?;
            }
            let rows: Vec<(&str, String)> = batch
                .iter()
                .filter_map(|(key, row)| row.as_deref().map(|row| (key.as_str(), without_nul(row))))
                .collect();
            put(address, transaction, relation, &upsert, &rows, done)?;
        }
    }
    let as_of: Option<NaiveDateTime> = conn.query_row(
        "SELECT max(as_of) FROM codex.ledger WHERE outcome = 'success'",
        [],
        |r| r.get(0),
    )?;
    transaction
        .execute(
            "UPDATE dreams.publication SET store_id = $1, version = $2, as_of = $3::timestamp AT TIME ZONE 'UTC', published_at = now(),
                 forgetting_factor = $4, forgetting_exponent = $5",
            &[&known.store_id, &known.version, &as_of, &law.factor, &law.exponent],
        )
        .map_err(|e| failure(address, e))?;
    Ok(())
}

/// The next changes of a relation, by key.
fn batch(
    conn: &Connection,
    relation: &str,
    from: i64,
    after: &str,
) -> Result<Vec<(String, Option<String>)>> {
    let mut sizes = conn.prepare(
        "SELECT key, coalesce(strlen(row), 0) FROM codex.changes WHERE relation = ? AND version > ? AND key > ? ORDER BY key LIMIT ?",
    )?;
    let mut last = None;
    let mut bytes = 0;
    for row in sizes.query_map(params![relation, from, after, ROWS], |r| {
        Ok((r.get::<_, String>(0)?, r.get::<_, i64>(1)?))
    })? {
        let (key, size) = row?;
        bytes += size as usize;
        if last.is_some() && bytes > BYTES {
            break;
        }
        last = Some(key);
    }
    let Some(last) = last else {
        return Ok(Vec::new());
    };
    let mut rows = conn.prepare(
        "SELECT key, row FROM codex.changes WHERE relation = ? AND version > ? AND key > ? AND key <= ? ORDER BY key",
    )?;
    let rows = rows.query_map(params![relation, from, after, last], |r| {
        Ok((r.get(0)?, r.get(1)?))
    })?;
    Ok(rows.collect::<duckdb::Result<_>>()?)
}

/// The statement that writes JSON rows into a relation, whatever columns this version of it has.
fn upsert(
    address: &PostgresAddress,
    transaction: &mut Transaction<'_>,
    relation: &str,
) -> Result<String> {
    let columns = transaction
        .query(
            "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod) FROM pg_catalog.pg_attribute a
             WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum",
            &[&format!("dreams.{relation}")],
        )
        .map_err(|e| failure(address, e))?;
    let columns: Vec<(String, String)> = columns
        .iter()
        .map(|row| (quoted(row.get(0)), row.get(1)))
        .collect();
    let list = |f: &dyn Fn(&(String, String)) -> String| {
        columns.iter().map(f).collect::<Vec<_>>().join(", ")
    };
    let names = list(&|(name, _)| name.clone());
    Ok(format!(
        "INSERT INTO dreams.{relation} ({names}) SELECT {names} FROM jsonb_to_recordset($1::text::jsonb) AS r ({}) \
         ON CONFLICT (key) DO UPDATE SET {}",
        list(&|(name, kind)| format!("{name} {kind}")),
        list(&|(name, _)| format!("{name} = EXCLUDED.{name}")),
    ))
}

/// Writes rows; one that PostgreSQL cannot hold is found by halving and left out, so that it does not keep the others away.
fn put(
    address: &PostgresAddress,
    transaction: &mut Transaction<'_>,
    relation: &str,
    upsert: &str,
    rows: &[(&str, String)],
    done: &mut WriteBack,
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut json =
        String::with_capacity(rows.iter().map(|(_, row)| row.len() + 1).sum::<usize>() + 2);
    for (i, (_, row)) in rows.iter().enumerate() {
        json.push(if i == 0 { '[' } else { ',' });
        json.push_str(row);
    }
    json.push(']');
    let mut attempt = transaction
        .savepoint("rows")
        .map_err(|e| failure(address, e))?;
    match attempt.execute(upsert, &[&json]) {
        Ok(written) => {
            attempt.commit().map_err(|e| failure(address, e))?;
            done.written += written;
            Ok(())
        }
        Err(error) => {
            // Classes 22 and 54: the data are not what PostgreSQL can hold.
            let of_data = error
                .code()
                .is_some_and(|code| code.code().starts_with("22") || code.code().starts_with("54"));
            let error = failure(address, error);
            attempt.rollback().map_err(|e| failure(address, e))?;
            if !of_data {
                return Err(error);
            }
            if let [(key, _)] = rows {
                done.refused.push(format!("{relation} {key}: {error}"));
                return Ok(());
            }
            let (first, second) = rows.split_at(rows.len() / 2);
            put(address, transaction, relation, upsert, first, done)?;
            put(address, transaction, relation, upsert, second, done)
        }
    }
}

/// JSON in which NUL characters, which PostgreSQL cannot hold, are written as U+FFFD.
fn without_nul(json: &str) -> String {
    if !json.contains("\\u0000") {
        return json.to_owned();
    }
    let mut clean = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        clean.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = if rest.starts_with("\\u0000") {
            clean.push_str("\\ufffd");
            6
        } else {
            // An escape is two characters or more; what follows the second is plain again.
            let length = 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
            clean.push_str(&rest[..length]);
            length
        };
        rest = &rest[length..];
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use super::{Publication, Standing, without_nul};

    #[test]
    fn what_arrived_before_a_crash_is_not_sent_again_and_what_does_not_fit_is_replaced() {
        let known = |version, acknowledged| Publication {
            store_id: String::new(),
            version,
            acknowledged,
            ..Publication::default()
        };
        assert_eq!(
            Standing::of(&known(1, 0), false, true, 0),
            Standing::Behind(-1)
        );
        assert_eq!(
            Standing::of(&known(6, 5), true, false, 5),
            Standing::Behind(5)
        );
        assert_eq!(
            Standing::of(&known(6, 5), true, false, 6),
            Standing::Behind(6)
        );
        // A restored snapshot, a schema made anew, another store's.
        assert_eq!(
            Standing::of(&known(6, 5), true, false, 9),
            Standing::Elsewhere
        );
        assert_eq!(
            Standing::of(&known(6, 5), false, true, 0),
            Standing::Elsewhere
        );
        assert_eq!(
            Standing::of(&known(6, 5), false, false, 5),
            Standing::Elsewhere
        );
        // After that: everything, and once it has arrived, no more.
        assert_eq!(Standing::of(&known(11, -1), true, false, 9), Standing::Anew);
        assert_eq!(
            Standing::of(&known(11, -1), false, false, 40),
            Standing::Anew
        );
        assert_eq!(
            Standing::of(&known(11, -1), true, false, 11),
            Standing::Behind(11)
        );
    }

    #[test]
    fn nul_is_replaced_and_a_backslash_before_u0000_is_not_one() {
        assert_eq!(without_nul(r#"{"a":"x\u0000y"}"#), r#"{"a":"x\ufffdy"}"#);
        assert_eq!(without_nul(r#"{"a":"\\u0000"}"#), r#"{"a":"\\u0000"}"#);
        assert_eq!(
            without_nul(r#"{"a":"\\\u0000\n"}"#),
            r#"{"a":"\\\ufffd\n"}"#
        );
    }
}
