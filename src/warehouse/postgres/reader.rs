//! A DuckDB that does nothing but scan PostgreSQL.
//!
//! It is apart from the store on purpose: no transaction and no lock of the store waits for a network, and nobody who asks the
//! store with SQL can see the attached address.

use super::client::{KEEPALIVE_COUNT, KEEPALIVE_IDLE, KEEPALIVE_INTERVAL, Limits};
use crate::config::{PostgresAddress, SslMode};
use crate::error::{Error, Result, is_disk_full};
use crate::warehouse::extension::{self, Extension};
use crate::warehouse::text_literal;
use duckdb::{Config, Connection};
use std::path::{Path, PathBuf};

/// The name PostgreSQL is attached under.
const CATALOG: &str = "pg";
/// What DuckDB may use for a scan; it sorts on disk beyond that.
const MEMORY: &str = "384MB";

/// A DuckDB with the PostgreSQL extension loaded.
pub struct Reader {
    conn: Connection,
    extension: Extension,
}

impl Reader {
    /// Opens it and loads the extension; what does not fit into memory goes to `spill`.
    ///
    /// # Errors
    /// Unavailable when the extension cannot be had.
    pub fn open(extension_directory: &Path, spill: &Path) -> Result<Reader> {
        let config = Config::default()
            .max_memory(MEMORY)?
            .threads(2)?
            .enable_autoload_extension(false)?
            .with("autoinstall_known_extensions", "false")?
            .with("temp_directory", &*spill.to_string_lossy())?;
        let conn = Connection::open_in_memory_with_flags(config)?;
        let extension = extension::load(&conn, extension_directory)?;
        tracing::debug!(way = extension.way.as_str(), file = %extension.file.display(), "PostgreSQL extension loaded");
        Ok(Reader { conn, extension })
    }

    /// Its connection, for what was scanned.
    pub fn conn(&self) -> &Connection {
        &self.conn
    }

    /// How the extension came to be loaded.
    pub fn extension(&self) -> &Extension {
        &self.extension
    }

    /// Writes the rows of a query that PostgreSQL answers into a Parquet file, `order`ed; returns how many.
    ///
    /// # Errors
    /// Unavailable when the server cannot be reached or the scan breaks off; the file is then no whole one.
    pub fn scan(
        &self,
        address: &PostgresAddress,
        limits: &Limits,
        query: &str,
        order: &str,
        file: &Path,
    ) -> Result<u64> {
        self.attached(address, limits, |conn| {
            conn.execute(
                &format!(
                    "COPY (FROM postgres_query('{CATALOG}', {}) {order}) TO {} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20000)",
                    text_literal(query),
                    text_literal(&file.to_string_lossy())
                ),
                [],
            )
        })
        .map(|rows| rows as u64)
    }

    /// Runs `work` with PostgreSQL attached. A connection is never kept for the next time: the server may be another by then.
    fn attached<T>(
        &self,
        address: &PostgresAddress,
        limits: &Limits,
        work: impl FnOnce(&Connection) -> duckdb::Result<T>,
    ) -> Result<T> {
        self.conn.execute_batch(&format!(
            "SET pg_statement_timeout_millis = {}; SET pg_pool_max_connections = {}",
            limits.statement.as_millis(),
            limits.connections
        ))?;
        let attach = format!(
            "ATTACH {} AS {CATALOG} (TYPE postgres, READ_ONLY)",
            text_literal(&conninfo(address, limits))
        );
        let done = self.conn.execute_batch(&attach).and_then(|()| {
            let done = work(&self.conn);
            let detached = self.conn.execute_batch(&format!("DETACH {CATALOG}"));
            done.and_then(|value| detached.map(|()| value))
        });
        done.map_err(|e| broken(address, &e))
    }
}

/// What libpq is told.
fn conninfo(address: &PostgresAddress, limits: &Limits) -> String {
    let ports: Vec<String> = address.ports.iter().map(u16::to_string).collect();
    let path = |path: &PathBuf| path.to_string_lossy().into_owned();
    let mut said = vec![
        ("host", address.hosts.join(",")),
        ("port", ports.join(",")),
        ("dbname", address.database.clone()),
        ("user", address.user.clone()),
        (
            "connect_timeout",
            limits.connect.as_secs().max(2).to_string(),
        ),
        ("keepalives_idle", KEEPALIVE_IDLE.to_string()),
        ("keepalives_interval", KEEPALIVE_INTERVAL.to_string()),
        ("keepalives_count", KEEPALIVE_COUNT.to_string()),
        ("tcp_user_timeout", limits.statement.as_millis().to_string()),
        ("application_name", "codex".to_owned()),
        ("client_encoding", "UTF8".to_owned()),
        ("sslmode", address.ssl_mode.as_str().to_owned()),
        // Kerberos is not tried: codex knows passwords and certificates.
        ("gssencmode", "disable".to_owned()),
    ];
    if address.ssl_mode != SslMode::Disable
        && let Some(file) = &address.root_certificate
    {
        said.push(("sslrootcert", path(file)));
    }
    if let Some((certificate, key)) = &address.client_certificate {
        said.push(("sslcert", path(certificate)));
        said.push(("sslkey", path(key)));
    }
    said.extend(address.password.clone().map(|p| ("password", p)));
    said.extend(address.options.clone().map(|o| ("options", o)));
    let binding = address.channel_binding.clone();
    said.extend(binding.map(|b| ("channel_binding", b)));
    let wanted = address.target_session_attrs.clone();
    said.extend(wanted.map(|w| ("target_session_attrs", w)));
    let pairs: Vec<String> = said
        .iter()
        .map(|(name, value)| {
            format!(
                "{name}='{}'",
                value.replace('\\', "\\\\").replace('\'', "\\'")
            )
        })
        .collect();
    pairs.join(" ")
}

/// What to say of a scan that failed, without the password.
fn broken(address: &PostgresAddress, error: &duckdb::Error) -> Error {
    let text = address.mask(&error.to_string());
    let text: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("LINE ") && *line != "^")
        .collect();
    let text = text.join(" ");
    if is_disk_full(&text) {
        return Error::failed(format!("DuckDB: {text}"))
            .hint("the disk beside the store is full, or a file larger than it may be: free some room; what has come in stays");
    }
    for (sign, hint) in [
        (
            "permission denied",
            "grant it: `codex init postgres --print` says which rights codex needs",
        ),
        (
            "does not exist",
            "the schema has changed: compare it with pipeline/sources.yaml (`codex doctor`)",
        ),
    ] {
        if text.contains(sign) {
            return Error::failed(format!("PostgreSQL: {text}")).hint(hint);
        }
    }
    Error::unavailable(format!("PostgreSQL: {text}"))
        .hint("check that the server runs (`codex doctor`); the next cycle tries again, and nothing is lost")
}
