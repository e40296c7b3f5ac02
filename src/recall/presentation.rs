//! What is done with the memories that came up: diversity, neighbours, associations, a budget, and why a memory is not among them.

use super::answer::{Answer, Basis, Hit, Meaning, contents, recall};
use super::filter::{Filter, Presentation};
use super::queries::{self, Scope};
use super::question::{Cut, Question};
use super::score::Score;
use crate::clock;
use crate::error::Result;
use crate::template::Renderer;
use crate::text;
use chrono::NaiveDateTime;
use duckdb::Connection;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Times `k` that results which are alike are chosen from.
pub(super) const CHOICE: usize = 4;
/// Results among which the place of a memory is looked for that did not come up.
const PLACES: usize = 1_000;
/// Characters of a token, roughly.
const TOKEN: usize = 4;

/// A memory before or after a result in its session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Neighbour {
    /// Its memory_id.
    pub id: i64,
    /// How many turns after the result; negative: before.
    pub distance: i64,
    /// When it happened, UTC.
    #[serde(with = "clock::utc")]
    pub created_at: NaiveDateTime,
    /// Who says it.
    pub speaker: Option<String>,
    /// What it says today.
    pub content: String,
}

/// A memory that comes to mind with the results, along associations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Associate {
    /// Its memory_id.
    pub id: i64,
    /// How much activation reaches it, 0..1.
    pub activation: Score,
    /// The memories on the way, from a result to it.
    pub path: Vec<i64>,
    /// When it happened, UTC.
    #[serde(with = "clock::utc")]
    pub created_at: NaiveDateTime,
    /// Who says it.
    pub speaker: Option<String>,
    /// What it says today.
    pub content: String,
}

/// Why a memory is not among the results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WhyNot {
    /// Its memory_id.
    pub id: i64,
    /// The reason.
    pub reason: String,
    /// Its place among all that came up, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<usize>,
    /// What speaks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Box<Hit>>,
}

struct Presenter<'a> {
    conn: &'a Connection,
    renderer: &'a Renderer,
    question: &'a Question,
    meaning: Option<&'a Meaning<'a>>,
}

/// The answer as the question wants it presented.
pub(super) fn present(
    conn: &Connection,
    renderer: &Renderer,
    question: &Question,
    meaning: Option<&Meaning<'_>>,
    mut answer: Answer,
) -> Result<Answer> {
    let wanted = &question.presentation;
    if wanted.diversity.0 > 0 {
        answer.results = diverse(answer.results, wanted.diversity.value(), question.k);
    }
    if let Some(budget) = wanted.max_tokens {
        within(&mut answer, budget);
    }
    let presenter = Presenter {
        conn,
        renderer,
        question,
        meaning,
    };
    if let Some(id) = wanted.why_not {
        answer.why_not = Some(presenter.why_not(&answer, id)?);
    }
    if wanted.associative && answer.basis == Basis::Match {
        answer.associated = presenter.associates(&answer)?;
    }
    if wanted.expand > 0 {
        presenter.expand(&mut answer)?;
    }
    Ok(answer)
}

/// Maximal marginal relevance (Carbonell & Goldstein 1998): what is like something chosen before steps back. Likeness is the share of
/// words in common.
fn diverse(hits: Vec<Hit>, weight: f64, k: usize) -> Vec<Hit> {
    let best = hits.first().map_or(1, |hit| hit.score.0.max(1)) as f64;
    let mut rest: Vec<(Hit, BTreeSet<String>)> = hits
        .into_iter()
        .map(|hit| {
            let terms = text::terms(&hit.content).into_iter().collect();
            (hit, terms)
        })
        .collect();
    let mut chosen: Vec<(Hit, BTreeSet<String>)> = Vec::new();
    while chosen.len() < k && !rest.is_empty() {
        let value = |(hit, terms): &(Hit, BTreeSet<String>)| {
            let alike = chosen
                .iter()
                .map(|(_, other)| likeness(terms, other))
                .fold(0.0, f64::max);
            (1.0 - weight) * hit.score.0 as f64 / best - weight * alike
        };
        let next = (0..rest.len())
            .max_by(|&a, &b| value(&rest[a]).total_cmp(&value(&rest[b])).then(b.cmp(&a)))
            .unwrap_or(0);
        chosen.push(rest.remove(next));
    }
    chosen.into_iter().map(|(hit, _)| hit).collect()
}

fn likeness(one: &BTreeSet<String>, other: &BTreeSet<String>) -> f64 {
    let common = one.intersection(other).count();
    let all = one.len() + other.len() - common;
    if all == 0 {
        1.0
    } else {
        common as f64 / all as f64
    }
}

/// Leaves out what does not fit into the budget any more; what is shorter and comes later still may.
fn within(answer: &mut Answer, budget: usize) {
    let before = answer.results.len();
    let mut left = budget;
    answer.results.retain(|hit| {
        let tokens = hit.content.chars().count().div_ceil(TOKEN);
        let fits = tokens <= left;
        if fits {
            left -= tokens;
        }
        fits
    });
    let out = before - answer.results.len();
    if out > 0 {
        answer.notes.push(format!(
            "{out} of {before} results left out: they do not fit into {budget} tokens"
        ));
    }
}

impl Presenter<'_> {
    fn scope(&self) -> Scope<'_> {
        Scope {
            mind: self.question.mind,
            as_of: self.question.as_of,
            explain: false,
            filtered: false,
            model: None,
        }
    }

    fn sql(&self, name: &str) -> Result<String> {
        queries::sql(self.renderer, name, &self.scope())
    }

    fn expand(&self, answer: &mut Answer) -> Result<()> {
        let ids: Vec<i64> = answer.results.iter().map(|hit| hit.id).collect();
        let reach = i64::try_from(self.question.presentation.expand)
            .unwrap_or(i64::MAX)
            .min(1_000);
        let mut statement = self.conn.prepare(&self.sql("neighbours")?)?;
        let rows = statement
            .query_map(duckdb::params![Value::from(ids).to_string(), reach], |r| {
                Ok((r.get("of_id")?, r.get("memory_id")?, r.get("distance")?))
            })?;
        let rows: Vec<(i64, i64, i64)> = rows.collect::<std::result::Result<_, _>>()?;
        let near: Vec<i64> = rows.iter().map(|(_, id, _)| *id).collect();
        let contents = contents(self.conn, &self.sql("contents")?, &near)?;
        let mut found: BTreeMap<i64, Vec<Neighbour>> = BTreeMap::new();
        for (of, id, distance) in rows {
            let Some(shown) = contents.get(&id) else {
                continue;
            };
            found.entry(of).or_default().push(Neighbour {
                id,
                distance,
                created_at: shown.created_at,
                speaker: shown.speaker.clone(),
                content: shown.content.clone(),
            });
        }
        for hit in &mut answer.results {
            hit.neighbours = found.remove(&hit.id).unwrap_or_default();
        }
        Ok(())
    }

    fn associates(&self, answer: &Answer) -> Result<Vec<Associate>> {
        let ids: Vec<i64> = answer.results.iter().map(|hit| hit.id).collect();
        let mut statement = self.conn.prepare(&self.sql("associates")?)?;
        let most = i64::try_from(self.question.k).unwrap_or(i64::MAX);
        let rows = statement
            .query_map(duckdb::params![Value::from(ids).to_string(), most], |r| {
                Ok((r.get("memory_id")?, r.get("activation")?, r.get("path")?))
            })?;
        let rows: Vec<(i64, f64, String)> = rows.collect::<std::result::Result<_, _>>()?;
        let reached: Vec<i64> = rows.iter().map(|(id, ..)| *id).collect();
        let contents = contents(self.conn, &self.sql("contents")?, &reached)?;
        Ok(rows
            .into_iter()
            .filter_map(|(id, activation, path)| {
                let shown = contents.get(&id)?;
                Some(Associate {
                    id,
                    activation: Score::from_share(activation),
                    path: serde_json::from_str(&path).ok()?,
                    created_at: shown.created_at,
                    speaker: shown.speaker.clone(),
                    content: shown.content.clone(),
                })
            })
            .collect())
    }

    /// The same question with a filter and a limit of its own.
    fn asked_with(&self, filter: Filter, k: usize) -> Result<Answer> {
        let question = Question {
            filter,
            k,
            explain: k == 1,
            cut: Cut::Off,
            presentation: Presentation::default(),
            ..self.question.clone()
        };
        recall(self.conn, self.renderer, &question, self.meaning)
    }

    fn why_not(&self, answer: &Answer, id: i64) -> Result<WhyNot> {
        let because = |reason: &str| WhyNot {
            id,
            reason: reason.to_owned(),
            place: None,
            found: None,
        };
        if let Some(at) = answer.results.iter().position(|hit| hit.id == id) {
            let mut found = because("it is among the results");
            found.place = Some(at + 1);
            return Ok(found);
        }
        if let Some(reason) = self.out_of_sight(id)? {
            return Ok(because(&reason));
        }
        let only = |filter: &Filter| Filter {
            id: Some(id),
            ..filter.clone()
        };
        let alone = self.asked_with(only(&Filter::default()), 1)?;
        let found = alone
            .results
            .into_iter()
            .find(|_| alone.basis == Basis::Match)
            .map(Box::new);
        if !self.question.filter.is_empty()
            && self
                .asked_with(only(&self.question.filter), 1)?
                .results
                .is_empty()
        {
            return Ok(WhyNot {
                found,
                ..because("it does not pass the filter")
            });
        }
        let Some(found) = found else {
            return Ok(because(
                "neither it nor its neighbours have a word of the question, and no time or person of the question ties it",
            ));
        };
        let all = self.asked_with(self.question.filter.clone(), PLACES)?;
        let place = all
            .results
            .iter()
            .position(|hit| hit.id == id)
            .map(|at| at + 1);
        // Its score among the others, where it has one; alone it would be the best.
        let score = place.map_or(found.score, |place| all.results[place - 1].score);
        let relevance = found.relevance.unwrap_or_default();
        let least = match self.question.cut {
            Cut::Off => None,
            Cut::At(least) => Some(least),
            Cut::Usual => answer.results.iter().filter_map(|hit| hit.relevance).min(),
        };
        let reason = match (least, place) {
            (Some(least), _) if relevance < least => {
                format!("its relevance, {relevance}, is below {least}")
            }
            (None, _) if self.question.cut == Cut::Usual => {
                format!("its relevance, {relevance}, is below the usual limit")
            }
            (_, Some(place)) => format!(
                "{} memories fit better: its score is {}, the last result's {}",
                place - 1,
                score,
                answer
                    .results
                    .last()
                    .map_or(Score::default(), |hit| hit.score)
            ),
            (_, None) => format!(
                "more than {PLACES} memories fit better: its score is {}",
                score
            ),
        };
        Ok(WhyNot {
            id,
            reason,
            place,
            found: Some(found),
        })
    }

    /// Why no question would find it.
    fn out_of_sight(&self, id: i64) -> Result<Option<String>> {
        let mut statement = self.conn.prepare(&self.sql("out_of_sight")?)?;
        let mut rows = statement.query([id])?;
        Ok(match rows.next()? {
            Some(row) => row.get("reason")?,
            None => Some("it is not a memory of this mind".to_owned()),
        })
    }
}
