//! `codex init`.

use super::context::Context;
use super::render::{Outcome, Output, counted, one_line};
use crate::engine::{prepare, rights};
use crate::error::Error;
use clap::{Args, Subcommand};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const ENV_EXAMPLE: &str = "\
# Copy this to .env: codex reads it from the project's directory (--project-dir), else from the one it runs in. What the
# environment says wins over it. Keep it to yourself (chmod 600 .env) if it holds a password.

# The DuckDB file codex works on; --db PATH wins over it.
DUCKDB_PATH=~/.local/share/codex/memory.duckdb

# Where memories come from and dreams go to; leave it out to use files only. Host names, sockets
# (postgresql:///codex_db?host=/var/run/postgresql), several hosts, sslmode and sslrootcert as PostgreSQL's own clients know them.
# The password may also be in PGPASSWORD or ~/.pgpass. `codex doctor` looks whether all is well.
# POSTGRES_DB_URL=postgresql://codex_user:password@localhost:5432/codex_db?sslmode=verify-full&sslrootcert=system
# MAX_DB_CONNECTIONS=4

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
#[command(
    after_help = "\
Examples:
  codex init my-memory                     write it
  codex --project-dir my-memory consolidate    and use it
  codex init postgres                      make the schema `dreams`, to publish into

Without a project directory codex uses the copy in its binary. Files that exist are never overwritten.",
    args_conflicts_with_subcommands = true
)]
pub(super) struct Init {
    /// The directory; made where there is none
    #[arg(default_value = ".")]
    dir: PathBuf,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    Postgres(Postgres),
}

/// Make the schema `dreams` in PostgreSQL, or bring it up to date; from then on cycles publish into it
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex init postgres                      make the schema with the role of POSTGRES_DB_URL
  codex init postgres --trigger            and tell codex at once when a table changes (LISTEN/NOTIFY)
  codex init postgres --print > rights.sql     SQL for the owner of the database, to run with psql

The tables memories come from are only touched by --trigger, and only by adding the trigger.")]
struct Postgres {
    /// Install the trigger that makes intake immediate; needs the owner of the tables
    #[arg(long)]
    trigger: bool,
    /// Print the SQL for a role with the least rights instead of running anything
    #[arg(long)]
    print: bool,
}

impl Postgres {
    fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let (config, project) = (context.config()?, context.project()?);
        if self.print {
            let sql = rights(&config, &project, self.trigger)?;
            if out.json {
                out.document(&json!({"sql": sql}))?;
            } else {
                out.line(sql.trim_end())?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        let done = prepare(&config, &project, self.trigger)?;
        if out.json {
            out.document(&done)?;
            return Ok(ExitCode::SUCCESS);
        }
        out.line(match done.changed {
            true => "the schema `dreams` is ready; cycles publish into it from now on",
            false => "the schema `dreams` was ready already",
        })?;
        for view in &done.views {
            context.note(&format!(
                "note: {} is no table, so it has no trigger; put one like `--print --trigger` shows on the tables behind it",
                one_line(view)
            ));
        }
        for table in &done.triggers {
            out.line(format!(
                "{table} tells codex when it changes; `codex intake --watch` or the daemon listens"
            ))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Init {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        if let Some(What::Postgres(postgres)) = self.what {
            return postgres.run(context, out);
        }
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
