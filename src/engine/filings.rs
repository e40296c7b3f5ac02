//! What people and programs say about single memories beside their words: filing, restoring, cleaning up, their history.

use super::memories::{MemoryDetail, escaped};
use super::rows::{moment, typed_rows};
use super::{Engine, Mind};
use crate::error::{Error, Result};
use crate::memory::{
    CURRENT_FILINGS, CURRENT_RELATIONS, FilingChange, FilingEvent, Incoming, NewRelation,
    RelationEvent, append_filing, append_memories, append_relation, check_space, filing_of,
    highest_arrival,
};
use crate::warehouse::text_literal;
use chrono::NaiveDateTime;
use duckdb::{Connection, params};
use serde::{Deserialize, Serialize};

/// Which memories a list shows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MemoryFilter {
    /// Filed in this space.
    pub space: Option<String>,
    /// Of this kind.
    pub kind: Option<String>,
    /// With all of these tags.
    pub tags: Vec<String>,
    /// From this source, by its identity or as filed.
    pub source: Option<String>,
    /// Said by this speaker.
    pub speaker: Option<String>,
    /// Of this session.
    pub session: Option<String>,
    /// In this state: `short_term`, `long_term`, `forgotten` …
    pub tier: Option<String>,
    /// Happened at this time or later, UTC.
    pub since: Option<NaiveDateTime>,
    /// Happened before this time, UTC.
    pub until: Option<NaiveDateTime>,
    /// At least this important, by its owner.
    pub min_importance: Option<f64>,
    /// Words it has to hold, whatever their case.
    pub text: Option<String>,
    /// Only pinned ones.
    pub pinned: bool,
    /// Archived ones too.
    pub archived: bool,
    /// Deleted ones too.
    pub deleted: bool,
}

impl MemoryFilter {
    /// SQL conditions over the columns of a list.
    pub(super) fn conditions(&self) -> Result<String> {
        let mut all = Vec::new();
        let mut equal = |column: &str, value: &Option<String>| {
            if let Some(value) = value {
                all.push(format!("{column} = {}", text_literal(value)));
            }
        };
        if let Some(space) = &self.space {
            check_space(space)?;
        }
        equal("space", &self.space);
        equal("kind", &self.kind);
        equal("speaker", &self.speaker);
        equal("session", &self.session);
        equal("tier", &self.tier);
        if let Some(source) = &self.source {
            let source = text_literal(source);
            all.push(format!("(source = {source} OR filed_source = {source})"));
        }
        for tag in &self.tags {
            all.push(format!("list_contains(tags, {})", text_literal(tag)));
        }
        if let Some(since) = self.since {
            all.push(format!("happened_at >= TIMESTAMP '{since}'"));
        }
        if let Some(until) = self.until {
            all.push(format!("happened_at < TIMESTAMP '{until}'"));
        }
        if let Some(least) = self.min_importance {
            if !(0.0..=1.0).contains(&least) {
                return Err(Error::usage("an importance is between 0 and 1"));
            }
            all.push(format!("importance >= {least}"));
        }
        if let Some(text) = &self.text {
            all.push(format!(
                "contains(lower(content), lower({}))",
                text_literal(text)
            ));
        }
        if self.pinned {
            all.push("pinned".to_owned());
        }
        // Who asks for the archive's space means what is in it.
        if !self.archived && self.space.as_deref() != Some("archive") {
            all.push("NOT archived".to_owned());
        }
        if !self.deleted && self.tier.as_deref() != Some("deleted") {
            all.push("tier <> 'deleted'".to_owned());
        }
        if all.is_empty() {
            all.push("true".to_owned());
        }
        Ok(all.join(" AND "))
    }
}

/// Something that happened to a memory.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MemoryEvent {
    /// When, UTC.
    pub at: String,
    /// Its arrival number: the order things happened in.
    pub arrival: i64,
    /// `added`, `edited`, `deleted`, `filed`, `linked`, `unlinked`, `used`.
    pub event: String,
    /// By whom, where that was said.
    pub author: Option<String>,
    /// Why, or what of.
    pub reason: Option<String>,
    /// The cleanup it belongs to.
    pub batch: Option<String>,
    /// What it said from then on.
    pub content: Option<String>,
    /// What it was filed as from then on.
    pub filing: Option<serde_json::Map<String, serde_json::Value>>,
}

impl Engine {
    /// Changes what a memory is filed as.
    ///
    /// # Errors
    /// Usage when the change cannot be taken or the memory is deleted; failed when the store cannot be written.
    pub fn file_memory(
        &self,
        mind: &Mind,
        id: i64,
        change: &FilingChange,
        author: Option<&str>,
        now: NaiveDateTime,
    ) -> Result<MemoryDetail> {
        self.living(mind, id)?;
        let conn = self.warehouse.conn();
        let before = filing_of(conn, id)?;
        let after = before.changed(change)?;
        if after != before {
            let event = FilingEvent {
                mind: mind.id,
                memory_id: id,
                at: now,
                action: "move",
                author,
                batch: None,
                reason: None,
            };
            self.warehouse
                .transaction(|conn| append_filing(conn, event, &after))?;
        }
        self.memory(mind, id)
    }

    /// A deleted memory is remembered again, as a memory of its own with the words, time, filing and relations it had. The
    /// deletion stays in the log: nights that saw it are not undone.
    ///
    /// # Errors
    /// Usage when it is not deleted, or was restored already; failed when the store cannot be written.
    pub fn restore_memory(
        &self,
        mind: &Mind,
        id: i64,
        author: Option<&str>,
        now: NaiveDateTime,
    ) -> Result<MemoryDetail> {
        let shown = self.memory(mind, id)?;
        if shown.memory.tier != "deleted" {
            return Err(Error::usage(format!("memory {id} is not deleted"))
                .hint("`codex memory history` shows what happened to it"));
        }
        let conn = self.warehouse.conn();
        if let Some(restored) = restored_as(conn, id)? {
            return Err(Error::usage(format!(
                "memory {id} is restored already, as memory {restored}"
            )));
        }
        let filing = filing_of(conn, id)?;
        let (created_at, content, metadata): (NaiveDateTime, String, String) = conn.query_row(
            "SELECT m.created_at, coalesce(e.content, m.content), coalesce(e.metadata, m.metadata)
             FROM raw.memories m
             LEFT JOIN (
                 SELECT memory_id, arg_max(content, arrival) AS content, arg_max(metadata, arrival) AS metadata
                 FROM raw.edits GROUP BY memory_id
             ) e USING (memory_id)
             WHERE m.memory_id = ?",
            [id],
            |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)),
        )?;
        let key = free_key(conn, mind, &shown.memory.key)?;
        let again = Incoming {
            mind: mind.id,
            source: super::memories::SOURCE.to_owned(),
            key: key.clone(),
            content,
            created_at,
            speaker: shown.memory.speaker.clone(),
            session: shown.memory.session.clone(),
            metadata,
        };
        let reason = format!("restored from memory {id}");
        let new_id = self.warehouse.transaction(|conn| {
            append_memories(conn, &[again], now)?;
            let new_id: i64 = conn.query_row(
                "SELECT memory_id FROM raw.memories WHERE mind_id = ?::UUID AND source = ? AND key = ?",
                params![mind.id.to_string(), super::memories::SOURCE, key],
                |r| r.get(0),
            )?;
            let event = FilingEvent {
                mind: mind.id,
                memory_id: new_id,
                at: now,
                action: "restore",
                author,
                batch: None,
                reason: Some(&reason),
            };
            append_filing(conn, event, &filing)?;
            copy_relations(conn, mind, id, new_id, author, now)?;
            Ok(new_id)
        })?;
        self.enrich(|_| ())?;
        self.memory(mind, new_id)
    }

    /// Everything that happened to a memory, oldest first.
    ///
    /// # Errors
    /// Usage when there is none; failed when the store cannot be read.
    pub fn memory_history(&self, mind: &Mind, id: i64) -> Result<Vec<MemoryEvent>> {
        self.memory(mind, id)?;
        let filed = "{'space': space, 'kind': kind, 'archived': archived, 'pinned': pinned, 'importance': importance,
                      'source': source, 'tags': tags, 'valid_from': valid_from, 'valid_until': valid_until}";
        let sql = format!(
            "WITH events AS (
                 SELECT created_at AS happened, memory_id AS arrival, 'added' AS event, NULL::VARCHAR AS author, source AS reason,
                        NULL::VARCHAR AS batch, content, NULL::JSON AS filing
                 FROM raw.memories WHERE memory_id = {id}
                 UNION ALL
                 SELECT happened_at, arrival, 'edited', NULL, NULL, NULL, content, NULL FROM raw.edits WHERE memory_id = {id}
                 UNION ALL
                 SELECT happened_at, arrival, 'deleted', NULL, reason, NULL, NULL, NULL FROM raw.deletions WHERE memory_id = {id}
                 UNION ALL
                 SELECT happened_at, arrival, 'used', NULL, query, NULL, NULL, NULL FROM raw.activations
                 WHERE memory_id = {id} AND kind = 'used'
                 UNION ALL
                 SELECT happened_at, arrival, 'filed by ' || action, author, reason, batch, NULL, to_json({filed}) FROM raw.filings
                 WHERE memory_id = {id}
                 UNION ALL
                 SELECT happened_at, arrival, CASE WHEN removed THEN 'unlinked' ELSE 'linked' END, author,
                        concat(memory_id, CASE WHEN directed THEN ' -> ' ELSE ' -- ' END, other_id, ' ', kind), NULL, NULL, NULL
                 FROM raw.relations WHERE memory_id = {id} OR other_id = {id}
             )
             SELECT {} AS \"at\", arrival, event, author, reason, batch, content, filing FROM events ORDER BY arrival",
            moment("happened")
        );
        typed_rows(self.warehouse.conn(), &sql)
    }
}

/// The memory that stands in a deleted one's place, where it was restored and not deleted again.
fn restored_as(conn: &Connection, id: i64) -> Result<Option<i64>> {
    Ok(conn.query_row(
        &format!(
            "SELECT max(memory_id) FROM {CURRENT_RELATIONS}
             WHERE kind = 'restores' AND other_id = ? AND memory_id NOT IN (SELECT memory_id FROM raw.deletions)"
        ),
        [id],
        |r| r.get(0),
    )?)
}

/// The key, or with a number where it is taken.
fn free_key(conn: &Connection, mind: &Mind, key: &str) -> Result<String> {
    let base = key.split_once('#').map_or(key, |(base, _)| base);
    let taken: i64 = conn.query_row(
        "SELECT count(*) FROM raw.memories WHERE mind_id = ?::UUID AND (key = ? OR starts_with(key, ? || '#'))",
        params![mind.id.to_string(), base, base],
        |r| r.get(0),
    )?;
    Ok(format!("{base}#{}", taken + 1))
}

/// Draws the relations of `id` from `new_id` too, and one that says what was restored.
fn copy_relations(
    conn: &Connection,
    mind: &Mind,
    id: i64,
    new_id: i64,
    author: Option<&str>,
    now: NaiveDateTime,
) -> Result<()> {
    let mut statement = conn.prepare(&format!(
        "SELECT memory_id, other_id, kind, directed, strength::DOUBLE, half_life_days::DOUBLE FROM {CURRENT_RELATIONS}
         WHERE (memory_id = $1 OR other_id = $1) AND kind <> 'restores' ORDER BY arrival"
    ))?;
    let mut drawn = statement
        .query_map([id], |r| {
            Ok((
                r.get::<_, i64>(0)?,
                r.get::<_, i64>(1)?,
                NewRelation {
                    kind: r.get(2)?,
                    directed: r.get(3)?,
                    strength: r.get(4)?,
                    half_life_days: r.get(5)?,
                },
            ))
        })?
        .collect::<std::result::Result<Vec<_>, _>>()?;
    let restores = NewRelation {
        kind: "restores".to_owned(),
        strength: 1.0,
        directed: true,
        half_life_days: None,
    };
    for (from, to, _) in &mut drawn {
        *from = if *from == id { new_id } else { *from };
        *to = if *to == id { new_id } else { *to };
    }
    drawn.push((new_id, id, restores));
    for (from, to, relation) in drawn {
        let event = RelationEvent {
            mind: mind.id,
            from,
            to,
            at: now,
            author,
        };
        append_relation(conn, event, &relation)?;
    }
    Ok(())
}

/// What to clean up.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CleanupRule {
    /// Older than so many seconds.
    pub max_age_seconds: Option<i64>,
    /// Less important than this, 0..1: as filed, else as the rules read it.
    pub min_importance: Option<f64>,
    /// Weaker than this, 0..1.
    pub min_strength: Option<f64>,
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only what all the conditions select; else any of them does.
    pub all_of: bool,
    /// Kinds that stay.
    pub protect: Vec<String>,
}

/// A memory that a cleanup archives.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CleanedUp {
    /// Its memory_id.
    pub id: i64,
    /// What it says.
    pub content: String,
    /// When it happened, UTC.
    pub created_at: String,
    /// Its kind.
    pub kind: Option<String>,
    /// Its importance.
    pub importance: Option<f64>,
    /// Its strength at the last cycle's clock; none before a night has learned it.
    pub strength: Option<f64>,
    /// Which conditions select it.
    pub why: Vec<String>,
}

/// What a cleanup did, or would do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cleanup {
    /// Its name, for undoing it; none where nothing was changed.
    pub batch: Option<String>,
    /// Whether nothing was changed, as asked.
    pub dry_run: bool,
    /// What was archived, oldest first.
    pub memories: Vec<CleanedUp>,
}

impl Engine {
    /// Archives what is old, unimportant or weak. Pinned memories and protected kinds stay; nothing is erased.
    ///
    /// # Errors
    /// Usage when the rule has no condition or a value out of range; failed when the store cannot be written.
    pub fn clean_up(
        &self,
        mind: &Mind,
        rule: &CleanupRule,
        dry_run: bool,
        author: Option<&str>,
        now: NaiveDateTime,
    ) -> Result<Cleanup> {
        let memories: Vec<CleanedUp> =
            typed_rows(self.warehouse.conn(), &selection(mind, rule, now)?)?;
        if dry_run || memories.is_empty() {
            return Ok(Cleanup {
                batch: None,
                dry_run,
                memories,
            });
        }
        let batch = format!("{}-{}", now.format("%Y%m%dT%H%M%S"), memories[0].id);
        let selected = selection(mind, rule, now)?;
        self.warehouse.transaction(|conn| {
            let base = highest_arrival(conn)?;
            conn.execute(
                &format!(
                    "INSERT INTO raw.filings
                     SELECT $1 + row_number() OVER (ORDER BY s.id), $2::UUID, s.id, $3, 'cleanup', $4, $5,
                            array_to_string(s.why, ', '), f.space, f.kind, true, coalesce(f.pinned, false), f.importance, f.source,
                            coalesce(f.tags, []), f.valid_from, f.valid_until
                     FROM ({selected}) s LEFT JOIN {CURRENT_FILINGS} f ON f.memory_id = s.id
                     ORDER BY s.id"
                ),
                params![base, mind.id.to_string(), now, author, batch],
            )?;
            Ok(())
        })?;
        Ok(Cleanup {
            batch: Some(batch),
            dry_run,
            memories,
        })
    }

    /// Takes what a cleanup archived out of the archive, but for what was filed anew since. Returns their ids.
    ///
    /// # Errors
    /// Usage when there was no such cleanup; failed when the store cannot be written.
    pub fn undo_cleanup(
        &self,
        mind: &Mind,
        batch: &str,
        author: Option<&str>,
        now: NaiveDateTime,
    ) -> Result<Vec<i64>> {
        let conn = self.warehouse.conn();
        let known: i64 = conn.query_row(
            "SELECT count(*) FROM raw.filings WHERE mind_id = ?::UUID AND batch = ? AND action = 'cleanup'",
            params![mind.id.to_string(), batch],
            |r| r.get(0),
        )?;
        if known == 0 {
            return Err(
                Error::usage(format!("mind '{}' has had no cleanup '{batch}'", mind.name)).hint(
                    "`codex memory cleanup` names its batch; `codex memory history ID` shows it",
                ),
            );
        }
        let mut statement = conn.prepare(&format!(
            "SELECT memory_id FROM {CURRENT_FILINGS} WHERE mind_id = ?::UUID AND batch = ? AND action = 'cleanup' ORDER BY memory_id"
        ))?;
        let ids = statement
            .query_map(params![mind.id.to_string(), batch], |r| r.get(0))?
            .collect::<std::result::Result<Vec<i64>, _>>()?;
        self.warehouse.transaction(|conn| {
            let base = highest_arrival(conn)?;
            conn.execute(
                &format!(
                    "INSERT INTO raw.filings
                     SELECT $1 + row_number() OVER (ORDER BY memory_id), mind_id, memory_id, $3, 'undo', $4, batch, NULL,
                            space, kind, false, pinned, importance, source, tags, valid_from, valid_until
                     FROM {CURRENT_FILINGS} WHERE mind_id = $2::UUID AND batch = $5 AND action = 'cleanup'
                     ORDER BY memory_id"
                ),
                params![base, mind.id.to_string(), now, author, batch],
            )?;
            Ok(())
        })?;
        Ok(ids)
    }
}

/// SQL that selects what a rule is about, with the conditions that select it.
fn selection(mind: &Mind, rule: &CleanupRule, now: NaiveDateTime) -> Result<String> {
    let mut conditions = Vec::new();
    if let Some(seconds) = rule.max_age_seconds {
        if seconds < 1 {
            return Err(Error::usage("an age is at least one second"));
        }
        conditions.push((
            "old",
            format!("happened_at < TIMESTAMP '{now}' - to_seconds({seconds})"),
        ));
    }
    for (name, column, least) in [
        ("unimportant", "importance", rule.min_importance),
        ("weak", "strength", rule.min_strength),
    ] {
        let Some(least) = least else { continue };
        if !(0.0..=1.0).contains(&least) {
            return Err(Error::usage(format!("{least} is not between 0 and 1")));
        }
        conditions.push((name, format!("coalesce({column} < {least}, false)")));
    }
    if conditions.is_empty() {
        return Err(
            Error::usage("a cleanup needs to know what to clean up").hint(
                "give --max-age, --min-importance or --min-strength; --dry-run shows what they select",
            ),
        );
    }
    let all: Vec<_> = conditions.iter().map(|(_, sql)| sql.as_str()).collect();
    let why: Vec<_> = conditions
        .iter()
        .map(|(name, sql)| format!("CASE WHEN {sql} THEN '{name}' END"))
        .collect();
    let mut only = Vec::new();
    if let Some(kind) = &rule.kind {
        only.push(format!("AND kind = {}", text_literal(kind)));
    }
    if !rule.protect.is_empty() {
        only.push(format!(
            "AND coalesce(kind NOT IN ({}), true)",
            escaped(&rule.protect)
        ));
    }
    Ok(format!(
        "WITH memories AS (
             SELECT m.memory_id AS id, coalesce(e.content, m.content) AS content, m.created_at AS happened_at, f.kind,
                    coalesce(f.importance, r.importance)::DOUBLE AS importance, t.strength_now::DOUBLE AS strength
             FROM raw.memories m
             LEFT JOIN {CURRENT_FILINGS} f ON f.memory_id = m.memory_id
             LEFT JOIN (SELECT memory_id, arg_max(content, arrival) AS content FROM raw.edits GROUP BY memory_id) e
                 ON e.memory_id = m.memory_id
             LEFT JOIN (
                 SELECT memory_id, arg_max(importance, revision) AS importance FROM enrichment.features GROUP BY memory_id
             ) r ON r.memory_id = m.memory_id
             LEFT JOIN long_term_memory.trace_strengths t ON t.memory_id = m.memory_id
             WHERE m.mind_id = '{}'::UUID AND NOT coalesce(f.archived, false) AND NOT coalesce(f.pinned, false)
               AND m.memory_id NOT IN (SELECT memory_id FROM raw.deletions)
         )
         SELECT id, content, {} AS created_at, kind, importance, strength,
                list_filter([{}], lambda reason: reason IS NOT NULL) AS why
         FROM memories
         WHERE ({}) {}
         ORDER BY happened_at, id",
        mind.id,
        moment("happened_at"),
        why.join(", "),
        all.join(if rule.all_of { " AND " } else { " OR " }),
        only.join(" ")
    ))
}
