//! `codex memory`: single memories.

use super::context::Context;
use super::render::{Outcome, Output, Stop, minute, one_line, printable, said, table};
use super::times;
use crate::clock;
use crate::engine::request::{AddMemory, DeleteMemory, EditMemory, ListMemories, ShowMemory};
use crate::engine::{MemoryDetail, MemoryFilter, NewMemory, Outcome as Became};
use crate::error::Result;
use chrono::NaiveDateTime;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use std::process::ExitCode;

/// Add, look at, list, edit and delete single memories
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  codex memory add \"The spare key is at the greenhouse\"
  codex memory list
  codex memory show 17

A memory is named by its id, a number, or by the key it came with.")]
pub(super) enum Memory {
    Add(Add),
    Show(Show),
    List(List),
    Edit(Edit),
    Delete(Delete),
}

/// Remember something
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex memory add \"The spare key is at the greenhouse\"
  codex memory add \"Check-up moved to Friday\" --at \"2026-03-14 09:30\" --speaker Nora --session vet
  codex memory add \"…\" --metadata '{\"source\": \"phone\"}' --key note-17

The same words at the same time by the same speaker are one memory. A --key known already is edited.")]
pub(super) struct Add {
    /// What to remember
    text: String,
    /// When it happened: RFC 3339, or YYYY-MM-DD with or without HH:MM:SS, in UTC [default: now]
    #[arg(long, value_name = "TIME", value_parser = times::moment)]
    at: Option<NaiveDateTime>,
    /// Who says it
    #[arg(long, value_name = "NAME")]
    speaker: Option<String>,
    /// The conversation it belongs to
    #[arg(long, value_name = "NAME")]
    session: Option<String>,
    /// Anything else, as a JSON object
    #[arg(long, value_name = "JSON", value_parser = object)]
    metadata: Option<Map<String, Value>>,
    /// A name of its own
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
}

/// Look at a memory; that counts as using it
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex memory show 17
  codex memory show d017 --json

Looking logs a `used` activation, which strengthens the memory at the next night. A store that cannot be written is only read.")]
pub(super) struct Show {
    /// Its id or key
    id: String,
}

/// The newest memories
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex memory list
  codex memory list --limit 100 --mind nora --json")]
pub(super) struct List {
    /// At most this many
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
}

/// Change what a memory says; its earlier words stay in the raw log
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex memory edit 17 \"The check-up is on Friday at nine\"")]
pub(super) struct Edit {
    /// Its id or key
    id: String,
    /// What it says from now on
    text: String,
}

/// Delete a memory: it no longer comes up, its raw row stays
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex memory delete 17
  codex memory delete d017 --reason \"told in confidence\"")]
pub(super) struct Delete {
    /// Its id or key
    id: String,
    /// Why
    #[arg(long, default_value = "deleted by its owner", value_name = "TEXT")]
    reason: String,
}

impl Memory {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        match self {
            Memory::Add(add) => add.run(context, out),
            Memory::Show(show) => show.run(context, out),
            Memory::List(list) => list.run(context, out),
            Memory::Edit(edit) => edit.run(context, out),
            Memory::Delete(delete) => delete.run(context, out),
        }?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Add {
    fn run(self, context: &Context, out: &mut Output) -> Result<(), Stop> {
        let mut session = context.session()?;
        let now = clock::now();
        let new = NewMemory {
            mind: context.mind(),
            time_zone: session.config().settings.time_zone.0,
            content: self.text,
            created_at: self.at.unwrap_or(now),
            speaker: self.speaker.filter(|name| !name.trim().is_empty()),
            session: self.session.filter(|name| !name.trim().is_empty()),
            metadata: self.metadata.unwrap_or_default(),
            key: self.key,
        };
        let added = session.ask(AddMemory { new, now }, &mut |_| ())?;
        if out.json {
            return out.document(&added);
        }
        let what = match added.outcome {
            Became::Added => "remembered as",
            Became::Edited => "edited:",
            Became::Unchanged => "known already as",
        };
        out.line(format!(
            "{what} memory {} of mind '{}'",
            added.id,
            one_line(&added.mind)
        ))
    }
}

impl Show {
    fn run(self, context: &Context, out: &mut Output) -> Result<(), Stop> {
        let shown = context.ask(ShowMemory {
            mind: context.mind(),
            id: self.id,
            now: clock::now(),
            used: true,
        })?;
        if out.json {
            return out.document(&shown);
        }
        in_full(&shown, out)
    }
}

fn in_full(shown: &MemoryDetail, out: &mut Output) -> Result<(), Stop> {
    let memory = &shown.memory;
    let mut facts = table(&["memory", &memory.id.to_string()]);
    let tier = match &shown.reason {
        Some(reason) => format!("{} ({})", memory.tier, one_line(reason)),
        None => memory.tier.clone(),
    };
    let mut rows = vec![
        ("mind", shown.mind.clone()),
        ("key", memory.key.clone()),
        ("source", shown.source.clone()),
        ("happened", minute(&memory.created_at)),
        ("recorded", minute(&shown.recorded_at)),
        ("tier", tier),
        (
            "recalled",
            format!("retrieved {}, used {}", shown.retrieved, shown.used),
        ),
    ];
    rows.extend(memory.speaker.iter().map(|s| ("speaker", s.clone())));
    rows.extend(memory.session.iter().map(|s| ("session", s.clone())));
    if !shown.metadata.is_empty() {
        rows.push((
            "metadata",
            Value::Object(shown.metadata.clone()).to_string(),
        ));
    }
    for (name, value) in rows {
        facts.add_row([name.to_owned(), one_line(&value)]);
    }
    out.table(&facts)?;
    out.line("")?;
    out.line(printable(&memory.content))?;
    for earlier in &shown.earlier {
        out.line("")?;
        out.line(format!(
            "until {}: {}",
            minute(&earlier.until),
            printable(&earlier.content)
        ))?;
    }
    Ok(())
}

impl List {
    fn run(self, context: &Context, out: &mut Output) -> Result<(), Stop> {
        let mind = context.mind();
        let memories = context.ask(ListMemories {
            mind: mind.clone(),
            limit: self.limit,
            filter: MemoryFilter::default(),
        })?;
        if out.json {
            return out.document(&json!({"mind": mind, "memories": memories}));
        }
        let mut rows = table(&[">id", "happened", "tier", "memory"]);
        for memory in &memories {
            rows.add_row([
                memory.id.to_string(),
                minute(&memory.created_at),
                memory.tier.clone(),
                said(memory.speaker.as_deref(), &memory.content, 100),
            ]);
        }
        out.table(&rows)
    }
}

impl Edit {
    fn run(self, context: &Context, out: &mut Output) -> Result<(), Stop> {
        let shown = context.ask(EditMemory {
            mind: context.mind(),
            id: self.id,
            text: self.text,
            now: clock::now(),
        })?;
        if out.json {
            return out.document(&shown);
        }
        out.line(format!(
            "memory {} now reads: {}",
            shown.memory.id,
            printable(&shown.memory.content)
        ))
    }
}

impl Delete {
    fn run(self, context: &Context, out: &mut Output) -> Result<(), Stop> {
        let shown = context.ask(DeleteMemory {
            mind: context.mind(),
            id: self.id,
            reason: self.reason,
            now: clock::now(),
        })?;
        if out.json {
            return out.document(&shown);
        }
        out.line(format!(
            "memory {} is deleted; its raw row stays in the log",
            shown.memory.id
        ))
    }
}

fn object(text: &str) -> std::result::Result<Map<String, Value>, String> {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err("it has to be a JSON object, such as {\"source\": \"phone\"}".to_owned()),
        Err(e) => Err(format!("it is not JSON: {e}")),
    }
}
