//! Rows of a query as typed values, by way of JSON: DuckDB knows how to write each of its types.

use crate::error::{Error, Result};
use duckdb::Connection;
use serde::de::DeserializeOwned;

/// SQL that writes a TIMESTAMP as RFC 3339, UTC.
pub(super) fn moment(expression: &str) -> String {
    // Microseconds only where there are any.
    format!("replace(strftime({expression}, '%Y-%m-%dT%H:%M:%S.%fZ'), '.000000Z', 'Z')")
}

/// Each row of `sql` as one JSON object, in order.
pub(super) fn json_rows(conn: &Connection, sql: &str) -> Result<Vec<String>> {
    let mut statement =
        conn.prepare(&format!("SELECT to_json(r)::VARCHAR FROM (\n{sql}\n) AS r"))?;
    let rows = statement.query_map([], |r| r.get::<_, String>(0))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// Each row of `sql` as a `T`.
pub(super) fn typed_rows<T: DeserializeOwned>(conn: &Connection, sql: &str) -> Result<Vec<T>> {
    json_rows(conn, sql)?
        .iter()
        .map(|row| {
            serde_json::from_str(row)
                .map_err(|e| Error::failed(format!("{row} is not the row expected: {e}")))
        })
        .collect()
}
