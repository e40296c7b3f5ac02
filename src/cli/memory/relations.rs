//! `codex memory link|unlink|related`.

use super::super::context::Context;
use super::super::render::{Output, Stop, one_line, table};
use crate::clock;
use crate::engine::request::{LinkMemories, RelatedMemories, UnlinkMemories};
use crate::engine::{NewRelation, RelatedRule, RelationStep, is_directed};
use clap::Args;
use serde_json::json;

/// Draw a relation between two memories
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex memory link 17 23
  codex memory link 17 23 --type causes --strength 0.8
  codex memory link 17 23 --type neighbours --half-life 30

causes, part_of and supersedes lead from the first to the second; others go both ways unless --directed says so. A relation does not
fade unless it has a half-life. Drawing one again changes its strength.")]
pub(in crate::cli) struct Link {
    /// From: an id or key
    from: String,
    /// To: an id or key
    to: String,
    /// related_to, causes, contradicts, part_of, supersedes, or a word of your own
    #[arg(long = "type", value_name = "TYPE", default_value = "related_to")]
    kind: String,
    /// How strong it is, 0 to 1
    #[arg(long, value_name = "0..1", default_value_t = 1.0)]
    strength: f64,
    /// It leads from the first to the second only
    #[arg(long, conflicts_with = "undirected")]
    directed: bool,
    /// It goes both ways
    #[arg(long)]
    undirected: bool,
    /// Days after which half of its strength is left
    #[arg(long, value_name = "DAYS")]
    half_life: Option<f64>,
    /// Who does it
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

impl Link {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Result<(), Stop> {
        let directed = self.directed || !self.undirected && is_directed(&self.kind);
        let drawn = context.ask(LinkMemories {
            mind: context.mind(),
            from: self.from,
            to: self.to,
            relation: NewRelation {
                kind: self.kind,
                strength: self.strength,
                directed,
                half_life_days: self.half_life,
            },
            author: self.by,
            now: clock::now(),
        })?;
        if out.json {
            return out.document(&drawn);
        }
        out.line(arrow(&drawn))
    }
}

/// Remove the relations between two memories
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex memory unlink 17 23
  codex memory unlink 17 23 --type causes

Associations that nights learned are not touched.")]
pub(in crate::cli) struct Unlink {
    /// An id or key
    from: String,
    /// An id or key
    to: String,
    /// Only those of this type
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// Who does it
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

impl Unlink {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Result<(), Stop> {
        let removed = context.ask(UnlinkMemories {
            mind: context.mind(),
            from: self.from,
            to: self.to,
            kind: self.kind,
            author: self.by,
            now: clock::now(),
        })?;
        if out.json {
            return out.document(&json!({"removed": removed}));
        }
        out.line(format!("relations removed: {removed}"))
    }
}

/// What a memory leads to, along relations
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex memory related 17
  codex memory related 17 --type causes --depth 3
  codex memory related 17 --learned --json

Nearest first, then strongest; each with the way to it. Relations are followed both ways; a step against a directed one shows as <-.")]
pub(in crate::cli) struct Related {
    /// Its id or key
    id: String,
    /// Only relations of this type
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// At most so many steps
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10))]
    depth: u32,
    /// The associations that nights learned too
    #[arg(long, conflicts_with = "kind")]
    learned: bool,
    /// At most this many
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
}

impl Related {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Result<(), Stop> {
        let related = context.ask(RelatedMemories {
            mind: context.mind(),
            id: self.id.clone(),
            rule: RelatedRule {
                kind: self.kind,
                depth: self.depth,
                learned: self.learned,
                limit: self.limit,
            },
            now: clock::now(),
        })?;
        if out.json {
            return out.document(&json!({"id": self.id, "related": related}));
        }
        if related.is_empty() {
            return out.line("no relations");
        }
        let mut rows = table(&[">id", ">strength", "memory", "way"]);
        for memory in &related {
            let way: Vec<_> = memory.path.iter().map(arrow).collect();
            rows.add_row([
                memory.id.to_string(),
                format!("{:.2}", memory.strength),
                one_line(&memory.content),
                one_line(&way.join("; ")),
            ]);
        }
        out.table(&rows)
    }
}

/// `17 -causes-> 23`
fn arrow(step: &RelationStep) -> String {
    let (left, right) = match (step.directed, step.against) {
        (false, _) => ("-", "-"),
        (true, false) => ("-", "->"),
        (true, true) => ("<-", "-"),
    };
    format!("{} {left}{}{right} {}", step.from, step.kind, step.to)
}
