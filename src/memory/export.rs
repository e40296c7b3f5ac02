//! `codex export`: everything the store holds, losslessly, in files that other programs read too.
//!
//! What there is to export comes from DuckDB's own list of tables: a new migration is exported without anyone thinking of it.
//! The lexical index and the caches of the open epoch go along, so that an imported store answers and goes on as this one would.

use super::manifest::{
    Contents, ExportFormat, MANIFEST, Manifest, VERSION, file_name, is_own, relation, tables,
};
use super::minds::{Mind, find_mind};
use crate::error::{Error, Result};
use crate::warehouse::{Warehouse, move_to, text_literal};
use duckdb::Connection;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

/// What to export, and where to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ExportOptions {
    /// What the files look like.
    pub format: ExportFormat,
    /// The file, or for CSV and Parquet the directory.
    pub output: PathBuf,
    /// Only this mind's rows.
    pub mind: Option<String>,
    /// Overwrites what is there.
    pub force: bool,
}

/// What was exported.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ExportReport {
    /// Where it is.
    pub output: PathBuf,
    /// What the files look like.
    pub format: ExportFormat,
    /// The size of all files.
    pub bytes: u64,
    /// Rows by table.
    pub tables: BTreeMap<String, u64>,
}

/// Writes the export into the store's staging directory, then moves it to its place at once; `progress` hears rows written.
///
/// # Errors
/// Usage when the output exists and `force` is not given, or there is no such mind; failed when it cannot be written.
pub fn export(
    warehouse: &Warehouse,
    options: &ExportOptions,
    mut progress: impl FnMut(u64),
) -> Result<ExportReport> {
    let conn = warehouse.conn();
    check_output(warehouse, options)?;
    let mind = options
        .mind
        .as_deref()
        .map(|name| find_mind(conn, name))
        .transpose()?;
    let output = &options.output;
    let staging = warehouse.staging_dir()?;
    let made = staging.path().join("export");
    fs::create_dir(&made).map_err(|e| unwritable(&made, &e))?;
    // One transaction: all tables as of one moment.
    conn.execute_batch("BEGIN")?;
    let written = write_tables(conn, options.format, mind.as_ref(), &made, &mut progress);
    conn.execute_batch("ROLLBACK")?;
    let manifest = written?;
    let ready = if options.format.is_directory() {
        let path = made.join(MANIFEST);
        let text = serde_json::to_string_pretty(&manifest)
            .map_err(|e| Error::failed(format!("manifest: {e}")))?;
        fs::write(&path, text + "\n").map_err(|e| unwritable(&path, &e))?;
        made
    } else {
        let path = staging.path().join("joined");
        join(&manifest, &made, &path).map_err(|e| unwritable(output, &e))?;
        path
    };
    put(&ready, output).map_err(|e| unwritable(output, &e))?;
    Ok(ExportReport {
        output: output.clone(),
        format: options.format,
        bytes: size(output),
        tables: manifest
            .contents
            .into_iter()
            .map(|(table, c)| (table, c.rows))
            .collect(),
    })
}

/// Only an earlier export, an empty directory or a file gives way, and only to `--force`.
fn check_output(warehouse: &Warehouse, options: &ExportOptions) -> Result<()> {
    let output = &options.output;
    let shown = output.display();
    if output
        .canonicalize()
        .is_ok_and(|path| path == warehouse.path())
    {
        return Err(Error::usage(format!("{shown} is the store itself")).hint("name another file"));
    }
    if fs::symlink_metadata(output).is_err() {
        return Ok(());
    }
    if !options.force {
        return Err(Error::usage(format!("{shown} exists already"))
            .hint("name another one, or overwrite it with --force"));
    }
    let is_dir = output.is_dir();
    if is_dir && !options.format.is_directory() {
        return Err(Error::usage(format!("{shown} is a directory")).hint("name a file in it"));
    }
    if !is_dir && options.format.is_directory() {
        return Err(Error::usage(format!(
            "{shown} is a file; {} is written as a directory",
            options.format
        ))
        .hint("name a directory"));
    }
    let replaceable = |dir: &Path| {
        matches!(super::restore::find_export(dir), Ok(Some(_)))
            || fs::read_dir(dir).is_ok_and(|mut d| d.next().is_none())
    };
    if is_dir && !replaceable(output) {
        return Err(Error::usage(format!(
            "{shown} holds something else than an export; it was left alone"
        ))
        .hint("name a directory that does not exist yet"));
    }
    Ok(())
}

fn write_tables(
    conn: &Connection,
    format: ExportFormat,
    mind: Option<&Mind>,
    dir: &Path,
    progress: &mut impl FnMut(u64),
) -> Result<Manifest> {
    let mut contents = BTreeMap::new();
    let mut done = 0;
    for (table, columns) in tables(conn)? {
        let mut filter = String::new();
        if let Some(mind) = mind {
            if !is_own(&table) || !columns.iter().any(|c| c.name == "mind_id") {
                continue;
            }
            filter = format!(" WHERE mind_id = '{}'::UUID", mind.id);
        }
        let from = format!("FROM {}{filter}", relation(&table));
        let rows: i64 = conn.query_row(&format!("SELECT count(*) {from}"), [], |r| r.get(0))?;
        let selected: Vec<_> = columns.iter().map(|c| c.expression(format)).collect();
        let how = match format {
            ExportFormat::Json | ExportFormat::Jsonl => "FORMAT json",
            // A quoted empty value is an empty text, one without quotes is NULL.
            ExportFormat::Csv => "FORMAT csv, HEADER, FORCE_QUOTE *, NULLSTR ''",
            ExportFormat::Parquet => "FORMAT parquet, COMPRESSION zstd",
        };
        let file = dir.join(file_name(&table, format));
        conn.execute_batch(&format!(
            "COPY (SELECT {} {from}) TO {} ({how})",
            selected.join(", "),
            text_literal(&file.to_string_lossy())
        ))?;
        done += rows as u64;
        progress(done);
        contents.insert(
            table,
            Contents {
                rows: rows as u64,
                columns,
            },
        );
    }
    let project = conn.query_row(
        "SELECT max(value) FROM codex.meta WHERE key = 'project'",
        [],
        |r| r.get(0),
    )?;
    Ok(Manifest {
        codex_export: VERSION,
        format,
        codex: env!("CARGO_PKG_VERSION").to_owned(),
        mind: mind.map(|m| m.name.clone()),
        project,
        contents,
    })
}

/// One file out of the header and the tables' rows.
fn join(manifest: &Manifest, parts: &Path, path: &Path) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    let header = serde_json::to_string(manifest)?;
    let document = manifest.format == ExportFormat::Json;
    if document {
        write!(
            out,
            "{},\n\"tables\":{{",
            header.strip_suffix('}').unwrap_or(&header)
        )?;
    } else {
        writeln!(out, "{header}")?;
    }
    let mut line = Vec::new();
    for (i, table) in manifest.contents.keys().enumerate() {
        let name = serde_json::to_string(table)?;
        if document {
            write!(out, "{}\n{name}:[", if i == 0 { "" } else { "," })?;
        }
        let mut rows = BufReader::new(File::open(parts.join(file_name(table, manifest.format)))?);
        let mut first = true;
        loop {
            line.clear();
            if rows.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            let row = line.trim_ascii_end();
            if document {
                out.write_all(if first { b"\n" } else { b",\n" })?;
                out.write_all(row)?;
            } else {
                write!(out, "{{\"table\":{name},\"row\":")?;
                out.write_all(row)?;
                out.write_all(b"}\n")?;
            }
            first = false;
        }
        if document {
            out.write_all(b"]")?;
        }
    }
    if document {
        out.write_all(b"\n}}\n")?;
    }
    out.into_inner()
        .map_err(io::IntoInnerError::into_error)?
        .sync_all()
}

/// Moves what was made to its place; an earlier directory steps aside until that is done.
fn put(made: &Path, output: &Path) -> io::Result<()> {
    if !(made.is_dir() && output.is_dir()) {
        return move_to(made, output);
    }
    let beside = output.parent().unwrap_or(Path::new("."));
    let aside = tempfile::Builder::new()
        .prefix(".codex-export-")
        .tempdir_in(beside)?;
    let before = aside.path().join("before");
    fs::rename(output, &before)?;
    move_to(made, output).inspect_err(|_| {
        let _ = fs::rename(&before, output);
    })
}

fn size(path: &Path) -> u64 {
    walkdir::WalkDir::new(path)
        .into_iter()
        .filter_map(|entry| entry.ok()?.metadata().ok().filter(fs::Metadata::is_file))
        .map(|m| m.len())
        .sum()
}

fn unwritable(path: &Path, error: &io::Error) -> Error {
    Error::failed(format!("cannot write {}: {error}", path.display()))
        .hint("check that there is room, and the permissions")
}
