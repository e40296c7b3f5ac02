//! Where a memory comes from and what became of it: `explain`, down to raw rows.

use crate::engine::Engine;
use crate::engine::memories::MemoryDetail;
use crate::engine::rows::{moment, typed_rows};
use crate::enrich::{RULES_VERSION, Subject, need_shares};
use crate::error::Result;
use crate::memory::Mind;
use chrono::NaiveDateTime;
use duckdb::OptionalExt;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Associations that are shown, the strongest.
const ASSOCIATIONS: usize = 10;

/// A memory's lineage. Every claim carries the ids it rests on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Lineage {
    /// The raw row, as it reads today.
    #[serde(flatten)]
    pub shown: MemoryDetail,
    /// What was read from its words, as stored; none before enrichment.
    pub features: Option<Map<String, Value>>,
    /// What its words say for and against being needed, part by part: log odds that sum to those of its importance. None where an
    /// earlier generation of the rules read it.
    #[serde(default)]
    pub importance_shares: Vec<ImportanceShare>,
    /// The episode it happened in; none before a tick or night placed it.
    pub episode: Option<EpisodePlace>,
    /// What nights made of it; none before its first night.
    pub trace: Option<Trace>,
    /// The nights that mattered to it, from the ledger, in their order.
    pub nights: Vec<NightOfMemory>,
    /// Its strongest associations.
    pub associations: Vec<Link>,
    /// What it is about, strongest first.
    pub concepts: Vec<ConceptPlace>,
}

/// What one part adds to a memory's log odds of being needed; `config/importance.yaml` has the parts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ImportanceShare {
    pub part: String,
    pub log_odds: f64,
}

/// The episode a memory happened in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct EpisodePlace {
    pub episode_id: i64,
    pub epoch: i64,
    /// Whether a night has kept it; else it is of the open epoch.
    pub kept: bool,
    pub position: i64,
    /// Why the episode began: start, session, gap, surprise.
    pub boundary: String,
    pub started_at: String,
    pub ended_at: String,
    pub goal: Option<String>,
    pub place: Option<String>,
    pub emotion: Option<String>,
    pub gist: String,
    /// The memory the gist is taken from.
    pub gist_id: i64,
    /// What a language model calls the episode, where one has described it.
    #[serde(default)]
    pub title: Option<String>,
    /// What happened in it, as that model says.
    #[serde(default)]
    pub description: Option<String>,
    /// All memories of the episode, in order.
    pub memory_ids: Vec<i64>,
}

/// A memory's trace.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Trace {
    pub tier: String,
    pub reason: Option<String>,
    /// As of `event_at`.
    pub strength: f64,
    /// At the clock.
    pub strength_now: f64,
    /// Days until retention falls to gradual_forgetting_rate.
    pub stability: f64,
    pub event_at: String,
    pub as_of: String,
    pub learned_at: String,
    pub epoch: i64,
    pub consolidated_at: Option<String>,
    pub settled_at: String,
    pub salience: f64,
    pub surprise: f64,
    pub replays: i64,
    pub uses: i64,
    pub merged_into: Option<i64>,
    /// Later memories that say it again.
    pub repetitions: Vec<i64>,
}

/// A night in a memory's life.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct NightOfMemory {
    pub ledger_id: i64,
    pub as_of: String,
    /// What happened to the memory then.
    pub what: String,
}

/// An association.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Link {
    /// The memory at the other end.
    pub memory_id: i64,
    /// `to` it or `from` it, whichever is stronger.
    pub direction: String,
    pub kind: String,
    pub weight_now: f64,
    pub co_activations: i64,
    pub born_at: String,
    pub last_fired_at: String,
    pub provisional: bool,
    /// Why they are associated.
    pub why: String,
    /// The episode they share.
    pub shared_episode_id: Option<i64>,
    /// What both are about.
    pub shared_concepts: Vec<String>,
    pub gist: String,
}

/// Something a memory is about.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ConceptPlace {
    pub concept: String,
    pub kind: String,
    pub weight: f64,
    /// Its cortical column; none before a night has consolidated a memory about it.
    pub column_id: Option<String>,
    pub column_label: Option<String>,
    /// Long-term memories about it.
    pub memories: i64,
}

impl Engine {
    /// A memory's lineage.
    ///
    /// # Errors
    /// Usage when the mind has no such memory; failed when the store cannot be read.
    pub fn explain(&self, mind: &Mind, id: i64) -> Result<Lineage> {
        let shown = self.memory(mind, id)?;
        let conn = self.warehouse.conn();
        let trace: Option<Trace> = typed_rows(conn, &trace_sql(id))?.pop();
        let nights = match &trace {
            Some(trace) => typed_rows(conn, &nights_sql(mind, trace))?,
            None => Vec::new(),
        };
        let importance_shares = self.importance_shares(id, &shown)?;
        Ok(Lineage {
            shown,
            importance_shares,
            features: typed_rows(conn, &features_sql(id))?.pop(),
            episode: typed_rows(conn, &episode_sql(id))?.pop(),
            trace,
            nights,
            associations: typed_rows(conn, &associations_sql(id))?,
            concepts: typed_rows(conn, &concepts_sql(id))?,
        })
    }

    /// The parts of a memory's importance as the newest rules read its words, where they have read them.
    fn importance_shares(&self, id: i64, shown: &MemoryDetail) -> Result<Vec<ImportanceShare>> {
        let read: Option<(u32, NaiveDateTime)> = self
            .warehouse
            .conn()
            .query_row(
                "SELECT version, local_at FROM enrichment.features WHERE memory_id = ? AND provider = 'rules'
                 ORDER BY revision DESC LIMIT 1",
                [id],
                |r| Ok((r.get(0)?, r.get(1)?)),
            )
            .optional()?;
        let Some((RULES_VERSION, local_time)) = read else {
            return Ok(Vec::new());
        };
        let shares = need_shares(&Subject {
            content: &shown.memory.content,
            speaker: shown.memory.speaker.as_deref(),
            local_time,
        });
        Ok(shares
            .into_iter()
            .map(|share| ImportanceShare {
                part: share.part.to_owned(),
                log_odds: (share.log_odds * 1000.0).round() / 1000.0,
            })
            .collect())
    }
}

fn features_sql(id: i64) -> String {
    format!(
        "SELECT * EXCLUDE (memory_id, mind_id) FROM enrichment.features WHERE memory_id = {id}
         ORDER BY revision DESC, version DESC LIMIT 1"
    )
}

fn episode_sql(id: i64) -> String {
    let of = |schema: &str, episodes: &str, members: &str, kept: bool| {
        format!(
            "SELECT e.mind_id, e.episode_id, e.epoch, {kept} AS kept, m.position, e.boundary, {} AS started_at, {} AS ended_at, e.goal, e.place,
                e.emotion, e.gist, e.gist_id,
                (SELECT list(o.memory_id ORDER BY o.position) FROM {schema}.{members} o
                 WHERE o.mind_id = m.mind_id AND o.episode_id = m.episode_id) AS memory_ids
             FROM {schema}.{members} m
             JOIN {schema}.{episodes} e ON e.mind_id = m.mind_id AND e.episode_id = m.episode_id
             WHERE m.memory_id = {id}",
            moment("e.started_at"),
            moment("e.ended_at")
        )
    };
    format!(
        "SELECT p.*, nullif(d.title, '') AS title, nullif(d.gist, '') AS description
         FROM (SELECT * FROM ({} UNION ALL BY NAME {}) ORDER BY kept LIMIT 1) p
         LEFT JOIN long_term_memory.episode_descriptions d ON p.kept AND d.mind_id = p.mind_id AND d.episode_id = p.episode_id",
        of("state", "episodes", "episode_memories", true),
        of("short_term_memory", "episodes", "episode_memories", false)
    )
}

fn trace_sql(id: i64) -> String {
    format!(
        "SELECT t.tier, t.reason, t.strength, s.strength_now, t.stability, {} AS event_at, {} AS as_of, {} AS learned_at, t.epoch,
            {} AS consolidated_at, {} AS settled_at, t.salience, t.surprise, t.replays, t.uses, t.merged_into,
            coalesce((SELECT list(r.memory_id ORDER BY r.memory_id) FROM state.memory_traces r WHERE r.merged_into = {id}), []) AS repetitions
         FROM state.memory_traces t
         JOIN long_term_memory.trace_strengths s ON s.memory_id = t.memory_id
         WHERE t.memory_id = {id}",
        moment("t.event_at"),
        moment("s.as_of"),
        moment("t.learned_at"),
        moment("t.consolidated_at"),
        moment("t.settled_at")
    )
}

/// The n-th deep sleep since a mind last started over ends its n-th epoch.
fn nights_sql(mind: &Mind, trace: &Trace) -> String {
    let epoch = trace.epoch;
    let settled = format!(
        "TIMESTAMP '{}'",
        trace.settled_at.trim_end_matches('Z').replace('T', " ")
    );
    let consolidated = match &trace.consolidated_at {
        Some(at) => format!("TIMESTAMP '{}'", at.trim_end_matches('Z').replace('T', " ")),
        None => "NULL::TIMESTAMP".to_owned(),
    };
    let tier = &trace.tier;
    format!(
        "WITH own AS (
             SELECT ledger_id, cycle, as_of FROM codex.ledger
             WHERE transition AND list_contains(minds, '{mind}'::UUID)
               AND generation = (SELECT max(generation) FROM codex.ledger)
         ),
         slept AS (
             SELECT ledger_id, as_of, row_number() OVER (ORDER BY ledger_id) AS epoch
             FROM own
             WHERE cycle = 'deep_sleep'
               AND ledger_id > coalesce((SELECT max(ledger_id) FROM own WHERE cycle = 'relive'), 0)
         )
         SELECT ledger_id, {at} AS as_of,
             concat_ws(', ',
                 CASE WHEN epoch = {epoch} THEN 'learned, in epoch {epoch}' END,
                 CASE WHEN as_of = {consolidated} THEN 'entered long-term memory' END,
                 CASE WHEN as_of = {settled} AND '{tier}' NOT IN ('long_term', 'short_term') THEN 'settled as {tier}' END) AS what
         FROM slept
         WHERE epoch = {epoch} OR as_of = {consolidated} OR as_of = {settled}
         ORDER BY ledger_id",
        mind = mind.id,
        at = moment("as_of"),
    )
}

fn associations_sql(id: i64) -> String {
    format!(
        "WITH ends AS (
             SELECT target_id AS memory_id, 'to' AS direction, * FROM long_term_memory.association_strengths WHERE source_id = {id}
             UNION ALL
             SELECT source_id, 'from', * FROM long_term_memory.association_strengths WHERE target_id = {id}
         ),
         strongest AS (
             SELECT * FROM ends
             QUALIFY row_number() OVER (PARTITION BY memory_id ORDER BY weight_now DESC, direction DESC) = 1
             ORDER BY weight_now DESC, memory_id LIMIT {ASSOCIATIONS}
         ),
         placed AS (
             SELECT s.*,
                 (SELECT min(a.episode_id) FROM state.episode_memories a JOIN state.episode_memories b USING (mind_id, episode_id)
                  WHERE a.memory_id = {id} AND b.memory_id = s.memory_id) AS shared_episode_id,
                 coalesce((SELECT list(a.concept ORDER BY a.weight * b.weight DESC, a.concept)
                  FROM state.memory_concepts a JOIN state.memory_concepts b USING (mind_id, concept)
                  WHERE a.memory_id = {id} AND b.memory_id = s.memory_id), [])[:5] AS shared_concepts
             FROM strongest s
         )
         SELECT p.memory_id, p.direction, p.kind, p.weight_now, p.co_activations, {} AS born_at, {} AS last_fired_at, p.provisional,
             p.shared_episode_id, p.shared_concepts,
             concat_ws('; ',
                 CASE WHEN p.kind = 'rem' AND p.provisional THEN 'dreamt in REM sleep, not yet reinforced'
                      WHEN p.kind = 'rem' THEN 'dreamt in REM sleep, reinforced since' END,
                 CASE WHEN p.kind = 'used' THEN 'used together' END,
                 CASE WHEN p.shared_episode_id IS NOT NULL THEN 'both in episode ' || p.shared_episode_id END,
                 CASE WHEN p.co_activations > 0 THEN 'fired together ' || p.co_activations || CASE WHEN p.co_activations = 1 THEN ' time' ELSE ' times' END END,
                 CASE WHEN len(p.shared_concepts) > 0 THEN 'both about ' || array_to_string(p.shared_concepts, ', ') END) AS why,
             coalesce(f.gist, '') AS gist
         FROM placed p
         LEFT JOIN (SELECT memory_id, arg_max(gist, revision) AS gist FROM enrichment.features
                    WHERE memory_id IN (SELECT memory_id FROM strongest) GROUP BY memory_id) f ON f.memory_id = p.memory_id
         ORDER BY p.weight_now DESC, p.memory_id",
        moment("p.born_at"),
        moment("p.event_at")
    )
}

fn concepts_sql(id: i64) -> String {
    format!(
        "SELECT m.concept, m.kind, m.weight, k.column_id, c.label AS column_label, coalesce(k.memories, 0) AS memories
         FROM state.memory_concepts m
         LEFT JOIN state.concepts k ON k.mind_id = m.mind_id AND k.concept = m.concept
         LEFT JOIN long_term_memory.cortical_columns c ON c.mind_id = m.mind_id AND c.column_id = k.column_id
         WHERE m.memory_id = {id}
         ORDER BY m.weight DESC, m.concept"
    )
}
