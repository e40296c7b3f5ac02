//! `codex facts`: what holds now, what held, what is planned.

use super::context::Context;
use super::render::{Outcome, Output, Stop, minute, one_line, table};
use super::times;
use crate::clock;
use crate::engine::request::{JudgeFact, ListFacts, SetFact};
use crate::engine::{FactFilter, FactJudgement, NewFact, ShownFact};
use chrono::NaiveDateTime;
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use serde_json::json;
use std::process::ExitCode;

/// What holds now about people, what held, what is planned, each with the words that say so
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Examples:
  codex facts
  codex facts --subject Ana --why
  codex facts --slot residence --history
  codex facts --as-of 2025-06-01
  codex facts --as-of 2025-06-01 --known-at 2025-07-01
  codex facts set allergy penicillin
  codex facts set favourite:tea oolong --from 2026-01-01

Facts are read from memories as they come in: `self` is the mind's own person. A new value supersedes the old one only in slots that
have one value at a time (residence, employer …). --as-of asks what was so on that day, --known-at what had been said by that day.")]
pub(super) struct Facts {
    #[command(subcommand)]
    command: Option<FactsCommand>,
    /// Only about this person; self is the mind's own
    #[arg(long, value_name = "NAME")]
    subject: Option<String>,
    /// Only of this slot
    #[arg(long, value_name = "SLOT")]
    slot: Option<String>,
    /// What was so at this time
    #[arg(long, value_name = "TIME", value_parser = times::moment)]
    as_of: Option<NaiveDateTime>,
    /// What had been said by this time
    #[arg(long, value_name = "TIME", value_parser = times::moment)]
    known_at: Option<NaiveDateTime>,
    /// What is over, superseded or retracted too
    #[arg(long)]
    history: bool,
    /// The words that say so
    #[arg(long)]
    why: bool,
}

#[derive(Debug, Subcommand)]
enum FactsCommand {
    Set(Set),
    Correct(Correct),
    Retract(Retract),
    Confirm(Confirm),
}

/// Say what is so
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex facts set residence Lisbon
  codex facts set employer \"Harbour Lights\" --subject Ana --from 2026-02-01
  codex facts set residence Porto --state planned --from 2026-09-01")]
struct Set {
    /// A slot, such as residence, employer, allergy, favourite:tea
    slot: String,
    /// The value
    value: String,
    /// About whom
    #[arg(long, default_value = "self", value_name = "NAME")]
    subject: String,
    /// How it is
    #[arg(long, default_value = "current", value_name = "STATE", value_parser = PossibleValuesParser::new(["current", "past", "planned", "recurring"]))]
    state: String,
    /// Since when
    #[arg(long, value_name = "TIME", value_parser = times::moment)]
    from: Option<NaiveDateTime>,
    /// Until when
    #[arg(long, value_name = "TIME", value_parser = times::moment)]
    until: Option<NaiveDateTime>,
    /// Who says so
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

/// A fact was wrong: this is right
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex facts correct 17.1 Lisbon

The wrong value is retracted: it never was so. Where it was so once, say `codex facts set` instead.")]
struct Correct {
    /// The fact's id
    id: String,
    /// The right value
    value: String,
    /// Who says so
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

/// A fact was wrong
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex facts retract 17.1
  codex facts retract 17.1 --reason \"a joke\"")]
struct Retract {
    /// The fact's id
    id: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Who says so
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

/// A fact is so still
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex facts confirm 17.1")]
struct Confirm {
    /// The fact's id
    id: String,
    /// Who says so
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

impl Facts {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let (mind, now) = (context.mind(), clock::now());
        let judge = |id, judgement, author| JudgeFact {
            mind: mind.clone(),
            id,
            judgement,
            author,
            now,
        };
        let (facts, why) = match self.command {
            None => {
                let filter = FactFilter {
                    subject: self.subject,
                    slot: self.slot,
                    as_of: self.as_of,
                    known_at: self.known_at,
                    history: self.history,
                };
                let facts = context.ask(ListFacts {
                    mind: mind.clone(),
                    filter,
                    now,
                })?;
                (facts, self.why)
            }
            Some(FactsCommand::Set(set)) => {
                let new = NewFact {
                    subject: set.subject,
                    slot: set.slot,
                    value: set.value,
                    state: set.state,
                    valid_from: set.from,
                    valid_until: set.until,
                };
                let set = SetFact {
                    mind: mind.clone(),
                    new,
                    author: set.by,
                    now,
                };
                (context.ask(set)?, false)
            }
            Some(FactsCommand::Correct(c)) => {
                let value = c.value;
                let right = judge(c.id, FactJudgement::Correct { value }, c.by);
                (context.ask(right)?, false)
            }
            Some(FactsCommand::Retract(r)) => {
                let reason = r.reason;
                let wrong = judge(r.id, FactJudgement::Retract { reason }, r.by);
                (context.ask(wrong)?, false)
            }
            Some(FactsCommand::Confirm(c)) => (
                context.ask(judge(c.id, FactJudgement::Confirm, c.by))?,
                false,
            ),
        };
        show(&facts, why, out)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn show(facts: &[ShownFact], why: bool, out: &mut Output) -> Result<(), Stop> {
    if out.json {
        return out.document(&json!({"facts": facts}));
    }
    if facts.is_empty() {
        return out.line("no facts");
    }
    let mut columns = vec![
        "id", "about", "slot", "value", "state", "since", "until", ">sure", "note",
    ];
    if why {
        columns.push("words");
    }
    let mut rows = table(&columns);
    for fact in facts {
        let time = |at: &Option<String>| at.as_deref().map(minute).unwrap_or_default();
        let value = match fact.polarity.as_str() {
            "negative" => format!("not {}", one_line(&fact.value)),
            _ => one_line(&fact.value),
        };
        let note = match (&fact.superseded_by, &fact.retracted_by) {
            (_, Some(by)) => format!("retracted by {by}"),
            (Some(by), _) => format!("superseded by {by}"),
            _ if fact.essential => "essential".to_owned(),
            _ => String::new(),
        };
        let mut row = vec![
            fact.id.clone(),
            one_line(&fact.subject),
            fact.slot.clone(),
            value,
            fact.state.clone(),
            time(&fact.valid_from),
            time(&fact.valid_until),
            format!("{:.2}", fact.confidence),
            note,
        ];
        if why {
            let words: Vec<_> = fact
                .evidence
                .iter()
                .map(|e| match e.memory_id {
                    Some(id) => format!("{id}: {}", e.words),
                    None => e.words.clone(),
                })
                .collect();
            row.push(one_line(&words.join(" | ")));
        }
        rows.add_row(row);
    }
    out.table(&rows)
}
