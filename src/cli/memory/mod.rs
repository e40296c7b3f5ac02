//! `codex memory`: single memories.

mod cleanup;
mod filing;
mod relations;
mod sessions;

use self::filing::FilingArgs;
use super::context::Context;
use super::render::{Outcome, Output, Stop, minute, one_line, printable, said, table};
use super::times;
use crate::clock;
use crate::engine::request::{AddMemory, DeleteMemory, EditMemory, ListMemories, ShowMemory};
use crate::engine::{
    MemoryDetail, MemoryFilter, MemorySummary, NewMemory, Outcome as Became, SPACES,
};
use crate::error::{Error, Result};
use chrono::NaiveDateTime;
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use std::process::ExitCode;

/// Add, look at, list, edit, file, relate, clean up and delete single memories
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
    Move(filing::Move),
    Delete(Delete),
    Restore(filing::Restore),
    History(filing::History),
    Link(relations::Link),
    Unlink(relations::Unlink),
    Related(relations::Related),
    Cleanup(cleanup::CleanupArgs),
    Sessions(sessions::Sessions),
}

/// Remember something
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex memory add \"The spare key is at the greenhouse\"
  codex memory add \"Check-up moved to Friday\" --at \"2026-03-14 09:30\" --speaker Nora --session vet
  codex memory add \"…\" --metadata '{\"source\": \"phone\"}' --key note-17
  codex memory add - --kind procedural --tag garden --importance 0.8 < how-to-prune.txt

The same words at the same time by the same speaker are one memory. A --key known already is edited.")]
pub(super) struct Add {
    /// What to remember; - reads it from standard input
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
    #[command(flatten)]
    filing: FilingArgs,
    /// Who adds it
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
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

/// The newest memories, or those that filters let through
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex memory list
  codex memory list --limit 100 --mind nora --json
  codex memory list --kind procedural --tag garden
  codex memory list --since 2026-03-01 --until 2026-04-01 --speaker Nora
  codex memory list --after 2026-03-14T09:30:00Z/17

With --json, `next` is what --after takes for the page that follows; null on the last one.")]
pub(super) struct List {
    /// Filed in this space
    #[arg(long, value_name = "SPACE", value_parser = PossibleValuesParser::new(SPACES))]
    space: Option<String>,
    /// Of this kind
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// With this tag; repeat it for memories that have all of them
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// From this source
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Said by this speaker
    #[arg(long, value_name = "NAME")]
    speaker: Option<String>,
    /// Of this conversation
    #[arg(long, value_name = "NAME")]
    session: Option<String>,
    /// In this state: pending, working, short_term, long_term, forgotten, deleted
    #[arg(long, value_name = "TIER")]
    tier: Option<String>,
    /// Happened at this time or later
    #[arg(long, value_name = "TIME", value_parser = times::moment)]
    since: Option<NaiveDateTime>,
    /// Happened before this time
    #[arg(long, value_name = "TIME", value_parser = times::moment)]
    until: Option<NaiveDateTime>,
    /// Filed as at least this important, 0 to 1
    #[arg(long, value_name = "0..1")]
    min_importance: Option<f64>,
    /// With these words in it
    #[arg(long, value_name = "WORDS")]
    text: Option<String>,
    /// Only pinned ones
    #[arg(long)]
    pinned: bool,
    /// Archived ones too
    #[arg(long)]
    archived: bool,
    /// Deleted ones too
    #[arg(long)]
    deleted: bool,
    /// Those after this place: what the page before calls `next`
    #[arg(long, value_name = "PLACE")]
    after: Option<String>,
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
    /// What it says from now on; - reads it from standard input
    text: String,
    /// Who edits it
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
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
    /// Who deletes it
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

impl Memory {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        match self {
            Memory::Add(add) => add.run(context, out),
            Memory::Show(show) => show.run(context, out),
            Memory::List(list) => list.run(context, out),
            Memory::Edit(edit) => edit.run(context, out),
            Memory::Move(change) => change.run(context, out),
            Memory::Delete(delete) => delete.run(context, out),
            Memory::Restore(restore) => restore.run(context, out),
            Memory::History(history) => history.run(context, out),
            Memory::Link(link) => link.run(context, out),
            Memory::Unlink(unlink) => unlink.run(context, out),
            Memory::Related(related) => related.run(context, out),
            Memory::Cleanup(cleanup) => cleanup.run(context, out),
            Memory::Sessions(sessions) => sessions.run(context, out),
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
            content: text_or_stdin(self.text)?,
            created_at: self.at.unwrap_or(now),
            speaker: self.speaker.filter(|name| !name.trim().is_empty()),
            session: self.session.filter(|name| !name.trim().is_empty()),
            metadata: self.metadata.unwrap_or_default(),
            key: self.key,
            filing: self.filing.change(),
            author: self.by,
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
    rows.extend(filed(memory));
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

/// What a memory is filed as, line by line.
fn filed(memory: &MemorySummary) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    rows.extend(memory.space.iter().map(|s| ("space", s.clone())));
    rows.extend(memory.kind.iter().map(|k| ("kind", k.clone())));
    rows.extend(memory.importance.map(|i| ("importance", i.to_string())));
    rows.extend(memory.filed_source.iter().map(|s| ("from", s.clone())));
    if !memory.tags.is_empty() {
        rows.push(("tags", memory.tags.join(", ")));
    }
    rows.extend(memory.valid_from.iter().map(|t| ("holds from", minute(t))));
    rows.extend(
        memory
            .valid_until
            .iter()
            .map(|t| ("holds until", minute(t))),
    );
    if memory.pinned {
        rows.push(("pinned", "yes".to_owned()));
    }
    if memory.archived {
        rows.push(("archived", "yes".to_owned()));
    }
    rows
}

impl List {
    fn run(self, context: &Context, out: &mut Output) -> Result<(), Stop> {
        let mind = context.mind();
        let memories = context.ask(ListMemories {
            mind: mind.clone(),
            filter: MemoryFilter {
                space: self.space,
                kind: self.kind,
                tags: self.tags,
                source: self.source,
                speaker: self.speaker,
                session: self.session,
                tier: self.tier,
                since: self.since,
                until: self.until,
                min_importance: self.min_importance,
                text: self.text,
                pinned: self.pinned,
                archived: self.archived,
                deleted: self.deleted,
            },
            after: self.after,
            limit: self.limit,
        })?;
        let full = memories.len() as u64 == self.limit;
        let next = memories.last().filter(|_| full).map(MemorySummary::place);
        if out.json {
            return out.document(&json!({"mind": mind, "memories": memories, "next": next}));
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
            text: text_or_stdin(self.text)?,
            author: self.by,
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
            author: self.by,
            now: clock::now(),
        })?;
        if out.json {
            return out.document(&shown);
        }
        out.line(format!(
            "memory {0} is deleted; its raw row stays in the log, and `codex memory restore {0}` brings it back",
            shown.memory.id
        ))
    }
}

/// The text given, or all of standard input where it is `-`.
fn text_or_stdin(text: String) -> Result<String> {
    if text != "-" {
        return Ok(text);
    }
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes)
        .map_err(|e| Error::failed(format!("cannot read standard input: {e}")))?;
    let text = String::from_utf8(bytes).map_err(|e| {
        Error::usage(format!("standard input is not UTF-8: {e}"))
            .hint("convert it, for example with iconv")
    })?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

fn object(text: &str) -> std::result::Result<Map<String, Value>, String> {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err("it has to be a JSON object, such as {\"source\": \"phone\"}".to_owned()),
        Err(e) => Err(format!("it is not JSON: {e}")),
    }
}
