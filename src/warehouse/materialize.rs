//! Turns a compiled model into rows: which statements, and running them inside the caller's transaction.
//!
//! [`statements`] is a pure function; [`materialize`] asks the database what exists and runs them. One statement
//! wherever one does, because planning is most of what a small statement costs.

use std::path::{Path, PathBuf};

use duckdb::{Connection, OptionalExt, params};

use super::plans::Plans;
use super::statements::{Statement, room_of, statements};
use crate::config::{Place, Position};
use crate::project::{IncrementalStrategy, Materialization, Relation};
use crate::template::Compiled;

/// What is in the place of a model's relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Nothing.
    Nothing,
    /// A table.
    Table,
    /// A view.
    View,
}

/// Which rows of an epoch cache the new ones replace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Epochs {
    /// Those of each (mind_id, epoch) in the result. An epoch that has no rows any more keeps its old ones.
    OfResult,
    /// Those of each (mind_id, epoch) in this relation, for example `temp.main.due`.
    Listed(Relation),
    /// All of each mind_id in this relation.
    OfMinds(Relation),
    /// None: the caller has emptied them.
    Emptied,
}

/// How to materialize.
#[derive(Debug, Clone)]
pub struct Options<'a> {
    /// Build incremental models and caches anew; let a table or view take the place of the other.
    pub full_refresh: bool,
    /// Which rows an epoch cache replaces.
    pub epochs: Epochs,
    /// Where the rendered SQL was written, for error messages.
    pub rendered: Option<&'a Path>,
    /// Whether its statements are planned each time. Where plans are kept, [`create_staging_table`] comes first.
    pub plans: Plans,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options {
            full_refresh: false,
            epochs: Epochs::OfResult,
            rendered: None,
            plans: Plans::Anew,
        }
    }
}

/// What materializing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Rows written, updated or (by the strategy `delete`) deleted; 0 for views and ephemeral models.
    pub rows: u64,
    /// Whether the relation is new.
    pub created: bool,
}

/// A model that could not be materialized.
#[derive(Debug, thiserror::Error)]
pub enum MaterializeError {
    /// What exists does not allow it.
    #[error("model '{model}': {problem}")]
    Refused {
        /// The model.
        model: String,
        /// Why, and what to do.
        problem: String,
    },
    /// DuckDB refused the SQL.
    #[error(transparent)]
    Sql(#[from] Box<SqlError>),
}

/// SQL that DuckDB refused.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {message}{}{snippet}", at(rendered.as_deref(), position))]
pub struct SqlError {
    /// The model's file.
    pub file: String,
    /// DuckDB's message without its own excerpt.
    pub message: String,
    /// Where in the rendered SQL.
    pub position: Option<Position>,
    /// Where the rendered SQL was written.
    pub rendered: Option<PathBuf>,
    /// The line of the rendered SQL with a mark; starts with a line break, or is empty.
    pub snippet: String,
    /// DuckDB's error.
    pub source: duckdb::Error,
}

fn at(rendered: Option<&Path>, position: &Option<Position>) -> String {
    let file = rendered.map_or("rendered SQL".to_owned(), |path| path.display().to_string());
    let position = *position;
    format!("\n  at {}", Place { file, position })
}

/// Makes the table in which a model's rows wait where its plans are kept; does nothing where none is needed.
///
/// # Errors
/// Sql when DuckDB refuses the model.
pub fn create_staging_table(conn: &Connection, model: &Compiled) -> Result<(), MaterializeError> {
    use IncrementalStrategy::{DeleteInsert, Merge};
    let waits = matches!(model.config.incremental_strategy, DeleteInsert | Merge);
    let written = matches!(
        model.config.materialized,
        Materialization::Transition | Materialization::Incremental
    );
    if !written || !waits {
        return Ok(());
    }
    let room = room_of(model, Plans::Kept);
    let empty = format!(
        "CREATE OR REPLACE TEMP TABLE {room} AS FROM (\n{}\n) LIMIT 0",
        model.sql
    );
    conn.execute_batch(&empty)
        .map_err(|error| explain(conn, model, &Options::default(), error))
}

/// What is in the place of a relation of the main database.
pub fn existing(conn: &Connection, relation: &Relation) -> duckdb::Result<Existing> {
    let kind: Option<String> = conn
        .query_row(
            "SELECT table_type FROM information_schema.tables
             WHERE table_catalog = coalesce(?, current_database()) AND table_schema = ? AND table_name = ?",
            params![relation.database, relation.schema, relation.name],
            |row| row.get(0),
        )
        .optional()?;
    Ok(match kind.as_deref() {
        None => Existing::Nothing,
        Some("VIEW") => Existing::View,
        Some(_) => Existing::Table,
    })
}

/// Materializes a model inside the caller's transaction.
pub fn materialize(
    conn: &Connection,
    model: &Compiled,
    options: &Options<'_>,
) -> Result<Outcome, MaterializeError> {
    let existing = match model.config.materialized {
        Materialization::Ephemeral => Existing::Nothing,
        _ => {
            existing(conn, &model.relation).map_err(|error| explain(conn, model, options, error))?
        }
    };
    materialize_onto(conn, model, existing, options)
}

/// The same where the caller knows what exists, as in a backfill that runs the model a thousand times.
pub fn materialize_onto(
    conn: &Connection,
    model: &Compiled,
    existing: Existing,
    options: &Options<'_>,
) -> Result<Outcome, MaterializeError> {
    let mut rows = 0;
    let skipped = existing == Existing::Table
        && made_of_nothing(conn, model, options.plans)
            .map_err(|error| explain(conn, model, options, error))?;
    if !skipped {
        for Statement { sql, sets_aside } in statements(model, existing, options)? {
            rows = options
                .plans
                .run(conn, &sql, [])
                .map_err(|error| explain(conn, model, options, error))?;
            if rows == 0 && sets_aside {
                break;
            }
        }
    }
    let has_rows = !matches!(
        model.config.materialized,
        Materialization::View | Materialization::Ephemeral
    );
    Ok(Outcome {
        rows: if has_rows { rows } else { 0 },
        created: existing == Existing::Nothing
            && model.config.materialized != Materialization::Ephemeral,
    })
}

/// Whether the model has no rows because what it is made of has none.
fn made_of_nothing(conn: &Connection, model: &Compiled, plans: Plans) -> duckdb::Result<bool> {
    let Some(relation) = &model.config.skip_if_empty else {
        return Ok(false);
    };
    let any: Option<bool> = plans
        .query_row(
            conn,
            &format!("SELECT true FROM {relation} LIMIT 1"),
            |row| row.get(0),
        )
        .optional()?;
    Ok(any.is_none())
}

/// Says where in the rendered SQL DuckDB stumbled. DuckDB names the offset only in JSON and only in what it was
/// given, which is more than the model's SQL; so the model's SQL alone is prepared once more.
pub fn explain(
    conn: &Connection,
    model: &Compiled,
    options: &Options<'_>,
    error: duckdb::Error,
) -> MaterializeError {
    MaterializeError::Sql(Box::new(located(conn, model, options, error)))
}

fn located(
    conn: &Connection,
    model: &Compiled,
    options: &Options<'_>,
    error: duckdb::Error,
) -> SqlError {
    let again = conn
        .execute_batch("SET errors_as_json = true")
        .ok()
        .and_then(|()| conn.prepare(&model.sql).err())
        .map(|error| error.to_string());
    let _ = conn.execute_batch("SET errors_as_json = false");
    let details = again
        .as_deref()
        .and_then(|text| text.find('{').map(|start| &text[start..]))
        .and_then(|json| serde_json::from_str::<serde_json::Value>(json).ok());
    let offset = details
        .as_ref()
        .and_then(|details| details["position"].as_str())
        .and_then(|position| position.parse().ok());
    let position = offset.map(|offset| Position::of_offset(&model.sql, offset));
    let text = error.to_string();
    // DuckDB's own excerpt shows the statement around the model's SQL.
    let message = text
        .split("\n\nLINE ")
        .next()
        .unwrap_or(&text)
        .trim_end()
        .to_owned();
    SqlError {
        file: model.file.clone(),
        message,
        position,
        rendered: options.rendered.map(Path::to_owned),
        snippet: position.map_or(String::new(), |position| {
            crate::template::snippet(&model.sql, position, "")
        }),
        source: error,
    }
}

#[cfg(test)]
#[path = "materialize_tests.rs"]
mod tests;
