//! `codex init`.

use super::context::Context;
use super::render::{Outcome, Output, counted};
use crate::error::Error;
use clap::Args;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const ENV_EXAMPLE: &str = "\
# The DuckDB file codex works on; --db PATH wins over it.
DUCKDB_PATH=~/.local/share/codex/memory.duckdb

# Ollama, where there is one: what reads memories, and what tells how near meanings are.
OLLAMA_URL=http://localhost:11434
OLLAMA_MODEL=gpt-oss:20b
EMBEDDING_MODEL=nomic-embed-text
OLLAMA_TIMEOUT=300
";

const USER_CONFIG: &str = "\
# Your settings and parameters; config/default.yaml has all of them, with units, ranges and sources.
#
# settings:
#   database: ~/diary.duckdb
#   time_zone: Europe/Lisbon
#
# parameters:
#   consolidation_threshold: 0.55
";

/// Write the project (models, SQL, schedules, configuration) into a directory, to read and change
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex init my-memory                     write it
  codex --project-dir my-memory consolidate    and use it

Without a project directory codex uses the copy in its binary. Files that exist are never overwritten.")]
pub(super) struct Init {
    /// The directory; made where there is none
    #[arg(default_value = ".")]
    dir: PathBuf,
}

impl Init {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let project = context.project()?;
        let extras = [
            (".env.example", ENV_EXAMPLE),
            ("config/codex.yaml", USER_CONFIG),
        ];
        if let Some((path, _)) = extras.iter().find(|(path, _)| self.dir.join(path).exists()) {
            return Err(Error::usage(format!(
                "{} exists already; nothing was written",
                self.dir.join(path).display()
            ))
            .hint("choose another directory, or move it away")
            .into());
        }
        let mut written = project
            .eject(&self.dir)
            .map_err(|e| Error::usage(e.to_string()).caused_by(e))?;
        for (path, text) in extras {
            let path = self.dir.join(path);
            write(&path, text)?;
            written.push(path);
        }
        if out.json {
            out.document(&json!({"dir": self.dir, "files": written}))?;
        } else {
            let dir = self.dir.display();
            out.line(format!(
                "{} written to {dir}",
                counted(written.len() as u64, "file", "files")
            ))?;
            out.line("")?;
            out.line("  pipeline/   what the models are, with their sources in psychology and neuroscience")?;
            out.line("  sql/        how they are computed")?;
            out.line("  prompts/    what language models are asked, where there are any")?;
            out.line("  config/     default.yaml to read, codex.yaml for your own values")?;
            out.line("")?;
            out.line(format!(
                "Use it with: codex --project-dir {dir} consolidate"
            ))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::create_dir_all(path.parent().unwrap_or(path))
        .and_then(|()| fs::write(path, text))
        .map_err(|e| Error::failed(format!("cannot write {}: {e}", path.display())))
}
