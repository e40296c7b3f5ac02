//! `codex eval`: how well questions are answered, measured.

mod files;
mod measures;
mod retention;

use super::context::Context;
use super::render::{Outcome, Output, Stop, counted, table};
use crate::clock::rfc3339;
use crate::daemon::Session;
use crate::engine::request::{Consolidate, FindMind, ImportFiles, RecallMany, SelectJson};
use crate::engine::{Cut, ImportOptions, Question};
use crate::error::{Error, Result};
use chrono::{Days, NaiveDateTime};
use clap::Args;
use files::{Asked, RunLine};
use measures::{AtCut, Interval, Judged, Quality, paired};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Results that are looked at.
const DEPTH: usize = 50;
/// Questions asked at once.
const AT_ONCE: usize = 500;

/// Components of recall, and the parameters that take each away.
const ABLATIONS: &[(&str, &str)] = &[
    (
        "context",
        "{recall_context_weight: 0, recall_vector_context_weight: 0}",
    ),
    (
        "speaker",
        "{recall_speaker_boost: 0, recall_gathering_speaker: 0}",
    ),
    ("time", "{recall_time_boost: 0}"),
    ("order", "{recall_order_weight: 0}"),
    (
        "lists",
        "{recall_gathering_speaker: 0, recall_gathering_context: 1}",
    ),
    ("answers", "{recall_answer_factor: 1}"),
    ("need", "{recall_need_weight: 0}"),
    ("strength", "{recall_strength_weight: 0}"),
    ("recency", "{recall_recency_weight: 0}"),
    ("tier", "{recall_tier_weight: 0}"),
    ("no association", "{recall_association_weight: 0.1}"),
];

/// Measure how well questions are answered: recall, precision, silence, and what each component is worth
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex eval --memories memories.jsonl --questions questions.jsonl
  codex eval --memories memories.jsonl --questions questions.jsonl --ablate
  codex eval --questions questions.jsonl --run today.jsonl              ask the store that is there
  codex eval --questions questions.jsonl --compare yesterday.jsonl
  codex eval --memories memories.jsonl --questions questions.jsonl --retention

Memories are what `codex import` reads; each has an id. Questions are JSON lines
{\"text\", \"answers\": [ids], \"mind\"?, \"category\"?, \"as_of\"?}; no answers: nothing fits. Nothing is logged, and with --memories
the store is a temporary one, lived through to a day after its last memory.")]
pub(super) struct Eval {
    /// Memories to ask about, in a temporary store; without it the store that is there is asked
    #[arg(long, value_name = "FILE")]
    memories: Option<PathBuf>,
    /// The questions, as JSON lines
    #[arg(long, value_name = "FILE")]
    questions: PathBuf,
    /// Measure again without each component, and say what that changes
    #[arg(long, conflicts_with = "compare")]
    ablate: bool,
    /// Compare with an earlier run of the same questions
    #[arg(long, value_name = "RUN")]
    compare: Option<PathBuf>,
    /// Write what came up, to compare with later
    #[arg(long, value_name = "RUN")]
    run: Option<PathBuf>,
    /// Measure what memory keeps instead: whether importance, strength and replays tell what is asked for
    #[arg(long, conflicts_with_all = ["ablate", "compare", "run"])]
    retention: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    questions: usize,
    as_of: String,
    quality: BTreeMap<String, Quality>,
    at_cut: BTreeMap<String, AtCut>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    differences: Vec<Difference>,
}

/// What another run does differently, in points of R@10.
#[derive(Serialize)]
struct Difference {
    what: String,
    all: Interval,
    by_category: BTreeMap<String, Interval>,
}

impl Eval {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let asked = files::questions(&self.questions)?;
        let store = match &self.memories {
            Some(_) => Some(
                tempfile::tempdir()
                    .map_err(|e| Error::unavailable(format!("no temporary directory: {e}")))?,
            ),
            None => None,
        };
        let database = store.as_ref().map(|dir| dir.path().join("eval.duckdb"));
        let mut session = context.session_with(database.clone(), None)?;
        if let Some(file) = &self.memories {
            take_in(&mut session, file, context)?;
        }
        let last = last_day(&mut session)?;
        if self.memories.is_some() {
            live(&mut session, last)?;
        }
        if self.retention {
            return retention::run(&mut session, &asked, context, out);
        }
        let judged = judge(&mut session, &asked, last, context)?;
        if let Some(file) = &self.run {
            files::write_run(file, &judged)?;
        }
        let mut differences = Vec::new();
        if let Some(file) = &self.compare {
            let earlier = earlier(&judged, &files::read_run(file)?)?;
            differences.push(difference(
                &format!("since {}", file.display()),
                &earlier,
                &judged,
            ));
        }
        if self.ablate {
            drop(session);
            for (name, vars) in ABLATIONS {
                let mut session =
                    context.session_with(database.clone(), Some((*vars).to_owned()))?;
                let without = judge(&mut session, &asked, last, context)?;
                let what = match name.strip_prefix("no ") {
                    Some(name) => format!("with {name}"),
                    None => format!("without {name}"),
                };
                differences.push(difference(&what, &judged, &without));
            }
        }
        let report = Report {
            questions: judged.len(),
            as_of: rfc3339(last),
            quality: by_category(&judged, |j| j.has_answer(), Quality::of),
            at_cut: by_category(&judged, |_| true, AtCut::of),
            differences,
        };
        if out.json {
            out.document(&report)?;
        } else {
            show(&report, out)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn take_in(session: &mut Session, file: &Path, context: &Context) -> Result<()> {
    let path = std::path::absolute(file)
        .map_err(|e| Error::usage(format!("cannot read {}: {e}", file.display())))?;
    let options = ImportOptions {
        paths: vec![path],
        mind: context.only_mind(),
        time_zone: context.config()?.settings.time_zone.0,
        ..ImportOptions::default()
    };
    let report = session.ask(ImportFiles { options }, &mut |_| ())?;
    if report.rejected.is_empty() {
        return Ok(());
    }
    Err(Error::usage(format!(
        "{} of {} are no memories: {}",
        counted(report.rejected.len() as u64, "record", "records"),
        file.display(),
        report.rejected[0].reason
    ))
    .hint("`codex import --dry-run` tells them all"))
}

/// A day after the last memory: the moment of asking.
fn last_day(session: &mut Session) -> Result<NaiveDateTime> {
    let rows = select(
        session,
        "SELECT strftime(max(created_at), '%Y-%m-%dT%H:%M:%S') AS last FROM raw.memories",
    )?;
    let last = rows
        .first()
        .and_then(|row| {
            row["last"]
                .as_str()
                .and_then(|text| text.parse::<NaiveDateTime>().ok())
        })
        .ok_or_else(|| Error::usage("there are no memories to ask about"))?;
    Ok(last.checked_add_days(Days::new(1)).unwrap_or(last))
}

fn live(session: &mut Session, as_of: NaiveDateTime) -> Result<()> {
    let request = Consolidate {
        cycle: None,
        as_of,
        by_clock: false,
        mind: None,
        nap: false,
        rebuild: false,
        latest_generation: false,
        make: false,
    };
    session.ask(request, &mut |_| ()).map(drop)
}

/// Asks every question twice: for the order of what comes up, and for what a program is given.
fn judge(
    session: &mut Session,
    asked: &[Asked],
    last: NaiveDateTime,
    context: &Context,
) -> Result<Vec<Judged>> {
    let mut minds = BTreeMap::new();
    let mut questions = Vec::with_capacity(asked.len());
    for question in asked {
        let name = question.mind.clone().unwrap_or_else(|| context.mind());
        let mind = match minds.get(&name) {
            Some(mind) => *mind,
            None => {
                let found = session
                    .ask(FindMind { name: name.clone() }, &mut |_| ())?
                    .id;
                minds.insert(name, found);
                found
            }
        };
        let as_of = question.moment()?.unwrap_or(last);
        questions.push(Question {
            k: DEPTH,
            ..Question::new(&question.text, mind, as_of)
        });
    }
    let mut keys = |questions: Vec<Question>| -> Result<Vec<Vec<String>>> {
        let mut all = Vec::with_capacity(questions.len());
        for some in questions.chunks(AT_ONCE) {
            let questions = some.to_vec();
            for answer in session.ask(RecallMany { questions }, &mut |_| ())? {
                all.push(answer.results.into_iter().map(|hit| hit.key).collect());
            }
        }
        Ok(all)
    };
    let ranked = keys(questions.clone())?;
    let given = keys(
        questions
            .into_iter()
            .map(|question| Question {
                k: 10,
                cut: Cut::Usual,
                ..question
            })
            .collect(),
    )?;
    Ok(asked
        .iter()
        .zip(ranked.into_iter().zip(given))
        .map(|(question, (ranked, given))| Judged::new(question, ranked, given))
        .collect())
}

/// The earlier run, question by question.
fn earlier(now: &[Judged], lines: &[RunLine]) -> Result<Vec<Judged>> {
    let known: BTreeMap<(&str, Option<&str>), &RunLine> = lines
        .iter()
        .map(|line| ((line.text.as_str(), line.mind.as_deref()), line))
        .collect();
    now.iter()
        .map(|judged| {
            let key = (judged.text.as_str(), judged.mind.as_deref());
            let line = known.get(&key).ok_or_else(|| {
                Error::usage(format!("the earlier run has no question {:?}", judged.text))
                    .hint("compare runs of the same questions")
            })?;
            Ok(Judged {
                ranked: line.ranked.clone(),
                given: line.given.clone(),
                ..judged.clone()
            })
        })
        .collect()
}

fn difference(what: &str, before: &[Judged], after: &[Judged]) -> Difference {
    let pairs: Vec<(&str, f64)> = before
        .iter()
        .zip(after)
        .filter(|(judged, _)| judged.has_answer())
        .map(|(a, b)| (a.category.as_str(), b.recall_at(10) - a.recall_at(10)))
        .collect();
    let mut categories: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (category, by) in &pairs {
        categories
            .entry((*category).to_owned())
            .or_default()
            .push(*by);
    }
    Difference {
        what: what.to_owned(),
        all: paired(&pairs.iter().map(|(_, by)| *by).collect::<Vec<_>>()),
        by_category: categories
            .into_iter()
            .map(|(name, by)| (name, paired(&by)))
            .collect(),
    }
}

fn by_category<T>(
    judged: &[Judged],
    counts: impl Fn(&Judged) -> bool,
    of: impl Fn(&[&Judged]) -> T,
) -> BTreeMap<String, T> {
    let mut groups: BTreeMap<String, Vec<&Judged>> = BTreeMap::new();
    for one in judged.iter().filter(|one| counts(one)) {
        groups.entry("all".to_owned()).or_default().push(one);
        if !one.category.is_empty() {
            groups.entry(one.category.clone()).or_default().push(one);
        }
    }
    groups
        .into_iter()
        .map(|(name, group)| (name, of(&group)))
        .collect()
}

fn show(report: &Report, out: &mut Output) -> Result<(), Stop> {
    let percent = |share: f64| format!("{:.1}", share * 100.0);
    let mut rows = table(&[
        "questions with answers",
        ">n",
        ">R@1",
        ">R@5",
        ">R@10",
        ">R@25",
        ">R@50",
        ">hit@10",
        ">MRR",
    ]);
    for (name, q) in &report.quality {
        let mut row = vec![name.clone(), q.questions.to_string()];
        row.extend(
            [
                q.recall_1,
                q.recall_5,
                q.recall_10,
                q.recall_25,
                q.recall_50,
                q.hit_10,
                q.mrr,
            ]
            .map(percent),
        );
        rows.add_row(row);
    }
    out.table(&rows)?;
    out.line("")?;
    let mut rows = table(&[
        "at the usual limit",
        ">n",
        ">precision",
        ">recall",
        ">exactly right",
        ">silent where nothing fits",
    ]);
    for (name, cut) in &report.at_cut {
        let share = |share: Option<f64>| share.map(percent).unwrap_or_default();
        rows.add_row([
            name.clone(),
            cut.questions.to_string(),
            share(cut.precision),
            share(cut.recall),
            share(cut.exact),
            share(cut.silent),
        ]);
    }
    out.table(&rows)?;
    if report.differences.is_empty() {
        return Ok(());
    }
    out.line("")?;
    let mut rows = table(&["points of R@10 (95 %)", ">all", "by category"]);
    for difference in &report.differences {
        let each: Vec<String> = difference
            .by_category
            .iter()
            .filter(|(name, _)| !name.is_empty())
            .map(|(name, by)| format!("{name} {by}"))
            .collect();
        rows.add_row([
            difference.what.clone(),
            difference.all.to_string(),
            each.join("; "),
        ]);
    }
    out.table(&rows)
}

/// Rows of a query, as JSON.
fn select(session: &mut Session, sql: &str) -> Result<Vec<Value>> {
    let rows = session.ask(SelectJson { query: sql.into() }, &mut |_| ())?;
    rows.iter()
        .map(|row| serde_json::from_str(row).map_err(|e| Error::failed(format!("{row}: {e}"))))
        .collect()
}
