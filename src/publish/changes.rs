//! The change log: what differs from what PostgreSQL has, or will have once all earlier changes have arrived.

use super::RELATIONS;
use super::vectors::with_vectors;
use crate::error::Result;
use crate::warehouse::Warehouse;
use crate::warehouse::postgres::quoted;
use duckdb::{Connection, OptionalExt, params};
use md5::{Digest, Md5};

/// The insights of the last night, as rows: a key, and a JSON object.
pub type Insights = Vec<(String, String)>;

/// What has not yet arrived.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PendingChanges {
    /// Rows on their way.
    pub changes: u64,
    /// Version of the last change noted.
    pub version: i64,
    /// Version of the last change known to have arrived; -1 when everything has to travel again.
    pub acknowledged: i64,
}

/// The row of `codex.publication`.
#[derive(Debug, Clone, Default)]
pub(super) struct Publication {
    pub store_id: String,
    pub version: i64,
    pub acknowledged: i64,
    pub seen_ledger: i64,
    pub seen_night: i64,
}

/// Whether this store publishes.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn is_known(conn: &Connection) -> Result<bool> {
    Ok(publication(conn)?.is_some())
}

/// What has not yet arrived; none for a store that does not publish.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn pending_changes(conn: &Connection) -> Result<Option<PendingChanges>> {
    let Some(publication) = publication(conn)? else {
        return Ok(None);
    };
    let changes: i64 = conn.query_row("SELECT count(*) FROM codex.changes", [], |r| r.get(0))?;
    Ok(Some(PendingChanges {
        changes: changes as u64,
        version: publication.version,
        acknowledged: publication.acknowledged,
    }))
}

pub(super) fn publication(conn: &Connection) -> Result<Option<Publication>> {
    Ok(conn
        .query_row(
            "SELECT store_id, version, acknowledged, seen_ledger, seen_night FROM codex.publication",
            [],
            |r| {
                Ok(Publication {
                    store_id: r.get(0)?,
                    version: r.get(1)?,
                    acknowledged: r.get(2)?,
                    seen_ledger: r.get(3)?,
                    seen_night: r.get(4)?,
                })
            },
        )
        .optional()?)
}

/// Whether cycles have run since changes were last noted, or nothing was ever noted.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn is_due(conn: &Connection) -> Result<bool> {
    let Some(known) = publication(conn)? else {
        return Ok(true);
    };
    Ok(newest(conn)? != (known.seen_ledger, known.seen_night))
}

/// The newest row of the ledger, and the newest transition.
fn newest(conn: &Connection) -> Result<(i64, i64)> {
    Ok(conn.query_row(
        "SELECT coalesce(max(ledger_id), 0), coalesce(max(ledger_id) FILTER (transition), 0) FROM codex.ledger",
        [],
        |r| Ok((r.get(0)?, r.get(1)?)),
    )?)
}

/// Notes what the cycles since the last call changed; `insights` is asked only after a night. Returns how many rows differ.
///
/// # Errors
/// Failed when a model fails; nothing is noted then.
pub fn note(warehouse: &Warehouse, insights: impl FnOnce() -> Result<Insights>) -> Result<u64> {
    let conn = warehouse.conn();
    let known = match publication(conn)? {
        Some(publication) => publication,
        None => begin(warehouse)?,
    };
    let (ledger, night) = newest(conn)?;
    // A generation that was rebuilt may have fewer rows; it differs in any case.
    if ledger == known.seen_ledger && night == known.seen_night {
        return Ok(0);
    }
    let all = night != known.seen_night;
    if all {
        stage_insights(conn, &insights()?)?;
    }
    warehouse.transaction(|conn| {
        let version = known.version + 1;
        let mut changed = 0;
        for relation in RELATIONS {
            if all || relation != "memory_insights" {
                changed += differ(conn, relation, (!all).then_some(night), version)?;
            }
        }
        conn.execute(
            "UPDATE codex.publication SET version = ?, seen_ledger = ?, seen_night = ?",
            params![
                if changed > 0 { version } else { known.version },
                ledger,
                night
            ],
        )?;
        Ok(changed)
    })
}

/// Forgets what was noted: everything has to travel again, as something newer than the `version` that PostgreSQL has.
///
/// # Errors
/// Failed when the store cannot be written.
pub fn forget(warehouse: &Warehouse, version: i64) -> Result<()> {
    warehouse.transaction(|conn| {
        conn.execute_batch("DELETE FROM codex.published; DELETE FROM codex.changes")?;
        conn.execute(
            "UPDATE codex.publication SET version = greatest(version, ?) + 1, acknowledged = -1, seen_ledger = -1, seen_night = -1",
            [version],
        )?;
        Ok(())
    })
}

/// Changes up to `version` have arrived.
///
/// # Errors
/// Failed when the store cannot be written.
pub fn acknowledge(warehouse: &Warehouse, version: i64) -> Result<()> {
    warehouse.transaction(|conn| {
        conn.execute("DELETE FROM codex.changes WHERE version <= ?", [version])?;
        conn.execute("UPDATE codex.publication SET acknowledged = ?", [version])?;
        Ok(())
    })
}

/// A store that begins to publish: its identity is a hash of where and when.
fn begin(warehouse: &Warehouse) -> Result<Publication> {
    let now = crate::clock::now();
    let seed = format!(
        "{}/{now}/{}",
        warehouse.path().display(),
        std::process::id()
    );
    let store_id = format!("{:x}", Md5::digest(seed));
    warehouse.conn().execute(
        "INSERT INTO codex.publication VALUES (?, 0, 0, -1, -1)",
        [&store_id],
    )?;
    Ok(Publication {
        store_id,
        version: 0,
        acknowledged: 0,
        seen_ledger: -1,
        seen_night: -1,
    })
}

fn stage_insights(conn: &Connection, insights: &Insights) -> Result<()> {
    conn.execute_batch(
        "CREATE OR REPLACE TEMP TABLE published_insights (key VARCHAR, row VARCHAR)",
    )?;
    let mut rows = conn.appender_to_catalog_and_db("published_insights", "temp", "main")?;
    for (key, row) in insights {
        rows.append_row(params![key, row])?;
    }
    rows.flush()?;
    Ok(())
}

/// Notes the rows of a relation that differ; only the fluid ones, and those that were deleted, where no night was since the one
/// in ledger row `by_day_since`.
fn differ(
    conn: &Connection,
    relation: &str,
    by_day_since: Option<i64>,
    version: i64,
) -> Result<u64> {
    // By day only what is young is looked at. A literal reaches the ledger's own rows; a join with the last night would not.
    let (fluid, young) = match by_day_since {
        None => ("true", "true".to_owned()),
        Some(night) if relation == "processing_metrics" => {
            ("fluid", format!("ledger_id > {night}"))
        }
        Some(_) => ("fluid", "fluid".to_owned()),
    };
    let rows = if relation == "memory_insights" {
        "SELECT key, false AS fluid, row FROM temp.main.published_insights".to_owned()
    } else {
        as_json(conn, relation, &young)?
    };
    // What someone deleted goes at once, although long-term memory is compared after nights only.
    let deleted = match relation {
        "long_term_memories" => "OR key IN (SELECT memory_id::VARCHAR FROM raw.deletions)",
        _ => "",
    };
    conn.execute_batch(&format!(
        "CREATE OR REPLACE TEMP TABLE differing AS
         WITH wanted AS (SELECT key, fluid, row, md5(row)::UUID AS hash FROM ({rows})),
         known AS (SELECT key, hash, fluid FROM codex.published WHERE relation = '{relation}' AND ({fluid} {deleted}))
         SELECT key, w.fluid, w.row, w.hash, k.key IS NOT NULL AS known
         FROM wanted w FULL JOIN known k USING (key)
         WHERE w.hash IS DISTINCT FROM k.hash OR w.fluid IS DISTINCT FROM k.fluid"
    ))?;
    let changed: i64 =
        conn.query_row("SELECT count(*) FROM temp.main.differing", [], |r| r.get(0))?;
    if changed > 0 {
        conn.execute_batch(&format!(
            "DELETE FROM codex.changes WHERE relation = '{relation}' AND key IN (SELECT key FROM temp.main.differing);
             INSERT INTO codex.changes
             SELECT {version}, '{relation}', key, row FROM temp.main.differing ORDER BY key;
             DELETE FROM codex.published WHERE relation = '{relation}' AND key IN (SELECT key FROM temp.main.differing WHERE known);
             INSERT INTO codex.published
             SELECT '{relation}', key, hash, fluid FROM temp.main.differing WHERE row IS NOT NULL ORDER BY key"
        ))?;
    }
    conn.execute_batch("DROP TABLE temp.main.differing")?;
    Ok(changed as u64)
}

/// A relation's rows as key, fluid, and a JSON object of all else.
fn as_json(conn: &Connection, relation: &str, condition: &str) -> Result<String> {
    let rows = match relation {
        "long_term_memories" => with_vectors(conn)?,
        _ => None,
    };
    let rows = rows.unwrap_or_else(|| format!("dreams.{relation}"));
    let mut statement = conn.prepare(&format!("SELECT column_name FROM (DESCRIBE FROM {rows})"))?;
    let columns = statement
        .query_map([], |r| r.get::<_, String>(0))?
        .collect::<duckdb::Result<Vec<_>>>()?;
    let fields: Vec<String> = columns
        .iter()
        .filter(|name| *name != "fluid")
        .map(|name| format!("{0} := {0}", quoted(name)))
        .collect();
    Ok(format!(
        "SELECT key, fluid, to_json(struct_pack({}))::VARCHAR AS row FROM {rows} WHERE {condition}",
        fields.join(", ")
    ))
}
