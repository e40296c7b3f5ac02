//! `codex run`, `test`, `compile` and `ls`: the pipeline as a project, with dbt's flags and lines.

use super::context::Context;
use super::render::{Outcome, Output, Stop};
use super::times;
use crate::clock;
use crate::engine::request::{RunModels, TestModels};
use crate::engine::{
    Models, NodeResult, NodeStatus, Progress, RunArgs, RunReport, Selectors, Target,
};
use crate::error::Result;
use chrono::NaiveDateTime;
use clap::Args;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// How wide a line is, up to its ending in brackets.
const WIDTH: usize = 80;

/// Which models.
#[derive(Debug, Args)]
struct Selection {
    /// Models to take: name, +name, name+1, tag:, stage:, path:, config.materialized:, state:modified, result:error; tests also by
    /// test_type:unique and test_name:; a space means or, a comma and
    #[arg(short, long, num_args = 1.., value_name = "SELECTOR", allow_hyphen_values = false)]
    select: Vec<String>,
    /// Models to leave out
    #[arg(long, num_args = 1.., value_name = "SELECTOR")]
    exclude: Vec<String>,
    /// The earlier run that state: and result: compare with: the directory of its manifest.json and run_results.json
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

impl Selection {
    /// The selectors; the daemon, which may carry them out, works in another directory.
    fn selectors(self) -> Result<Selectors> {
        let state = match self.state {
            Some(shown) => Some(Target::here(shown)?.at),
            None => None,
        };
        Ok(Selectors {
            select: self.select,
            exclude: self.exclude,
            state,
        })
    }
}

/// Where and when.
#[derive(Debug, Args)]
struct Place {
    /// The clock: RFC 3339, or YYYY-MM-DD with or without HH:MM:SS, in UTC [default: now]
    #[arg(long, value_name = "TIME", value_parser = times::moment)]
    as_of: Option<NaiveDateTime>,
    /// Where rendered SQL and results go [default: target/ of the project]
    #[arg(long, value_name = "DIR")]
    target_path: Option<PathBuf>,
}

/// What to run or test, and how.
#[derive(Debug, Args)]
struct Ordered {
    #[command(flatten)]
    selection: Selection,
    /// Nothing more after the first failure
    #[arg(short = 'x', long)]
    fail_fast: bool,
    /// Threads of DuckDB; models and tests run one after another
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroU32>,
    #[command(flatten)]
    place: Place,
}

impl Ordered {
    fn order(self, context: &Context) -> Result<RunArgs> {
        Ok(RunArgs {
            selecting: self.selection.selectors()?,
            as_of: self.place.as_of(),
            fail_fast: self.fail_fast,
            target: context.target(self.place.target_path)?,
            threads: self.threads.map(NonZeroU32::get),
        })
    }
}

impl Place {
    fn as_of(&self) -> NaiveDateTime {
        self.as_of.unwrap_or_else(clock::now)
    }
}

/// List the models, in the order they run
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex ls                                   all of them
  codex ls -s +episodes                      episodes and what it is computed from
  codex ls -s stage:analytics --json         one JSON object a line")]
pub(super) struct Ls {
    #[command(flatten)]
    selection: Selection,
}

impl Ls {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let listing = models(context)?.list(&self.selection.selectors()?)?;
        warn(context, &listing.warnings);
        for model in &listing.models {
            match out.json {
                true => out.record(model)?,
                false => out.line(&model.name)?,
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Render the models' SQL into target/compiled; one alone is printed too
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex compile                              all of them
  codex compile -s episodes                  one, printed too
  codex compile -s +episodes --as-of 2026-03-04")]
pub(super) struct Compile {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    place: Place,
}

impl Compile {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let as_of = self.place.as_of();
        let target = context.target(self.place.target_path)?;
        let (compiled, warnings) =
            models(context)?.compile(&self.selection.selectors()?, as_of, &target)?;
        warn(context, &warnings);
        match compiled.as_slice() {
            _ if out.json => out.document(&compiled)?,
            [one] => out.line(&one.compiled_code)?,
            several => {
                for model in several {
                    out.line(model.compiled_path.display().to_string())?;
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Make the models: views, tables, incremental models and the caches of the open epochs
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex run                                  everything
  codex --project-dir my-memory run -s +my_view
  codex run -s tag:daily --full-refresh      build incremental models anew

What nights write (transitions) changes only in `codex consolidate`. A model that fails leaves its relation as it was, and what is
computed from it is skipped.")]
pub(super) struct Run {
    /// Build incremental models and caches anew
    #[arg(short, long)]
    full_refresh: bool,
    #[command(flatten)]
    ordered: Ordered,
}

impl Run {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let asked = RunModels {
            order: self.ordered.order(context)?,
            full_refresh: self.full_refresh,
        };
        let mut teller = Teller::new(out);
        let report = context
            .session()?
            .ask(asked, &mut |update| teller.hear(&update))?;
        teller.end(context, &report)
    }
}

/// Test the data: unique, not_null, relationships, accepted_values and sql/tests
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex test                                 everything
  codex test -s memory_traces                what is said of one model
  codex test -s stage:analytics -x           stop at the first failure

A test is a query, and every row it finds is a failure: exit code 1 then. target/compiled/tests holds the queries.")]
pub(super) struct Test {
    #[command(flatten)]
    ordered: Ordered,
}

impl Test {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let asked = TestModels {
            order: self.ordered.order(context)?,
        };
        let mut teller = Teller::new(out);
        let report = context
            .session()?
            .ask(asked, &mut |update| teller.hear(&update))?;
        teller.end(context, &report)
    }
}

fn models(context: &Context) -> Result<Models> {
    Models::new(&context.config()?, Arc::new(context.project()?))
}

fn warn(context: &Context, warnings: &[String]) {
    for warning in warnings {
        context.note(&format!("warning: {warning}"));
    }
}

/// Tells what became of each model as it is done, then of all.
struct Teller<'a> {
    out: &'a mut Output,
    /// The first failure to write; told at the end.
    stopped: Option<Stop>,
}

impl<'a> Teller<'a> {
    fn new(out: &'a mut Output) -> Teller<'a> {
        Teller { out, stopped: None }
    }

    fn hear(&mut self, update: &Progress) {
        if self.out.json || self.stopped.is_some() {
            return;
        }
        if let Progress::Node {
            result: node,
            number,
            total,
        } = update
        {
            self.stopped = self.out.line_now(line(node, *number, *total)).err();
        }
    }

    fn end(self, context: &Context, report: &RunReport) -> Outcome {
        if let Some(stop) = self.stopped {
            return Err(stop);
        }
        warn(context, &report.warnings);
        if self.out.json {
            self.out.document(&report.document)?;
        } else {
            for node in report
                .results
                .iter()
                .filter(|node| matches!(node.status, NodeStatus::Error | NodeStatus::Fail))
            {
                self.out.line("")?;
                self.out
                    .line(format!("{} in {}", what_failed(node), node.name))?;
                for text in node.message.iter().flat_map(|message| message.lines()) {
                    self.out.line(format!("  {text}"))?;
                }
            }
            if report.results.is_empty() {
                self.out
                    .line("Nothing to do: no models are selected, or they have no tests")?;
            }
            self.out.line("")?;
            self.out.line(totals(report))?;
        }
        Ok(if report.is_ok() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(1)
        })
    }
}

fn what_failed(node: &NodeResult) -> &'static str {
    match node.status {
        NodeStatus::Fail => "Failure",
        _ => "Error",
    }
}

/// `1 of 15 OK created sql view model main.clock ......... [OK in 0.02s]`.
fn line(node: &NodeResult, number: usize, total: usize) -> String {
    let name = node.relation_name.as_deref().unwrap_or(&node.name);
    let seconds = node.execution_time;
    let (what, end) = match node.status {
        NodeStatus::Success => (
            format!("OK created sql {} model {name}", node.kind),
            format!("OK in {seconds:.2}s"),
        ),
        NodeStatus::Pass => (format!("PASS {name}"), format!("PASS in {seconds:.2}s")),
        NodeStatus::Fail => {
            let n = node.failures.unwrap_or_default();
            (
                format!("FAIL {n} {name}"),
                format!("FAIL {n} in {seconds:.2}s"),
            )
        }
        NodeStatus::Error if node.kind == "test" => {
            (format!("ERROR {name}"), format!("ERROR in {seconds:.2}s"))
        }
        NodeStatus::Error => (
            format!("ERROR creating sql {} model {name}", node.kind),
            format!("ERROR in {seconds:.2}s"),
        ),
        NodeStatus::Skipped => {
            let why = node
                .message
                .as_deref()
                .map_or(String::new(), |why| format!(": {why}"));
            (format!("SKIP {} {name}{why}", node.kind), "SKIP".to_owned())
        }
    };
    let number = format!("{number:>0$} of {total}", total.to_string().len());
    let start = format!("{number} {what} ");
    let dots = ".".repeat(WIDTH.saturating_sub(start.chars().count()).max(3));
    format!("{start}{dots} [{end}]")
}

fn totals(report: &RunReport) -> String {
    let count = |ending| report.count(ending);
    format!(
        "Done. PASS={} WARN=0 ERROR={} SKIP={} TOTAL={}",
        count(NodeStatus::Success) + count(NodeStatus::Pass),
        count(NodeStatus::Error) + count(NodeStatus::Fail),
        count(NodeStatus::Skipped),
        report.results.len()
    )
}
