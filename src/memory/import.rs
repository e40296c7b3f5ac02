//! `codex import`: files in, raw log out, idempotent by (mind, source, key).

use super::log::{Incoming, Intake, append_memories};
use super::minds::{DEFAULT_MIND, Mind, ensure_mind};
use super::readers::{Defaults, Item, Note, ReadError, Record, Rejection, read_paths};
use crate::clock;
use crate::error::{Error, Result};
use crate::warehouse::Warehouse;
use chrono::NaiveDateTime;
use chrono_tz::Tz;
use duckdb::Connection;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// Records a transaction takes in.
const BATCH: usize = 10_000;

/// What to import, and for whom.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImportOptions {
    /// Files and directories.
    pub paths: Vec<PathBuf>,
    /// The mind of records that name none.
    pub mind: Option<String>,
    /// The zone of new minds, and of times written without one.
    #[serde(with = "super::minds::zone_name")]
    pub time_zone: Tz,
    /// Names the source instead of the file's own name.
    pub source: Option<String>,
    /// Reads and reports, writes nothing.
    pub dry_run: bool,
}

/// What an import did.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct ImportReport {
    /// New memories.
    pub added: u64,
    /// Known memories whose content or metadata changed.
    pub edited: u64,
    /// Known and the same.
    pub unchanged: u64,
    /// Records that could not be taken in, with file, line and reason.
    pub rejected: Vec<Rejection>,
    /// What was left out on purpose.
    pub notes: Vec<Note>,
    /// Minds that received memories, by name, with the number of their records.
    pub minds: BTreeMap<String, u64>,
    /// Whether nothing was written.
    pub dry_run: bool,
}

/// Reads the paths and appends what they hold, batch by batch; `progress` hears the number of records read.
///
/// # Errors
/// Usage when a path does not exist or a mind's name is impossible; failed when the store cannot be written.
/// Records that are wrong in themselves are no error of the import: they are in the report.
pub fn import(
    warehouse: &Warehouse,
    options: &ImportOptions,
    mut progress: impl FnMut(u64),
) -> Result<ImportReport> {
    let mut run = Run {
        options,
        seen: HashMap::new(),
        derived: HashMap::new(),
        report: ImportReport::default(),
    };
    run.report.dry_run = options.dry_run;
    let mut batch: Vec<(Record, String)> = Vec::new();
    let mut read = 0;
    for item in read_paths(
        &options.paths,
        &Defaults {
            time_zone: options.time_zone,
            date_order: None,
        },
    )
    .map_err(unreadable)?
    {
        match item {
            Item::Record(record) => {
                let source = run.source_of(&record.origin.file);
                batch.push((record, source));
                read += 1;
            }
            Item::Rejection(rejection) => run.report.rejected.push(rejection),
            Item::Note(note) => run.report.notes.push(note),
        }
        if batch.len() >= BATCH {
            run.take(warehouse, std::mem::take(&mut batch))?;
            progress(read);
        }
    }
    run.take(warehouse, batch)?;
    progress(read);
    Ok(run.report)
}

struct Run<'a> {
    options: &'a ImportOptions,
    /// Identity → (hash of the content, line it was first seen at), for duplicates within the run.
    seen: HashMap<[u8; 16], ([u8; 16], usize)>,
    /// How often a derived key came up: the same line twice is two memories.
    derived: HashMap<[u8; 16], u32>,
    report: ImportReport,
}

impl Run<'_> {
    /// A file's name below the path given, so that a moved directory keeps its identity.
    fn source_of(&self, file: &Path) -> String {
        if let Some(source) = &self.options.source {
            return source.clone();
        }
        let below = self
            .options
            .paths
            .iter()
            .filter(|root| root.is_dir())
            .find_map(|root| file.strip_prefix(root).ok())
            .map(Path::to_path_buf);
        below
            .or_else(|| file.file_name().map(PathBuf::from))
            .unwrap_or_else(|| file.to_path_buf())
            .to_string_lossy()
            .into_owned()
    }

    fn take(&mut self, warehouse: &Warehouse, batch: Vec<(Record, String)>) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let now = clock::now();
        let dry_run = self.options.dry_run;
        let work = |conn: &Connection| {
            let mut minds: HashMap<String, Mind> = HashMap::new();
            let mut incoming = Vec::with_capacity(batch.len());
            for (record, source) in batch {
                let Some((mut memory, name)) = self.prepare(record, source) else {
                    continue;
                };
                let mind = match minds.get(&name) {
                    Some(mind) => mind,
                    None => {
                        let mind = ensure_mind(conn, &name, self.options.time_zone, now)?;
                        minds.entry(name.clone()).or_insert(mind)
                    }
                };
                memory.mind = mind.id;
                incoming.push(memory);
                *self.report.minds.entry(name).or_default() += 1;
            }
            append_memories(conn, &incoming, now)
        };
        let intake = match dry_run {
            true => warehouse.rehearse(work)?,
            false => warehouse.transaction(work)?,
        };
        let Intake {
            added,
            edited,
            unchanged,
        } = intake;
        self.report.added += added;
        self.report.edited += edited;
        self.report.unchanged += unchanged;
        Ok(())
    }

    /// Turns a record into a memory, or rejects it.
    fn prepare(&mut self, record: Record, source: String) -> Option<(Incoming, String)> {
        let origin = record.origin.clone();
        let mut reject = |reason: String| {
            self.report.rejected.push(Rejection {
                file: origin.file.clone(),
                line: origin.line,
                column: None,
                reason,
            });
        };
        let Some(created_at) = record.created_at else {
            reject(
                "it has no date: add a created_at, a dated heading, or a date in the file's name"
                    .into(),
            );
            return None;
        };
        let name = record
            .mind
            .or_else(|| self.options.mind.clone())
            .unwrap_or_else(|| DEFAULT_MIND.to_owned());
        if let Err(e) = super::minds::check_name(&name) {
            reject(e.to_string());
            return None;
        }
        let content = digest(&[&record.content]);
        let key = match record.key {
            Some(key) => {
                let identity = digest(&[&name, &source, &key]);
                if let Some((other, line)) = self.seen.get(&identity) {
                    if *other == content {
                        self.report.unchanged += 1;
                    } else {
                        let line = *line;
                        reject(format!(
                            "its id '{key}' was already used at line {line} with another content: give each memory an id of its own"
                        ));
                    }
                    return None;
                }
                self.seen.insert(identity, (content, origin.line));
                key
            }
            None => derive_key(
                &mut self.derived,
                &name,
                &source,
                created_at,
                &record.speaker,
                &record.session,
                content,
            ),
        };
        let metadata = serde_json::Value::Object(record.metadata).to_string();
        Some((
            Incoming {
                mind: super::MindId::of(&name),
                source,
                key,
                content: record.content,
                created_at,
                speaker: record.speaker,
                session: record.session,
                metadata,
            },
            name,
        ))
    }
}

/// A key for a record without one: a hash of what it says, when and by whom, numbered where it repeats.
fn derive_key(
    derived: &mut HashMap<[u8; 16], u32>,
    mind: &str,
    source: &str,
    created_at: NaiveDateTime,
    speaker: &Option<String>,
    session: &Option<String>,
    content: [u8; 16],
) -> String {
    let at = created_at.to_string();
    let content = hex(&content);
    let hash = digest(&[
        mind,
        source,
        &at,
        speaker.as_deref().unwrap_or(""),
        session.as_deref().unwrap_or(""),
        &content,
    ]);
    let count = derived.entry(hash).or_insert(0);
    *count += 1;
    match *count {
        1 => format!("md5:{}", hex(&hash)),
        n => format!("md5:{}#{n}", hex(&hash)),
    }
}

fn digest(parts: &[&str]) -> [u8; 16] {
    let mut md5 = Md5::new();
    for part in parts {
        md5.update((part.len() as u64).to_le_bytes());
        md5.update(part.as_bytes());
    }
    md5.finalize().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn unreadable(error: ReadError) -> Error {
    Error::usage(error.to_string()).hint("check the path")
}
