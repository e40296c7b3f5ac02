//! What was read becomes memories and edits, in the caller's transaction.

use super::resolve::{Decision, KnownSource, Match, Resolved, Store, resolve};
use super::stage::StagedImport;
use super::{ImportOptions, ImportReport, KeptEdit};
use crate::clock;
use crate::error::Result;
use crate::memory::log::highest_arrival;
use crate::memory::minds::{MindId, ensure_minds};
use chrono::{DateTime, NaiveDateTime};
use codex_import::Rejection;
use duckdb::{Connection, params};
use std::collections::HashMap;
use std::path::PathBuf;

/// Rows that an appender holds before it hands them over.
const FLUSH: usize = 50_000;

pub(super) fn apply(
    conn: &Connection,
    options: &ImportOptions,
    mut staged: StagedImport,
) -> Result<ImportReport> {
    let now = clock::now();
    let before = highest_arrival(conn)?;
    ensure_minds(conn, &staged.minds, options.time_zone, now)?;
    if !staged.records.is_empty() {
        let store = known(conn, &staged)?;
        let mut count = |source: u32, first: i64, last: i64| {
            count_between(conn, &staged, &store, source, first, last)
        };
        let resolved = resolve(&staged, &store, options.source.as_deref(), &mut count)?;
        report_decisions(&mut staged, &resolved);
        stage_decisions(conn, &resolved)?;
        let base = highest_arrival(conn)?;
        let added = conn.execute(include_str!("append.sql"), params![base, now])?;
        staged.report.added = added as u64;
        weigh_changes(conn, options, &mut staged, base + added as i64, now)?;
        if !options.dry_run {
            note_paths(conn, &staged, &resolved)?;
        }
    }
    let after = highest_arrival(conn)?;
    if after > before && !options.dry_run {
        staged.report.batch = Some(note_batch(conn, options, before + 1, after, now)?);
    }
    conn.execute_batch(
        "DROP VIEW IF EXISTS temp.main.base; DROP TABLE IF EXISTS temp.main.matches",
    )?;
    Ok(staged.report)
}

/// What the store knows of the records.
fn known(conn: &Connection, staged: &StagedImport) -> Result<Store> {
    conn.execute_batch(include_str!("known.sql"))?;
    let minds: HashMap<String, u32> = staged
        .minds
        .iter()
        .enumerate()
        .map(|(index, name)| (MindId::of(name).to_string(), index as u32))
        .collect();
    let mut store = Store::default();
    let mut numbers: HashMap<(u32, String), u32> = HashMap::new();
    let mut statement =
        conn.prepare("SELECT DISTINCT mind_id::VARCHAR, source FROM temp.main.base ORDER BY ALL")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (mind, name): (String, String) = (row.get(0)?, row.get(1)?);
        let Some(mind) = minds.get(&mind) else {
            continue;
        };
        store.names.insert((*mind, name.clone()));
        numbers.insert((*mind, name.clone()), store.sources.len() as u32);
        store.sources.push(KnownSource {
            mind: *mind,
            name,
            paths: Vec::new(),
        });
    }
    let mut statement =
        conn.prepare("SELECT mind_id::VARCHAR, source, path FROM codex.import_paths ORDER BY ALL")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (mind, name, path): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if let Some(number) = minds
            .get(&mind)
            .and_then(|mind| numbers.get(&(*mind, name)))
        {
            store.sources[*number as usize]
                .paths
                .push(PathBuf::from(path));
        }
    }
    let mut statement =
        conn.prepare("SELECT ordinal, memory_id, mind_id::VARCHAR, source, same, keyed, timed, deleted FROM temp.main.matches ORDER BY ordinal, memory_id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (mind, name): (String, String) = (row.get(2)?, row.get(3)?);
        let Some(source) = minds
            .get(&mind)
            .and_then(|mind| numbers.get(&(*mind, name)))
        else {
            continue;
        };
        store.matches.push(Match {
            ordinal: row.get::<_, i64>(0)? as u32,
            memory: row.get(1)?,
            source: *source,
            same: row.get(4)?,
            key: row.get(5)?,
            time: row.get(6)?,
            deleted: row.get(7)?,
        });
    }
    Ok(store)
}

fn count_between(
    conn: &Connection,
    staged: &StagedImport,
    store: &Store,
    source: u32,
    first: i64,
    last: i64,
) -> Result<u64> {
    let known = &store.sources[source as usize];
    let time = |micros: i64| {
        DateTime::from_timestamp_micros(micros)
            .map(|time| time.naive_utc())
            .unwrap_or_default()
    };
    let count: i64 = conn.query_row(
        "SELECT count(*) FROM temp.main.base WHERE mind_id = ?::UUID AND source = ? AND created_at BETWEEN ? AND ?",
        params![MindId::of(&staged.minds[known.mind as usize]).to_string(), known.name, time(first), time(last)],
        |row| row.get(0),
    )?;
    Ok(count as u64)
}

fn report_decisions(staged: &mut StagedImport, resolved: &Resolved) {
    for (ordinal, decision) in resolved.decisions.iter().enumerate() {
        let record = staged.records[ordinal];
        match decision {
            Decision::New(_) => {}
            Decision::Known { by_id: true, .. } => staged.report.known_by_id += 1,
            Decision::Known { .. } => staged.report.known_by_text += 1,
            Decision::Repeat => staged.report.unchanged += 1,
            Decision::Clash(other) => {
                let other = staged.records[*other as usize];
                let place = match other.file == record.file {
                    true => format!("line {}", other.line),
                    false => format!(
                        "{}:{}",
                        staged.files[other.file as usize].path.display(),
                        other.line
                    ),
                };
                staged.report.rejected.push(Rejection {
                    file: staged.files[record.file as usize].path.clone(),
                    line: record.line as usize,
                    column: None,
                    reason: format!("its id was already used at {place} with another content: give each memory an id of its own"),
                    record: None,
                });
            }
        }
    }
    for (source, file) in &resolved.found_again {
        let name = resolved.sources[*source as usize].1.clone();
        staged
            .report
            .found_again
            .push((name, staged.files[*file as usize].path.clone()));
    }
}

fn stage_decisions(conn: &Connection, resolved: &Resolved) -> Result<()> {
    conn.execute_batch(
        "CREATE OR REPLACE TEMP TABLE decided (ordinal BIGINT, memory_id BIGINT, source VARCHAR)",
    )?;
    let mut appender = conn.appender_to_catalog_and_db("decided", "temp", "main")?;
    for (ordinal, decision) in resolved.decisions.iter().enumerate() {
        let (memory, source) = match decision {
            Decision::New(source) => (None, Some(resolved.sources[*source as usize].1.as_str())),
            Decision::Known { memory, .. } => (Some(*memory), None),
            Decision::Repeat | Decision::Clash(_) => continue,
        };
        appender.append_row(params![ordinal as i64, memory, source])?;
        if ordinal.is_multiple_of(FLUSH) {
            appender.flush()?;
        }
    }
    appender.flush()?;
    Ok(())
}

/// Three-way: what did not change at its source changes nothing; a deleted memory stays so; a person's words stand unless the
/// source is preferred; the rest are edits.
fn weigh_changes(
    conn: &Connection,
    options: &ImportOptions,
    staged: &mut StagedImport,
    last: i64,
    now: NaiveDateTime,
) -> Result<()> {
    let known = staged.report.known_by_id + staged.report.known_by_text;
    if known == 0 {
        return Ok(());
    }
    conn.execute_batch(include_str!("differing.sql"))?;
    let stands = if options.prefer_source {
        "false"
    } else {
        "edited_by_hand"
    };
    let deleted: i64 = conn.query_row(
        "SELECT count(*) FROM temp.main.decided SEMI JOIN raw.deletions USING (memory_id)",
        [],
        |row| row.get(0),
    )?;
    staged.report.deleted = deleted as u64;
    let mut statement = conn.prepare(&format!(
        "SELECT d.ordinal, d.memory_id, m.key FROM temp.main.differing d JOIN raw.memories m USING (memory_id)
         WHERE NOT d.deleted AND NOT d.already_so AND {stands} ORDER BY d.ordinal"
    ))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let record = staged.records[row.get::<_, i64>(0)? as usize];
        staged.report.kept.push(KeptEdit {
            id: row.get(1)?,
            key: row.get(2)?,
            file: staged.files[record.file as usize].path.clone(),
            line: record.line as usize,
        });
    }
    conn.execute_batch(&format!(
        "DELETE FROM codex.source_versions WHERE memory_id IN (SELECT memory_id FROM temp.main.differing WHERE {stands});
         INSERT INTO codex.source_versions
         SELECT DISTINCT memory_id, fingerprint FROM temp.main.differing WHERE NOT deleted AND {stands}"
    ))?;
    let edited = conn.execute(
        &format!(
            "INSERT INTO raw.edits
             SELECT ?::BIGINT + row_number() OVER (ORDER BY ordinal), mind_id, memory_id, ?, content, metadata
             FROM temp.main.differing
             WHERE NOT deleted AND NOT ({stands}) ORDER BY ordinal"
        ),
        params![last, now],
    )?;
    staged.report.edited = edited as u64;
    staged.report.unchanged +=
        known.saturating_sub(edited as u64 + staged.report.kept.len() as u64 + deleted as u64);
    Ok(())
}

/// Remembers where each source was read.
fn note_paths(conn: &Connection, staged: &StagedImport, resolved: &Resolved) -> Result<()> {
    conn.execute_batch("CREATE OR REPLACE TEMP TABLE read_files (ordinal BIGINT, path VARCHAR)")?;
    let mut appender = conn.appender_to_catalog_and_db("read_files", "temp", "main")?;
    for (ordinal, record) in staged.records.iter().enumerate() {
        let first = ordinal == 0 || staged.records[ordinal - 1].file != record.file;
        // A file that holds records of several sources: each decision for another one.
        let other = !first && resolved.decisions[ordinal] != resolved.decisions[ordinal - 1];
        if first || other {
            appender.append_row(params![
                ordinal as i64,
                staged.files[record.file as usize].path.to_string_lossy()
            ])?;
        }
    }
    appender.flush()?;
    drop(appender);
    conn.execute_batch(
        "INSERT INTO codex.import_paths
         SELECT DISTINCT i.mind_id, coalesce(d.source, b.source), f.path
         FROM temp.main.read_files f
         JOIN temp.main.incoming i USING (ordinal)
         JOIN temp.main.decided d USING (ordinal)
         LEFT JOIN temp.main.base b ON b.memory_id = d.memory_id
         WHERE coalesce(d.source, b.source) IS NOT NULL
           AND (i.mind_id, coalesce(d.source, b.source), f.path) NOT IN (SELECT (mind_id, source, path) FROM codex.import_paths)
         ORDER BY ALL;
         DROP TABLE temp.main.read_files",
    )?;
    Ok(())
}

fn note_batch(
    conn: &Connection,
    options: &ImportOptions,
    first: i64,
    last: i64,
    now: NaiveDateTime,
) -> Result<i64> {
    let batch: i64 = conn.query_row(
        "SELECT coalesce(max(batch), 0) + 1 FROM codex.import_batches",
        [],
        |row| row.get(0),
    )?;
    let paths = serde_json::json!(
        options
            .paths
            .iter()
            .map(|path| path.to_string_lossy())
            .collect::<Vec<_>>()
    );
    conn.execute(
        "INSERT INTO codex.import_batches VALUES (?, ?, ?, NULL)",
        params![batch, now, paths.to_string()],
    )?;
    conn.execute(
        "INSERT INTO codex.import_events VALUES (?, ?, ?)",
        params![batch, first, last],
    )?;
    Ok(batch)
}
