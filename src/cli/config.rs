//! `codex config show`.

use super::context::Context;
use super::render::{Outcome, Output, one_line, table};
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use std::process::ExitCode;

/// The effective settings and parameters, and where the parameters come from
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex config show
  codex config show --json

Passwords are never shown.")]
pub(super) struct Config {
    #[command(subcommand)]
    command: Which,
}

#[derive(Debug, Subcommand)]
enum Which {
    /// Show them; passwords are masked
    #[command(after_help = "Examples:\n  codex config show\n  codex config show --json")]
    Show,
}

impl Config {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let Which::Show = self.command;
        let config = context.config()?;
        let settings = serde_json::to_value(&config.settings).unwrap_or(Value::Null);
        if out.json {
            let parameters: Map<String, Value> = config
                .parameters
                .iter()
                .map(|p| {
                    let shown = json!({"value": p.value, "origin": p.origin.to_string(), "unit": p.declaration.unit});
                    (p.name.clone(), shown)
                })
                .collect();
            out.document(&json!({
                "settings": settings,
                "postgres": config.postgres.as_ref().map(ToString::to_string),
                "parameters": parameters,
            }))?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut rows = table(&["setting", "value"]);
        flatten(&settings, "", &mut |name, value| {
            rows.add_row([name.to_owned(), one_line(&value)]);
        });
        out.table(&rows)?;
        if let Some(address) = &config.postgres {
            out.line("")?;
            out.line(format!(
                "PostgreSQL, completed from the environment and .pgpass: {address}"
            ))?;
        }
        out.line("")?;
        let mut rows = table(&["parameter", ">value", "from"]);
        for p in config.parameters.iter() {
            rows.add_row([
                p.name.clone(),
                one_line(&p.value.to_string()),
                one_line(&p.origin.to_string()),
            ]);
        }
        out.table(&rows)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn flatten(value: &Value, name: &str, tell: &mut impl FnMut(&str, String)) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let name = if name.is_empty() {
                    key.clone()
                } else {
                    format!("{name}.{key}")
                };
                flatten(value, &name, tell);
            }
        }
        Value::Null => tell(name, "–".to_owned()),
        Value::String(text) if text.is_empty() => tell(name, "–".to_owned()),
        Value::String(text) => tell(name, text.clone()),
        other => tell(name, other.to_string()),
    }
}
