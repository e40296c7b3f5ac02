//! Where a PostgreSQL server is: an address as libpq writes them (a URL, or `key=value` pairs), completed from the environment
//! and `.pgpass` as libpq does it, so that every client codex uses connects to the same server as the same user.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::conninfo::{pairs, url};
use super::pgpass::{self, Wanted};
use super::suggest;

/// How far a connection is protected; libpq's names and meanings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SslMode {
    /// Never TLS.
    Disable,
    /// TLS where the server has it, unchecked.
    Prefer,
    /// TLS, unchecked.
    Require,
    /// TLS, with a certificate that a known authority signed.
    VerifyCa,
    /// TLS, with a certificate that a known authority signed for this host.
    VerifyFull,
}

impl SslMode {
    /// libpq's name.
    pub fn as_str(self) -> &'static str {
        match self {
            SslMode::Disable => "disable",
            SslMode::Prefer => "prefer",
            SslMode::Require => "require",
            SslMode::VerifyCa => "verify-ca",
            SslMode::VerifyFull => "verify-full",
        }
    }

    fn parse(text: &str) -> Result<SslMode, String> {
        Ok(match text {
            "disable" => SslMode::Disable,
            "allow" | "prefer" => SslMode::Prefer,
            "require" => SslMode::Require,
            "verify-ca" => SslMode::VerifyCa,
            "verify-full" => SslMode::VerifyFull,
            other => {
                return Err(format!(
                    "sslmode '{other}' is not known; use disable, prefer, require, verify-ca or verify-full"
                ));
            }
        })
    }
}

/// What an address may leave out.
#[derive(Debug, Clone, Default)]
pub struct PgEnvironment {
    /// Variables that begin with `PG`: PGHOST, PGPASSWORD, PGPASSFILE, ….
    pub environment: BTreeMap<String, String>,
    /// The home directory: `.pgpass` and `.postgresql/` are in it.
    pub home: Option<PathBuf>,
    /// The name of the operating system's user.
    pub user: Option<String>,
}

/// A server, a database and a role. Printing it never prints the password.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresAddress {
    /// Host names, addresses or directories of Unix sockets; libpq tries them in order.
    pub hosts: Vec<String>,
    /// A port each.
    pub ports: Vec<u16>,
    /// The database.
    pub database: String,
    /// The role.
    pub user: String,
    /// Its password, where one is known.
    pub password: Option<String>,
    /// How far the connection is protected.
    pub ssl_mode: SslMode,
    /// PEM file of the authorities that may sign the server's certificate.
    pub root_certificate: Option<PathBuf>,
    /// PEM files of the client's own certificate and key.
    pub client_certificate: Option<(PathBuf, PathBuf)>,
    /// Command-line options for the server, as in `-c search_path=a`.
    pub options: Option<String>,
    /// Whether the password is bound to the TLS connection: disable, prefer, require.
    pub channel_binding: Option<String>,
    /// Which of several servers will do: any, read-write, read-only, primary, standby, prefer-standby.
    pub target_session_attrs: Option<String>,
    /// Something worth saying, such as a `.pgpass` that others may read.
    pub warning: Option<String>,
}

/// Keywords of an address that codex understands.
const KEYWORDS: [&str; 14] = [
    "host",
    "port",
    "dbname",
    "user",
    "password",
    "passfile",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "options",
    "application_name",
    "channel_binding",
    "target_session_attrs",
];
/// Keywords that change nothing for codex: it has settings of its own, or needs none.
const PASSED_OVER: [&str; 7] = [
    "connect_timeout",
    "client_encoding",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "gssencmode",
];
/// Where operating systems keep the authorities they trust.
const SYSTEM_AUTHORITIES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/opt/homebrew/etc/openssl@3/cert.pem",
];

impl PostgresAddress {
    /// Reads an address and completes it. The error is a sentence without the address: it may hold a password.
    pub fn parse(text: &str, surroundings: &PgEnvironment) -> Result<PostgresAddress, String> {
        let text = text.trim();
        let mut said = match text
            .strip_prefix("postgresql://")
            .or_else(|| text.strip_prefix("postgres://"))
        {
            Some(rest) => url(rest)?,
            None if text.contains('=') => pairs(text)?,
            None => {
                return Err(
                    "not an address; write postgresql://user@host:5432/database, or host=… dbname=…"
                        .to_owned(),
                );
            }
        };
        for name in said.keys() {
            if !KEYWORDS.contains(&name.as_str()) && !PASSED_OVER.contains(&name.as_str()) {
                // It is repeated only where it is no part of a password that nobody encoded.
                return Err(match suggest::closest(name, KEYWORDS) {
                    Some(meant) => {
                        format!("'{name}' is not known in an address; did you mean '{meant}'?")
                    }
                    None => format!(
                        "a keyword of the address is not known; known: {}",
                        KEYWORDS.join(", ")
                    ),
                });
            }
        }
        for (keyword, variable) in [
            ("host", "PGHOST"),
            ("port", "PGPORT"),
            ("dbname", "PGDATABASE"),
            ("user", "PGUSER"),
            ("password", "PGPASSWORD"),
            ("passfile", "PGPASSFILE"),
            ("sslmode", "PGSSLMODE"),
            ("sslrootcert", "PGSSLROOTCERT"),
            ("sslcert", "PGSSLCERT"),
            ("sslkey", "PGSSLKEY"),
            ("options", "PGOPTIONS"),
            ("channel_binding", "PGCHANNELBINDING"),
            ("target_session_attrs", "PGTARGETSESSIONATTRS"),
        ] {
            if !said.contains_key(keyword)
                && let Some(value) = surroundings.environment.get(variable)
            {
                said.insert(keyword.to_owned(), value.clone());
            }
        }
        complete(said, surroundings)
    }

    /// The text with everything secret in it masked.
    pub fn mask(&self, text: &str) -> String {
        let Some(password) = self.password.as_deref().filter(|p| !p.is_empty()) else {
            return text.to_owned();
        };
        let mut masked = text.replace(password, "***");
        // As a conninfo string and as SQL would write it.
        let escaped = password.replace('\\', "\\\\").replace('\'', "\\'");
        for form in [&escaped, &escaped.replace('\'', "''")] {
            masked = masked.replace(form.as_str(), "***");
        }
        masked
    }

    /// Whether it is on this machine, through a socket in a directory.
    pub fn is_socket(&self) -> bool {
        self.hosts.iter().all(|host| host.starts_with('/'))
    }
}

impl fmt::Display for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let password = if self.password.is_some() { ":***" } else { "" };
        write!(f, "postgresql://{}{password}@", self.user)?;
        for (i, (host, port)) in self.hosts.iter().zip(&self.ports).enumerate() {
            let comma = if i > 0 { "," } else { "" };
            let host = match host.contains(':') {
                true => format!("[{host}]"),
                false => host.replace('/', "%2F"),
            };
            write!(f, "{comma}{host}:{port}")?;
        }
        write!(f, "/{}", self.database)?;
        if self.ssl_mode != SslMode::Prefer {
            write!(f, "?sslmode={}", self.ssl_mode.as_str())?;
        }
        Ok(())
    }
}

impl fmt::Debug for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn complete(
    mut said: BTreeMap<String, String>,
    surroundings: &PgEnvironment,
) -> Result<PostgresAddress, String> {
    let hosts: Vec<String> = match said.remove("host").filter(|host| !host.is_empty()) {
        Some(hosts) => hosts
            .split(',')
            .map(|host| host.trim().to_owned())
            .collect(),
        // As libpq: a socket where there is one.
        None => ["/var/run/postgresql", "/tmp"]
            .into_iter()
            .find(|dir| std::path::Path::new(dir).join(".s.PGSQL.5432").exists())
            .map_or_else(|| vec!["localhost".to_owned()], |dir| vec![dir.to_owned()]),
    };
    let ports: Vec<u16> = said
        .remove("port")
        .filter(|port| !port.is_empty())
        .unwrap_or_else(|| "5432".to_owned())
        .split(',')
        .map(|port| match port.trim() {
            "" => Ok(5432),
            port => port
                .parse()
                .ok()
                .filter(|port| *port > 0)
                .ok_or("the port is no number from 1 to 65535"),
        })
        .collect::<Result<_, _>>()?;
    let ports = match ports.len() {
        1 => vec![ports[0]; hosts.len()],
        n if n == hosts.len() => ports,
        n => return Err(format!("{} hosts, but {n} ports", hosts.len())),
    };
    let user = said
        .remove("user")
        .filter(|user| !user.is_empty())
        .or_else(|| surroundings.user.clone())
        .unwrap_or_else(|| "postgres".to_owned());
    let database = said
        .remove("dbname")
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| user.clone());
    let in_home = |name: &str| surroundings.home.as_ref().map(|home| home.join(name));
    let mut warning = None;
    let password = match said.remove("password").filter(|p| !p.is_empty()) {
        Some(password) => Some(password),
        None => {
            let file = said.remove("passfile").map(PathBuf::from);
            let wanted = Wanted {
                host: &hosts[0],
                port: &ports[0].to_string(),
                database: &database,
                user: &user,
            };
            file.or_else(|| in_home(".pgpass")).and_then(|file| {
                match pgpass::find(&file, &wanted) {
                    Ok(password) => password,
                    Err(why) => {
                        warning = Some(why);
                        None
                    }
                }
            })
        }
    };
    let existing = |name: &str| in_home(name).filter(|path| path.exists());
    let root = said.remove("sslrootcert");
    let is_system = root.as_deref() == Some("system");
    let root_certificate = match root {
        Some(name) if name == "system" => Some(
            SYSTEM_AUTHORITIES
                .iter()
                .map(PathBuf::from)
                .find(|path| path.exists())
                .ok_or("sslrootcert=system, but this system's authorities were not found; name their PEM file")?,
        ),
        Some(path) => Some(PathBuf::from(path)),
        None => existing(".postgresql/root.crt"),
    };
    let ssl_mode = match said.remove("sslmode") {
        Some(mode) => SslMode::parse(&mode)?,
        None if is_system => SslMode::VerifyFull,
        None => SslMode::Prefer,
    };
    // As libpq: an authority that everybody may have a certificate of proves nothing but a name.
    if is_system && ssl_mode < SslMode::VerifyFull {
        return Err(format!(
            "sslmode={} is too weak for sslrootcert=system: use verify-full",
            ssl_mode.as_str()
        ));
    }
    // As libpq: with authorities at hand, `require` checks them.
    let ssl_mode = match ssl_mode {
        SslMode::Require if root_certificate.is_some() => SslMode::VerifyCa,
        mode => mode,
    };
    if ssl_mode >= SslMode::VerifyCa && root_certificate.is_none() {
        return Err(format!(
            "sslmode={} needs the authorities to check with: add sslrootcert=FILE, or sslrootcert=system",
            ssl_mode.as_str()
        ));
    }
    let mut one_of = |keyword: &str, known: &[&str]| match said.remove(keyword) {
        Some(value) if !known.contains(&value.as_str()) => {
            Err(format!("{keyword} must be one of: {}", known.join(", ")))
        }
        value => Ok(value),
    };
    let channel_binding = one_of("channel_binding", &["disable", "prefer", "require"])?;
    let target_session_attrs = one_of(
        "target_session_attrs",
        &[
            "any",
            "read-write",
            "read-only",
            "primary",
            "standby",
            "prefer-standby",
        ],
    )?;
    let certificate = said
        .remove("sslcert")
        .map(PathBuf::from)
        .or_else(|| existing(".postgresql/postgresql.crt"));
    let key = said
        .remove("sslkey")
        .map(PathBuf::from)
        .or_else(|| existing(".postgresql/postgresql.key"));
    Ok(PostgresAddress {
        hosts,
        ports,
        database,
        user,
        password,
        ssl_mode,
        root_certificate,
        client_certificate: certificate.zip(key),
        options: said.remove("options"),
        channel_binding,
        target_session_attrs,
        warning,
    })
}

#[cfg(test)]
#[path = "postgres_tests.rs"]
mod tests;
