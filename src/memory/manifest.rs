//! What an export says of itself: its format, its version, its tables and their columns.

use crate::error::Result;
use duckdb::Connection;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The version of the exports that this program writes and reads.
pub(super) const VERSION: u64 = 1;

/// The name of an exported directory's table of contents.
pub(super) const MANIFEST: &str = "manifest.json";

/// The schemas of the store's own tables; all others are a project's.
pub(super) const OWN_SCHEMAS: [&str; 5] = ["raw", "enrichment", "lexical", "codex", "state"];

/// What the files look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    /// One document.
    Json,
    /// A header, then one line a row.
    Jsonl,
    /// A directory with a file a table.
    Csv,
    /// A directory with a file a table.
    Parquet,
}

impl ExportFormat {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            ExportFormat::Json => "json",
            ExportFormat::Jsonl => "jsonl",
            ExportFormat::Csv => "csv",
            ExportFormat::Parquet => "parquet",
        }
    }

    /// Whether it is a directory with a file a table.
    pub(super) fn is_directory(self) -> bool {
        matches!(self, ExportFormat::Csv | ExportFormat::Parquet)
    }
}

impl fmt::Display for ExportFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an export says of itself: its header.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub codex_export: u64,
    pub format: ExportFormat,
    /// The version of the program that wrote it.
    pub codex: String,
    /// The mind it is restricted to.
    pub mind: Option<String>,
    /// The project the caches belong to.
    pub project: Option<String>,
    pub contents: BTreeMap<String, Contents>,
}

/// What an export says of a table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Contents {
    pub rows: u64,
    pub columns: Vec<Column>,
}

/// A column, with its type as DuckDB writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Column {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
}

impl Column {
    /// Its name, quoted.
    pub(super) fn quoted(&self) -> String {
        quoted(&self.name)
    }

    /// Whether its values are lists or structures: text formats write them as JSON.
    pub(super) fn is_nested(&self) -> bool {
        self.kind.ends_with(']')
            || self.kind.starts_with("STRUCT(")
            || self.kind.starts_with("MAP(")
    }

    /// SQL for its value such that the format says it exactly.
    pub(super) fn expression(&self, format: ExportFormat) -> String {
        let name = self.quoted();
        let as_it_is = self.kind == "VARCHAR"
            || match format {
                ExportFormat::Parquet => !self.kind.contains("HUGEINT"),
                ExportFormat::Csv if self.is_nested() => {
                    return format!("to_json({name})::VARCHAR AS {name}");
                }
                ExportFormat::Csv => false,
                // Numbers of up to 15 digits survive readers that take every number for a double.
                ExportFormat::Json | ExportFormat::Jsonl => {
                    self.is_nested() || self.is_plain_in_json()
                }
            };
        if as_it_is {
            name
        } else {
            format!("{name}::VARCHAR AS {name}")
        }
    }

    fn is_plain_in_json(&self) -> bool {
        let decimal = self
            .kind
            .strip_prefix("DECIMAL(")
            .and_then(|rest| rest.split(',').next()?.parse::<u32>().ok());
        decimal.is_some_and(|digits| digits <= 15)
            || [
                "BOOLEAN",
                "TINYINT",
                "SMALLINT",
                "INTEGER",
                "BIGINT",
                "UTINYINT",
                "USMALLINT",
                "UINTEGER",
                "UBIGINT",
            ]
            .contains(&self.kind.as_str())
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `raw.memories`, quoted.
pub(super) fn relation(table: &str) -> String {
    table.split_once('.').map_or_else(
        || quoted(table),
        |(schema, name)| format!("{}.{}", quoted(schema), quoted(name)),
    )
}

/// Whether a table is one of the store's own, not of a project.
pub(super) fn is_own(table: &str) -> bool {
    table
        .split_once('.')
        .is_some_and(|(schema, _)| OWN_SCHEMAS.contains(&schema))
}

/// Every table of the store with its columns, by name.
pub(super) fn tables(conn: &Connection) -> Result<BTreeMap<String, Vec<Column>>> {
    let mut statement = conn.prepare(
        "SELECT concat(t.schema_name, '.', t.table_name), c.column_name, c.data_type
         FROM duckdb_tables() t JOIN duckdb_columns() c USING (database_name, schema_name, table_name)
         WHERE database_name = current_database() AND NOT t.internal
         ORDER BY t.schema_name, t.table_name, c.column_index",
    )?;
    let rows = statement.query_map([], |r| {
        Ok((
            r.get::<_, String>(0)?,
            Column {
                name: r.get(1)?,
                kind: r.get(2)?,
            },
        ))
    })?;
    let mut tables: BTreeMap<String, Vec<Column>> = BTreeMap::new();
    for row in rows {
        let (table, column) = row?;
        tables.entry(table).or_default().push(column);
    }
    Ok(tables)
}

/// The file of a table in a directory.
pub(super) fn file_name(table: &str, format: ExportFormat) -> String {
    format!("{table}.{format}")
}
