//! `codex consolidate`.

use super::context::Context;
use super::postgres;
use super::progress::ProgressLine;
use super::render::{Outcome, Output, counted, minute, one_line, table};
use super::times;
use crate::clock;
use crate::engine::request::Consolidate as ConsolidateOperation;
use crate::engine::{self, ConsolidateReport, CycleOutcome, CycleType, GenerationChange};
use crate::error::{Error, Result};
use chrono::NaiveDateTime;
use clap::Args;
use clap::builder::PossibleValuesParser;
use std::process::ExitCode;

/// Run the cycles that are due: days of working and short-term memory, and the nights between them
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex consolidate                              everything that is due now
  codex consolidate --as-of \"2026-03-16 12:00\"   up to then
  codex consolidate --type short_term            only by day, up to short-term memory
  codex consolidate --nap                        sleep now, whatever the hour
  codex consolidate --rebuild                    all of history anew, late memories in their place
  codex consolidate --rebuild --generation latest   with the newest reading rules, models and parameters

A history is lived through night by night. What is done stays done: run it from cron, by hand and twice at once without harm.
Without --mind it is about all minds.")]
pub(super) struct Consolidate {
    /// Only up to this type of cycle
    #[arg(long = "type", value_name = "TYPE", value_parser = cycle_names())]
    cycle: Option<String>,
    /// The clock: RFC 3339, or YYYY-MM-DD with or without HH:MM:SS, in UTC [default: now]
    #[arg(long, value_name = "TIME", value_parser = times::moment)]
    as_of: Option<NaiveDateTime>,
    /// Take a nap at the clock first: a short night of its own
    #[arg(long, conflicts_with = "rebuild")]
    nap: bool,
    /// Live through all events anew, in event order, into a new file that takes the store's place once verified
    #[arg(long, conflicts_with = "cycle")]
    rebuild: bool,
    /// With --rebuild: read all memories anew under the newest model generation; the store as it was is kept beside the new one
    #[arg(long, value_name = "GENERATION", value_parser = ["latest"], requires = "rebuild")]
    generation: Option<String>,
}

fn cycle_names() -> PossibleValuesParser {
    PossibleValuesParser::new(CycleType::ALL.iter().map(|cycle| cycle.as_str()))
}

impl Consolidate {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let mind = context.only_mind();
        if self.rebuild && mind.is_some() {
            return Err(Error::usage("--rebuild is about the whole store")
                .hint("leave out --mind")
                .into());
        }
        let mut session = context.session()?;
        let order = ConsolidateOperation {
            cycle: self.cycle.and_then(|name| name.parse().ok()),
            as_of: self.as_of.unwrap_or_else(clock::now),
            by_clock: self.as_of.is_none(),
            mind,
            nap: self.nap,
            rebuild: self.rebuild,
            latest_generation: self.generation.is_some(),
            make: session.config().postgres.is_some(),
        };
        let mut progress = ProgressLine::start("nights", context.quiet());
        let report = session.ask(order, &mut |update| {
            if let engine::Progress::Nights(advance) = update {
                let night = advance.at.format("%Y-%m-%d").to_string();
                progress.tell(advance.done, Some(advance.nights), &night);
            }
        });
        progress.finish();
        finish(&report?, context, out)
    }
}

fn finish(lived: &CycleOutcome, context: &Context, out: &mut Output) -> Outcome {
    if let Some(exchange) = &lived.postgres {
        postgres::exchanged(exchange, context, out)?;
    }
    let report = &lived.consolidation;
    if report.late_waiting > 0 {
        let memories = counted(
            report.late_waiting,
            "late memory waits",
            "late memories wait",
        );
        context.note(&format!(
            "note: {memories} for later nights; `codex query` finds them already, `codex consolidate --rebuild` puts them in their place"
        ));
    }
    for mind in &report.taken_back {
        context.note(&format!(
            "note: a clock that was wrong had mind '{}' live {} up to {} UTC; that was taken back, and it lives through its log anew",
            one_line(&mind.mind),
            counted(mind.false_nights, "night", "nights"),
            mind.night_at.format("%Y-%m-%d %H:%M")
        ));
    }
    for mind in &report.ahead {
        // Where nobody sent it ahead, the clock may be what is wrong, and a rebuild by it would be too.
        let way_out = match mind.false_nights {
            0 => "it waits until then; `codex consolidate --rebuild` lives its log anew",
            _ => "it waits; if the clock is wrong, set it",
        };
        context.note(&format!(
            "note: the last night of mind '{}' ({} UTC) lies ahead of the clock: {way_out}",
            one_line(&mind.mind),
            mind.night_at.format("%Y-%m-%d %H:%M")
        ));
    }
    if out.json {
        out.document(lived)?;
    } else {
        summary(report, out)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn summary(report: &ConsolidateReport, out: &mut Output) -> Result<(), super::render::Stop> {
    if report.relived > 0 {
        let minds = counted(report.relived, "mind was", "minds were");
        out.line(format!(
            "{minds} lived through anew: all that is new happened before the first night"
        ))?;
    }
    if let Some(change) = &report.generation {
        generation_change(change, out)?;
    }
    if report.nights + report.steps + report.ticks == 0 {
        return out.line(match &report.next_night_at {
            Some(at) => format!(
                "nothing was due; the next night is at {} UTC (`codex consolidate --nap` sleeps now)",
                minute(at)
            ),
            None => "nothing was due".to_owned(),
        });
    }
    out.line(format!(
        "{}, {} of sleep, {} by day",
        counted(report.nights, "night", "nights"),
        counted(report.steps, "step", "steps"),
        counted(report.ticks, "tick", "ticks")
    ))?;
    let mut rows = table(&["cycle", ">rows written"]);
    for cycle in CycleType::ALL {
        if let Some(n) = report.rows.get(cycle.as_str()) {
            rows.add_row([cycle.as_str().to_owned(), n.to_string()]);
        }
    }
    out.table(&rows)
}

/// How many memories of each mind are in each state now, and how many were.
fn generation_change(
    change: &GenerationChange,
    out: &mut Output,
) -> Result<(), super::render::Stop> {
    out.line(format!(
        "models of generation {} in place of {}; the store as it was: {}",
        change.to,
        change.from,
        change.kept.display()
    ))?;
    let mut rows = table(&["mind", "state", ">before", ">now", ">difference"]);
    for (mind, after) in &change.after {
        let before = change.before.get(mind);
        for (state, now) in after {
            let was = before.and_then(|b| b.get(state)).copied().unwrap_or(0);
            if was != 0 || *now != 0 {
                let difference = format!("{:+}", now - was);
                rows.add_row([
                    mind.clone(),
                    state.clone(),
                    was.to_string(),
                    now.to_string(),
                    difference,
                ]);
            }
        }
    }
    out.table(&rows)
}
