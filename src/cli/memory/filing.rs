//! `codex memory move|restore|history`, and the options that say what a memory is filed as.

use super::super::context::Context;
use super::super::render::{Output, Stop, minute, one_line, table};
use super::super::times;
use crate::clock;
use crate::engine::request::{MemoryHistory, MoveMemory, RestoreMemory};
use crate::engine::{FilingChange, SPACES};
use chrono::NaiveDateTime;
use clap::Args;
use clap::builder::PossibleValuesParser;
use serde_json::json;

/// What a memory is filed as.
#[derive(Debug, Args)]
pub(super) struct FilingArgs {
    /// File it in this space; long_term_memory pins it, archive takes it out of default recall
    #[arg(long, value_name = "SPACE", value_parser = PossibleValuesParser::new(SPACES))]
    space: Option<String>,
    /// What kind it is: episodic, semantic, procedural, reflection, or one of your own
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// How important it is, 0 to 1
    #[arg(long, value_name = "0..1")]
    importance: Option<f64>,
    /// Where you have it from
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// A tag; repeat it for more. They take the place of the tags it has
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// What it says holds from then on
    #[arg(long, value_name = "TIME", value_parser = times::moment)]
    valid_from: Option<NaiveDateTime>,
    /// What it says holds until then
    #[arg(long, value_name = "TIME", value_parser = times::moment)]
    valid_until: Option<NaiveDateTime>,
    /// Never clean it up
    #[arg(long, conflicts_with = "unpin")]
    pin: bool,
    /// It may be cleaned up again
    #[arg(long)]
    unpin: bool,
    /// Take it out of default recall
    #[arg(long, conflicts_with = "unarchive")]
    archive: bool,
    /// Take it out of the archive
    #[arg(long)]
    unarchive: bool,
}

impl FilingArgs {
    pub(super) fn change(self) -> FilingChange {
        let flag = |yes: bool, no: bool| (yes || no).then_some(yes);
        FilingChange {
            space: self.space,
            kind: self.kind,
            archived: flag(self.archive, self.unarchive),
            pinned: flag(self.pin, self.unpin),
            importance: self.importance,
            source: self.source,
            tags: (!self.tags.is_empty()).then_some(self.tags),
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            clear: Vec::new(),
        }
    }
}

/// Change what a memory is filed as: space, kind, tags, importance, pin, archive
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex memory move 17 --space personal_logs
  codex memory move 17 --kind procedural --tag garden --tag tools --importance 0.8
  codex memory move 17 --clear tags --unpin

What is not named stays. Tiers (short_term, long_term …) are another matter: only nights change them.")]
pub(in crate::cli) struct Move {
    /// Its id or key
    id: String,
    #[command(flatten)]
    filing: FilingArgs,
    /// Empty a field: space, kind, importance, source, tags, valid_from, valid_until
    #[arg(long, value_name = "FIELD")]
    clear: Vec<String>,
    /// Who does it
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

impl Move {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Result<(), Stop> {
        let mut change = self.filing.change();
        change.clear = self.clear;
        if change.is_empty() {
            return Err(crate::error::Error::usage("nothing is to be changed")
                .hint("say what: --space, --kind, --tag, --importance, --pin, --archive, --clear …")
                .into());
        }
        let shown = context.ask(MoveMemory {
            mind: context.mind(),
            id: self.id,
            change,
            author: self.by,
            now: clock::now(),
        })?;
        if out.json {
            return out.document(&shown);
        }
        let memory = &shown.memory;
        let mut parts: Vec<String> = Vec::new();
        parts.extend(memory.space.iter().map(|s| format!("space {s}")));
        parts.extend(memory.kind.iter().map(|k| format!("kind {}", one_line(k))));
        parts.extend(memory.importance.iter().map(|i| format!("importance {i}")));
        if !memory.tags.is_empty() {
            parts.push(format!("tags {}", one_line(&memory.tags.join(", "))));
        }
        if memory.pinned {
            parts.push("pinned".to_owned());
        }
        if memory.archived {
            parts.push("archived".to_owned());
        }
        if parts.is_empty() {
            parts.push("nothing in particular".to_owned());
        }
        out.line(format!(
            "memory {} is filed: {}",
            memory.id,
            parts.join(", ")
        ))
    }
}

/// Remember a deleted memory again
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex memory restore 17

It comes back as a memory of its own, with a new id and the words, time, filing and relations it had: what nights made of the
deletion is not undone, the next night learns it anew.")]
pub(in crate::cli) struct Restore {
    /// Its id or key
    id: String,
    /// Who does it
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

impl Restore {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Result<(), Stop> {
        let shown = context.ask(RestoreMemory {
            mind: context.mind(),
            id: self.id.clone(),
            author: self.by,
            now: clock::now(),
        })?;
        if out.json {
            return out.document(&shown);
        }
        out.line(format!(
            "memory {} is remembered again, as memory {}",
            one_line(&self.id),
            shown.memory.id
        ))
    }
}

/// Everything that happened to a memory
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex memory history 17
  codex memory history d017 --json")]
pub(in crate::cli) struct History {
    /// Its id or key
    id: String,
}

impl History {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Result<(), Stop> {
        let events = context.ask(MemoryHistory {
            mind: context.mind(),
            id: self.id.clone(),
        })?;
        if out.json {
            return out.document(&json!({"id": self.id, "events": events}));
        }
        let mut rows = table(&["when", "what", "by", "about"]);
        for event in &events {
            let about = event
                .content
                .as_ref()
                .or(event.reason.as_ref())
                .or(event.batch.as_ref());
            rows.add_row([
                minute(&event.at),
                event.event.clone(),
                one_line(event.author.as_deref().unwrap_or("")),
                one_line(about.map_or("", String::as_str)),
            ]);
        }
        out.table(&rows)
    }
}
