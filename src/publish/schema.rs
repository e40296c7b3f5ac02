//! The schema `dreams`: made on request, brought up to date by numbered migrations that are never edited.

use crate::config::PostgresAddress;
use crate::error::{Error, Result};
use crate::warehouse::postgres::{failure, quoted};
use postgres::Client;

/// Every migration, oldest first; its place is its version.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_dreams.sql"),
    include_str!("migrations/0002_kinds_of_insights.sql"),
];

/// What there is of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dreams {
    /// No schema `dreams`.
    Missing,
    /// A schema without anything in it: made for codex, not yet filled.
    Empty,
    /// codex's, at this version.
    Version(usize),
    /// A schema of that name that is somebody else's.
    Foreign,
}

impl Dreams {
    /// Whether this program can publish into it as it is.
    pub fn is_current(self) -> bool {
        self == Dreams::Version(MIGRATIONS.len())
    }
}

/// Looks at the schema.
///
/// # Errors
/// See [`failure`].
pub fn dreams(address: &PostgresAddress, client: &mut Client) -> Result<Dreams> {
    let row = client
        .query_one(
            "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = 'dreams'),
                    EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                            WHERE n.nspname = 'dreams' AND c.relname = 'migrations' AND c.relkind = 'r'),
                    EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                            WHERE n.nspname = 'dreams')",
            &[],
        )
        .map_err(|e| failure(address, e))?;
    match (row.get(0), row.get(1), row.get(2)) {
        (false, ..) => Ok(Dreams::Missing),
        (true, false, false) => Ok(Dreams::Empty),
        (true, false, true) => Ok(Dreams::Foreign),
        (true, true, _) => {
            let version: i64 = client
                .query_one(
                    "SELECT coalesce(max(version), 0)::bigint FROM dreams.migrations",
                    &[],
                )
                .map_err(|e| failure(address, e))?
                .get(0);
            Ok(Dreams::Version(usize::try_from(version).unwrap_or(0)))
        }
    }
}

/// Makes the schema where there is none, and brings it up to date. Returns whether anything was done.
///
/// # Errors
/// Failed when the role may not create it; usage when the schema is somebody else's, or a newer codex's.
pub fn create(address: &PostgresAddress, client: &mut Client) -> Result<bool> {
    let version = match dreams(address, client)? {
        Dreams::Foreign => {
            return Err(Error::usage(format!(
                "database {} has a schema `dreams` that is not codex's",
                address.database
            ))
            .hint("codex needs a schema of its own: use another database, or rename that schema"));
        }
        Dreams::Version(version) if version > MIGRATIONS.len() => {
            return Err(Error::usage(format!(
                "the schema `dreams` was made by a newer codex (version {version}; this one knows {})",
                MIGRATIONS.len()
            ))
            .hint("upgrade codex"));
        }
        Dreams::Version(version) => version,
        Dreams::Empty => 0,
        Dreams::Missing => {
            client.batch_execute("CREATE SCHEMA dreams").map_err(|e| {
                failure(address, e).hint(format!(
                    "whoever owns the database can make it: CREATE SCHEMA dreams AUTHORIZATION {} (`codex init postgres --print` has all of it)",
                    quoted(&address.user)
                ))
            })?;
            0
        }
    };
    for (i, migration) in MIGRATIONS.iter().enumerate().skip(version) {
        let mut transaction = client.transaction().map_err(|e| failure(address, e))?;
        let bookkeeping = "CREATE TABLE IF NOT EXISTS dreams.migrations (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now());
             COMMENT ON TABLE dreams.migrations IS 'One row a version of this schema that codex has brought it to';
             COMMENT ON COLUMN dreams.migrations.version IS 'The version';
             COMMENT ON COLUMN dreams.migrations.applied_at IS 'When'";
        transaction
            .batch_execute(&format!(
                "{bookkeeping}; {migration}; INSERT INTO dreams.migrations (version) VALUES ({})",
                i + 1
            ))
            .map_err(|e| failure(address, e).context(format!("dreams migration {}", i + 1)))?;
        transaction.commit().map_err(|e| failure(address, e))?;
    }
    Ok(version < MIGRATIONS.len())
}
