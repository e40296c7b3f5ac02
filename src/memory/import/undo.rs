//! Taking an import back, as events: what it added is deleted, what it edited reads as before.

use crate::clock;
use crate::error::{Error, Result};
use crate::memory::log::highest_arrival;
use crate::warehouse::Warehouse;
use duckdb::{Connection, params};
use serde::{Deserialize, Serialize};

/// What taking an import back did.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UndoReport {
    /// The import.
    pub batch: i64,
    /// Memories it had added, deleted now.
    pub deleted: u64,
    /// Memories it had edited, which read as before now.
    pub restored: u64,
    /// Memories it had edited and somebody edited since: they stay as they are.
    pub kept: u64,
}

/// Takes the import of this number back. Importing the same files again takes them in anew.
///
/// # Errors
/// Usage when there is no such import, or it was taken back already.
pub fn undo(warehouse: &Warehouse, batch: i64) -> Result<UndoReport> {
    warehouse.transaction(|conn| {
        let found: Option<(bool,)> = conn
            .query_row("SELECT undone_at IS NOT NULL FROM codex.import_batches WHERE batch = ?", [batch], |row| Ok((row.get(0)?,)))
            .map(Some)
            .or_else(|error| match error {
                duckdb::Error::QueryReturnedNoRows => Ok(None),
                other => Err(other),
            })?;
        match found {
            None => return Err(Error::usage(format!("there is no import {batch}")).hint(known_batches(conn)?)),
            Some((true,)) => return Err(Error::usage(format!("import {batch} was taken back already"))),
            Some((false,)) => {}
        }
        let now = clock::now();
        let base = highest_arrival(conn)?;
        let deleted = conn.execute(
            "INSERT INTO raw.deletions
             SELECT ?::BIGINT + row_number() OVER (ORDER BY m.memory_id), m.mind_id, m.memory_id, ?, 'import undone'
             FROM raw.memories m
             JOIN codex.import_events e ON e.batch = ? AND m.memory_id BETWEEN e.first_arrival AND e.last_arrival
             WHERE m.memory_id NOT IN (SELECT memory_id FROM raw.deletions)
             ORDER BY m.memory_id",
            params![base, now, batch],
        )?;
        conn.execute(include_str!("undone_edits.sql"), params![batch])?;
        let restored = conn.execute(
            "INSERT INTO raw.edits
             SELECT ?::BIGINT + row_number() OVER (ORDER BY memory_id), mind_id, memory_id, ?, content, metadata
             FROM temp.main.undone WHERE NOT edited_since ORDER BY memory_id",
            params![base + deleted as i64, now],
        )?;
        let kept: i64 = conn.query_row("SELECT count(*) FROM temp.main.undone WHERE edited_since", [], |row| row.get(0))?;
        conn.execute_batch("DROP TABLE temp.main.undone")?;
        conn.execute("UPDATE codex.import_batches SET undone_at = ? WHERE batch = ?", params![now, batch])?;
        Ok(UndoReport { batch, deleted: deleted as u64, restored: restored as u64, kept: kept as u64 })
    })
}

fn known_batches(conn: &Connection) -> Result<String> {
    let mut statement = conn.prepare("SELECT batch, paths FROM codex.import_batches WHERE undone_at IS NULL ORDER BY batch DESC LIMIT 5")?;
    let rows = statement.query_map([], |row| {
        Ok(format!(
            "{} ({})",
            row.get::<_, i64>(0)?,
            row.get::<_, String>(1)?
        ))
    })?;
    let rows: Vec<String> = rows.collect::<std::result::Result<_, _>>()?;
    Ok(match rows.is_empty() {
        true => "nothing was imported into this store, or only by earlier versions".to_owned(),
        false => format!("imports that stand: {}", rows.join(", ")),
    })
}
