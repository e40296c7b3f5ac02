//! `codex query`.

use super::context::Context;
use super::render::{Outcome, Output, Stop, minute, one_line, said, table};
use super::times;
use crate::clock;
use crate::daemon::Session;
use crate::engine::request::{FindMind, Recall, RecallMany};
use crate::engine::{
    ActivationLogging, Answer, Basis, Cut, Filter, Hit, MindId, Presentation, Question, Score,
};
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
  codex query --text \"deploy steps\" --since 2026-01-01 --session ops --where team=infra
  codex query --text \"deploy steps\" --expand 2 --associative          with neighbours, and what else comes to mind
  codex query --text \"spare key\" --why-not 42                          why memory 42 did not come up
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
    /// Only memories made then or later, in UTC, as --as-of
    #[arg(long, value_name = "TIME", value_parser = times::moment, help_heading = FILTER)]
    since: Option<NaiveDateTime>,
    /// Only memories made before
    #[arg(long, value_name = "TIME", value_parser = times::moment, help_heading = FILTER)]
    until: Option<NaiveDateTime>,
    /// Only memories in this tier: pending, short_term, long_term, forgotten
    #[arg(long, value_name = "TIER", help_heading = FILTER)]
    tier: Option<String>,
    /// Only memories of this session
    #[arg(long, value_name = "SESSION", help_heading = FILTER)]
    session: Option<String>,
    /// Only memories filed as of this kind: episodic, semantic, procedural, reflection, or one of your own
    #[arg(long, value_name = "KIND", help_heading = FILTER)]
    kind: Option<String>,
    /// Only what this speaker said
    #[arg(long, value_name = "NAME", help_heading = FILTER)]
    speaker: Option<String>,
    /// Only memories with this in their metadata; may be given several times
    #[arg(long = "where", value_name = "KEY=VALUE", value_parser = field, help_heading = FILTER)]
    fields: Vec<(String, String)>,
    /// Only memories at least this strong at the moment of asking, 0 to 1
    #[arg(long, value_name = "S", value_parser = share, help_heading = FILTER)]
    min_strength: Option<Score>,
    /// How much what repeats a better result steps back, 0 to 1
    #[arg(long, value_name = "D", value_parser = share, default_value = "0", hide_default_value = true, help_heading = SHOWING)]
    diversity: Score,
    /// Show so many turns of its session before and after each result
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, help_heading = SHOWING)]
    expand: usize,
    /// Show what else comes to mind with the results, along associations, with the path to it
    #[arg(long, help_heading = SHOWING)]
    associative: bool,
    /// No more results than fit into so many tokens of four characters
    #[arg(long, value_name = "N", help_heading = SHOWING)]
    max_tokens: Option<usize>,
    /// Say why the memory with this id or key is not among the results
    #[arg(long, value_name = "ID", conflicts_with = "batch", help_heading = SHOWING)]
    why_not: Option<String>,
    /// The answer helped: what came up counts as used
    #[arg(long = "use", conflicts_with_all = ["as_of", "batch"])]
    used: bool,
    /// Questions from a file of JSON lines, answered in their order
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    batch: Option<PathBuf>,
}

const FILTER: &str = "Which memories may come up";
const SHOWING: &str = "What is shown";

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

fn share(text: &str) -> std::result::Result<Score, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(Score::from_share(share)),
        _ => Err("it is a number from 0 to 1".to_owned()),
    }
}

fn field(text: &str) -> std::result::Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("it is KEY=VALUE, such as team=infra".to_owned()),
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
            filter: self.filter(),
            presentation: self.presentation(),
            why_not: self.why_not.clone(),
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
            filter: self.filter(),
            presentation: self.presentation(),
        }
    }

    fn filter(&self) -> Filter {
        Filter {
            since: self.since,
            until: self.until,
            tier: self.tier.clone(),
            session: self.session.clone(),
            kind: self.kind.clone(),
            speaker: self.speaker.clone(),
            fields: self.fields.iter().cloned().collect(),
            min_strength: self.min_strength,
            id: None,
        }
    }

    fn presentation(&self) -> Presentation {
        Presentation {
            diversity: self.diversity,
            expand: self.expand,
            associative: self.associative,
            max_tokens: self.max_tokens,
            why_not: None,
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
        for line in reading(answer) {
            out.line(line)?;
        }
        match answer.basis {
            _ if answer.results.is_empty() => out.line("nothing comes to mind")?,
            Basis::Strongest => self.show_strongest(answer, out)?,
            Basis::Match | Basis::Nothing => self.show_results(answer, out)?,
        }
        show_beside(answer, out)
    }

    fn show_results(&self, answer: &Answer, out: &mut Output) -> Result<(), Stop> {
        let mut rows = table(&[">id", "happened", "tier", ">relevance", ">score", "memory"]);
        for hit in &answer.results {
            let mut memory = said(hit.speaker.as_deref(), &hit.content, SHOWN);
            if self.explain {
                memory.push_str(&why(hit));
            }
            for near in &hit.neighbours {
                let said = said(near.speaker.as_deref(), &near.content, SHOWN);
                memory.push_str(&format!("\n  {:+}: [{}] {said}", near.distance, near.id));
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

/// How the question was read: times and people.
fn reading(answer: &Answer) -> Vec<String> {
    let times = answer.times.iter().map(|time| {
        let from = time.start.map_or(String::new(), |at| format!(" from {at}"));
        let to = time.end.map_or(String::new(), |at| format!(" to {at}"));
        let by = time
            .dated_by
            .map_or(String::new(), |id| format!(", by memory {id}"));
        format!("(\"{}\":{from}{to}{by})", time.text)
    });
    let people = answer.people.iter().map(|alias| {
        format!(
            "(\"{}\" is also {}, by memory {})",
            alias.asked, alias.name, alias.said_by
        )
    });
    times.chain(people).collect()
}

/// What stands below the results: associations, and why a memory is not among them.
fn show_beside(answer: &Answer, out: &mut Output) -> Result<(), Stop> {
    if !answer.associated.is_empty() {
        out.line("comes to mind with them:")?;
        let mut rows = table(&[">id", "happened", ">activation", "path", "memory"]);
        for associate in &answer.associated {
            let path: Vec<String> = associate.path.iter().map(ToString::to_string).collect();
            rows.add_row([
                associate.id.to_string(),
                minute(&associate.created_at.to_string()),
                format!("{:.3}", associate.activation.value()),
                path.join(" > "),
                said(associate.speaker.as_deref(), &associate.content, SHOWN),
            ]);
        }
        out.table(&rows)?;
    }
    let Some(why_not) = &answer.why_not else {
        return Ok(());
    };
    let place = why_not
        .place
        .map_or(String::new(), |place| format!(" (place {place})"));
    out.line(format!("memory {}: {}{place}", why_not.id, why_not.reason))?;
    match &why_not.found {
        Some(hit) => out.line(why(hit).trim_start_matches('\n')),
        None => Ok(()),
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
    // A byte order mark, as files of memories may have one.
    let bytes = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => rest.to_vec(),
        None => bytes,
    };
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
