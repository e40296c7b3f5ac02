//! Records on their way in: their words in a temporary table, and what identifies them at hand.

use super::{FoundSecret, ImportOptions, ImportReport};
use crate::error::Result;
use crate::memory::minds::{DEFAULT_MIND, MindId, check_name};
use codex_import::{Item, Record, Rejection, Scope, TimeFrom};
use duckdb::{Connection, params};
use md5::{Digest, Md5};
use serde_json::Value;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Takes the temporary tables away.
pub(super) const DROP: &str =
    "DROP TABLE IF EXISTS temp.main.incoming; DROP TABLE IF EXISTS temp.main.decided;
     DROP TABLE IF EXISTS temp.main.differing";

const CREATE: &str = "CREATE OR REPLACE TEMP TABLE incoming (
     ordinal BIGINT, mind_id UUID, created_at TIMESTAMP, key VARCHAR, scope TINYINT, content VARCHAR, former VARCHAR, speaker VARCHAR,
     session VARCHAR, named_session VARCHAR, metadata VARCHAR, metadata_counts BOOLEAN, time_from_file BOOLEAN)";

/// Rows an appender holds before it hands them over.
const FLUSH: usize = 50_000;

/// What identifies a record: 16 bytes of what it says, and of its id.
#[derive(Debug, Clone, Copy)]
pub(super) struct Staged {
    pub file: u32,
    pub mind: u32,
    pub line: u32,
    /// Microseconds.
    pub created_at: i64,
    /// Of time, speaker and text.
    pub text: u128,
    /// Of the id within its scope; 0 without one.
    pub id: u128,
    pub scope: Scope,
    /// Of the conversation, where the record names one; 0 else.
    pub session: u64,
}

/// A file that gave records.
#[derive(Debug)]
pub(super) struct StagedFile {
    pub path: PathBuf,
    /// What it would be called as a source.
    pub name: String,
}

/// Everything that was read.
#[derive(Debug, Default)]
pub(super) struct StagedImport {
    pub records: Vec<Staged>,
    pub files: Vec<StagedFile>,
    pub minds: Vec<String>,
    pub report: ImportReport,
}

/// Reads all items.
pub(super) fn stage(
    conn: &Connection,
    options: &ImportOptions,
    reader: impl Iterator<Item = Item>,
    mut progress: impl FnMut(u64),
) -> Result<StagedImport> {
    conn.execute_batch(CREATE)?;
    let mut staging = Staging {
        options,
        files: HashMap::new(),
        minds: HashMap::new(),
        staged: StagedImport::default(),
    };
    staging.staged.report.dry_run = options.dry_run;
    let mut appender = conn.appender_to_catalog_and_db("incoming", "temp", "main")?;
    for item in reader {
        let report = &mut staging.staged.report;
        match item {
            Item::Rejection(rejection) => report.rejected.push(rejection),
            Item::Note(note) => report.notes.push(note),
            Item::LeftOut(left) => *report.left_out.entry(left.kind.to_owned()).or_default() += 1,
            Item::Record(record) => {
                let Some(record) = staging.take(*record) else {
                    continue;
                };
                let named_session = record.session.clone().filter(|_| !record.session_from_file);
                let ordinal = staging.staged.records.len() as i64 - 1;
                appender.append_row(params![
                    ordinal,
                    record.mind.unwrap_or_default(),
                    record.created_at,
                    record.key,
                    scope_number(record.scope),
                    record.content,
                    record.former,
                    record.speaker,
                    record.session,
                    named_session,
                    Value::Object(record.metadata).to_string(),
                    record.metadata_counts,
                    record.time_from == TimeFrom::File
                ])?;
                let count = staging.staged.records.len();
                if count.is_multiple_of(FLUSH) {
                    appender.flush()?;
                    progress(count as u64);
                }
            }
        }
    }
    appender.flush()?;
    drop(appender);
    progress(staging.staged.records.len() as u64);
    Ok(staging.staged)
}

/// As the table has it.
pub(super) fn scope_number(scope: Scope) -> i8 {
    match scope {
        Scope::Everywhere => 0,
        Scope::Conversation => 1,
        Scope::Collection => 2,
    }
}

struct Staging<'a> {
    options: &'a ImportOptions,
    files: HashMap<PathBuf, u32>,
    minds: HashMap<String, (u32, String)>,
    staged: StagedImport,
}

impl Staging<'_> {
    /// Notes what identifies a record and completes it for the table; its `mind` becomes the mind's id. `None` when it is rejected.
    fn take(&mut self, mut record: Record) -> Option<Record> {
        let Some(created_at) = record.created_at else {
            self.reject(&record, "it has no date: add a created_at, a dated heading, or a date in the file's name; --date-from-file takes the file's".into());
            return None;
        };
        let name = record
            .mind
            .take()
            .or_else(|| self.options.mind.clone())
            .unwrap_or_else(|| DEFAULT_MIND.to_owned());
        let (mind, id) = match self.minds.get(&name) {
            Some(known) => known.clone(),
            None => {
                if let Err(error) = check_name(&name) {
                    self.reject(&record, error.to_string());
                    return None;
                }
                let known = (
                    self.staged.minds.len() as u32,
                    MindId::of(&name).to_string(),
                );
                self.staged.minds.push(name.clone());
                self.minds.insert(name.clone(), known.clone());
                known
            }
        };
        self.guard_secrets(&mut record);
        if let Some(from) = record.time_from.name() {
            record
                .metadata
                .insert("time_from".to_owned(), Value::String(from.to_owned()));
        }
        let session = record.session.as_deref().unwrap_or("");
        let text = digest(&[
            id.as_bytes(),
            &created_at.and_utc().timestamp_micros().to_le_bytes(),
            record.speaker.as_deref().unwrap_or("").as_bytes(),
            record.content.as_bytes(),
        ]);
        let own = |key: &str| match record.scope {
            Scope::Everywhere => digest(&[id.as_bytes(), key.as_bytes()]),
            Scope::Conversation | Scope::Collection if record.session_from_file => {
                digest(&[id.as_bytes(), b"", key.as_bytes()])
            }
            Scope::Conversation | Scope::Collection => {
                digest(&[id.as_bytes(), session.as_bytes(), key.as_bytes()])
            }
        };
        let file = self.file(&record.origin.file);
        self.staged.records.push(Staged {
            file,
            mind,
            line: u32::try_from(record.origin.line).unwrap_or(u32::MAX),
            created_at: created_at.and_utc().timestamp_micros(),
            text,
            id: record.key.as_deref().map_or(0, own),
            scope: record.scope,
            session: if record.session.is_none() || record.session_from_file {
                0
            } else {
                digest(&[session.as_bytes()]) as u64 | 1
            },
        });
        *self.staged.report.minds.entry(name).or_default() += 1;
        record.mind = Some(id);
        Some(record)
    }

    fn reject(&mut self, record: &Record, reason: String) {
        let mut line = serde_json::Map::new();
        for (name, value) in [
            ("id", &record.key),
            ("content", &Some(record.content.clone())),
            ("speaker", &record.speaker),
            ("session", &record.session),
            ("mind", &record.mind),
        ] {
            if let Some(value) = value {
                line.insert(name.to_owned(), Value::String(value.clone()));
            }
        }
        line.insert(
            "created_at".to_owned(),
            record.created_at.map_or(Value::Null, |time| {
                Value::String(time.and_utc().to_rfc3339())
            }),
        );
        if !record.metadata.is_empty() {
            line.insert(
                "metadata".to_owned(),
                Value::Object(record.metadata.clone()),
            );
        }
        self.staged.report.rejected.push(Rejection {
            file: record.origin.file.clone(),
            line: record.origin.line,
            column: None,
            reason,
            record: Some(Value::Object(line).to_string()),
        });
    }

    fn guard_secrets(&mut self, record: &mut Record) {
        let found = codex_import::secrets(&record.content);
        for secret in &found {
            self.staged.report.secrets.push(FoundSecret {
                kind: secret.kind.to_owned(),
                file: record.origin.file.clone(),
                line: record.origin.line,
            });
        }
        if self.options.redact && !found.is_empty() {
            record.content = codex_import::redact(&record.content).unwrap_or_default();
            record.former = None;
        }
    }

    fn file(&mut self, path: &Path) -> u32 {
        if let Some(file) = self.files.get(path) {
            return *file;
        }
        let file = self.staged.files.len() as u32;
        self.files.insert(path.to_path_buf(), file);
        self.staged.files.push(StagedFile {
            path: path.to_path_buf(),
            name: self.name(path),
        });
        file
    }

    /// A file's name below the path given, so that a moved directory keeps its name.
    fn name(&self, file: &Path) -> String {
        if let Some(source) = &self.options.source {
            return source.clone();
        }
        let roots = self
            .options
            .paths
            .iter()
            .filter(|root| file != root.as_path());
        let below = roots
            .filter_map(|root| file.strip_prefix(root).ok())
            .next()
            .map(Path::to_path_buf);
        below
            .or_else(|| file.file_name().map(PathBuf::from))
            .unwrap_or_else(|| file.to_path_buf())
            .to_string_lossy()
            .into_owned()
    }
}

fn digest(parts: &[&[u8]]) -> u128 {
    let mut md5 = Md5::new();
    for part in parts {
        md5.update((part.len() as u64).to_le_bytes());
        md5.update(part);
    }
    u128::from_le_bytes(md5.finalize().into())
}
