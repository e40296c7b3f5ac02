//! `codex models`: embedding models on this machine.

use super::context::Context;
use super::progress::ProgressLine;
use super::render::{Outcome, Output, table};
use crate::engine::{PullSource, absolute, list_models, pull_model};
use clap::Subcommand;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// Local models that tell how near meanings are, run without any server
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  codex models pull all-minilm-l6-v2                  fetch it from the hub (91 MB)
  codex models pull all-minilm-l6-v2 --from model/    or take it from disk
  codex models list
  codex enrich                                        then embed what there is

Any sentence model of the BERT family will do: config.json, tokenizer.json, model.safetensors.")]
pub(super) enum Models {
    /// The models that are there
    #[command(after_help = "Examples:\n  codex models list\n  codex models list --json")]
    List,
    Pull(Pull),
}

/// Fetch a model, or take it from a directory
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  codex models pull all-minilm-l6-v2
  codex models pull my-model --from downloads/my-model")]
pub(super) struct Pull {
    /// Its name, such as all-minilm-l6-v2
    #[arg(value_name = "NAME")]
    name: String,
    /// Take it from this directory, or one below
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
}

impl Models {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        match self {
            Models::List => list(context, out),
            Models::Pull(pull) => pull.run(context, out),
        }
    }
}

fn list(context: &Context, out: &mut Output) -> Outcome {
    let settings = context.config()?.settings;
    let models = list_models(&settings.models);
    if out.json {
        out.document(&models)?;
        return Ok(ExitCode::SUCCESS);
    }
    if models.is_empty() {
        out.line(format!("no models in {}", settings.models.display()))?;
        out.line(format!(
            "fetch one: codex models pull {}",
            settings.local_model
        ))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = table(&["model", ">MB", "state", "directory"]);
    for model in models {
        let state = match (model.complete, model.name == settings.local_model) {
            (false, _) => "incomplete: pull it again",
            (true, true) => "in use",
            (true, false) => "ready",
        };
        rows.add_row([
            model.name,
            format!("{}", model.bytes.div_ceil(1_000_000)),
            state.to_owned(),
            model.path.display().to_string(),
        ]);
    }
    out.table(&rows)?;
    Ok(ExitCode::SUCCESS)
}

impl Pull {
    fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let settings = context.config()?.settings;
        let source = match self.from {
            Some(dir) => PullSource::Directory(absolute(&dir)?),
            None => PullSource::Hub,
        };
        let mut progress = ProgressLine::start("MB", context.quiet());
        let pulled = pull_model(&settings.models, &self.name, &source, |file, bytes| {
            progress.tell(bytes / 1_000_000, None, file);
        });
        progress.finish();
        let model = pulled?;
        if out.json {
            out.document(&json!(model))?;
        } else {
            out.line(format!(
                "{} is ready in {}",
                model.name,
                model.path.display()
            ))?;
            if model.name != settings.local_model {
                out.line(format!(
                    "use it with: CODEX_LOCAL_MODEL={} codex enrich",
                    model.name
                ))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
