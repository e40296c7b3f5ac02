//! Asking, and the shapes of an answer.

use super::filter::Presentation;
use super::kin::Alias;
use super::presentation::{self, Associate, Neighbour, WhyNot};
use super::queries::{self, Scope};
use super::query_batch::{QueryBatch, in_one_view};
use super::question::{Asked, Question};
use super::reading::read_questions;
use super::resident::{self, Ranker, Resident};
use super::score::Score;
use super::spelling::Spelling;
use super::times::{NamedTime, TimeOrder};
use crate::clock;
use crate::error::{Error, Result};
use crate::memory::parse_time_zone;
use crate::template::Renderer;
use chrono::NaiveDateTime;
use duckdb::types::Value as Sql;
use duckdb::{Connection, Params, Row, Statement};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};

/// Questions × memories a statement takes at most: bounds its memory.
const WORK: usize = 2_000_000;
/// Questions a statement takes at most.
const QUESTIONS: usize = 256;

/// What came up for a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The words asked.
    pub query: String,
    /// Why these.
    pub basis: Basis,
    /// Words of the question that no memory has, and the nearest ones in spelling, which were looked for in their place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spelling: Vec<Spelling>,
    /// The times the question names, on the mind's clock.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub times: Vec<NamedTime>,
    /// Whether it asks for the first or the latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<TimeOrder>,
    /// Other words by which the mind knows people of the question.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Alias>,
    /// What a reader should know about the answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The memories, best first.
    pub results: Vec<Hit>,
    /// What comes to mind with the results, along associations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub associated: Vec<Associate>,
    /// Why the memory that was asked about is not among the results.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_not: Option<WhyNot>,
}

/// Why memories came up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Something in the question speaks for each of them.
    Match,
    /// The question names nothing the mind remembers: these are its strongest and most recent memories.
    Strongest,
    /// Nothing is relevant enough to be given; a note says why.
    Nothing,
}

/// A memory that came up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// Its memory_id.
    pub id: i64,
    /// Its name where it came from.
    pub key: String,
    /// What it says today.
    pub content: String,
    /// When it happened, UTC.
    #[serde(with = "clock::utc")]
    pub created_at: NaiveDateTime,
    /// The state it is in.
    pub tier: String,
    /// The sum of its components: the order among the memories of one question.
    pub score: Score,
    /// How likely it answers the question at all, 0..1; means the same from question to question. None where nothing speaks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relevance: Option<Score>,
    /// Each component's share, in the order of the ranking's columns.
    #[serde(serialize_with = "as_map", deserialize_with = "from_map")]
    pub components: Vec<(String, Score)>,
    /// As it was given.
    pub metadata: Map<String, Value>,
    /// Who says it.
    pub speaker: Option<String>,
    /// The conversation it belongs to.
    pub session: Option<String>,
    /// Why it came up, where the question asks for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
    /// Its neighbours in its session, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub neighbours: Vec<Neighbour>,
}

/// Why a memory came up.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// The question's words it says or hears, weightiest first.
    pub words: Vec<WordShare>,
    /// The memories whose activation reached it, strongest first.
    pub associated_with: Vec<i64>,
}

/// What one word of the question gives a memory; the shares sum, but for rounding, to its components lexical and context.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WordShare {
    /// The word as the index has it.
    pub term: String,
    /// How rare it is in the mind.
    pub idf: f64,
    /// Share of the component `lexical`.
    pub lexical: f64,
    /// Share of the component `context`.
    pub context: f64,
    /// The neighbour that lends it.
    pub lent_by: Option<i64>,
}

/// Makes vectors of texts, in their order.
pub type EmbedTexts<'a> = dyn Fn(&[String]) -> Result<Vec<Vec<f32>>> + Sync + 'a;

/// What tells how near a question and a memory are in meaning.
pub struct Meaning<'a> {
    /// The model whose vectors the store holds.
    pub model: &'a str,
    /// Vectors of questions, of length 1, in their order; an error is told with the answer, which then goes by words alone.
    pub embed: &'a EmbedTexts<'a>,
    /// Whether it reads in this process, so that the question may plan beside it.
    pub at_hand: bool,
}

/// Answers one question; see [`recall_batch`].
///
/// # Errors
/// See [`recall_batch`].
pub fn recall(
    conn: &Connection,
    renderer: &Renderer,
    question: &Question,
    meaning: Option<&Meaning<'_>>,
) -> Result<Answer> {
    let mut answers = recall_batch(conn, renderer, std::slice::from_ref(question), meaning)?;
    answers
        .pop()
        .ok_or_else(|| Error::failed("the question got no answer"))
}

/// Answers questions by the queries of a project, in their order; those to the same mind at the same moment share a statement. An answer never depends on
/// what else is asked. A question that names nothing the mind remembers (stop words only, or words it never heard) is
/// answered by the strongest and most recent memories, and says so. Deleted memories never come up, whatever the as_of.
///
/// # Errors
/// Usage when `k` is 0 or a mind is unknown; failed when the store cannot be read or the ranking is broken.
pub fn recall_batch(
    conn: &Connection,
    renderer: &Renderer,
    questions: &[Question],
    meaning: Option<&Meaning<'_>>,
) -> Result<Vec<Answer>> {
    recall_with(conn, renderer, questions, meaning, None)
}

/// The same, where the minds of the store may be kept in memory: single questions are answered from there where they can be. With what is
/// kept may come the number of the store's state, where it is known: in the same state nothing has to be looked at again.
///
/// # Errors
/// See [`recall_batch`].
pub fn recall_with(
    conn: &Connection,
    renderer: &Renderer,
    questions: &[Question],
    meaning: Option<&Meaning<'_>>,
    resident: Option<(&Resident, Option<u64>)>,
) -> Result<Vec<Answer>> {
    if questions.iter().any(|q| q.k == 0) {
        return Err(Error::usage("k is the number of results, at least 1")
            .hint("ask for one or more, such as -k 10"));
    }
    let mut scopes: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (number, q) in questions.iter().enumerate() {
        scopes
            .entry((q.mind, q.as_of, q.explain, &q.filter))
            .or_default()
            .push(number);
    }
    let mut answers: Vec<Option<Answer>> = vec![None; questions.len()];
    for ((mind, as_of, explain, filter), numbers) in scopes {
        let scope = Scope {
            mind,
            as_of,
            explain,
            filtered: !filter.is_empty(),
            model: None,
        };
        if let (Some(resident), None, [number]) = (resident, meaning, &numbers[..])
            && let Some(answer) =
                from_memory(conn, renderer, &scope, resident, &questions[*number])?
        {
            answers[*number] = Some(answer);
            continue;
        }
        let asked = ask_mind(conn, renderer, &scope)?;
        let at_once = (WORK / asked.memories.max(1)).clamp(1, QUESTIONS);
        for some in numbers.chunks(at_once) {
            let read: Vec<&Question> = some.iter().map(|&n| &questions[n]).collect();
            let readings = read_questions(conn, renderer, &scope, &asked, &read, None)?;
            let batch = QueryBatch {
                conn,
                renderer,
                asked: &asked,
                questions,
                numbers: some,
                filter,
                readings: some.iter().copied().zip(readings).collect(),
            };
            for (number, answer) in batch.answer(scope, meaning)? {
                answers[number] = Some(answer);
            }
        }
    }
    answers
        .into_iter()
        .zip(questions)
        .map(|(answer, question)| {
            let answer = answer.ok_or_else(|| Error::failed("a question got no answer"))?;
            match question.presentation == Presentation::default() {
                true => Ok(answer),
                false => presentation::present(conn, renderer, question, meaning, answer),
            }
        })
        .collect()
}

/// The answer of what is kept of the mind in memory, where that is as the store is and the question is a plain one.
fn from_memory(
    conn: &Connection,
    renderer: &Renderer,
    scope: &Scope<'_>,
    (resident, state): (&Resident, Option<u64>),
    question: &Question,
) -> Result<Option<Answer>> {
    if !resident::is_plain(question, scope) {
        return Ok(None);
    }
    in_one_view(conn, || {
        let Some((index, params)) = resident.current(conn, renderer, scope.mind, state)? else {
            return Ok(None);
        };
        let as_of = scope.as_of.and_utc().timestamp_micros();
        if index.marker.last_at > as_of || index.marker.night_at.is_some_and(|at| at > as_of) {
            return Ok(None);
        }
        let asked = index.asked();
        let questions = std::slice::from_ref(question);
        let mut readings =
            read_questions(conn, renderer, scope, &asked, &[question], Some(&index))?;
        let reading = readings.pop().unwrap_or_default();
        let row = question.as_row(0, &asked, &reading);
        let ranked = Ranker::new(&index, params, &row, as_of).ranked(0);
        let batch = QueryBatch {
            conn,
            renderer,
            asked: &asked,
            questions,
            numbers: &[0],
            filter: &question.filter,
            readings: BTreeMap::from([(0, reading)]),
        };
        let mut answers = batch.answers_of(scope, ranked, None)?;
        Ok(answers.pop().map(|(_, answer)| answer))
    })
}

fn ask_mind(conn: &Connection, renderer: &Renderer, scope: &Scope<'_>) -> Result<Asked> {
    let mut statement = conn.prepare(&queries::sql(renderer, "mind", scope)?)?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else {
        return Err(Error::usage(format!("there is no mind {}", scope.mind)));
    };
    let zone: String = row.get("time_zone")?;
    Ok(Asked {
        zone: parse_time_zone(&zone)?,
        speakers: from_json(&row.get::<_, String>("speakers")?)?,
        memories: usize::try_from(row.get::<_, i64>("memories")?).unwrap_or(0),
        lived_on: row.get("lived_on")?,
    })
}

pub(super) fn notes(basis: Basis, scope: &Scope<'_>, asked: &Asked) -> Vec<String> {
    let mut notes = Vec::new();
    if basis == Basis::Strongest && asked.memories > 0 {
        notes.push("the question names nothing this mind remembers: these are its strongest and most recent memories".to_owned());
    }
    if asked.lived_on {
        notes.push(format!(
            "memories made up to {} UTC, as they read today and with today's weights (`codex replay --until` goes back in time)",
            scope.as_of
        ));
    }
    notes
}

/// A row of a ranking.
pub(super) struct Ranked {
    pub(super) question: usize,
    pub(super) id: i64,
    state: String,
    score: Score,
    relevance: Option<Score>,
    components: Vec<(String, Score)>,
    explanation: Option<Explanation>,
}

/// The DECIMAL columns of `sql/recall/ranking.sql` where words alone rank.
const COMPONENTS: [&str; 10] = [
    "lexical",
    "context",
    "speaker",
    "time",
    "order",
    "need",
    "association",
    "strength",
    "recency",
    "tier",
];

impl Ranked {
    /// As the ranking would have it; components in millionths.
    pub(super) fn new(
        question: usize,
        id: i64,
        state: &str,
        score: Score,
        relevance: Score,
        components: &[i64],
    ) -> Ranked {
        Ranked {
            question,
            id,
            state: state.to_owned(),
            score,
            relevance: Some(relevance),
            components: COMPONENTS
                .iter()
                .zip(components)
                .map(|(name, share)| ((*name).to_owned(), Score(*share)))
                .collect(),
            explanation: None,
        }
    }
}

pub(super) fn ranked_by(mut statement: Statement<'_>, bound: impl Params) -> Result<Vec<Ranked>> {
    let mut rows = statement.query(bound)?;
    let names: Vec<String> = rows.as_ref().map(|s| s.column_names()).unwrap_or_default();
    let mut ranked = Vec::new();
    while let Some(row) = rows.next()? {
        ranked.push(read(row, &names)?);
    }
    Ok(ranked)
}

fn read(row: &Row<'_>, names: &[String]) -> Result<Ranked> {
    let mut hit = Ranked {
        question: 0,
        id: row.get("memory_id")?,
        state: row.get("state")?,
        score: Score::default(),
        relevance: None,
        components: Vec::new(),
        explanation: None,
    };
    for (at, name) in names.iter().enumerate() {
        match (name.as_str(), row.get::<_, Sql>(at)?) {
            ("score", value) => hit.score = Score::from_sql(&value)?,
            ("relevance", Sql::Double(share)) => {
                hit.relevance = Some(Score::from_share(share));
            }
            ("question", Sql::Int(number)) => hit.question = usize::try_from(number).unwrap_or(0),
            ("words", Sql::Text(json)) => {
                hit.explanation.get_or_insert_default().words = from_json(&json)?
            }
            ("through", Sql::Text(json)) => {
                hit.explanation.get_or_insert_default().associated_with = from_json(&json)?
            }
            (_, value @ Sql::Decimal(_)) => hit
                .components
                .push((name.clone(), Score::from_sql(&value)?)),
            _ => {}
        }
    }
    let sum: Score = hit.components.iter().map(|(_, score)| *score).sum();
    if sum != hit.score {
        return Err(Error::failed(format!(
            "the components of memory {} sum to {sum}, its score is {}",
            hit.id, hit.score
        ))
        .hint(
            "every DECIMAL column of sql/recall/ranking.sql is a component, and score is their sum",
        ));
    }
    Ok(hit)
}

/// A memory as it is shown.
pub(super) struct Shown {
    key: String,
    pub(super) created_at: NaiveDateTime,
    pub(super) speaker: Option<String>,
    session: Option<String>,
    pub(super) content: String,
    metadata: String,
}

pub(super) fn contents(conn: &Connection, sql: &str, ids: &[i64]) -> Result<HashMap<i64, Shown>> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut statement = conn.prepare(sql)?;
    let rows = statement.query_map([Value::from(ids).to_string()], |r| {
        Ok((
            r.get("memory_id")?,
            Shown {
                key: r.get("key")?,
                created_at: r.get("created_at")?,
                speaker: r.get("speaker")?,
                session: r.get("session")?,
                content: r.get("content")?,
                metadata: r.get("metadata")?,
            },
        ))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

impl Ranked {
    pub(super) fn with(self, contents: &HashMap<i64, Shown>) -> Result<Hit> {
        let shown = contents
            .get(&self.id)
            .ok_or_else(|| Error::failed(format!("memory {} is not in the raw log", self.id)))?;
        Ok(Hit {
            id: self.id,
            key: shown.key.clone(),
            content: shown.content.clone(),
            created_at: shown.created_at,
            tier: self.state,
            score: self.score,
            relevance: self.relevance,
            components: self.components,
            metadata: from_json(&shown.metadata)?,
            speaker: shown.speaker.clone(),
            session: shown.session.clone(),
            explanation: self.explanation,
            neighbours: Vec::new(),
        })
    }
}

fn from_json<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T> {
    serde_json::from_str(json)
        .map_err(|e| Error::failed(format!("{json} is not the JSON expected: {e}")))
}

/// The entries of a map, in its own order.
fn from_map<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<(String, Score)>, D::Error> {
    let map = serde_json::Map::deserialize(deserializer)?;
    map.into_iter()
        .map(|(name, score)| {
            let score = serde_json::from_value(score).map_err(serde::de::Error::custom)?;
            Ok((name, score))
        })
        .collect()
}

fn as_map<S: serde::Serializer>(
    components: &[(String, Score)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(components.iter().map(|(name, score)| (name, score)))
}
