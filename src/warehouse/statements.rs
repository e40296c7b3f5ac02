//! Which statements materialize a model: a pure function of the model, of what exists and of the options.

use super::materialize::{Epochs, Existing, MaterializeError, Options};
use super::plans::Plans;
use crate::project::{IncrementalStrategy, Materialization, Relation, quoted};
use crate::template::Compiled;

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

pub(super) fn room_of(model: &Compiled, plans: Plans) -> String {
    match plans {
        Plans::Anew => "temp.main.__codex_incoming".to_owned(),
        Plans::Kept => format!(
            "temp.main.{}",
            quoted(&format!("__codex_incoming_{}", model.name))
        ),
    }
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
