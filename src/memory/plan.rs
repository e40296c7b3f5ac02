//! Where the tables of an export go: into an empty store as they are, else beside it, to be merged.

use super::events::EVENT_TABLES;
use super::manifest::{Column, Manifest, is_own, relation, tables};
use super::merge::{check_log, check_minds, merge};
use super::minds::DEFAULT_MIND;
use super::restore::{FoundExport, RestoreReport};
use super::staging::Staging;
use crate::error::{Error, Result};
use duckdb::Connection;
use std::collections::BTreeMap;
use std::path::Path;

/// What a store has published, and as whom: another store, even one with the same memories, publishes for itself.
const PUBLICATION: [&str; 3] = ["codex.publication", "codex.published", "codex.changes"];

/// Where each table of the export goes.
pub(super) struct Plan<'a> {
    pub manifest: Manifest,
    /// The store is empty: everything comes in as it was.
    whole: bool,
    /// Table → where to, with the store's own types.
    pub targets: BTreeMap<String, (String, Vec<Column>)>,
    pub staging: Staging<'a>,
    notes: Vec<String>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(conn: &'a Connection, path: &Path, manifest: Manifest) -> Result<Plan<'a>> {
        let own = tables(conn)?;
        let whole = manifest.mind.is_none() && is_empty(conn)?;
        if whole {
            conn.execute_batch("DELETE FROM raw.minds; DELETE FROM codex.progress")?;
        }
        let project: Option<String> = conn.query_row(
            "SELECT max(value) FROM codex.meta WHERE key = 'project'",
            [],
            |r| r.get(0),
        )?;
        let same_project = manifest.project.is_some() && project == manifest.project;
        let (mut targets, mut notes) = (BTreeMap::new(), Vec::new());
        for (table, contents) in &manifest.contents {
            let Some(known) = own.get(table) else {
                if is_own(table) {
                    return Err(damaged(path, &format!("the store has no table {table}"))
                        .hint("it was written by another version of codex: upgrade this one"));
                }
                notes.push(format!(
                    "{table} is a project's own and was left out: it is computed again"
                ));
                continue;
            };
            let mut columns = Vec::new();
            for column in &contents.columns {
                let found = known
                    .iter()
                    .find(|c| c.name == column.name)
                    .ok_or_else(|| {
                        damaged(path, &format!("{table} has no column {}", column.name))
                            .hint("it was written by another version of codex: upgrade this one")
                    })?;
                columns.push(found.clone());
            }
            let cache = !is_own(table) || table == "codex.ticks";
            let staged = if whole {
                table == "codex.meta"
            } else {
                table.starts_with("raw.") || table == "enrichment.features"
            };
            if staged {
                let name = format!(
                    "staged_{}",
                    table
                        .split_once('.')
                        .map_or(table.as_str(), |(_, name)| name)
                );
                conn.execute_batch(&format!(
                    "CREATE OR REPLACE TEMP TABLE {name} AS FROM {} LIMIT 0",
                    relation(table)
                ))?;
                targets.insert(table.clone(), (format!("temp.main.{name}"), columns));
            } else if whole && (!cache || same_project) {
                // Making the store ready for its project, and a PostgreSQL that was looked at in vain, may have left something.
                conn.execute_batch(&format!("DELETE FROM {}", relation(table)))?;
                if !PUBLICATION.contains(&table.as_str()) {
                    targets.insert(table.clone(), (relation(table), columns));
                } else if contents.rows > 0 && table == PUBLICATION[0] {
                    notes.push("to PostgreSQL this is another store than the exported one: `codex write-back --take-over` lets it publish in that one's place".into());
                }
            }
        }
        let from_the_start = EVENT_TABLES.iter().filter(|e| e.from_the_start);
        for needed in from_the_start
            .map(|e| e.table)
            .chain(["enrichment.features"])
        {
            if !targets.contains_key(needed) {
                return Err(damaged(path, &format!("it has no table {needed}")));
            }
        }
        if whole && !same_project {
            notes.push("the caches of the open epoch are another project's: the next consolidate computes them again".into());
        }
        Ok(Plan {
            manifest,
            whole,
            targets,
            staging: Staging::new(conn),
            notes,
        })
    }

    /// All rows are in: what is left to do, and what it came to.
    pub(super) fn finish(self, conn: &Connection, export: &FoundExport) -> Result<RestoreReport> {
        let mut notes = self.notes;
        let (added, known) = if self.whole {
            // The generation of the exported store, or that of codex 0.1 where it names none.
            conn.execute_batch(
                "DELETE FROM codex.meta WHERE key = 'model_generation';
                 INSERT INTO codex.meta BY NAME SELECT * FROM temp.main.staged_meta
                 WHERE key NOT IN (SELECT key FROM codex.meta) AND key <> 'project';
                 DROP TABLE temp.main.staged_meta",
            )?;
            check_minds(conn, "raw.minds")
                .and_then(|()| check_log(conn))
                .map_err(|e| e.context(export.path.display()))?;
            let rows = |table: &String| self.manifest.contents.get(table).map_or(0, |c| c.rows);
            (
                self.targets
                    .keys()
                    .map(|t| (t.clone(), rows(t)))
                    .filter(|(_, n)| *n > 0)
                    .collect(),
                0,
            )
        } else {
            notes.push("raw events were merged as new arrivals; what nights make of them is left to the next consolidate".into());
            merge(conn, &mut notes).map_err(|e| e.context(export.path.display()))?
        };
        Ok(RestoreReport {
            path: export.path.clone(),
            format: export.format,
            restored: self.whole,
            added,
            known,
            notes,
            dry_run: false,
        })
    }
}

/// Whether nothing has happened yet in the store; the mind that every store may have from the start is nothing.
fn is_empty(conn: &Connection) -> Result<bool> {
    Ok(conn.query_row(
        "SELECT (SELECT count(*) FROM raw.minds WHERE name <> ?) + (SELECT count(*) FROM raw.memories)
              + (SELECT count(*) FROM raw.naps) + (SELECT count(*) FROM codex.ledger) = 0",
        [DEFAULT_MIND],
        |r| r.get(0),
    )?)
}

/// What to say of an export that is not whole.
pub(super) fn damaged(path: &Path, what: &str) -> Error {
    Error::usage(format!("{}: {what}", path.display())).hint("export again; nothing was changed")
}
