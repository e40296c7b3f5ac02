//! The pipeline as a project, as dbt users know it: `ls`, `compile`, `run` and `test`.
//!
//! # Layout
//!
//! * `list`: which models are meant
//! * `compile`: their SQL, as files
//! * `run`: views, tables, incremental models and epoch caches
//! * `test`: what the YAML and `sql/tests` say of the data
//! * `state`: what an earlier run left, for selectors that compare with it
//! * `artifacts`: `manifest.json` and `run_results.json`
//! * `failure`: what went wrong, where in the person's own file

mod artifacts;
mod compile;
mod failure;
mod list;
mod run;
mod state;
mod test;

pub use compile::{CompiledModel, Target};
pub use list::{ListedModel, Listing};

use super::Engine;
use crate::config::Config;
use crate::cycle::Pipeline;
use crate::error::{Error, Result};
use crate::project::Project;
use crate::template::TemplateError;
use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// Which models a command is about, in dbt's selector grammar.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selectors {
    /// `--select`; empty means all.
    pub select: Vec<String>,
    /// `--exclude`.
    pub exclude: Vec<String>,
    /// `--state`: the directory, absolute, of the run that `result:` and `state:` compare with.
    #[serde(default)]
    pub state: Option<PathBuf>,
}

/// What to run or test, and how.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunArgs {
    /// The models, or those whose tests run; tests of `sql/tests` run with the models they refer to.
    pub selecting: Selectors,
    /// The clock.
    pub as_of: NaiveDateTime,
    /// Nothing more after the first failure.
    pub fail_fast: bool,
    /// Where rendered SQL and results are written.
    pub target: Target,
    /// Threads of DuckDB, where they are not the store's own.
    pub threads: Option<u32>,
}

impl Engine {
    /// Carries an order out with the threads it wants, and writes what came of it beside the SQL: `work` says what became of each,
    /// and what else is worth a line.
    fn carry_out(
        &self,
        order: &RunArgs,
        work: impl FnOnce() -> Result<(Vec<NodeResult>, Vec<String>)>,
    ) -> Result<RunReport> {
        let started = Instant::now();
        let (results, warnings) = match order.threads {
            Some(threads) => self.warehouse.with_threads(threads, work)?,
            None => work()?,
        };
        let elapsed = started.elapsed().as_secs_f64();
        let document = artifacts::write_run_results(&results, elapsed, &order.target)?;
        Ok(RunReport {
            results,
            warnings,
            elapsed,
            document,
        })
    }
}

/// A project read and ordered, without a store.
pub struct Models {
    pipeline: Pipeline,
}

impl Models {
    /// Reads the models of `project` with the parameters of `config`.
    ///
    /// # Errors
    /// Usage when a template is wrong, a reference unknown, or references go in a circle.
    pub fn new(config: &Config, project: Arc<Project>) -> Result<Models> {
        Ok(Models {
            pipeline: Pipeline::new(project, &config.parameters)?,
        })
    }
}

/// How a model or test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeStatus {
    /// A model was made.
    Success,
    /// A test found nothing.
    Pass,
    /// A test found rows.
    Fail,
    /// DuckDB refused it.
    Error,
    /// It was not run.
    Skipped,
}

/// What became of one model or test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeResult {
    /// `model.codex.<name>` or `test.codex.<name>`.
    pub unique_id: String,
    /// Its name.
    pub name: String,
    /// The materialization, or `test`.
    pub kind: String,
    /// How it ended.
    pub status: NodeStatus,
    /// Seconds it took.
    pub execution_time: f64,
    /// Rows written.
    pub rows_affected: Option<u64>,
    /// Rows a test found.
    pub failures: Option<u64>,
    /// The relation, without quotes.
    pub relation_name: Option<String>,
    /// Where its SQL was written.
    pub compiled_path: Option<PathBuf>,
    /// Why it failed or was skipped.
    pub message: Option<String>,
}

/// What `run` or `test` did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// In the order they ran.
    pub results: Vec<NodeResult>,
    /// Selectors that match nothing, in words.
    pub warnings: Vec<String>,
    /// Seconds it took.
    pub elapsed: f64,
    /// The content of `run_results.json`.
    pub document: serde_json::Value,
}

impl RunReport {
    /// How many ended so.
    pub fn count(&self, ending: NodeStatus) -> usize {
        self.results
            .iter()
            .filter(|result| result.status == ending)
            .count()
    }

    /// Whether nothing failed.
    pub fn is_ok(&self) -> bool {
        self.count(NodeStatus::Error) + self.count(NodeStatus::Fail) == 0
    }
}

fn wrong_template(error: TemplateError) -> Error {
    Error::usage(error.to_string()).caused_by(error)
}
