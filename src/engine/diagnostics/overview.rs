//! The store at a glance: status, health, metrics.

use crate::clock::rfc3339;
use crate::engine::Engine;
use crate::engine::enrichment::status::ModelStatus;
use crate::engine::rows::{moment, typed_rows};
use crate::error::Result;
use crate::memory::Mind;
use crate::project::Generation;
use crate::warehouse::{Access, timestamp_literal};
use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What the store holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Status {
    /// The DuckDB file.
    pub database: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Whether it can be written.
    pub writable: bool,
    /// The clock of the views: the last cycle's as_of; none before the first.
    pub as_of: Option<String>,
    /// Grows by one with every rebuild.
    pub generation: i64,
    /// The model generation its nights run under.
    #[serde(default)]
    pub model_generation: u32,
    /// The newest that this codex has.
    #[serde(default)]
    pub latest_model_generation: u32,
    /// Each mind at a glance, by name.
    pub minds: Vec<MindStatus>,
    /// What models have added to the store, and what they owe.
    #[serde(default)]
    pub models: ModelStatus,
}

/// A mind at a glance; see the view `memory_dashboard`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct MindStatus {
    pub mind: String,
    pub memories: i64,
    pub pending: i64,
    pub working: i64,
    pub short_term: i64,
    pub long_term: i64,
    pub forgotten: i64,
    pub deleted: i64,
    pub erased: i64,
    pub balanced: bool,
    pub nights: i64,
    pub episodes: i64,
    pub associations: i64,
    pub provisional_associations: i64,
    pub concepts: i64,
    pub columns: i64,
    pub average_strength: Option<f64>,
    pub first_memory_at: Option<String>,
    pub last_memory_at: Option<String>,
    pub last_night_at: Option<String>,
    pub late_memories: i64,
    pub time_zone: String,
}

/// A check of a mind; see the view `memory_health`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct HealthCheck {
    pub mind: String,
    pub check: String,
    pub alert_level: String,
    pub value: Option<f64>,
    pub threshold: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    pub what_to_do: Option<String>,
}

/// What cycles cost in a period of wall-clock time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Metrics {
    /// The period's beginning, UTC.
    pub since: String,
    /// By type of cycle.
    pub cycles: Vec<CycleMetrics>,
    /// By stage of the models, in the order of the data.
    pub stages: Vec<StageMetrics>,
    /// The models that took most time.
    pub slowest: Vec<ModelMetrics>,
}

/// A type of cycle; see the view `consolidation_stats`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct CycleMetrics {
    pub cycle: String,
    pub runs: i64,
    pub rows: i64,
    pub total_ms: f64,
    pub average_ms: f64,
    pub slowest_ms: f64,
    pub last_as_of: String,
}

/// A stage; see the view `memory_pipeline_metrics`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct StageMetrics {
    pub stage: String,
    pub runs: i64,
    pub rows: i64,
    pub total_ms: f64,
    pub average_ms: f64,
    pub slowest_ms: f64,
}

/// A model.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ModelMetrics {
    pub model: String,
    pub stage: String,
    pub runs: i64,
    pub rows: i64,
    pub total_ms: f64,
    pub average_ms: f64,
}

impl Engine {
    /// The store at a glance, of all minds or one.
    ///
    /// # Errors
    /// Failed when the store cannot be read.
    pub fn status(&self, mind: Option<&Mind>) -> Result<Status> {
        self.pipeline()
            .require(&["memory_dashboard"], "there is no status")?;
        let conn = self.warehouse.conn();
        let minds = typed_rows(
            conn,
            &format!(
                "SELECT * REPLACE ({} AS first_memory_at, {} AS last_memory_at, {} AS last_night_at)
                 FROM memory_dashboard{} ORDER BY mind",
                moment("first_memory_at"),
                moment("last_memory_at"),
                moment("last_night_at"),
                only(mind, "WHERE")
            ),
        )?;
        let as_of = conn.query_row(
            &format!(
                "SELECT {} FROM codex.ledger WHERE outcome = 'success'",
                moment("max(as_of)")
            ),
            [],
            |r| r.get(0),
        )?;
        let generation = conn.query_row(
            "SELECT coalesce(max(generation), 1) FROM codex.ledger",
            [],
            |r| r.get(0),
        )?;
        let path = self.warehouse.path();
        Ok(Status {
            database: path.to_owned(),
            bytes: std::fs::metadata(path).map(|m| m.len()).unwrap_or(0),
            writable: self.warehouse.access() == Access::ReadWrite,
            as_of,
            generation,
            model_generation: self.pipeline().generation().number(),
            latest_model_generation: Generation::LATEST.number(),
            minds,
            models: self.model_status()?,
        })
    }

    /// Every check of every mind, or of one, at `now`.
    ///
    /// # Errors
    /// Failed when the store cannot be read.
    pub fn health(&self, mind: Option<&Mind>, now: NaiveDateTime) -> Result<Vec<HealthCheck>> {
        self.pipeline()
            .require(&["memory_health"], "nothing is checked")?;
        let mut checks: Vec<HealthCheck> = typed_rows(
            self.warehouse.conn(),
            &format!(
                "SELECT mind, check_name AS \"check\", alert_level, value, threshold, what_to_do FROM memory_health{}",
                only(mind, "WHERE")
            ),
        )?;
        checks.extend(self.clock_checks(mind, now)?);
        Ok(checks)
    }

    /// What cycles cost since a moment of the wall clock.
    ///
    /// # Errors
    /// Failed when the store cannot be read.
    pub fn metrics(&self, since: NaiveDateTime) -> Result<Metrics> {
        self.pipeline().require(
            &["consolidation_stats", "memory_pipeline_metrics"],
            "nothing is measured",
        )?;
        let conn = self.warehouse.conn();
        let from = timestamp_literal(since);
        let cycles = typed_rows(
            conn,
            &format!(
                "SELECT cycle, count(*) AS runs, sum(rows)::BIGINT AS rows, sum(duration_ms)::DECIMAL(18, 1) AS total_ms,
                    avg(duration_ms)::DECIMAL(18, 1) AS average_ms, max(duration_ms)::DECIMAL(18, 1) AS slowest_ms,
                    {} AS last_as_of
                 FROM consolidation_stats WHERE started_at >= {from} GROUP BY cycle ORDER BY max(ledger_id)",
                moment("max(timestamp)")
            ),
        )?;
        let measures = "count(*) AS runs, sum(rows)::BIGINT AS rows, sum(processing_time_ms)::DECIMAL(18, 1) AS total_ms,
            avg(processing_time_ms)::DECIMAL(18, 1) AS average_ms, max(processing_time_ms)::DECIMAL(18, 1) AS slowest_ms
            FROM memory_pipeline_metrics";
        let stages = typed_rows(
            conn,
            &format!(
                "SELECT stage, {measures} WHERE started_at >= {from} GROUP BY stage
                 ORDER BY list_position(['working_memory', 'short_term_memory', 'consolidation', 'long_term_memory'], stage)
                     NULLS LAST, stage"
            ),
        )?;
        let slowest = typed_rows(
            conn,
            &format!(
                "SELECT model, stage, {measures} WHERE started_at >= {from} GROUP BY model, stage
                 ORDER BY total_ms DESC, model LIMIT 5"
            ),
        )?;
        Ok(Metrics {
            since: rfc3339(since),
            cycles,
            stages,
            slowest,
        })
    }
}

/// A condition on the mind, behind `word`, where one is named.
fn only(mind: Option<&Mind>, word: &str) -> String {
    mind.map(|mind| format!(" {word} mind_id = '{}'::UUID", mind.id))
        .unwrap_or_default()
}
