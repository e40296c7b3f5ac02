//! Which model generation a store keeps.

use crate::error::{Error, Result};
use crate::project::Generation;
use duckdb::{Connection, params};

const KEY: &str = "model_generation";

/// The generation of a store: the one it has settled for; else the newest where nothing has been read or lived through yet, and
/// the first in a store of codex 0.1, which had but one.
///
/// # Errors
/// Usage when a newer codex wrote it; failed when the store cannot be read.
pub fn model_generation(conn: &Connection) -> Result<Generation> {
    let (kept, used): (Option<u32>, bool) = conn.query_row(
        "SELECT (SELECT max(TRY_CAST(value AS UINTEGER)) FROM codex.meta WHERE key = ?),
             EXISTS (FROM enrichment.features) OR EXISTS (FROM codex.ledger WHERE transition)",
        [KEY],
        |r| Ok((r.get(0)?, r.get(1)?)),
    )?;
    match kept {
        Some(number) => Generation::of(number).map_err(|e| Error::usage(e.to_string())),
        None if used => Ok(Generation::FIRST),
        None => Ok(Generation::LATEST),
    }
}

/// Settles a store for its generation, where it has not yet: before the first memory is read.
///
/// # Errors
/// Failed when the store cannot be written.
pub fn settle_model_generation(conn: &Connection) -> Result<Generation> {
    let generation = model_generation(conn)?;
    conn.execute(
        "INSERT INTO codex.meta SELECT ?, ? WHERE NOT EXISTS (FROM codex.meta WHERE key = ?)",
        params![KEY, generation.number().to_string(), KEY],
    )?;
    Ok(generation)
}

/// Has an empty store begin with `generation`.
///
/// # Errors
/// Failed when the store cannot be written.
pub fn set_model_generation(conn: &Connection, generation: Generation) -> Result<()> {
    conn.execute("DELETE FROM codex.meta WHERE key = ?", [KEY])?;
    conn.execute(
        "INSERT INTO codex.meta VALUES (?, ?)",
        params![KEY, generation.number().to_string()],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warehouse::Warehouse;

    #[test]
    fn a_new_store_has_the_newest_generation_and_one_of_codex_0_1_the_first() {
        let warehouse = Warehouse::in_memory(1).unwrap();
        let conn = warehouse.conn();
        assert_eq!(model_generation(conn).unwrap(), Generation::LATEST);
        conn.execute_batch(
            "INSERT INTO codex.ledger (ledger_id, generation, cycle, transition, step, as_of, minds, seen_arrival, fingerprint, models,
                started_at, duration_ms, outcome)
             VALUES (1, 1, 'deep_sleep', true, 1, '2026-01-01', [], 1, '', '[]', '2026-01-01', 0, 'success')",
        )
        .unwrap();
        assert_eq!(model_generation(conn).unwrap(), Generation::FIRST);
        assert_eq!(settle_model_generation(conn).unwrap(), Generation::FIRST);
        set_model_generation(conn, Generation::LATEST).unwrap();
        assert_eq!(settle_model_generation(conn).unwrap(), Generation::LATEST);
        conn.execute_batch("UPDATE codex.meta SET value = '99' WHERE key = 'model_generation'")
            .unwrap();
        assert!(
            model_generation(conn)
                .unwrap_err()
                .to_string()
                .contains("upgrade codex")
        );
    }
}
