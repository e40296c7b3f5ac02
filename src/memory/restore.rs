//! Reading an export back: into an empty store everything as it was, else merged as new arrivals.
//!
//! All of it happens in one transaction. What is not whole is refused, and the store stays as it was.

use super::document::Document;
use super::manifest::{Column, ExportFormat, MANIFEST, Manifest, VERSION, file_name};
use super::plan::{Plan, damaged};
use super::staging::{csv_source, newlines, typed, unreadable};
use crate::error::{Error, Result};
use crate::warehouse::{StagingDir, Warehouse, text_literal};
use duckdb::Connection;
use serde::de::DeserializeSeed;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// An export as `codex export` writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundExport {
    /// The file or directory.
    pub path: PathBuf,
    /// What its files look like.
    pub format: ExportFormat,
}

/// What became of an export.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RestoreReport {
    /// Where it is.
    pub path: PathBuf,
    /// What its files look like.
    pub format: ExportFormat,
    /// Whether the store was empty and is now as the exported one was; else raw events were merged.
    pub restored: bool,
    /// Rows that came in, by table.
    pub added: BTreeMap<String, u64>,
    /// Memories of the export that the store knew already.
    pub known: u64,
    /// What the reader should know.
    pub notes: Vec<String>,
    /// Whether nothing was written.
    pub dry_run: bool,
}

/// Recognises an export by its header or manifest; other files are none of this reader's business.
///
/// # Errors
/// Usage when it is an export of an unknown format; failed when it cannot be read.
pub fn find_export(path: &Path) -> Result<Option<FoundExport>> {
    let manifest = if path.is_dir() {
        path.join(MANIFEST)
    } else {
        path.to_owned()
    };
    if !manifest.is_file() {
        return Ok(None);
    }
    let mut head = Vec::new();
    File::open(&manifest)
        .and_then(|f| f.take(512).read_to_end(&mut head))
        .map_err(|e| unreadable(&manifest, &e))?;
    let head: String = String::from_utf8_lossy(&head)
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    let Some(head) = head
        .trim_start_matches('\u{feff}')
        .strip_prefix("{\"codex_export\":")
    else {
        return Ok(None);
    };
    let named = head
        .split_once("\"format\":\"")
        .and_then(|(_, rest)| rest.split('"').next());
    let format = match named {
        Some("json") => ExportFormat::Json,
        Some("jsonl") => ExportFormat::Jsonl,
        Some("csv") => ExportFormat::Csv,
        Some("parquet") => ExportFormat::Parquet,
        _ => {
            return Err(Error::usage(format!(
                "{}: an export of codex's, but of no format this one knows",
                manifest.display()
            ))
            .hint("upgrade codex, or export again as json, jsonl, csv or parquet"));
        }
    };
    let dir = manifest.parent().unwrap_or(Path::new("."));
    let path = if format.is_directory() {
        dir.to_owned()
    } else {
        manifest
    };
    Ok(Some(FoundExport { path, format }))
}

/// Takes an export in; `progress` hears rows read.
///
/// # Errors
/// Usage when it is of another version, cut off or damaged, with file and line; failed when the store cannot be written.
/// Nothing was changed then.
pub fn restore(
    warehouse: &Warehouse,
    export: &FoundExport,
    dry_run: bool,
    progress: &mut dyn FnMut(u64),
) -> Result<RestoreReport> {
    let staging = warehouse.staging_dir()?;
    let work = |conn: &Connection| run(conn, export, &staging, progress);
    Ok(match dry_run {
        true => RestoreReport {
            dry_run,
            ..warehouse.rehearse(work)?
        },
        false => warehouse.transaction(work)?,
    })
}

fn run(
    conn: &Connection,
    export: &FoundExport,
    staging: &StagingDir,
    progress: &mut dyn FnMut(u64),
) -> Result<RestoreReport> {
    let mut loader = Loader {
        conn,
        export,
        staging,
        plan: None,
        progress,
    };
    match export.format {
        ExportFormat::Json => loader.document()?,
        ExportFormat::Jsonl => loader.lines()?,
        ExportFormat::Csv | ExportFormat::Parquet => loader.directory()?,
    }
    let plan = loader
        .plan
        .ok_or_else(|| damaged(&export.path, "it has no header"))?;
    plan.finish(conn, export)
}

/// Reads an export of any format, row by row or file by file.
pub(super) struct Loader<'a, 'p> {
    conn: &'a Connection,
    pub(super) export: &'a FoundExport,
    staging: &'a StagingDir,
    plan: Option<Plan<'a>>,
    progress: &'p mut dyn FnMut(u64),
}

impl Loader<'_, '_> {
    /// The header is read: is it one that this program understands?
    pub(super) fn begin(&mut self, header: Value, file: &Path) -> Result<()> {
        let version = header.get("codex_export").and_then(Value::as_u64);
        if version != Some(VERSION) {
            let named = version.map_or_else(|| "no version".to_owned(), |v| format!("version {v}"));
            return Err(Error::usage(format!(
                "{}:1: an export of {named}; this codex reads version {VERSION}",
                file.display()
            ))
            .hint("upgrade codex, or export again with this one; nothing was changed"));
        }
        let manifest: Manifest = serde_json::from_value(header)
            .map_err(|e| damaged(file, &format!("its header is incomplete: {e}")))?;
        self.plan = Some(Plan::new(self.conn, file, manifest)?);
        Ok(())
    }

    /// Whether the header has been read.
    pub(super) fn has_begun(&self) -> bool {
        self.plan.is_some()
    }

    /// One row of a table, from a text format.
    pub(super) fn row(&mut self, table: &str, row: Value) -> Result<()> {
        let plan = self
            .plan
            .as_mut()
            .ok_or_else(|| Error::usage("rows come before the header"))?;
        let Some(contents) = plan.manifest.contents.get(table) else {
            return Err(Error::usage(format!(
                "'{table}' is no table of the header's"
            )));
        };
        let Value::Object(row) = row else {
            return Err(Error::usage(format!("a row of {table} is no object")));
        };
        let read = plan
            .staging
            .push(table, &contents.columns, row, plan.targets.get(table))?;
        if read % 5_000 == 0 {
            (self.progress)(read);
        }
        Ok(())
    }

    /// The last row is in: is every table whole?
    fn end(&mut self, file: &Path, line: usize) -> Result<()> {
        let Some(plan) = self.plan.as_mut() else {
            return Err(damaged(file, "it has no header"));
        };
        plan.staging.flush()?;
        for (table, contents) in &plan.manifest.contents {
            let found = plan.staging.rows(table);
            if found != contents.rows {
                let place = format!("{}:{line}", file.display());
                return Err(Error::usage(format!(
                    "{place}: {table} has {found} rows where the header promises {}",
                    contents.rows
                ))
                .hint("the export is cut off or was changed: export again; nothing was changed"));
            }
        }
        (self.progress)(plan.staging.read());
        Ok(())
    }

    fn lines(&mut self) -> Result<()> {
        let path = &self.export.path;
        let mut file = BufReader::new(File::open(path).map_err(|e| unreadable(path, &e))?);
        let mut line = Vec::new();
        let mut number = 0;
        loop {
            line.clear();
            if file
                .read_until(b'\n', &mut line)
                .map_err(|e| unreadable(path, &e))?
                == 0
            {
                break;
            }
            number += 1;
            let text = line
                .strip_prefix("\u{feff}".as_bytes())
                .unwrap_or(&line)
                .trim_ascii();
            if text.is_empty() {
                continue;
            }
            let at = |column: usize| format!("{}:{number}:{column}", path.display());
            let value: Value =
                serde_json::from_slice(text).map_err(|e| cut_off(&at(e.column()), &e))?;
            if self.plan.is_none() {
                self.begin(value, path)?;
                continue;
            }
            let Value::Object(mut entry) = value else {
                return Err(cut_off(&at(1), &"it is no object"));
            };
            let (Some(Value::String(table)), Some(row)) =
                (entry.remove("table"), entry.remove("row"))
            else {
                return Err(cut_off(&at(1), &"it has no table and row"));
            };
            self.row(&table, row).map_err(|e| e.context(at(1)))?;
        }
        self.end(path, number)
    }

    fn document(&mut self) -> Result<()> {
        let path = &self.export.path;
        let file = BufReader::new(File::open(path).map_err(|e| unreadable(path, &e))?);
        let mut reader = serde_json::Deserializer::from_reader(file);
        let mut wrong = None;
        let read = Document {
            loader: self,
            wrong: &mut wrong,
        }
        .deserialize(&mut reader)
        .and_then(|()| reader.end());
        let place =
            |e: &serde_json::Error| format!("{}:{}:{}", path.display(), e.line(), e.column());
        match (read, wrong) {
            (Err(e), Some(wrong)) if wrong.next_step().is_none() => Err(wrong.context(place(&e))),
            (_, Some(wrong)) => Err(wrong),
            (Err(e), None) => Err(cut_off(&place(&e), &e)),
            (Ok(()), None) => self.end(path, 1),
        }
    }

    fn directory(&mut self) -> Result<()> {
        let path = self.export.path.join(MANIFEST);
        let text = fs::read_to_string(&path).map_err(|e| unreadable(&path, &e))?;
        let header = serde_json::from_str(&text).map_err(|e| {
            cut_off(
                &format!("{}:{}:{}", path.display(), e.line(), e.column()),
                &e,
            )
        })?;
        self.begin(header, &path)?;
        let (Some(plan), format) = (self.plan.as_ref(), self.export.format) else {
            return Ok(());
        };
        let mut read = 0;
        for (table, contents) in &plan.manifest.contents {
            let file = self.export.path.join(file_name(table, format));
            if !file.is_file() {
                return Err(damaged(&file, "the file is missing"));
            }
            let linked = self.staging.link(&file, &file_name(table, format))?;
            let source = match format {
                ExportFormat::Parquet => {
                    format!("read_parquet({})", text_literal(&linked.to_string_lossy()))
                }
                _ => csv_source(&file, &linked, &contents.columns)?,
            };
            let refused = |e: duckdb::Error| damaged(&file, e.to_string().trim());
            let found: u64 = match plan.targets.get(table) {
                Some((target, columns)) => {
                    let names: Vec<_> = columns.iter().map(Column::quoted).collect();
                    let values: Vec<_> = columns
                        .iter()
                        .map(|c| match format {
                            ExportFormat::Parquet => format!("{}::{}", c.quoted(), c.kind),
                            _ => typed(&c.quoted(), c),
                        })
                        .collect();
                    let insert = format!(
                        "INSERT INTO {target} ({}) SELECT {} FROM {source}",
                        names.join(", "),
                        values.join(", ")
                    );
                    self.conn.execute(&insert, []).map_err(refused)? as u64
                }
                None => contents.rows,
            };
            if found != contents.rows {
                let promised = contents.rows;
                let line = if format == ExportFormat::Csv {
                    format!(":{}", newlines(&file)?)
                } else {
                    String::new()
                };
                return Err(Error::usage(format!(
                    "{}{line}: it ends after {found} rows; the manifest promises {promised}",
                    file.display()
                ))
                .hint("the export is cut off or was changed: export again; nothing was changed"));
            }
            read += found;
            (self.progress)(read);
        }
        Ok(())
    }
}

fn cut_off(place: &str, what: &dyn fmt::Display) -> Error {
    Error::usage(format!("{place}: the export is cut off or damaged: {what}"))
        .hint("export again; nothing was changed")
}
