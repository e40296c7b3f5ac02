//! Whether a table is as its mapping says.

use crate::config::PostgresAddress;
use crate::config::suggest::closest;
use crate::error::{Error, Result};
use crate::project::SourceMapping;
use crate::warehouse::postgres::{failure, quoted};
use postgres::Client;
use std::collections::BTreeMap;

/// What a table turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// Whether it is a table with catalogued indexes, not a view.
    pub is_table: bool,
    /// Whether a trigger for each statement may stand on it.
    pub takes_triggers: bool,
    /// Whether an index begins with updated_at; a view is taken at its word.
    pub updated_at_indexed: bool,
    /// Whether the mapping trusts updated_at to move with every change.
    pub trusted: bool,
    /// Whether updated_at may be null.
    pub updated_at_nullable: bool,
    /// PostgreSQL's own estimate of its rows.
    pub estimated_rows: i64,
    /// What each column it needs holds, by its name.
    types: BTreeMap<String, String>,
}

impl Shape {
    /// The type of a column that the mapping names.
    pub(super) fn type_of(&self, column: &str) -> &str {
        self.types.get(column).map_or("", String::as_str)
    }
}

const TEXTS: [&str; 5] = ["text", "character varying", "character", "name", "citext"];
const NAMES: [&str; 9] = [
    "text",
    "character varying",
    "character",
    "name",
    "citext",
    "uuid",
    "bigint",
    "integer",
    "smallint",
];
const TIMES: [&str; 2] = ["timestamp with time zone", "timestamp without time zone"];
const JSON: [&str; 2] = ["jsonb", "json"];
const DELETED: [&str; 3] = [
    "boolean",
    "timestamp with time zone",
    "timestamp without time zone",
];

/// Looks at the table and compares it with the mapping.
///
/// # Errors
/// Failed when there is no such table, or a column is missing or of another type: which one, and what is there.
pub fn inspect(
    address: &PostgresAddress,
    client: &mut Client,
    mapping: &SourceMapping,
) -> Result<Shape> {
    let relation = format!("{}.{}", quoted(&mapping.schema), quoted(&mapping.table));
    let found = client
        .query_opt(
            "SELECT c.oid, c.relkind::text, greatest(c.reltuples, 0)::bigint, has_table_privilege(c.oid, 'SELECT')
             FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'v', 'm', 'p', 'f')",
            &[&mapping.schema, &mapping.table],
        )
        .map_err(|e| failure(address, e))?;
    let Some(row) = found else {
        return Err(missing_table(address, client, mapping)?);
    };
    let (oid, kind, estimated_rows): (u32, String, i64) = (row.get(0), row.get(1), row.get(2));
    if !row.get::<_, bool>(3) {
        let readable = client
            .query_one(
                "SELECT has_any_column_privilege($1::oid, 'SELECT')",
                &[&oid],
            )
            .map_err(|e| failure(address, e))?;
        if !readable.get::<_, bool>(0) {
            return Err(Error::failed(format!(
                "PostgreSQL: role {} may not read {}",
                address.user,
                mapping.relation()
            ))
            .hint(format!(
                "its owner can grant it: GRANT SELECT ON {relation} TO {}",
                quoted(&address.user)
            )));
        }
    }
    let columns = client
        .query(
            "SELECT a.attname::text, format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL), a.attnotnull
             FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
             WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
            &[&oid],
        )
        .map_err(|e| failure(address, e))?;
    let there: Vec<(String, String, bool)> = columns
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect();
    let types = check(mapping, &there)?;
    let is_table = matches!(kind.as_str(), "r" | "p" | "m");
    let (mut updated_at_indexed, mut updated_at_nullable) = (false, false);
    if let Some(updated_at) = &mapping.columns.updated_at {
        updated_at_nullable = !there
            .iter()
            .any(|(name, _, not_null)| name == updated_at && *not_null);
        updated_at_indexed = !is_table || is_indexed(address, client, oid, updated_at)?;
    }
    Ok(Shape {
        is_table,
        takes_triggers: matches!(kind.as_str(), "r" | "p"),
        updated_at_indexed,
        trusted: mapping.trust_updated_at,
        updated_at_nullable,
        estimated_rows,
        types,
    })
}

/// Whether a B-tree over all rows begins with `column`.
fn is_indexed(
    address: &PostgresAddress,
    client: &mut Client,
    table: u32,
    column: &str,
) -> Result<bool> {
    let row = client
        .query_one(
            "SELECT EXISTS (
                 SELECT 1 FROM pg_catalog.pg_index i
                 JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                 JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
                 JOIN pg_catalog.pg_am m ON m.oid = c.relam
                 WHERE i.indrelid = $1 AND a.attname = $2 AND i.indisvalid AND i.indpred IS NULL AND m.amname = 'btree')",
            &[&table, &column],
        )
        .map_err(|e| failure(address, e))?;
    Ok(row.get(0))
}

/// The types of the columns that the mapping names.
fn check(
    mapping: &SourceMapping,
    there: &[(String, String, bool)],
) -> Result<BTreeMap<String, String>> {
    let c = &mapping.columns;
    let needed: [(&str, Option<&str>, &[&str]); 9] = [
        ("id", Some(&c.id), &NAMES),
        ("content", Some(&c.content), &TEXTS),
        ("created_at", Some(&c.created_at), &TIMES),
        ("updated_at", c.updated_at.as_deref(), &TIMES),
        ("metadata", c.metadata.as_deref(), &JSON),
        ("mind", c.mind.as_deref(), &NAMES),
        ("session", c.session.as_deref(), &NAMES),
        ("speaker", c.speaker.as_deref(), &NAMES),
        ("deleted", c.deleted.as_deref(), &DELETED),
    ];
    let listed = there
        .iter()
        .map(|(name, kind, _)| format!("{name} {kind}"))
        .collect::<Vec<_>>()
        .join(", ");
    let mut types = BTreeMap::new();
    let mut wrong = Vec::new();
    for (what, name, allowed) in needed {
        let Some(name) = name else { continue };
        match there.iter().find(|(column, ..)| column == name) {
            None => wrong.push(format!("has no column {name} (its {what})")),
            Some((_, kind, _)) if !allowed.contains(&kind.as_str()) => wrong.push(format!(
                "column {name} (its {what}) is {kind}, but must be {}",
                one_of(allowed)
            )),
            Some((_, kind, _)) => {
                types.insert(name.to_owned(), kind.clone());
            }
        }
    }
    if wrong.is_empty() {
        return Ok(types);
    }
    Err(Error::failed(format!(
        "pipeline/sources.yaml: {} {}; it has {listed}",
        mapping.relation(),
        wrong.join("; ")
    ))
    .hint("name its columns in pipeline/sources.yaml (`codex init DIR` writes it), ~ for one it does not have; or map a view"))
}

fn one_of(allowed: &[&str]) -> String {
    let short: Vec<&str> = allowed
        .iter()
        .filter(|kind| {
            !matches!(
                **kind,
                "character" | "name" | "citext" | "integer" | "smallint"
            )
        })
        .map(|kind| match *kind {
            "timestamp with time zone" => "timestamptz",
            "timestamp without time zone" => "timestamp",
            "character varying" => "varchar",
            kind => kind,
        })
        .collect();
    short.join(", ")
}

fn missing_table(
    address: &PostgresAddress,
    client: &mut Client,
    mapping: &SourceMapping,
) -> Result<Error> {
    let rows = client
        .query(
            "SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'dreams')
               AND n.nspname NOT LIKE 'pg\\_%' ORDER BY 1 LIMIT 500",
            &[],
        )
        .map_err(|e| failure(address, e))?;
    let there: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let relation = mapping.relation();
    let hint = match closest(&relation, there.iter().map(String::as_str)) {
        Some(near) => format!("did you mean {near}?"),
        None if there.is_empty() => "the database has no tables; is it the right one?".to_owned(),
        None => format!("there are: {}", there[..there.len().min(12)].join(", ")),
    };
    Ok(Error::failed(format!(
        "pipeline/sources.yaml: database {} has no table {relation}",
        address.database
    ))
    .hint(format!(
        "{hint} Name it under `postgres:` in pipeline/sources.yaml (`codex init DIR` writes it)"
    )))
}
