//! `codex explain`.

use super::context::Context;
use super::render::{Outcome, Output, Stop, minute, one_line, printable, table};
use crate::engine::request::ExplainMemory;
use crate::engine::{ImportanceShare, Lineage, Trace};
use crate::error::Result;
use clap::Args;
use serde_json::{Map, Value};
use std::process::ExitCode;

/// Where a memory comes from and what became of it, down to raw rows and ledger
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex explain 17
  codex explain d017 --json

Unlike `codex memory show` it leaves no trace: explaining a memory is not using it.")]
pub(super) struct Explain {
    /// The memory's id or key
    id: String,
}

impl Explain {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let lineage = context.ask(ExplainMemory {
            mind: context.mind(),
            id: self.id,
        })?;
        if out.json {
            out.document(&lineage)?;
        } else {
            show(&lineage, out)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn show(lineage: &Lineage, out: &mut Output) -> Result<(), Stop> {
    let memory = &lineage.shown.memory;
    let reason = lineage
        .shown
        .reason
        .as_deref()
        .map(|r| format!(", {}", one_line(r)))
        .unwrap_or_default();
    out.line(format!(
        "memory {} of mind '{}': {}{reason}",
        memory.id,
        one_line(&lineage.shown.mind),
        memory.tier
    ))?;
    out.line(format!(
        "  {}",
        printable(&memory.content).replace('\n', "\n  ")
    ))?;
    let speaker = memory
        .speaker
        .as_deref()
        .map(|s| format!(", said by {}", one_line(s)))
        .unwrap_or_default();
    let session = memory
        .session
        .as_deref()
        .map(|s| format!(", session {}", one_line(s)))
        .unwrap_or_default();
    heading("raw row", out)?;
    out.line(format!(
        "  {} in {}, {} UTC{speaker}{session}; {} edits",
        one_line(&memory.key),
        one_line(&lineage.shown.source),
        minute(&memory.created_at),
        lineage.shown.earlier.len()
    ))?;
    heading("features", out)?;
    match &lineage.features {
        Some(features) => {
            features_of(features, out)?;
            importance_of(&lineage.importance_shares, out)?;
        }
        None => out.line("  not read yet: `codex consolidate` reads what is new")?,
    }
    heading("episode", out)?;
    episode(lineage, out)?;
    heading("associations", out)?;
    associations(lineage, out)?;
    heading("trace", out)?;
    match &lineage.trace {
        Some(trace) => trace_of(trace, out)?,
        None => out.line("  none: no night has passed since")?,
    }
    for night in &lineage.nights {
        out.line(format!(
            "  night {} UTC (ledger {}): {}",
            minute(&night.as_of),
            night.ledger_id,
            night.what
        ))?;
    }
    heading("concepts", out)?;
    concepts(lineage, out)
}

fn heading(name: &str, out: &mut Output) -> Result<(), Stop> {
    out.line("")?;
    out.line(name)
}

/// The parts of importance: log odds, and what they come to.
fn importance_of(shares: &[ImportanceShare], out: &mut Output) -> Result<(), Stop> {
    if shares.is_empty() {
        return Ok(());
    }
    let sum: f64 = shares.iter().map(|share| share.log_odds).sum();
    let parts: Vec<_> = shares
        .iter()
        .map(|share| format!("{} {:+.2}", share.part, share.log_odds))
        .collect();
    out.line(format!(
        "  importance in log odds: {} = {sum:+.2}, so {:.3}",
        parts.join(", "),
        1.0 / (1.0 + (-sum).exp())
    ))
}

fn features_of(features: &Map<String, Value>, out: &mut Output) -> Result<(), Stop> {
    let text = |name: &str| {
        features
            .get(name)
            .map(plain)
            .filter(|text| !text.is_empty())
    };
    out.line(format!(
        "  {} of {} version {}, revision {}",
        text("act").unwrap_or_default(),
        text("provider").unwrap_or_default(),
        text("version").unwrap_or_default(),
        text("revision").unwrap_or_default()
    ))?;
    for names in [
        &["people", "places", "entities"][..],
        &["topics"],
        &["goal"],
        &["task"],
        &["actions"],
    ] {
        let said: Vec<String> = names
            .iter()
            .filter_map(|name| text(name).map(|text| format!("{name}: {text}")))
            .collect();
        if !said.is_empty() {
            out.line(format!("  {}", one_line(&said.join("; "))))?;
        }
    }
    let measures: Vec<String> = ["valence", "arousal", "urgency", "importance", "emotion"]
        .iter()
        .filter_map(|name| text(name).map(|text| format!("{name} {text}")))
        .collect();
    out.line(format!("  {}", measures.join(", ")))
}

/// A feature as people read it: lists with commas, labels without weights.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => match (fields.get("label"), fields.get("verb")) {
            (Some(label), _) => plain(label),
            (None, Some(_)) => fields.values().map(plain).collect::<Vec<_>>().join(" "),
            _ => fields.values().next().map(plain).unwrap_or_default(),
        },
        other => other.to_string(),
    }
}

fn episode(lineage: &Lineage, out: &mut Output) -> Result<(), Stop> {
    let Some(episode) = &lineage.episode else {
        return out.line("  none yet: `codex consolidate` places what is new");
    };
    let kept = if episode.kept { "" } else { " (open)" };
    out.line(format!(
        "  episode {}{kept} of epoch {}, place {} of {}; began by {}, {} to {} UTC",
        episode.episode_id,
        episode.epoch,
        episode.position,
        episode.memory_ids.len(),
        episode.boundary,
        minute(&episode.started_at),
        minute(&episode.ended_at)
    ))?;
    let described: Vec<String> = [&episode.title, &episode.description]
        .into_iter()
        .flatten()
        .map(|words| one_line(words))
        .collect();
    if !described.is_empty() {
        out.line(format!("  described as {}", described.join(": ")))?;
    }
    out.line(format!(
        "  gist, from memory {}: {}",
        episode.gist_id,
        one_line(&episode.gist)
    ))?;
    let more: Vec<String> = [
        ("goal", &episode.goal),
        ("place", &episode.place),
        ("emotion", &episode.emotion),
    ]
    .iter()
    .filter_map(|(name, value)| {
        value
            .as_ref()
            .map(|value| format!("{name}: {}", one_line(value)))
    })
    .collect();
    if !more.is_empty() {
        out.line(format!("  {}", more.join("; ")))?;
    }
    let ids: Vec<String> = episode.memory_ids.iter().map(ToString::to_string).collect();
    out.line(format!("  memories {}", ids.join(" ")))
}

fn associations(lineage: &Lineage, out: &mut Output) -> Result<(), Stop> {
    if lineage.associations.is_empty() {
        return out.line("  none");
    }
    let mut rows = table(&[">  weight", "with", "kind", "because", "which says"]);
    for link in &lineage.associations {
        rows.add_row([
            format!("{:.3}", link.weight_now),
            format!("{} {}", link.direction, link.memory_id),
            link.kind.clone(),
            one_line(&link.why),
            super::render::shortened(&link.gist, 60),
        ]);
    }
    out.table(&rows)
}

fn trace_of(trace: &Trace, out: &mut Output) -> Result<(), Stop> {
    out.line(format!(
        "  strength {:.3} now ({} UTC); {:.3} at its last event, {} UTC; stability {:.2} days",
        trace.strength_now,
        minute(&trace.as_of),
        trace.strength,
        minute(&trace.event_at),
        trace.stability
    ))?;
    out.line(format!(
        "  salience {:.3}, surprise {:.3}, replays {}, uses {}",
        trace.salience, trace.surprise, trace.replays, trace.uses
    ))?;
    if let Some(earlier) = trace.merged_into {
        out.line(format!("  says memory {earlier} again"))?;
    }
    if !trace.repetitions.is_empty() {
        let ids: Vec<String> = trace.repetitions.iter().map(ToString::to_string).collect();
        out.line(format!("  said again by {}", ids.join(" ")))?;
    }
    Ok(())
}

fn concepts(lineage: &Lineage, out: &mut Output) -> Result<(), Stop> {
    if lineage.concepts.is_empty() {
        return out.line("  none");
    }
    let mut rows = table(&["  concept", "kind", ">weight", "column", ">memories"]);
    for concept in &lineage.concepts {
        rows.add_row([
            format!("  {}", one_line(&concept.concept)),
            concept.kind.clone(),
            format!("{:.3}", concept.weight),
            one_line(
                concept
                    .column_label
                    .as_deref()
                    .or(concept.column_id.as_deref())
                    .unwrap_or("–"),
            ),
            concept.memories.to_string(),
        ]);
    }
    out.table(&rows)
}
