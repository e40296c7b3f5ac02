//! `codex insights`.

use super::context::Context;
use super::render::{Outcome, Output, Stop, one_line};
use super::times;
use crate::clock::{self, rfc3339};
use crate::engine::request::FindInsights;
use crate::engine::{INSIGHT_KINDS, Insight, InsightFilter, Period};
use crate::error::Error;
use chrono::{Duration, NaiveDateTime};
use clap::Args;
use clap::builder::PossibleValuesParser;
use serde_json::json;
use std::process::ExitCode;

/// What the memories say that nobody asked for: what is due, open, owed, changed, has stopped or moves
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex insights
  codex insights --since 4w --mind nora
  codex insights --kind due --kind overdue
  codex insights --about Deirdre --explain
  codex insights --since 14d --as-of 2026-03-16 --json
  codex insights --digest > sunday.md

Kinds: due, appointment, overdue, open, question, fact, changed_mind, debt, habit_stopped, quiet_person, progress. At most ten are shown, the most telling
first; what is due, owed or has stopped is shown whenever it began. --all adds what is only measured (themes, bridges, arcs of mood …).")]
pub(super) struct Insights {
    /// How far back: a number and a unit (24h, 7d, 2w)
    #[arg(long, default_value = "28d", value_name = "DURATION", value_parser = times::duration)]
    since: Duration,
    /// The clock: RFC 3339, or YYYY-MM-DD with or without HH:MM:SS, in UTC [default: now]
    #[arg(long, value_name = "TIME", value_parser = times::moment)]
    as_of: Option<NaiveDateTime>,
    /// At most so many [default: 10]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Only this kind; may be repeated
    #[arg(long, value_name = "KIND", value_parser = PossibleValuesParser::new(INSIGHT_KINDS), hide_possible_values = true)]
    kind: Vec<String>,
    /// Only those that speak of this
    #[arg(long, value_name = "NAME")]
    about: Option<String>,
    /// Everything, without limits, and what is only measured
    #[arg(long)]
    all: bool,
    /// With kind, confidence, and the words of the memories each rests on
    #[arg(long)]
    explain: bool,
    /// As Markdown, for a mail or a note
    #[arg(long)]
    digest: bool,
}

impl Insights {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let as_of = self.as_of.unwrap_or_else(clock::now);
        let since = as_of.checked_sub_signed(self.since).ok_or_else(|| {
            Error::usage("--since reaches before all time").hint("use a shorter period")
        })?;
        let insights = context.ask(FindInsights {
            period: Period { since, as_of },
            mind: context.only_mind(),
            filter: InsightFilter {
                limit: self.limit,
                kinds: self.kind.clone(),
                about: self.about.clone(),
                all: self.all,
            },
        })?;
        if out.json {
            out.document(
                &json!({"since": rfc3339(since), "as_of": rfc3339(as_of), "insights": insights}),
            )?;
            return Ok(ExitCode::SUCCESS);
        }
        match self.digest {
            true => digest(&insights, as_of, out)?,
            false => self.list(&insights, out)?,
        }
        Ok(ExitCode::SUCCESS)
    }

    fn list(&self, insights: &[Insight], out: &mut Output) -> Result<(), Stop> {
        if insights.is_empty() {
            return out.line("nothing to tell; --since 90d looks further back, --all shows what is only measured");
        }
        let several = insights
            .iter()
            .any(|insight| insight.mind != insights[0].mind);
        for insight in insights {
            let text = one_line(insight.sentence.as_ref().unwrap_or(&insight.title));
            let mind = if several {
                format!("{}: ", one_line(&insight.mind))
            } else {
                String::new()
            };
            out.line(format!("- {mind}{text}"))?;
            if self.explain || self.all {
                out.line(format!(
                    "    {} ({:.2}), memories {}",
                    insight.kind,
                    insight.confidence,
                    ids(insight)
                ))?;
            }
            if self.explain {
                for memory in &insight.evidence {
                    let day = memory.created_at.format("%Y-%m-%d");
                    out.line(format!(
                        "    [{}] {day} {}",
                        memory.id,
                        one_line(&memory.gist)
                    ))?;
                }
            }
        }
        Ok(())
    }
}

fn ids(insight: &Insight) -> String {
    let ids: Vec<String> = insight.evidence.iter().map(|e| e.id.to_string()).collect();
    ids.join(" ")
}

/// What a person reads on Sunday: what is due first.
fn digest(insights: &[Insight], as_of: NaiveDateTime, out: &mut Output) -> Result<(), Stop> {
    const SECTIONS: [(&str, &[&str]); 3] = [
        ("Due", &["due", "appointment", "overdue"]),
        ("Open", &["open", "question", "debt"]),
        (
            "Changed",
            &[
                "fact",
                "changed_mind",
                "progress",
                "habit_stopped",
                "quiet_person",
            ],
        ),
    ];
    out.line(format!("# {}", as_of.format("%Y-%m-%d")))?;
    for (title, kinds) in SECTIONS {
        let mut of_section = insights
            .iter()
            .filter(|insight| kinds.contains(&insight.kind.as_str()))
            .peekable();
        if of_section.peek().is_none() {
            continue;
        }
        out.line("")?;
        out.line(format!("## {title}"))?;
        for insight in of_section {
            let text = one_line(insight.sentence.as_ref().unwrap_or(&insight.title));
            out.line(format!("- {text} [{}]", ids(insight)))?;
        }
    }
    Ok(())
}
