//! How it stands with PostgreSQL, as far as the store knows.

use crate::clock;
use crate::engine::Engine;
use crate::engine::postgres::exchange::SERVICE;
use crate::error::Result;
use crate::memory::postgres::IntakeAnomalies;
use crate::publish;
use crate::warehouse::postgres::Breaker;
use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How it stands with PostgreSQL, as far as the store knows: the server is not asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostgresHealth {
    /// The server, without its password.
    pub address: String,
    /// closed, open, half-open.
    pub circuit: String,
    /// Failures in a row.
    pub failures: i32,
    /// When it is tried again, UTC; none while the circuit is closed.
    pub retry_at: Option<String>,
    /// What the last failure said.
    pub last_error: Option<String>,
    /// When that was, UTC.
    pub failed_at: Option<String>,
    /// Rows that have not yet arrived in `dreams`; none for a store that does not publish.
    pub owed: Option<u64>,
    /// PostgreSQL's clock when its tables were last read, UTC, by source.
    pub read_at: BTreeMap<String, String>,
    /// Rows that cannot be memories.
    #[serde(default)]
    pub rejected: u64,
    /// Rows that are missing from their table and were kept, since they were too many at once.
    #[serde(default)]
    pub kept: u64,
}

impl Engine {
    /// How it stands with PostgreSQL, as far as the store knows; none where none is configured.
    ///
    /// # Errors
    /// Failed when the store cannot be read.
    pub fn postgres_health(&self) -> Result<Option<PostgresHealth>> {
        let Some(server) = &self.postgres else {
            return Ok(None);
        };
        let conn = self.warehouse.conn();
        let breaker = Breaker::of(conn, SERVICE)?;
        let mut statement = conn
            .prepare("SELECT source, watermark FROM codex.intakes WHERE watermark IS NOT NULL ORDER BY source")?;
        let read_at = statement
            .query_map([], |r| Ok((r.get::<_, String>(0)?, shown(r.get(1)?))))?
            .collect::<duckdb::Result<_>>()?;
        let odd = IntakeAnomalies::of(conn)?;
        Ok(Some(PostgresHealth {
            address: server.address.to_string(),
            circuit: breaker.state(clock::now()).as_str().to_owned(),
            failures: breaker.failures,
            retry_at: breaker.retry_at.map(shown),
            last_error: breaker.last_error,
            failed_at: breaker.failed_at.map(shown),
            owed: publish::pending_changes(conn)?.map(|owed| owed.changes),
            read_at,
            rejected: odd.rejected,
            kept: odd.kept,
        }))
    }
}

fn shown(at: NaiveDateTime) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
