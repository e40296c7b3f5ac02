//! `codex enrich`.

use super::context::Context;
use super::progress::Progress;
use super::render::{Outcome, Output, counted};
use crate::engine::request::{EnrichOwed, Progress as Heard};
use crate::engine::{EnrichReport, EnrichRequest, EnrichWhat};
use clap::Args;
use std::process::ExitCode;

/// Let models add what they owe: vectors of what memories mean
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex enrich                 everything that is owed
  codex enrich --limit 1000    the newest thousand of it

Nothing waits for models: memories flow with what rules read, and questions go by words, until this has run. It can be stopped and
run again at any time; what came stays.")]
pub(super) struct Enrich {
    /// At most this many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
}

impl Enrich {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let request = EnrichRequest {
            limit: self.limit,
            only: None,
        };
        let mut progress = Progress::start("vectors", context.quiet());
        let report = context
            .session()?
            .ask(EnrichOwed { request }, &mut |heard| {
                if let Heard::Enriched(advance) = heard {
                    let what = match advance.what {
                        EnrichWhat::Vectors => "",
                    };
                    progress.tell(advance.done, Some(advance.total), what);
                }
            });
        progress.finish();
        let report = report?;
        if out.json {
            out.document(&report)?;
        } else {
            summary(&report, out)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn summary(report: &EnrichReport, out: &mut Output) -> Result<(), super::render::Stop> {
    let vectors = &report.vectors;
    if let Some(model) = &vectors.model {
        out.line(format!(
            "{} by {model}, {} owed",
            counted(vectors.embedded, "vector", "vectors"),
            vectors.owed
        ))?;
    }
    if let Some(note) = &vectors.note {
        out.line(format!("vectors: {note}"))?;
    }
    Ok(())
}
