//! `codex enrich`.

use super::context::Context;
use super::progress::ProgressLine;
use super::render::{Outcome, Output, counted, table};
use crate::engine::request::{EnrichPending, Progress};
use crate::engine::{EnrichReport, EnrichRequest, EnrichWhat};
use clap::{Args, ValueEnum};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Let models add what they owe: what memories mean and say, titles of episodes, gists of what was learned
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex enrich                              everything that is owed, the newest first
  codex enrich --limit 1000                 at most a thousand of each kind
  codex enrich --only vectors               embeddings alone
  codex enrich --redo --model qwen3:8b      ask another model about everything again

Nothing waits for models: memories flow with what rules read, and questions go by words, until this has run. It can be stopped and
run again at any time; what came stays. While it runs by itself, other commands wait for the store; with `codex daemon start` they
need not, and the daemon makes up what is owed by itself. Answers are events: the next night takes them up, and a replay needs no model.")]
pub(super) struct Enrich {
    /// At most this many of each kind
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Only this kind
    #[arg(long, value_name = "KIND")]
    only: Option<Kind>,
    /// Ask again about what another model or an earlier version of the prompt has answered, or rules were kept for
    #[arg(long)]
    redo: bool,
    /// The language model to ask, instead of settings.ollama.model
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
}

/// What models add.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Vectors,
    Memories,
    Episodes,
    Clusters,
    Insights,
}

impl From<Kind> for EnrichWhat {
    fn from(kind: Kind) -> EnrichWhat {
        match kind {
            Kind::Vectors => EnrichWhat::Vectors,
            Kind::Memories => EnrichWhat::Memories,
            Kind::Episodes => EnrichWhat::Episodes,
            Kind::Clusters => EnrichWhat::Clusters,
            Kind::Insights => EnrichWhat::Insights,
        }
    }
}

impl Enrich {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let request = EnrichRequest {
            limit: self.limit,
            only: self.only.map(EnrichWhat::from),
            redo: self.redo,
            model: self.model,
            budgeted: false,
        };
        let mut shown: Option<(EnrichWhat, ProgressLine, Instant)> = None;
        let report = context
            .session()?
            .ask(EnrichPending { request }, &mut |update| {
                let Progress::Enriched(advance) = update else {
                    return;
                };
                if shown
                    .as_ref()
                    .is_none_or(|(what, ..)| *what != advance.what)
                {
                    let progress = ProgressLine::start(name(advance.what), context.quiet());
                    if let Some((_, before, _)) =
                        shown.replace((advance.what, progress, Instant::now()))
                    {
                        before.finish();
                    }
                }
                if let Some((_, progress, since)) = &mut shown {
                    progress.tell(
                        advance.done,
                        Some(advance.total),
                        &rate(advance.done, advance.total, since.elapsed()),
                    );
                }
            });
        if let Some((_, progress, _)) = shown {
            progress.finish();
        }
        let report = report?;
        if out.json {
            out.document(&report)?;
        } else {
            summary(&report, out)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn name(what: EnrichWhat) -> &'static str {
    match what {
        EnrichWhat::Vectors => "vectors",
        EnrichWhat::Memories => "memories",
        EnrichWhat::Episodes => "episodes",
        EnrichWhat::Clusters => "clusters",
        EnrichWhat::Insights => "insights",
    }
}

/// How fast it goes, and how long it will take.
fn rate(done: u64, total: u64, since: Duration) -> String {
    let seconds = since.as_secs_f64();
    if done == 0 || seconds < 1.0 {
        return String::new();
    }
    let rate = done as f64 / seconds;
    let left = (total.saturating_sub(done) as f64 / rate).ceil() as u64;
    format!("{rate:.1}/s, {}:{:02} left", left / 60, left % 60)
}

fn summary(report: &EnrichReport, out: &mut Output) -> Result<(), super::render::Stop> {
    let vectors = &report.vectors;
    if let Some(model) = &vectors.model {
        out.line(format!(
            "{} by {model}, {} owed",
            counted(vectors.embedded, "vector", "vectors"),
            vectors.owed
        ))?;
        if !vectors.active {
            out.line("questions go on with the vectors there were, until all of these are there")?;
        }
    }
    if let Some(note) = &vectors.note {
        out.line(format!("no vectors: {note}"))?;
    }
    let kinds = [
        ("memories", &report.memories),
        ("episodes", &report.episodes),
        ("clusters", &report.clusters),
        ("insights", &report.insights),
    ];
    let mut told = None;
    let mut rows = table(&[
        "what",
        "model",
        ">answered",
        ">from cache",
        ">repaired",
        ">set right",
        ">rules kept",
        ">failed",
        ">owed",
    ]);
    for (what, of) in kinds {
        if let Some(model) = &of.model {
            let mut row = vec![what.to_owned(), model.clone()];
            row.extend(
                [
                    of.answered,
                    of.from_cache,
                    of.repaired,
                    of.clamped,
                    of.kept_rules,
                    of.failed,
                    of.owed,
                ]
                .map(|n| n.to_string()),
            );
            rows.add_row(row);
        }
        if of.note.is_some() && told != of.note {
            told.clone_from(&of.note);
        }
    }
    if kinds.iter().any(|(_, of)| of.model.is_some()) {
        out.table(&rows)?;
    }
    if let Some(note) = told {
        out.line(format!(
            "the language model was not asked, or not to the end: {note}"
        ))?;
    }
    Ok(())
}
