//! The audit log: who asked for what, with which key, when, and what came of it. It holds no contents.

use crate::clock;
use crate::engine::lock;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// From this size on the log is put aside and a new one begun; the one put aside before is dropped.
const LARGEST: u64 = 64 << 20;

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When, UTC.
    pub at: String,
    /// The name of the key, or `owner`.
    pub who: String,
    /// The key's id.
    pub key: Option<String>,
    /// Through which door: `socket`, `http`.
    pub door: String,
    /// The command.
    pub operation: String,
    /// The mind it was about, where it was about one.
    pub mind: Option<String>,
    /// `ok`, or the error's code.
    pub outcome: String,
    /// The request's id, as the answer carries it.
    pub request_id: Option<String>,
}

/// The audit log of a store: JSON, a line each, beside its file.
pub struct AuditLog {
    path: PathBuf,
    file: Mutex<Option<File>>,
}

impl AuditLog {
    /// The log of the store at `database`.
    pub fn beside(database: &Path) -> AuditLog {
        AuditLog {
            path: super::keys::beside(database, "audit.jsonl"),
            file: Mutex::default(),
        }
    }

    /// Appends a line. A log that cannot be written is told, and stops nobody.
    pub fn append(&self, entry: &AuditEntry) {
        let written = serde_json::to_vec(entry)
            .map_err(std::io::Error::from)
            .and_then(|mut line| {
                line.push(b'\n');
                let mut open = lock(&self.file);
                if open.is_none() {
                    let mut options = OpenOptions::new();
                    *open = Some(
                        options
                            .create(true)
                            .append(true)
                            .mode(0o600)
                            .open(&self.path)?,
                    );
                }
                let Some(file) = open.as_mut() else {
                    return Ok(());
                };
                file.write_all(&line)?;
                if file.metadata()?.len() > LARGEST {
                    std::fs::rename(&self.path, self.aside())?;
                    *open = None;
                }
                Ok(())
            });
        if let Err(e) = written {
            tracing::warn!(error = %e, "the audit log cannot be written");
        }
    }

    fn aside(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".1");
        name.into()
    }

    /// The last `limit` lines that `wanted` lets through, oldest first.
    ///
    /// # Errors
    /// Failed when the log cannot be read.
    pub fn last(
        &self,
        limit: usize,
        wanted: impl Fn(&AuditEntry) -> bool,
    ) -> Result<Vec<AuditEntry>> {
        let mut found = std::collections::VecDeque::new();
        for path in [self.aside(), self.path.clone()] {
            let file = match File::open(&path) {
                Ok(file) => file,
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
                Err(e) => {
                    return Err(Error::failed(format!(
                        "cannot read {}: {e}",
                        path.display()
                    )));
                }
            };
            for line in BufReader::new(file).lines() {
                let line = line
                    .map_err(|e| Error::failed(format!("cannot read {}: {e}", path.display())))?;
                // A kill may have cut the last line short.
                let Ok(entry) = serde_json::from_str::<AuditEntry>(&line) else {
                    continue;
                };
                if wanted(&entry) {
                    if found.len() == limit {
                        found.pop_front();
                    }
                    found.push_back(entry);
                }
            }
        }
        Ok(found.into())
    }
}

/// Now, as the log writes it.
pub(super) fn stamp() -> String {
    clock::now().format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}
