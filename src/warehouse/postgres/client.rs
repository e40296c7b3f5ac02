//! Connections to PostgreSQL, and what its errors mean for the person who sees them.

use super::tls;
use crate::config::{PostgresAddress, PostgresSettings, SslMode};
use crate::error::{Error, ErrorKind, Result};
use postgres::config::{ChannelBinding, TargetSessionAttrs};
use postgres::error::SqlState;
use postgres::{Client, Config, NoTls};
use std::sync::mpsc::channel;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Seconds without a word after which a connection is probed, seconds between probes, and probes without an answer that end it.
pub(super) const KEEPALIVE_IDLE: u64 = 30;
pub(super) const KEEPALIVE_INTERVAL: u64 = 10;
pub(super) const KEEPALIVE_COUNT: u32 = 3;

/// How long to wait, and for how many connections.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For a connection.
    pub connect: Duration,
    /// For a statement.
    pub statement: Duration,
    /// Connections at once.
    pub connections: u32,
}

impl Limits {
    /// As the settings say.
    pub fn of(settings: &PostgresSettings) -> Limits {
        Limits {
            connect: Duration::from_secs(u64::from(settings.connect_timeout.get())),
            statement: Duration::from_secs(u64::from(settings.statement_timeout.get())),
            connections: settings.max_connections.get(),
        }
    }
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Reading the user's tables: the server itself refuses every change.
    Read,
    /// Publishing into the schema `dreams`.
    Write,
    /// Waiting for notifications.
    Listen,
}

/// Connects, and sets what every session of codex's has.
///
/// # Errors
/// Unavailable when the server cannot be reached or refuses; usage when a certificate cannot be read.
pub fn connect(address: &PostgresAddress, limits: &Limits, purpose: Purpose) -> Result<Client> {
    let mut config = Config::new();
    for (host, port) in address.hosts.iter().zip(&address.ports) {
        config.host(host).port(*port);
    }
    config
        .user(&address.user)
        .dbname(&address.database)
        .application_name("codex")
        .connect_timeout(limits.connect)
        .tcp_user_timeout(limits.statement)
        .keepalives_idle(Duration::from_secs(KEEPALIVE_IDLE))
        .keepalives_interval(Duration::from_secs(KEEPALIVE_INTERVAL))
        .keepalives_retries(KEEPALIVE_COUNT)
        .ssl_mode(match address.ssl_mode {
            SslMode::Disable => postgres::config::SslMode::Disable,
            SslMode::Prefer => postgres::config::SslMode::Prefer,
            _ => postgres::config::SslMode::Require,
        });
    if let Some(password) = &address.password {
        config.password(password);
    }
    if let Some(binding) = &address.channel_binding {
        config.channel_binding(match binding.as_str() {
            "disable" => ChannelBinding::Disable,
            "require" => ChannelBinding::Require,
            _ => ChannelBinding::Prefer,
        });
    }
    if let Some(wanted) = &address.target_session_attrs {
        config.target_session_attrs(match wanted.as_str() {
            "read-write" | "primary" => TargetSessionAttrs::ReadWrite,
            "read-only" | "standby" => TargetSessionAttrs::ReadOnly,
            _ => TargetSessionAttrs::Any,
        });
    }
    if let Some(options) = &address.options {
        config.options(options);
    }
    let connecting: Connecting = match address.ssl_mode {
        SslMode::Disable => Box::new(move || config.connect(NoTls)),
        _ if address.is_socket() => {
            config.ssl_mode(postgres::config::SslMode::Disable);
            Box::new(move || config.connect(NoTls))
        }
        _ => {
            let connector = tls::connector(address)?;
            Box::new(move || config.connect(connector))
        }
    };
    let hosts = u32::try_from(address.hosts.len()).unwrap_or(u32::MAX);
    let mut client = in_time(address, limits.connect.saturating_mul(hosts), connecting)?
        .map_err(|e| failure(address, e).context(address))?;
    let read_only = if purpose == Purpose::Read {
        "on"
    } else {
        "off"
    };
    // Set here, not as start-up options: a pooler in between refuses those.
    client
        .batch_execute(&format!(
            "SET statement_timeout = {}; SET idle_in_transaction_session_timeout = 60000; SET TimeZone = 'UTC';
             SET DateStyle = 'ISO'; SET default_transaction_read_only = {read_only}; SET client_min_messages = warning",
            limits.statement.as_millis()
        ))
        .map_err(|e| failure(address, e))?;
    Ok(client)
}

type Connecting = Box<dyn FnOnce() -> Result<Client, postgres::Error> + Send>;

/// Connects, and gives up after a while: the driver's own limit ends with the socket's connection, and a server that accepts it
/// may never say a word.
fn in_time(
    address: &PostgresAddress,
    patience: Duration,
    connecting: Connecting,
) -> Result<Result<Client, postgres::Error>> {
    /// Attempts that still wait, by address. They end when the server speaks or the connection breaks.
    static WAITING: Mutex<Vec<String>> = Mutex::new(Vec::new());
    const MOST: usize = 8;
    let waiting = || WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    let silent = || {
        Error::unavailable(format!(
            "{address}: the server accepts connections, but has not answered for {} s",
            patience.as_secs()
        ))
        .hint("look whether it is overloaded or stopped (postgres.connect_timeout says how long codex waits); the next cycle tries again")
    };
    let name = address.to_string();
    {
        let mut waiting = waiting();
        if waiting.iter().filter(|other| **other == name).count() >= MOST {
            return Err(silent());
        }
        waiting.push(name.clone());
    }
    let over = move |name: &str| {
        let mut waiting = waiting();
        if let Some(at) = waiting.iter().position(|other| other == name) {
            waiting.swap_remove(at);
        }
    };
    let (done, connected) = channel();
    let started = {
        let name = name.clone();
        std::thread::Builder::new()
            .name("connecting".to_owned())
            .spawn(move || {
                let client = connecting();
                over(&name);
                // Nobody waits any more: the connection is closed.
                let _ = done.send(client);
            })
    };
    if let Err(e) = started {
        over(&name);
        return Err(Error::failed(format!("no thread can be started: {e}")));
    }
    connected.recv_timeout(patience).map_err(|_| silent())
}

/// An error of PostgreSQL's as one of ours, without the password, with what to do next.
#[allow(clippy::needless_pass_by_value)] // as map_err hands it over
pub fn failure(address: &PostgresAddress, error: postgres::Error) -> Error {
    let Some(db) = error.as_db_error() else {
        let text = address.mask(&error_with_hint(&error));
        let hint = if error.is_closed() {
            "the server closed the connection; the next cycle tries again"
        } else {
            "check that the server runs and the address is right (`codex doctor`); the next cycle tries again"
        };
        return Error::unavailable(format!("PostgreSQL: {text}")).hint(hint);
    };
    let mut text = db.message().to_owned();
    if let Some(detail) = db.detail() {
        text = format!("{text} ({detail})");
    }
    let text = format!("PostgreSQL: {}", address.mask(&text));
    let code = db.code();
    let (kind, hint) = match code.code() {
        "28P01" | "28000" => (
            ErrorKind::Unavailable,
            format!(
                "check the password of role {} (.env, PGPASSWORD or .pgpass) and the server's pg_hba.conf",
                address.user
            ),
        ),
        "3D000" => (
            ErrorKind::Unavailable,
            "check the database's name in POSTGRES_DB_URL".to_owned(),
        ),
        "42501" => (
            ErrorKind::Failed,
            format!(
                "grant it to role {}: `codex init postgres --print` says which rights codex needs",
                address.user
            ),
        ),
        "53300" => (
            ErrorKind::Unavailable,
            "the server has no connection left; the next cycle tries again".to_owned(),
        ),
        "53100" => (
            ErrorKind::Unavailable,
            "the server's disk is full; the next cycle tries again".to_owned(),
        ),
        "57014" => (
            ErrorKind::Unavailable,
            "it took longer than postgres.statement_timeout seconds, or someone cancelled it"
                .to_owned(),
        ),
        c if c.starts_with("57P") || c.starts_with("08") => (
            ErrorKind::Unavailable,
            "the server is starting, stopping or was restarted; the next cycle tries again"
                .to_owned(),
        ),
        _ if *code == SqlState::UNDEFINED_TABLE || *code == SqlState::UNDEFINED_COLUMN => (
            ErrorKind::Failed,
            "the schema has changed: compare it with pipeline/sources.yaml (`codex doctor`)"
                .to_owned(),
        ),
        _ => (
            ErrorKind::Failed,
            "`codex doctor` looks at the whole connection".to_owned(),
        ),
    };
    Error::new(kind, text).hint(hint)
}

/// Whether trying again may help without anyone doing anything.
pub fn is_passing(error: &Error) -> bool {
    error.kind() == ErrorKind::Unavailable && !error.is_busy()
}

/// The error and its causes: the outermost alone says only "error connecting to server".
fn error_with_hint(error: &postgres::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}
