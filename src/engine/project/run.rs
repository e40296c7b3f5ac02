//! `codex run`: selected models become views and tables, parents first.

use super::artifacts::{model_id, write_manifest};
use super::compile::write_sql;
use super::failure::error_with_hint;
use super::list::selected;
use super::{NodeResult, NodeStatus, RunArgs, RunReport, wrong_template};
use crate::cycle::{self, ByHand};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::project::{CycleType, IncrementalStrategy, Materialization, ModelName, Node, Relation};
use crate::warehouse::materialize::{
    Epochs, Existing, MaterializeError, Options, Outcome, materialize_onto,
};
use duckdb::Connection;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

impl Engine {
    /// Runs the selected models, parents first; `on_progress` gets each with its number (from 1) and their total as it is done. A model
    /// that fails leaves its relation as it was, and what is computed from it is skipped.
    ///
    /// # Errors
    /// Usage when a selector or model's configuration is wrong; failed when results cannot be written. A model's own failure is in
    /// the report.
    pub fn run_models(
        &self,
        order: &RunArgs,
        full_refresh: bool,
        on_progress: impl FnMut(&NodeResult, usize, usize),
    ) -> Result<RunReport> {
        self.carry_out(order, || {
            self.run_selected(order, full_refresh, on_progress)
        })
    }

    fn run_selected(
        &self,
        order: &RunArgs,
        full_refresh: bool,
        mut on_progress: impl FnMut(&NodeResult, usize, usize),
    ) -> Result<(Vec<NodeResult>, Vec<String>)> {
        let (nodes, warnings) = selected(self.pipeline(), &order.selecting)?;
        let nodes: Vec<&Node> = nodes
            .into_iter()
            .filter(|node| node.config.materialized != Materialization::Ephemeral)
            .collect();
        cycle::prepare_by_hand(&self.warehouse, self.pipeline());
        let by_hand = match nodes.iter().any(|node| cycle::asks_what_is_due(node)) {
            true => ByHand::open(&self.warehouse, self.pipeline(), order.as_of)?,
            false => ByHand::at(order.as_of),
        };
        let mut run = Run {
            engine: self,
            order,
            full_refresh,
            by_hand,
            existing: self.relations()?,
            broken: BTreeMap::new(),
            stopped: false,
            in_transaction: false,
        };
        let mut results = Vec::new();
        for group in nodes.chunk_by(|a, b| is_view(a) && is_view(b)) {
            let together = if group.len() > 1 {
                run.together(group)?
            } else {
                None
            };
            let result = match together {
                Some(result) => result,
                None => group
                    .iter()
                    .map(|node| run.node(node))
                    .collect::<Result<_>>()?,
            };
            for result in result {
                results.push(result);
                on_progress(&results[results.len() - 1], results.len(), nodes.len());
            }
        }
        if nodes
            .iter()
            .any(|node| node.config.materialized == Materialization::EpochCache)
        {
            ByHand::forget_ticks(&self.warehouse)?;
        }
        cycle::mark_changed(&self.warehouse, self.pipeline())?;
        write_manifest(self.pipeline(), &order.target)?;
        Ok((results, warnings))
    }

    /// Every relation of the store with its kind, in one look.
    fn relations(&self) -> Result<BTreeMap<(String, String), Existing>> {
        let mut statement = self.warehouse.conn().prepare(
            "SELECT schema_name, table_name, false FROM duckdb_tables() WHERE database_name = current_database()
             UNION ALL
             SELECT schema_name, view_name, true FROM duckdb_views() WHERE database_name = current_database() AND NOT internal",
        )?;
        let rows = statement.query_map([], |r| {
            let kind = if r.get(2)? {
                Existing::View
            } else {
                Existing::Table
            };
            Ok(((r.get(0)?, r.get(1)?), kind))
        })?;
        Ok(rows.collect::<std::result::Result<_, _>>()?)
    }
}

/// A run under way.
struct Run<'a> {
    engine: &'a Engine,
    order: &'a RunArgs,
    full_refresh: bool,
    by_hand: ByHand,
    existing: BTreeMap<(String, String), Existing>,
    /// Models that failed, and that were skipped because of them: with the one that failed.
    broken: BTreeMap<ModelName, ModelName>,
    stopped: bool,
    /// Whether models run in a transaction that is open, not in one of their own.
    in_transaction: bool,
}

impl Run<'_> {
    /// Makes views in one transaction, as most of what a view costs is its commit. None when one of them fails: nothing is done
    /// then, and they are to be made one by one.
    fn together(&mut self, views: &[&Node]) -> Result<Option<Vec<NodeResult>>> {
        if self.stopped || !self.broken.is_empty() {
            return Ok(None);
        }
        let engine = self.engine;
        self.in_transaction = true;
        let made = engine.warehouse.transaction(|_| {
            let result: Vec<NodeResult> = views
                .iter()
                .map(|node| self.node(node))
                .collect::<Result<_>>()?;
            match self.broken.is_empty() {
                true => Ok(result),
                false => Err(Error::failed("one of them failed")),
            }
        });
        self.in_transaction = false;
        if made.is_err() {
            self.broken.clear();
            self.stopped = false;
            self.existing = engine.relations()?;
        }
        Ok(made.ok())
    }

    fn node(&mut self, node: &Node) -> Result<NodeResult> {
        let mut result = NodeResult {
            unique_id: model_id(node.name.as_str()),
            name: node.name.to_string(),
            kind: node.config.materialized.as_str().to_owned(),
            status: NodeStatus::Skipped,
            execution_time: 0.0,
            rows_affected: None,
            failures: None,
            relation_name: Some(node.relation().plain()),
            compiled_path: None,
            message: None,
        };
        let nightly = node.config.cycle.is_some_and(CycleType::is_nightly);
        if nightly || node.config.materialized == Materialization::Transition {
            result.message = Some(of_cycles(node, self.full_refresh));
            return Ok(result);
        }
        if self.stopped {
            result.message = Some("not run after the first failure (--fail-fast)".to_owned());
            return Ok(result);
        }
        if let Some(failed) = self.failed_above(node) {
            result.message = Some(format!("{failed} failed"));
            self.broken.insert(node.name.clone(), failed);
            return Ok(result);
        }
        let started = Instant::now();
        match self.make(node, &mut result)? {
            Ok(outcome) => {
                result.status = NodeStatus::Success;
                result.rows_affected = has_rows(node).then_some(outcome.rows);
            }
            Err(message) => {
                result.status = NodeStatus::Error;
                result.message = Some(message);
                self.broken.insert(node.name.clone(), node.name.clone());
                self.stopped = self.order.fail_fast;
            }
        }
        result.execution_time = started.elapsed().as_secs_f64();
        Ok(result)
    }

    /// Renders and materializes a model in a transaction of its own. The inner error is the model's.
    fn make(&mut self, node: &Node, result: &mut NodeResult) -> Result<Result<Outcome, String>> {
        let relation = node.relation();
        let key = (relation.schema.clone(), relation.name.clone());
        let existing = self
            .existing
            .get(&key)
            .copied()
            .unwrap_or(Existing::Nothing);
        let full_refresh = self.full_refresh;
        let context = self
            .by_hand
            .context(existing == Existing::Table && !full_refresh);
        let renderer = self.engine.pipeline().renderer();
        let model = renderer
            .compile(node.name.as_str(), &context)
            .map_err(wrong_template)?;
        let path = write_sql(
            &self.order.target,
            node.stage.as_str(),
            node.name.as_str(),
            &model.sql,
        )?;
        let options = Options {
            full_refresh,
            epochs: Epochs::OfMinds(Relation {
                database: Some("temp".into()),
                ..Relation::new("main", "due")
            }),
            rendered: Some(&path),
            ..Options::default()
        };
        let mut failed = None;
        let warehouse = &self.engine.warehouse;
        let mut work = |conn: &Connection| {
            materialize_onto(conn, &model, existing, &options).map_err(|e| {
                failed = Some(e);
                Error::failed(String::new())
            })
        };
        let outcome = match (self.in_transaction, is_merge(node)) {
            (true, _) => work(warehouse.conn()),
            // A merge on more than one thread was seen to insert rows twice.
            (false, true) => warehouse.single_threaded(|| warehouse.transaction(work)),
            (false, false) => warehouse.transaction(work),
        };
        result.compiled_path = Some(path.clone());
        match (outcome, failed) {
            (Ok(outcome), _) => {
                let kind = if has_rows(node) {
                    Existing::Table
                } else {
                    Existing::View
                };
                self.existing.insert(key, kind);
                Ok(Ok(outcome))
            }
            (Err(_), Some(error)) => {
                let text = renderer.project().text(&node.path).unwrap_or_default();
                let hint = self.missing_parent(node, &error);
                Ok(Err(format!(
                    "{}{hint}",
                    error_with_hint(error, text, &model.sql)
                )))
            }
            (Err(commit), None) => Err(commit.context(format!("model '{}'", node.name))),
        }
    }

    /// The model that failed among all that a model is computed from.
    fn failed_above(&self, node: &Node) -> Option<ModelName> {
        if self.broken.is_empty() {
            return None;
        }
        let above: BTreeSet<ModelName> = self
            .engine
            .pipeline()
            .graph()
            .ancestors(node.name.as_str(), None);
        above.iter().find_map(|name| self.broken.get(name)).cloned()
    }

    /// What to do where a model builds on one that was never made.
    fn missing_parent(&self, node: &Node, error: &MaterializeError) -> String {
        let MaterializeError::Sql(_) = error else {
            return String::new();
        };
        let graph = self.engine.pipeline().graph();
        let missing = node
            .depends_on
            .iter()
            .filter_map(|name| graph.node(name.as_str()))
            .find(|parent| {
                let relation = parent.relation();
                parent.config.materialized != Materialization::Ephemeral
                    && !self
                        .existing
                        .contains_key(&(relation.schema, relation.name))
            });
        missing.map_or(String::new(), |parent| {
            format!(
                "\n  {} has not been made yet; run it too: codex run --select +{}",
                parent.name, node.name
            )
        })
    }
}

fn is_view(node: &Node) -> bool {
    node.config.materialized == Materialization::View
}

fn has_rows(node: &Node) -> bool {
    !is_view(node)
}

fn is_merge(node: &Node) -> bool {
    node.config.materialized == Materialization::Incremental
        && node.config.incremental_strategy == IncrementalStrategy::Merge
}

/// Why a transition is not run.
fn of_cycles(node: &Node, full_refresh: bool) -> String {
    match (full_refresh, node.config.cycle) {
        (true, _) => "what nights wrote is built anew by `codex consolidate --rebuild`".to_owned(),
        (false, Some(cycle)) => format!("runs only in codex consolidate --type {cycle}"),
        (false, None) => "runs only in codex consolidate".to_owned(),
    }
}
