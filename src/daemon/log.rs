//! The daemon's log: a JSON object a line, a file a day, beside the store.

use crate::clock;
use crate::error::{Error, Result};
use chrono::{DateTime, NaiveDateTime};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, filter::LevelFilter, fmt as layer};

/// How a log file begins: `daemon.2026-03-16.log`.
const PREFIX: &str = "daemon";
const SUFFIX: &str = "log";

/// Where the log of a store's daemon is: beside the store, where everybody who can reach that finds it.
pub fn directory(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".logs");
    PathBuf::from(name)
}

/// Begins to log into `dir`, keeping files of so many days; on stderr too where somebody watches.
///
/// # Errors
/// Failed when the directory cannot be written.
pub(super) fn start(dir: &Path, days: usize, level: LevelFilter, watched: bool) -> Result<()> {
    // What went wrong may quote what was to be remembered.
    let made = fs::DirBuilder::new()
        .mode(0o700)
        .recursive(true)
        .create(dir);
    made.map_err(|e| Error::failed(format!("cannot make the directory {}: {e}", dir.display())))?;
    let appender = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(PREFIX)
        .filename_suffix(SUFFIX)
        .max_log_files(days)
        .build(dir)
        .map_err(|e| {
            Error::failed(format!("cannot write logs into {}: {e}", dir.display()))
                .hint("check the directory's permissions and the room on its disk")
        })?;
    let lines = layer::layer()
        .event_format(Lines)
        .with_ansi(false)
        .with_writer(appender)
        .with_filter(level);
    let seen = watched.then(|| {
        layer::layer()
            .with_writer(std::io::stderr)
            .with_target(false)
            .with_filter(level)
    });
    tracing_subscriber::registry()
        .with(lines)
        .with(seen)
        .try_init()
        .map_err(|e| Error::failed(format!("the log cannot be started: {e}")))
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// When, RFC 3339, UTC.
    pub at: String,
    /// ERROR, WARN, INFO, DEBUG or TRACE.
    pub level: String,
    /// What happened.
    pub message: String,
    /// The part of codex that says so.
    pub target: String,
    /// What it is about.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

impl Line {
    /// Reads a line; none when it is not one, such as the last of a full disk.
    pub fn read(text: &str) -> Option<Line> {
        serde_json::from_str(text).ok()
    }

    /// Its moment, UTC.
    pub fn moment(&self) -> Option<NaiveDateTime> {
        DateTime::parse_from_rfc3339(&self.at)
            .ok()
            .map(|at| at.naive_utc())
    }

    /// Its level.
    pub fn level(&self) -> Level {
        self.level.parse().unwrap_or(Level::INFO)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:<5} {}", self.at, self.level, self.message)?;
        self.fields
            .iter()
            .try_for_each(|(name, value)| match value {
                Value::String(text) => write!(f, " {name}={text}"),
                other => write!(f, " {name}={other}"),
            })
    }
}

/// Formats an event as a [`Line`].
struct Lines;

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut said = Said::default();
        event.record(&mut said);
        let line = Line {
            at: clock::now().format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            level: event.metadata().level().to_string(),
            message: said.message,
            target: event.metadata().target().to_owned(),
            fields: said.fields,
        };
        let text = serde_json::to_string(&line).map_err(|_| fmt::Error)?;
        writeln!(writer, "{text}")
    }
}

/// What an event says.
#[derive(Default)]
struct Said {
    message: String,
    fields: Map<String, Value>,
}

impl Said {
    fn put(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::String(text)) => self.message = text,
            ("message", other) => self.message = other.to_string(),
            // A line has these of its own.
            (name @ ("at" | "level" | "target"), value) => {
                self.fields.insert(format!("{name}_"), value);
            }
            (name, value) => {
                self.fields.insert(name.to_owned(), value);
            }
        }
    }
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, Value::String(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, Value::String(value.to_owned()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }
}

/// The files of a log, oldest first.
///
/// # Errors
/// Failed when the directory cannot be read; one that does not exist holds none.
pub fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => {
            return Err(Error::failed(format!("cannot read {}: {e}", dir.display())));
        }
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(PREFIX) && name.ends_with(SUFFIX)
        })
        .collect();
    files.sort();
    Ok(files)
}

/// The last `count` lines that are `wanted`, oldest first.
///
/// # Errors
/// Failed when the log cannot be read.
pub fn last(dir: &Path, count: usize, wanted: impl Fn(&Line) -> bool) -> Result<Vec<Line>> {
    let mut found: Vec<Line> = Vec::new();
    for file in files(dir)?.iter().rev() {
        if found.len() >= count {
            break;
        }
        let text = fs::read(file)
            .map_err(|e| Error::failed(format!("cannot read {}: {e}", file.display())))?;
        let text = String::from_utf8_lossy(&text);
        for line in text.lines().rev() {
            if found.len() >= count {
                break;
            }
            found.extend(Line::read(line).filter(&wanted));
        }
    }
    found.reverse();
    Ok(found)
}
