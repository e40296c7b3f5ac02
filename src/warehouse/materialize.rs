//! Turns a compiled model into rows: which statements, and running them inside the caller's transaction.
//!
//! [`statements`] is a pure function; [`materialize`] asks the database what exists and runs them. One statement
//! wherever one does, because planning is most of what a small statement costs.

use std::path::{Path, PathBuf};

use duckdb::{Connection, OptionalExt, params};

use super::plans::Plans;
use crate::config::{Place, Position};
use crate::project::{IncrementalStrategy, Materialization, Relation, quoted};
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
    /// Whether its statements are planned each time. Where plans are kept, [`make_room`] comes first.
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

/// One of the statements that materialize a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What DuckDB runs.
    pub sql: String,
    /// Whether there is nothing left to do where it finds no row.
    pub sets_aside: bool,
}

impl From<String> for Statement {
    fn from(sql: String) -> Self {
        Statement {
            sql,
            sets_aside: false,
        }
    }
}

/// The relation a query's rows wait in where two statements need them.
struct Room {
    relation: String,
    fill: Vec<Statement>,
}

impl Room {
    /// A table made for the occasion, or where plans are kept, the model's own: making tables would have every plan made again.
    fn of(model: &Compiled, plans: Plans) -> Room {
        let sql = &model.sql;
        let relation = room_of(model, plans);
        let fills = match plans {
            Plans::Anew => vec![format!("CREATE OR REPLACE TEMP TABLE {relation} AS\n{sql}")],
            Plans::Kept => vec![
                format!("DELETE FROM {relation}"),
                format!("INSERT INTO {relation} BY NAME\n{sql}"),
            ],
        };
        let mut fill: Vec<Statement> = fills.into_iter().map(Statement::from).collect();
        if let Some(last) = fill.last_mut() {
            last.sets_aside = true;
        }
        Room { relation, fill }
    }

    /// Fills it, then does the rest.
    fn then(self, rest: impl FnOnce(&str) -> Vec<String>) -> Vec<Statement> {
        let mut statements = self.fill;
        statements.extend(rest(&self.relation).into_iter().map(Statement::from));
        statements
    }
}

fn room_of(model: &Compiled, plans: Plans) -> String {
    match plans {
        Plans::Anew => "temp.main.__codex_incoming".to_owned(),
        Plans::Kept => format!(
            "temp.main.{}",
            quoted(&format!("__codex_incoming_{}", model.name))
        ),
    }
}

/// Makes the table in which a model's rows wait where its plans are kept; does nothing where none is needed.
///
/// # Errors
/// Sql when DuckDB refuses the model.
pub fn make_room(conn: &Connection, model: &Compiled) -> Result<(), MaterializeError> {
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

/// The statements that materialize a model, in order; the last one's count is the number of rows.
pub fn statements(
    model: &Compiled,
    existing: Existing,
    options: &Options<'_>,
) -> Result<Vec<Statement>, MaterializeError> {
    use Materialization::{Ephemeral, EpochCache, Incremental, Table, Transition, View};
    let refused = |problem: String| MaterializeError::Refused {
        model: model.name.to_string(),
        problem,
    };
    let (relation, sql) = (&model.relation, &model.sql);
    let plain = relation.plain();
    let materialized = model.config.materialized;
    match (materialized, existing) {
        (Ephemeral, _) => return Ok(Vec::new()),
        (Transition, Existing::Nothing | Existing::View) => {
            return Err(refused(format!(
                "{plain} is no table; a transition writes into a table that exists (the store's migrations create it)"
            )));
        }
        (Transition, Existing::Table) if options.full_refresh => {
            return Err(refused(
                "a transition cannot be refreshed: what nights wrote comes from their history; run `codex consolidate --rebuild`".to_owned(),
            ));
        }
        (View, Existing::Table) if !options.full_refresh => {
            return Err(refused(format!(
                "{plain} is a table and the model is a view; --full-refresh drops the table and its rows"
            )));
        }
        _ => {}
    }
    let mut statements: Vec<Statement> = Vec::new();
    match (existing, materialized) {
        (Existing::Nothing, _) => {
            statements.push(format!("CREATE SCHEMA IF NOT EXISTS {}", schema_of(relation)).into())
        }
        (Existing::Table, View) => statements.push(format!("DROP TABLE {relation}").into()),
        (Existing::View, Table | Incremental | EpochCache) => {
            statements.push(format!("DROP VIEW {relation}").into());
        }
        _ => {}
    }
    let anew = options.full_refresh || existing != Existing::Table;
    match materialized {
        View => statements.push(format!("CREATE OR REPLACE VIEW {relation} AS\n{sql}").into()),
        // DuckDB runs the query before it replaces: a query that fails, or reads the table itself, is fine.
        Table => statements.push(format!("CREATE OR REPLACE TABLE {relation} AS\n{sql}").into()),
        Incremental | EpochCache if anew => {
            statements.push(format!("CREATE OR REPLACE TABLE {relation} AS\n{sql}").into());
        }
        Incremental | Transition => statements.extend(by_strategy(model, options.plans)),
        EpochCache => statements.extend(epoch_cache(model, options)),
        Ephemeral => {}
    }
    Ok(statements)
}

fn schema_of(relation: &Relation) -> String {
    match &relation.database {
        Some(database) => format!("{}.{}", quoted(database), quoted(&relation.schema)),
        None => quoted(&relation.schema),
    }
}

fn by_strategy(model: &Compiled, plans: Plans) -> Vec<Statement> {
    let (relation, sql, config) = (&model.relation, &model.sql, &model.config);
    let nulls = match config.materialized {
        Materialization::Transition => Nulls::Never,
        _ => Nulls::Match,
    };
    let matching = matching(&config.unique_key, nulls);
    match (config.incremental_strategy, &config.event_time) {
        (IncrementalStrategy::Append, _) => {
            vec![format!("INSERT INTO {relation} BY NAME\n{sql}").into()]
        }
        // Over a query with unions and joins, DuckDB 1.5.5's MERGE inserts the unmatched rows twice (always on one thread, now
        // and then on two); over a table it does not.
        (IncrementalStrategy::Merge, _) => Room::of(model, plans).then(|incoming| {
            vec![format!(
                "MERGE INTO {relation} AS target USING {incoming} AS incoming ON {matching}\n\
                 WHEN MATCHED THEN UPDATE BY NAME\nWHEN NOT MATCHED THEN INSERT BY NAME"
            )]
        }),
        (IncrementalStrategy::Delete, _) => vec![
            format!(
                "DELETE FROM {relation} AS target USING (\n{sql}\n) AS incoming WHERE {matching}"
            )
            .into(),
        ],
        (IncrementalStrategy::DeleteInsert, Some(time)) => replace(model, plans, |incoming| {
            let time = quoted(time);
            let bound = |which: &str| format!("(SELECT {which}({time}) FROM {incoming})");
            format!(
                "DELETE FROM {relation} WHERE {time} BETWEEN {} AND {}",
                bound("min"),
                bound("max")
            )
        }),
        (IncrementalStrategy::DeleteInsert, None) => replace(model, plans, |incoming| {
            match nulls {
                // One row a key: that is what a transition is keyed by.
                Nulls::Never => delete_by(relation, &config.unique_key, nulls, incoming),
                Nulls::Match => delete_by(
                    relation,
                    &config.unique_key,
                    nulls,
                    &keys_of(&config.unique_key, incoming),
                ),
            }
        }),
    }
}

fn epoch_cache(model: &Compiled, options: &Options<'_>) -> Vec<Statement> {
    let (relation, sql) = (&model.relation, &model.sql);
    let keys =
        |names: &[&str]| -> Vec<String> { names.iter().map(|&name| name.to_owned()).collect() };
    let insert = format!("INSERT INTO {relation} BY NAME\n{sql}").into();
    match &options.epochs {
        Epochs::OfResult => {
            let keys = keys(&["mind_id", "epoch"]);
            replace(model, Plans::Anew, |incoming| {
                delete_by(relation, &keys, Nulls::Match, &keys_of(&keys, incoming))
            })
        }
        Epochs::Listed(listed) => {
            let delete = delete_by(
                relation,
                &keys(&["mind_id", "epoch"]),
                Nulls::Never,
                &listed.to_string(),
            );
            vec![delete.into(), insert]
        }
        Epochs::OfMinds(listed) => {
            let delete = delete_by(
                relation,
                &keys(&["mind_id"]),
                Nulls::Never,
                &listed.to_string(),
            );
            vec![delete.into(), insert]
        }
        Epochs::Emptied => vec![insert],
    }
}

/// Keeps the new rows aside, deletes what they replace, and inserts them.
fn replace(model: &Compiled, plans: Plans, delete: impl FnOnce(&str) -> String) -> Vec<Statement> {
    Room::of(model, plans).then(|incoming| {
        vec![
            delete(incoming),
            format!("INSERT INTO {} BY NAME FROM {incoming}", model.relation),
        ]
    })
}

/// The keys of rows, each once: a row is looked for as often as its key is listed.
fn keys_of(keys: &[String], rows: &str) -> String {
    let columns: Vec<String> = keys.iter().map(|key| quoted(key)).collect();
    format!("(SELECT DISTINCT {} FROM {rows})", columns.join(", "))
}

/// Deletes what has a key that is listed.
fn delete_by(relation: &Relation, keys: &[String], nulls: Nulls, listed: &str) -> String {
    format!(
        "DELETE FROM {relation} AS target USING {listed} AS incoming WHERE {}",
        matching(keys, nulls)
    )
}

/// What a key's columns may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nulls {
    /// No null: the store's own tables, and lists of epochs. DuckDB then passes over the rows outside the keys' range.
    Never,
    /// Null is the same as null, or a row with a null key would be inserted each time.
    Match,
}

/// Whether the keys are the same.
fn matching(keys: &[String], nulls: Nulls) -> String {
    let same = match nulls {
        Nulls::Never => "=",
        Nulls::Match => "IS NOT DISTINCT FROM",
    };
    let pairs: Vec<String> = keys
        .iter()
        .map(|key| format!("target.{0} {same} incoming.{0}", quoted(key)))
        .collect();
    pairs.join(" AND ")
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
