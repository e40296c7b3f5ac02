//! From scanned files into the raw log, in one transaction.
//!
//! Rows are told apart by id and hash: what is known as it is leaves no trace. So a file may be taken in again, and rows may be
//! in several reads, without harm.

use super::scan::{Scanned, Seen};
use super::state::State;
use super::{Intake, IntakeRequest, Mode, RejectedRow, SourceReport};
use crate::clock;
use crate::error::Result;
use crate::memory::log::highest_arrival;
use crate::memory::minds::{DEFAULT_MIND, MindId, check_name, ensure_minds};
use crate::project::SourceMapping;
use crate::warehouse::{Warehouse, text_literal};
use chrono::NaiveDateTime;
use duckdb::{Connection, params};
use std::path::{Path, PathBuf};

/// Known rows from which on the loss of more than half of them is not taken for deletions.
const MANY: i64 = 20;
/// Rejected rows that a report names.
const NAMED: usize = 20;
/// Rows a file may have, as far as places are concerned.
const ROWS_A_FILE: i64 = 1_000_000_000_000;
/// Memories that one statement appends: whole row groups of DuckDB's, so that it writes them out at once; contents in larger joins
/// would take memory by the gigabyte.
const ROWS_AT_ONCE: i64 = 2 * 122_880;

/// What was scanned of a source, on its way into the raw log.
pub(super) struct RowMerge<'a> {
    pub intake: &'a Intake<'a>,
    pub mapping: &'a SourceMapping,
    pub state: &'a State,
    pub seen: &'a Seen,
    pub scanned: &'a Scanned,
    pub request: IntakeRequest,
    /// The wall clock of its arrival.
    now: NaiveDateTime,
    /// What has come of it so far.
    report: SourceReport,
}

impl<'a> RowMerge<'a> {
    pub(super) fn new(
        intake: &'a Intake<'a>,
        mapping: &'a SourceMapping,
        state: &'a State,
        seen: &'a Seen,
        scanned: &'a Scanned,
        request: IntakeRequest,
    ) -> RowMerge<'a> {
        RowMerge {
            intake,
            mapping,
            state,
            seen,
            scanned,
            request,
            now: clock::now(),
            report: SourceReport::default(),
        }
    }

    /// Takes it in, and counts it in what `report` counts already.
    pub(super) fn run(
        mut self,
        warehouse: &Warehouse,
        report: SourceReport,
    ) -> Result<SourceReport> {
        self.report = report;
        self.report.mode = self.scanned.mode;
        let done = warehouse.transaction(|conn| self.absorb(conn));
        // Temporary tables are no part of the transaction's promise, but hold memory.
        let _ = warehouse.conn().execute_batch(
            "DROP TABLE IF EXISTS temp.main.scanned; DROP TABLE IF EXISTS temp.main.going; DROP TABLE IF EXISTS temp.main.scanned_minds",
        );
        done.map(|()| self.report)
    }

    fn absorb(&mut self, conn: &Connection) -> Result<()> {
        self.state.is_latest(conn)?;
        self.adopt(conn)?;
        let rows = self.stage(conn)?;
        let mut changed = rows;
        if rows > 0 {
            self.reject(conn)?;
            self.make_minds(conn)?;
            changed = self.classify(conn)?;
            self.append(conn)?;
        }
        let mut reconciled_at = self.state.reconciled_at;
        if let Some(gone) = &self.scanned.gone {
            self.stage_gone(conn, gone)?;
            self.keep_what_may_not_go(conn)?;
        }
        if matches!(self.scanned.mode, Mode::Whole | Mode::Reconciled) {
            reconciled_at = Some(self.seen.now);
        }
        self.delete(conn)?;
        if changed > 0 {
            self.remember_rows(conn)?;
        }
        self.state.remember(conn, self.seen, reconciled_at)
    }

    fn source(&self) -> &'a str {
        &self.state.source
    }

    /// Learns which rows the raw log already has, where that was lost (a merged export): by their keys.
    fn adopt(&self, conn: &Connection) -> Result<()> {
        let lost: bool = conn.query_row(
            "SELECT NOT EXISTS (SELECT 1 FROM codex.source_rows WHERE source = ?1)
                AND EXISTS (SELECT 1 FROM raw.memories WHERE source = ?1)",
            [self.source()],
            |r| r.get(0),
        )?;
        if lost {
            // 42#2 is another life of 42 where 42 is over; else it is an id of its own.
            conn.execute(
                "INSERT INTO codex.source_rows
                 WITH of_source AS (
                     SELECT memory_id, key, regexp_replace(key, '#[0-9]+$', '') AS base,
                         memory_id IN (SELECT memory_id FROM raw.deletions) AS deleted
                     FROM raw.memories WHERE source = ?1
                 ),
                 named AS (
                     SELECT memory_id, deleted,
                         CASE WHEN base IN (SELECT key FROM of_source WHERE deleted) THEN base ELSE key END AS id
                     FROM of_source
                 )
                 SELECT ?1, n.id, n.memory_id, '00000000-0000-0000-0000-000000000000', 0, n.deleted
                 FROM named n
                 QUALIFY row_number() OVER (PARTITION BY n.id ORDER BY n.memory_id DESC) = 1",
                [self.source()],
            )?;
        }
        Ok(())
    }

    /// What was scanned, without contents, beside what is known of each row. Returns how many there are.
    fn stage(&self, conn: &Connection) -> Result<i64> {
        if self.scanned.rows.is_empty() {
            return Ok(0);
        }
        // `place` finds a row's content again: the files are read twice, so that contents never have to fit into memory.
        conn.execute_batch(&format!(
            "CREATE OR REPLACE TEMP TABLE scanned AS
             SELECT r.place, r.id, r.hash, r.live, coalesce(r.mind, {default}) AS mind,
                    r.created_at, r.dated, r.session, r.speaker,
                    k.memory_id AS known_id, k.hash AS known_hash, k.deleted AS known_deleted,
                    NULL::UUID AS mind_id, NULL::VARCHAR AS reason, NULL::VARCHAR AS moved, NULL::VARCHAR AS fate,
                    NULL::BIGINT AS memory_id, NULL::VARCHAR AS key
             FROM ({rows}) r
             LEFT JOIN codex.source_rows k ON k.source = {source} AND k.id = r.id",
            default = text_literal(DEFAULT_MIND),
            rows = contents(&self.scanned.rows),
            source = text_literal(self.source()),
        ))?;
        Ok(conn.query_row("SELECT count(*) FROM temp.main.scanned", [], |r| r.get(0))?)
    }

    /// Gives every row that cannot be a memory its reason. A rejected row is remembered, so that it is told of once.
    fn reject(&mut self, conn: &Connection) -> Result<()> {
        let mut names = conn.prepare("SELECT DISTINCT mind FROM temp.main.scanned WHERE live")?;
        let impossible: Vec<String> = names
            .query_map([], |r| r.get::<_, String>(0))?
            .collect::<duckdb::Result<Vec<_>>>()?
            .into_iter()
            .filter(|name| check_name(name).is_err())
            .collect();
        for name in &impossible {
            conn.execute(
                "UPDATE temp.main.scanned SET reason = 'its mind cannot be a name: 1 to 200 bytes without control characters'
                 WHERE live AND mind = ?",
                [name],
            )?;
        }
        conn.execute_batch(
            "UPDATE temp.main.scanned SET reason = 'it has no id' WHERE id IS NULL;
             UPDATE temp.main.scanned SET reason = 'its created_at is missing, or outside the years 1 to 9999'
             WHERE live AND created_at IS NULL AND reason IS NULL",
        )?;
        let doubled: bool = conn.query_row(
            "SELECT count(*) > count(DISTINCT id) FROM temp.main.scanned WHERE id IS NOT NULL",
            [],
            |r| r.get(0),
        )?;
        if doubled {
            conn.execute_batch(
                "UPDATE temp.main.scanned SET reason = 'another row has the same id, and was taken' WHERE place IN (
                     SELECT place FROM temp.main.scanned WHERE id IS NOT NULL
                     QUALIFY row_number() OVER (PARTITION BY id ORDER BY live DESC, hash, place) > 1)",
            )?;
        }
        // What was rejected like this before is no news.
        let mut rejected = conn.prepare(
            "SELECT coalesce(id, '(null)'), reason FROM temp.main.scanned
             WHERE reason IS NOT NULL AND NOT coalesce(known_id = 0 AND known_hash = hash, false) ORDER BY place",
        )?;
        for row in
            rejected.query_map([], |r| Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?)))?
        {
            let (id, reason) = row?;
            self.report.rejected += 1;
            if self.report.rejections.len() < NAMED {
                let id = id.chars().take(100).collect();
                self.report.rejections.push(RejectedRow { id, reason });
            }
        }
        Ok(())
    }

    /// Makes the minds that rows name, and notes each row's.
    fn make_minds(&self, conn: &Connection) -> Result<()> {
        let mut statement = conn.prepare(
            "SELECT mind FROM temp.main.scanned WHERE live AND reason IS NULL GROUP BY mind ORDER BY min(place)",
        )?;
        let names = statement
            .query_map([], |r| r.get::<_, String>(0))?
            .collect::<duckdb::Result<Vec<_>>>()?;
        ensure_minds(conn, &names, self.intake.time_zone, self.now)?;
        conn.execute_batch(
            "CREATE OR REPLACE TEMP TABLE scanned_minds (name VARCHAR, mind_id VARCHAR)",
        )?;
        {
            let mut minds = conn.appender_to_catalog_and_db("scanned_minds", "temp", "main")?;
            for name in &names {
                minds.append_row(params![name, MindId::of(name).to_string()])?;
            }
            minds.flush()?;
        }
        conn.execute_batch(
            "UPDATE temp.main.scanned SET mind_id = m.mind_id::UUID FROM temp.main.scanned_minds m WHERE m.name = scanned.mind",
        )?;
        Ok(())
    }

    /// What becomes of each row: `same`, `add`, `edit`, `move` (another memory now), `delete` or `reject`. Returns how many change.
    fn classify(&mut self, conn: &Connection) -> Result<i64> {
        // The raw log never changes what a memory is: whose, when, in which conversation, by whom. A time that stands in for a
        // missing created_at does not count: it is that of the last change.
        conn.execute_batch(
            "UPDATE temp.main.scanned SET moved = CASE
                 WHEN m.mind_id <> scanned.mind_id THEN 'moved to another mind in PostgreSQL'
                 WHEN (scanned.dated AND m.created_at <> scanned.created_at) OR m.session IS DISTINCT FROM scanned.session
                     OR m.speaker IS DISTINCT FROM scanned.speaker THEN 'its time, session or speaker changed in PostgreSQL' END
             FROM raw.memories m
             WHERE m.memory_id = scanned.known_id AND scanned.known_id > 0 AND NOT scanned.known_deleted
                 AND scanned.known_hash <> scanned.hash AND scanned.live AND scanned.reason IS NULL;
             UPDATE temp.main.scanned SET fate = CASE
                 WHEN reason IS NOT NULL THEN CASE WHEN id IS NULL OR reason LIKE 'another%' THEN 'ignore' ELSE 'reject' END
                 WHEN NOT live THEN CASE WHEN known_id > 0 AND NOT known_deleted THEN 'delete' ELSE 'ignore' END
                 WHEN known_id IS NULL OR known_id = 0 OR known_deleted THEN 'add'
                 WHEN known_hash = hash THEN 'same'
                 WHEN moved IS NOT NULL THEN 'move'
                 ELSE 'edit' END;
             UPDATE temp.main.scanned SET key = id WHERE fate IN ('add', 'move')",
        )?;
        // The same id a second time, after the first was deleted or has moved away, is another memory: 42#2. An id may look like
        // that by itself, so the number is the first that is free.
        conn.execute(
            "UPDATE temp.main.scanned
             SET key = id || '#' || list_filter(range(2, len(lives.numbers) + 3), lambda n: NOT list_contains(lives.numbers, n))[1]
             FROM (
                 SELECT s.place, list(DISTINCT t.number) AS numbers
                 FROM temp.main.scanned s
                 JOIN (
                     SELECT mind_id, key AS id, 1::BIGINT AS number FROM raw.memories WHERE source = ?1
                     UNION ALL
                     SELECT mind_id, regexp_replace(key, '#[0-9]+$', ''), try_cast(regexp_extract(key, '#([0-9]+)$', 1) AS BIGINT)
                     FROM (
                         SELECT mind_id, key FROM raw.memories WHERE source = ?1
                         UNION ALL SELECT mind_id, key FROM temp.main.scanned WHERE fate IN ('add', 'move')
                     )
                     WHERE regexp_matches(key, '#[0-9]+$')
                 ) t ON t.mind_id = s.mind_id AND t.id = s.id
                 WHERE s.fate IN ('add', 'move') AND (s.known_id > 0 OR regexp_matches(s.id, '#[0-9]+$'))
                 GROUP BY s.place
             ) lives
             WHERE lives.place = scanned.place AND list_contains(lives.numbers, 1)",
            [self.source()],
        )?;
        let (same, changed): (i64, i64) = conn.query_row(
            "SELECT count(*) FILTER (fate = 'same'), count(*) FILTER (fate NOT IN ('same', 'ignore')) FROM temp.main.scanned",
            [],
            |r| Ok((r.get(0)?, r.get(1)?)),
        )?;
        self.report.unchanged += same as u64;
        Ok(changed)
    }

    /// Appends new memories and edits, in the order of their time.
    fn append(&mut self, conn: &Connection) -> Result<()> {
        let base = highest_arrival(conn)?;
        let rows = contents(&self.scanned.rows);
        let numbered = conn.execute(
            "UPDATE temp.main.scanned SET memory_id = numbered.arrival
             FROM (SELECT place, ?::BIGINT + row_number() OVER (ORDER BY place) AS arrival
                   FROM temp.main.scanned WHERE fate IN ('add', 'move')) numbered
             WHERE numbered.place = scanned.place",
            [base],
        )?;
        let mut added = 0;
        let last = base + numbered as i64;
        for first in (base + 1..=last).step_by(ROWS_AT_ONCE as usize) {
            added +=
                self.append_memories(conn, &rows, first, last.min(first + ROWS_AT_ONCE - 1))?;
        }
        self.report.added += added as u64;
        let looked_at: i64 = conn.query_row(
            "SELECT count(*) FROM temp.main.scanned WHERE fate = 'edit'",
            [],
            |r| r.get(0),
        )?;
        let edited = match looked_at {
            0 => 0,
            _ => self.append_edits(conn, &rows, last)?,
        };
        self.report.edited += edited as u64;
        self.report.unchanged += (looked_at as u64).saturating_sub(edited as u64);
        Ok(())
    }

    /// Appends the memories numbered `first` to `last`, in whose order their places are too.
    fn append_memories(
        &self,
        conn: &Connection,
        rows: &str,
        first: i64,
        last: i64,
    ) -> Result<usize> {
        let (from, to): (i64, i64) = conn.query_row(
            "SELECT min(place), max(place) FROM temp.main.scanned WHERE memory_id BETWEEN ? AND ?",
            [first, last],
            |r| Ok((r.get(0)?, r.get(1)?)),
        )?;
        Ok(conn.execute(
            &format!(
                "INSERT INTO raw.memories
                 SELECT s.memory_id, s.mind_id, r.created_at, ?, ?, s.key, r.content, r.speaker, r.session, r.metadata
                 FROM (SELECT * FROM ({rows}) WHERE place BETWEEN {from} AND {to}) r
                 JOIN temp.main.scanned s ON s.place = r.place AND s.id IS NOT DISTINCT FROM r.id
                 WHERE s.memory_id BETWEEN {first} AND {last}"
            ),
            params![self.now, self.source()],
        )?)
    }

    /// Appends the edits, numbered from after `last`, whose words or metadata differ from what is known.
    fn append_edits(&self, conn: &Connection, rows: &str, last: i64) -> Result<usize> {
        Ok(conn.execute(
            &format!(
                "INSERT INTO raw.edits
                 SELECT ?::BIGINT + row_number() OVER (ORDER BY s.place), s.mind_id, s.known_id, ?, r.content, r.metadata
                 FROM ({rows}) r
                 JOIN temp.main.scanned s ON s.place = r.place AND s.id IS NOT DISTINCT FROM r.id AND s.fate = 'edit'
                 JOIN raw.memories m ON m.memory_id = s.known_id
                 LEFT JOIN (
                     -- An edit that names no metadata leaves it as it was: arg_max passes over NULL.
                     SELECT memory_id, arg_max(content, arrival) AS content, arg_max(metadata, arrival) AS metadata
                     FROM raw.edits
                     WHERE memory_id IN (SELECT known_id FROM temp.main.scanned WHERE fate = 'edit')
                     GROUP BY memory_id
                 ) e ON e.memory_id = m.memory_id
                 WHERE r.content <> coalesce(e.content, m.content) OR r.metadata <> coalesce(e.metadata, m.metadata)"
            ),
            params![last, self.now],
        )?)
    }

    /// The known rows that a comparison did not find. Rows that a later read took in are none of them.
    fn stage_gone(&self, conn: &Connection, gone: &Path) -> Result<()> {
        conn.execute_batch(&format!(
            "CREATE OR REPLACE TEMP TABLE going AS
             SELECT k.id, k.memory_id
             FROM read_parquet({}) g
             JOIN codex.source_rows k ON k.source = {} AND k.id = g.id
             WHERE NOT k.deleted AND k.run <= {}",
            text_literal(&gone.to_string_lossy()),
            text_literal(self.source()),
            self.state.run
        ))?;
        Ok(())
    }

    /// Keeps what is gone where that is too much at once: a table that was emptied by mistake, or another database under the same
    /// address, must not take the memories along.
    fn keep_what_may_not_go(&mut self, conn: &Connection) -> Result<()> {
        let going: i64 =
            conn.query_row("SELECT count(*) FROM temp.main.going", [], |r| r.get(0))?;
        let known = self.state.known(conn)?;
        if known < MANY || going * 2 <= known || self.request.accept_deletions {
            return self.state.note_kept(conn, 0);
        }
        self.report.notes.push(format!(
            "{going} of {known} known rows are missing from {}, which looks like a mistake, so they were kept; if they were meant to go, run \
             `codex intake --accept-deletions`",
            self.mapping.relation()
        ));
        conn.execute_batch("DROP TABLE temp.main.going")?;
        self.state.note_kept(conn, going)
    }

    /// Appends a tombstone for every row that is gone, marked as deleted, or another memory now.
    fn delete(&mut self, conn: &Connection) -> Result<()> {
        let has = |table: &str| -> Result<bool> {
            Ok(conn.query_row(
                "SELECT count(*) > 0 FROM duckdb_tables() WHERE database_name = 'temp' AND table_name = ?",
                [table],
                |r| r.get(0),
            )?)
        };
        let mut parts = Vec::new();
        if has("going")? {
            parts.push(
                "SELECT id, memory_id, 'deleted in PostgreSQL' AS reason FROM temp.main.going",
            );
        }
        if has("scanned")? {
            parts.push(
                "SELECT id, known_id AS memory_id, CASE fate WHEN 'move' THEN moved ELSE 'deleted in PostgreSQL' END AS reason
                 FROM temp.main.scanned WHERE fate IN ('delete', 'move') AND known_id > 0",
            );
        }
        if parts.is_empty() {
            return Ok(());
        }
        let base = highest_arrival(conn)?;
        conn.execute_batch(&format!(
            "CREATE OR REPLACE TEMP TABLE ended AS {}",
            parts.join(" UNION ALL ")
        ))?;
        let deleted = conn.execute(
            "INSERT INTO raw.deletions
             SELECT ?::BIGINT + row_number() OVER (ORDER BY e.memory_id), m.mind_id, m.memory_id, ?, e.reason
             FROM temp.main.ended e JOIN raw.memories m ON m.memory_id = e.memory_id
             WHERE e.memory_id NOT IN (SELECT memory_id FROM raw.deletions)",
            params![base, self.now],
        )?;
        self.report.deleted += deleted as u64;
        // A rejected row that is gone leaves nothing behind.
        conn.execute(
            "DELETE FROM codex.source_rows WHERE source = ? AND memory_id = 0 AND id IN (SELECT id FROM temp.main.ended)",
            [self.source()],
        )?;
        conn.execute(
            "UPDATE codex.source_rows SET deleted = true WHERE source = ? AND id IN (SELECT id FROM temp.main.ended)",
            [self.source()],
        )?;
        conn.execute_batch("DROP TABLE temp.main.ended")?;
        Ok(())
    }

    /// Notes each changed row as it is now.
    fn remember_rows(&self, conn: &Connection) -> Result<()> {
        conn.execute(
            "DELETE FROM codex.source_rows WHERE source = ? AND id IN (
                 SELECT id FROM temp.main.scanned WHERE fate IN ('add', 'move', 'edit', 'reject') AND known_hash IS NOT NULL)",
            [self.source()],
        )?;
        conn.execute(
            "INSERT INTO codex.source_rows
             SELECT ?, id, CASE fate WHEN 'edit' THEN known_id WHEN 'reject' THEN coalesce(CASE WHEN NOT known_deleted THEN known_id END, 0)
                              ELSE memory_id END, hash, ?, false
             FROM temp.main.scanned WHERE fate IN ('add', 'move', 'edit', 'reject')
             ORDER BY place",
            params![self.source(), self.state.run + 1],
        )?;
        Ok(())
    }
}

/// The scanned rows, each with its `place`: which file, and which row of it. Whatever they are joined with, a place is the same row.
fn contents(files: &[PathBuf]) -> String {
    let parts: Vec<String> = files
        .iter()
        .zip(0_i64..)
        .map(|(file, number)| {
            format!(
                "SELECT {} + file_row_number AS place, * EXCLUDE (file_row_number)
                 FROM read_parquet({}, file_row_number = true)",
                number * ROWS_A_FILE,
                text_literal(&file.to_string_lossy())
            )
        })
        .collect();
    parts.join(" UNION ALL ")
}
