//! What a project needs in the store: its cache tables and views, and its own sources for replay.

use super::due::{CycleContext, create_due};
use super::execute::model_failed;
use super::pipeline::Pipeline;
use crate::error::{Error, Result};
use crate::project::Materialization;
use crate::warehouse::Warehouse;
use crate::warehouse::materialize::{Existing, Options, existing, materialize};
use duckdb::{Connection, params};
use std::collections::BTreeSet;

/// Makes a further connection to a store that is ready itself ready.
///
/// # Errors
/// Failed when DuckDB refuses it.
pub fn ready_connection(warehouse: &Warehouse) -> Result<()> {
    create_due(warehouse.conn())
}

/// Makes the caches and views of the project where the store has those of another one. Caches start empty: they are computed
/// again by the next tick. A project without caches is none of memory: its views are made by `codex run` alone.
///
/// # Errors
/// Failed when a model cannot be bound, naming it; the store then keeps what it had.
pub fn prepare_store(warehouse: &Warehouse, pipeline: &Pipeline) -> Result<()> {
    let conn = warehouse.conn();
    create_due(conn)?;
    if pipeline.caches().next().is_none() {
        return Ok(());
    }
    let current: Option<String> = conn.query_row(
        "SELECT max(value) FROM codex.meta WHERE key = 'project'",
        [],
        |r| r.get(0),
    )?;
    if current.as_deref() == Some(pipeline.fingerprint()) {
        return Ok(());
    }
    warehouse.transaction(|conn| {
        build(conn, pipeline)?;
        conn.execute("DELETE FROM codex.ticks", [])?;
        conn.execute("DELETE FROM codex.meta WHERE key = 'project'", [])?;
        conn.execute(
            "INSERT INTO codex.meta VALUES ('project', ?)",
            [pipeline.fingerprint()],
        )?;
        Ok(())
    })
}

fn build(conn: &Connection, pipeline: &Pipeline) -> Result<()> {
    let moment = CycleContext::of(&[], Default::default(), 0);
    let options = Options {
        full_refresh: true,
        ..Options::default()
    };
    let mut missing: BTreeSet<&str> = BTreeSet::new();
    for node in pipeline.nodes() {
        use Materialization::{Ephemeral, EpochCache, Incremental, Table, Transition, View};
        let is_there = match node.config.materialized {
            // `codex run` makes these, and what stands on them has to wait until then.
            Table | Incremental => existing(conn, &node.relation())? != Existing::Nothing,
            Transition => true,
            View | EpochCache | Ephemeral => node
                .depends_on
                .iter()
                .all(|parent| !missing.contains(parent.as_str())),
        };
        if !is_there {
            missing.insert(node.name.as_str());
        }
        if !is_there || !matches!(node.config.materialized, EpochCache | View) {
            continue;
        }
        let mut model = pipeline.compile(node, &moment)?;
        if node.config.materialized == Materialization::EpochCache {
            model.sql = format!("SELECT * FROM (\n{}\n) LIMIT 0", model.sql);
        }
        materialize(conn, &model, &options).map_err(model_failed)?;
    }
    Ok(())
}

/// Stores the project's sources and parameters once, so that editing a model never changes the past.
pub(super) fn remember_project(warehouse: &Warehouse, pipeline: &Pipeline) -> Result<()> {
    let known: i64 = warehouse.conn().query_row(
        "SELECT count(*) FROM codex.projects WHERE fingerprint = ?",
        [pipeline.fingerprint()],
        |r| r.get(0),
    )?;
    if known > 0 {
        return Ok(());
    }
    let sources = serde_json::to_string(pipeline.renderer().project().sources())
        .map_err(|e| Error::failed(format!("project sources: {e}")))?;
    warehouse.conn().execute(
        "INSERT INTO codex.projects VALUES (?, ?, ?)",
        params![
            pipeline.fingerprint(),
            sources,
            pipeline.parameters().to_stored()
        ],
    )?;
    Ok(())
}
