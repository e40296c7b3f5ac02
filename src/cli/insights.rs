//! `codex insights`.

use super::context::Context;
use super::render::{Outcome, Output, counted, minute, one_line, table};
use super::times;
use crate::clock::{self, rfc3339};
use crate::engine::Period;
use crate::engine::request::FindInsights;
use crate::error::Error;
use chrono::{Duration, NaiveDateTime};
use clap::Args;
use serde_json::json;
use std::process::ExitCode;

/// What the memories say that nobody asked for: themes, bridges, open loops, changes of mind, contradictions
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex insights
  codex insights --since 4w --mind nora
  codex insights --since 14d --as-of 2026-03-16 --json

Each has a confidence from 0 to 1 and the ids of the memories it rests on; `codex explain ID` goes on from there.")]
pub(super) struct Insights {
    /// How far back: a number and a unit (24h, 7d, 2w)
    #[arg(long, default_value = "7d", value_name = "DURATION", value_parser = times::duration)]
    since: Duration,
    /// The clock: RFC 3339, or YYYY-MM-DD with or without HH:MM:SS, in UTC [default: now]
    #[arg(long, value_name = "TIME", value_parser = times::moment)]
    as_of: Option<NaiveDateTime>,
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
        })?;
        if out.json {
            out.document(
                &json!({"since": rfc3339(since), "as_of": rfc3339(as_of), "insights": insights}),
            )?;
            return Ok(ExitCode::SUCCESS);
        }
        let (from, to) = (minute(&since.to_string()), minute(&as_of.to_string()));
        out.line(format!(
            "{} from {from} to {to} UTC",
            counted(insights.len() as u64, "insight", "insights")
        ))?;
        if insights.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        out.line("")?;
        let several = insights
            .iter()
            .any(|insight| insight.mind != insights[0].mind);
        let mut rows = table(&[">confidence", "kind", "insight"]);
        for insight in &insights {
            let ids: Vec<String> = insight.evidence.iter().map(|e| e.id.to_string()).collect();
            let evidence = format!("\n  memories {}", ids.join(" "));
            let title = one_line(insight.sentence.as_ref().unwrap_or(&insight.title));
            rows.add_row([
                format!("{:.3}", insight.confidence),
                insight.kind.clone(),
                if several {
                    format!("{}: {title}{evidence}", one_line(&insight.mind))
                } else {
                    format!("{title}{evidence}")
                },
            ]);
        }
        out.table(&rows)?;
        Ok(ExitCode::SUCCESS)
    }
}
