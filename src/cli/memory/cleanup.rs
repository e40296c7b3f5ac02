//! `codex memory cleanup`.

use super::super::context::Context;
use super::super::render::{Output, Stop, minute, one_line, table};
use super::super::times;
use crate::clock;
use crate::engine::CleanupRule;
use crate::engine::request::{CleanUp, UndoCleanup};
use chrono::Duration;
use clap::Args;
use serde_json::json;

/// Archive what is old, unimportant or weak; nothing is erased
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex memory cleanup --max-age 365d --dry-run
  codex memory cleanup --max-age 90d --min-importance 0.3 --all-of
  codex memory cleanup --min-strength 0.05 --protect reflection
  codex memory cleanup --undo 20260316T120000-17

Each condition selects by itself, --all-of wants them all. Pinned memories and --protect kinds stay. What is archived no longer comes
up by itself; `codex memory list --archived` shows it.")]
pub(in crate::cli) struct CleanupArgs {
    /// Older than this: 90d, 52w
    #[arg(long, value_name = "AGE", value_parser = times::duration)]
    max_age: Option<Duration>,
    /// Less important than this, 0 to 1: as filed, else as codex read it
    #[arg(long, value_name = "0..1")]
    min_importance: Option<f64>,
    /// Weaker than this at the last cycle, 0 to 1
    #[arg(long, value_name = "0..1")]
    min_strength: Option<f64>,
    /// Only memories of this kind
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Only what all conditions select
    #[arg(long)]
    all_of: bool,
    /// A kind that stays; repeat it for more
    #[arg(long, value_name = "KIND")]
    protect: Vec<String>,
    /// Only show what would be archived
    #[arg(long)]
    dry_run: bool,
    /// Take out of the archive what this cleanup put there
    #[arg(long, value_name = "BATCH", conflicts_with_all = ["max_age", "min_importance", "min_strength", "kind", "all_of", "protect", "dry_run"])]
    undo: Option<String>,
    /// Who does it
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

impl CleanupArgs {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Result<(), Stop> {
        let (mind, now) = (context.mind(), clock::now());
        if let Some(batch) = self.undo {
            let ids = context.ask(UndoCleanup {
                mind,
                batch: batch.clone(),
                author: self.by,
                now,
            })?;
            if out.json {
                return out.document(&json!({"batch": batch, "restored": ids}));
            }
            return out.line(format!("out of the archive again: {}", ids.len()));
        }
        let cleanup = context.ask(CleanUp {
            mind,
            rule: CleanupRule {
                max_age_seconds: self.max_age.map(|age| age.num_seconds()),
                min_importance: self.min_importance,
                min_strength: self.min_strength,
                kind: self.kind,
                all_of: self.all_of,
                protect: self.protect,
            },
            dry_run: self.dry_run,
            author: self.by,
            now,
        })?;
        if out.json {
            return out.document(&cleanup);
        }
        if cleanup.memories.is_empty() {
            return out.line("nothing to clean up");
        }
        let mut rows = table(&[
            ">id",
            "happened",
            ">importance",
            ">strength",
            "why",
            "memory",
        ]);
        let number = |n: Option<f64>| n.map_or_else(String::new, |n| format!("{n:.2}"));
        for memory in &cleanup.memories {
            rows.add_row([
                memory.id.to_string(),
                minute(&memory.created_at),
                number(memory.importance),
                number(memory.strength),
                memory.why.join(", "),
                one_line(&memory.content),
            ]);
        }
        out.table(&rows)?;
        match &cleanup.batch {
            Some(batch) => out.line(format!(
                "archived: {}; `codex memory cleanup --undo {batch}` takes them out again",
                cleanup.memories.len()
            )),
            None => out.line(format!(
                "would be archived: {}; nothing was changed",
                cleanup.memories.len()
            )),
        }
    }
}
