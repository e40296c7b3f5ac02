//! Relations drawn by hand, and what a memory leads to along them.

use super::filings::MemoryFilter;
use super::rows::{moment, typed_rows};
use super::{Engine, Mind};
use crate::error::{Error, Result};
use crate::memory::{
    CURRENT_RELATIONS, NewRelation, RelationEvent, append_relation, append_unlink, check_kind,
};
use crate::warehouse::text_literal;
use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// A step from one memory to the next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RelationStep {
    /// From.
    pub from: i64,
    /// To.
    pub to: i64,
    /// Its kind; `learned:episodic` and the like for associations that nights learned.
    #[serde(rename = "type")]
    pub kind: String,
    /// 0..1, now.
    pub strength: f64,
    /// Whether it leads one way.
    pub directed: bool,
    /// Whether the step goes against it.
    pub against: bool,
}

/// A memory that another one leads to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RelatedMemory {
    /// Its memory_id.
    pub id: i64,
    /// Its name where it came from.
    pub key: String,
    /// What it says today.
    pub content: String,
    /// When it happened, UTC.
    pub created_at: String,
    /// How many steps away.
    pub depth: u32,
    /// The product of the strengths on the way.
    pub strength: f64,
    /// The way to it: the shortest, and of those the strongest.
    pub path: Vec<RelationStep>,
}

/// What to follow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RelatedRule {
    /// Only relations of this kind.
    pub kind: Option<String>,
    /// At most so many steps.
    pub depth: u32,
    /// The associations that nights learned too.
    pub learned: bool,
    /// At most so many memories.
    pub limit: u64,
}

/// The most steps anybody may go.
const MAX_DEPTH: u32 = 10;
/// Of a memory's learned associations, so many of the strongest are followed.
const LEARNED_FAN: u32 = 20;

#[derive(Deserialize)]
struct Described {
    id: i64,
    key: String,
    content: String,
    created_at: String,
}

impl Engine {
    /// Draws a relation between two memories of a mind.
    ///
    /// # Errors
    /// Usage when it cannot be drawn; failed when the store cannot be written.
    pub fn link_memories(
        &self,
        mind: &Mind,
        ends: (i64, i64),
        relation: &NewRelation,
        author: Option<&str>,
        now: NaiveDateTime,
    ) -> Result<RelationStep> {
        for id in [ends.0, ends.1] {
            self.living(mind, id)?;
        }
        let event = RelationEvent {
            mind: mind.id,
            from: ends.0,
            to: ends.1,
            at: now,
            author,
        };
        self.warehouse
            .transaction(|conn| append_relation(conn, event, relation))?;
        Ok(RelationStep {
            from: ends.0,
            to: ends.1,
            kind: relation.kind.clone(),
            strength: relation.strength,
            directed: relation.directed,
            against: false,
        })
    }

    /// Removes the relations between two memories, of one kind or all. Returns how many there were.
    ///
    /// # Errors
    /// Usage when there is none; failed when the store cannot be written.
    pub fn unlink_memories(
        &self,
        mind: &Mind,
        ends: (i64, i64),
        kind: Option<&str>,
        author: Option<&str>,
        now: NaiveDateTime,
    ) -> Result<u64> {
        let event = RelationEvent {
            mind: mind.id,
            from: ends.0,
            to: ends.1,
            at: now,
            author,
        };
        let removed = self
            .warehouse
            .transaction(|conn| append_unlink(conn, event, kind))?;
        if removed == 0 {
            return Err(Error::usage(format!(
                "memories {} and {} have no such relation",
                ends.0, ends.1
            ))
            .hint(format!(
                "`codex memory related {}` shows those it has",
                ends.0
            )));
        }
        Ok(removed)
    }

    /// What a memory leads to, nearest first, then strongest.
    ///
    /// # Errors
    /// Usage when the rule cannot be followed; failed when the store cannot be read.
    pub fn related_memories(
        &self,
        mind: &Mind,
        id: i64,
        rule: &RelatedRule,
        now: NaiveDateTime,
    ) -> Result<Vec<RelatedMemory>> {
        if !(1..=MAX_DEPTH).contains(&rule.depth) {
            return Err(
                Error::usage(format!("a depth of {} cannot be followed", rule.depth))
                    .hint(format!("use 1 to {MAX_DEPTH}")),
            );
        }
        if let Some(kind) = &rule.kind {
            check_kind(kind)?;
        }
        self.memory(mind, id)?;
        let mut ways: HashMap<i64, (f64, Vec<RelationStep>)> = HashMap::new();
        let mut seen = HashSet::from([id]);
        let mut order = Vec::new();
        let mut edge = vec![id];
        ways.insert(id, (1.0, Vec::new()));
        for _ in 0..rule.depth {
            let mut next: HashMap<i64, (f64, Vec<RelationStep>)> = HashMap::new();
            for step in self.steps_from(mind, &edge, rule, now)? {
                if seen.contains(&step.to) {
                    continue;
                }
                let Some((so_far, way)) = ways.get(&step.from) else {
                    continue;
                };
                let strength = so_far * step.strength;
                if next.get(&step.to).is_none_or(|(best, _)| strength > *best) {
                    let mut way = way.clone();
                    let to = step.to;
                    way.push(step);
                    next.insert(to, (strength, way));
                }
            }
            let mut level: Vec<i64> = next.keys().copied().collect();
            level.sort_by(|a, b| next[b].0.total_cmp(&next[a].0).then(a.cmp(b)));
            seen.extend(&level);
            order.extend(&level);
            ways.extend(next);
            edge = level;
            if edge.is_empty() || order.len() as u64 >= rule.limit {
                break;
            }
        }
        order.truncate(usize::try_from(rule.limit).unwrap_or(usize::MAX));
        self.described(mind, &order, ways)
    }

    fn described(
        &self,
        mind: &Mind,
        order: &[i64],
        mut ways: HashMap<i64, (f64, Vec<RelationStep>)>,
    ) -> Result<Vec<RelatedMemory>> {
        if order.is_empty() {
            return Ok(Vec::new());
        }
        let everything = MemoryFilter {
            archived: true,
            ..MemoryFilter::default()
        };
        let sql = format!(
            "SELECT id, key, content, {} AS created_at FROM ({}) WHERE id IN ({}) AND {} ORDER BY id",
            moment("happened_at"),
            super::memories::current_of(mind),
            numbers(order),
            everything.conditions()?
        );
        let mut found: HashMap<i64, Described> = typed_rows(self.warehouse.conn(), &sql)?
            .into_iter()
            .map(|d: Described| (d.id, d))
            .collect();
        Ok(order
            .iter()
            .filter_map(|id| {
                let memory = found.remove(id)?;
                let (strength, path) = ways.remove(id)?;
                Some(RelatedMemory {
                    id: memory.id,
                    key: memory.key,
                    content: memory.content,
                    created_at: memory.created_at,
                    depth: u32::try_from(path.len()).unwrap_or(u32::MAX),
                    strength,
                    path,
                })
            })
            .collect())
    }

    /// The steps from any of `edge`, in a fixed order.
    fn steps_from(
        &self,
        mind: &Mind,
        edge: &[i64],
        rule: &RelatedRule,
        now: NaiveDateTime,
    ) -> Result<Vec<RelationStep>> {
        let ids = numbers(edge);
        let of_kind = rule
            .kind
            .as_ref()
            .map(|kind| format!("AND kind = {}", text_literal(kind)))
            .unwrap_or_default();
        let mut sql = format!(
            "WITH drawn AS (
                 SELECT memory_id, other_id, kind, directed,
                        strength::DOUBLE * CASE WHEN half_life_days IS NULL THEN 1 ELSE
                            pow(0.5, greatest(epoch(TIMESTAMP '{now}') - epoch(happened_at), 0) / 86400 / half_life_days::DOUBLE) END AS strength
                 FROM {CURRENT_RELATIONS}
                 WHERE mind_id = '{}'::UUID {of_kind}
             )
             SELECT memory_id AS \"from\", other_id AS \"to\", kind AS type, strength, directed, false AS against FROM drawn WHERE memory_id IN ({ids})
             UNION ALL
             SELECT other_id, memory_id, kind, strength, directed, directed FROM drawn WHERE other_id IN ({ids})",
            mind.id
        );
        if rule.learned {
            sql = format!(
                "{sql}
                 UNION ALL
                 SELECT source_id, target_id, 'learned:' || kind, weight_now::DOUBLE, true, false
                 FROM (
                     SELECT source_id, target_id, kind, weight_now
                     FROM long_term_memory.association_strengths
                     WHERE source_id IN ({ids}) AND mind_id = '{}'::UUID
                     QUALIFY row_number() OVER (PARTITION BY source_id ORDER BY weight_now DESC, target_id, kind) <= {LEARNED_FAN}
                 )",
                mind.id
            );
        }
        typed_rows(
            self.warehouse.conn(),
            &format!("FROM ({sql}) ORDER BY \"from\", \"to\", type, against"),
        )
    }
}

fn numbers(ids: &[i64]) -> String {
    let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
    ids.join(", ")
}
