//! `codex query`.

use super::context::Context;
use super::render::{Outcome, Output, Stop, minute, one_line, said, table};
use super::times;
use crate::clock;
use crate::daemon::Session;
use crate::engine::request::{FindMind, Recall, RecallMany};
use crate::engine::{ActivationLogging, Answer, Basis, Cut, Hit, MindId, Question, Score};
use crate::error::{Error, Result};
use chrono::NaiveDateTime;
use clap::Args;
use serde::Deserialize;
use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Questions answered at once: keeps memory bounded and output flowing.
const AT_ONCE: usize = 1_000;
/// Characters of a memory that a table shows.
const SHOWN: usize = 240;

/// Ask the memory
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex query --text \"When is Bolota's check-up?\"
  codex query --text \"speech or cello\" -k 5 --explain
  codex query --text \"what was planned\" --as-of 2026-03-08
  codex query --text \"what did the pilot say\" --min-relevance usual    nothing rather than something beside the point
  codex query --text \"spare key\" --use --json       the answer helped: strengthen what came up
  codex query --batch questions.jsonl --json         lines {\"text\",\"mind\"?,\"k\"?}; - reads stdin

An answer is logged, so that memory knows what is asked; not with --as-of or --batch, nor where the store cannot be written.
The components of a score sum exactly to it.")]
pub(super) struct Query {
    /// The question
    #[arg(
        short,
        long,
        value_name = "TEXT",
        required_unless_present = "batch",
        allow_hyphen_values = true
    )]
    text: Option<String>,
    /// At most this many results
    #[arg(short, value_name = "N", default_value_t = 10, value_parser = results)]
    k: usize,
    /// Ask as of then: RFC 3339, or YYYY-MM-DD with or without HH:MM:SS, in UTC [default: now]
    #[arg(long, value_name = "TIME", value_parser = times::moment)]
    as_of: Option<NaiveDateTime>,
    /// Say why each memory came up
    #[arg(long)]
    explain: bool,
    /// Only memories at least this relevant, 0 to 1: how likely they answer the question at all. "usual" is the limit that
    /// programs are given, 0.5, and what is far less relevant than the best is left out
    #[arg(long, value_name = "R", value_parser = cut)]
    min_relevance: Option<Cut>,
    /// The answer helped: what came up counts as used
    #[arg(long = "use", conflicts_with_all = ["as_of", "batch"])]
    used: bool,
    /// Questions from a file of JSON lines, answered in their order
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    batch: Option<PathBuf>,
}

/// A line of a batch.
#[derive(Debug, Deserialize)]
struct Line {
    text: String,
    mind: Option<String>,
    k: Option<u64>,
}

fn results(text: &str) -> std::result::Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("it is the number of results, at least 1".to_owned()),
        Ok(k) => Ok(k),
    }
}

fn cut(text: &str) -> std::result::Result<Cut, String> {
    if text == "usual" {
        return Ok(Cut::Usual);
    }
    match text.parse::<f64>() {
        Ok(least) if (0.0..=1.0).contains(&least) => Ok(Cut::At(Score::from_share(least))),
        _ => Err("it is a number from 0 to 1, or \"usual\"".to_owned()),
    }
}

impl Query {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        match (&self.text, &self.batch) {
            (_, Some(file)) => self.many(file, context, out)?,
            (Some(text), None) => self.one(text, context, out)?,
            (None, None) => {
                return Err(Error::usage("there is no question")
                    .hint("ask with --text")
                    .into());
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    fn one(&self, text: &str, context: &Context, out: &mut Output) -> Result<(), Stop> {
        let question = Recall {
            mind: context.mind(),
            text: text.to_owned(),
            k: self.k,
            as_of: self.as_of(),
            explain: self.explain,
            cut: self.min_relevance.unwrap_or_default(),
            activation_logging: match (self.as_of, self.used) {
                (Some(_), _) => ActivationLogging::None,
                (None, true) => ActivationLogging::Used,
                (None, false) => ActivationLogging::Retrieved,
            },
        };
        let answer = context.ask(question)?;
        if out.json {
            return out.document(&answer);
        }
        self.show(&answer, out)
    }

    fn many(&self, file: &Path, context: &Context, out: &mut Output) -> Result<(), Stop> {
        let text = read(file)?;
        let mut session = context.session()?;
        let questions = self.questions(file, &text, &mut session, &context.mind())?;
        for some in questions.chunks(AT_ONCE) {
            let some = RecallMany {
                questions: some.to_vec(),
            };
            for answer in session.ask(some, &mut |_| ())? {
                if out.json {
                    let line = serde_json::to_string(&answer)
                        .map_err(|e| Error::failed(format!("an answer: {e}")))?;
                    out.line(line)?;
                } else {
                    out.line(format!("# {}", one_line(&answer.query)))?;
                    self.show(&answer, out)?;
                    out.line("")?;
                }
            }
        }
        Ok(())
    }

    /// Every question of a batch, or the first line that is none.
    fn questions(
        &self,
        file: &Path,
        text: &str,
        session: &mut Session,
        default: &str,
    ) -> Result<Vec<Question>> {
        let mut minds: HashMap<String, MindId> = HashMap::new();
        let mut questions = Vec::new();
        for (number, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
        {
            let place = || format!("{}:{}", file.display(), number + 1);
            let line: Line = serde_json::from_str(line).map_err(|e| {
                Error::usage(format!("{}:{}: {e}", place(), e.column()))
                    .hint("each line is {\"text\": \"…\", \"mind\"?: \"…\", \"k\"?: 10}; nothing was asked")
            })?;
            let name = line.mind.as_deref().unwrap_or(default);
            let mind = match minds.get(name) {
                Some(mind) => *mind,
                None => {
                    let question = FindMind {
                        name: name.to_owned(),
                    };
                    let mind = session.ask(question, &mut |_| ());
                    let mind = mind.map_err(|e| e.context(place()))?.id;
                    minds.insert(name.to_owned(), mind);
                    mind
                }
            };
            let k = match line.k {
                Some(0) => {
                    return Err(Error::usage(format!(
                        "{}: k is the number of results, at least 1",
                        place()
                    )));
                }
                Some(k) => usize::try_from(k).unwrap_or(usize::MAX),
                None => self.k,
            };
            questions.push(self.question(line.text, mind, k));
        }
        Ok(questions)
    }

    fn question(&self, text: String, mind: MindId, k: usize) -> Question {
        Question {
            text,
            mind,
            k,
            as_of: self.as_of(),
            explain: self.explain,
            cut: self.min_relevance.unwrap_or_default(),
        }
    }

    fn as_of(&self) -> NaiveDateTime {
        self.as_of.unwrap_or_else(clock::now)
    }

    fn show(&self, answer: &Answer, out: &mut Output) -> Result<(), Stop> {
        for note in &answer.notes {
            out.line(format!("({note})"))?;
        }
        for read in &answer.spelling {
            out.line(format!(
                "(no memory has \"{}\": looked for \"{}\")",
                read.asked, read.term
            ))?;
        }
        for time in &answer.times {
            out.line(format!(
                "(\"{}\": {} to {})",
                time.text, time.start, time.end
            ))?;
        }
        if answer.results.is_empty() {
            return out.line("nothing comes to mind");
        }
        if answer.basis == Basis::Strongest {
            return self.show_strongest(answer, out);
        }
        let mut rows = table(&[">id", "happened", "tier", ">relevance", ">score", "memory"]);
        for hit in &answer.results {
            let mut memory = said(hit.speaker.as_deref(), &hit.content, SHOWN);
            if self.explain {
                memory.push_str(&why(hit));
            }
            // Explained scores are exact: a reader can add the components up.
            let score = if self.explain {
                hit.score.to_string()
            } else {
                format!("{:.3}", hit.score.value())
            };
            rows.add_row([
                hit.id.to_string(),
                minute(&hit.created_at.to_string()),
                hit.tier.clone(),
                relevance(hit),
                score,
                memory,
            ]);
        }
        out.table(&rows)
    }

    /// What comes to mind all the same: no scores, since none of it answers the question.
    fn show_strongest(&self, answer: &Answer, out: &mut Output) -> Result<(), Stop> {
        let mut rows = table(&[">id", "happened", "tier", "memory"]);
        for hit in &answer.results {
            rows.add_row([
                hit.id.to_string(),
                minute(&hit.created_at.to_string()),
                hit.tier.clone(),
                said(hit.speaker.as_deref(), &hit.content, SHOWN),
            ]);
        }
        out.table(&rows)
    }
}

fn relevance(hit: &Hit) -> String {
    hit.relevance
        .map(|share| format!("{:.2}", share.value()))
        .unwrap_or_default()
}

/// The reasons, on lines of their own below the memory.
fn why(hit: &Hit) -> String {
    let components: Vec<String> = hit
        .components
        .iter()
        .filter(|(_, score)| score.0 != 0)
        .map(|(name, score)| format!("{name} {score}"))
        .collect();
    let mut lines = format!("\n  = {}", components.join(" + "));
    if let Some(explanation) = &hit.explanation {
        let words: Vec<String> = explanation
            .words
            .iter()
            .take(6)
            .map(|word| match word.lent_by {
                Some(id) => format!(
                    "{} {:.3} (heard from {id})",
                    word.term,
                    word.lexical + word.context
                ),
                None => format!("{} {:.3}", word.term, word.lexical + word.context),
            })
            .collect();
        if !words.is_empty() {
            lines.push_str(&format!("\n  words: {}", words.join(", ")));
        }
        if !explanation.associated_with.is_empty() {
            let ids: Vec<String> = explanation
                .associated_with
                .iter()
                .take(8)
                .map(ToString::to_string)
                .collect();
            lines.push_str(&format!("\n  associated with: {}", ids.join(", ")));
        }
    }
    lines
}

fn read(file: &Path) -> Result<String> {
    let bytes = if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(file)
    };
    let bytes = bytes.map_err(|e| {
        Error::usage(format!("cannot read {}: {e}", file.display())).hint("check the path")
    })?;
    String::from_utf8(bytes).map_err(|e| {
        let line = e.as_bytes()[..e.utf8_error().valid_up_to()]
            .iter()
            .filter(|b| **b == b'\n')
            .count()
            + 1;
        Error::usage(format!("{}:{line}: this is not UTF-8", file.display()))
            .hint("save the file as UTF-8")
    })
}
