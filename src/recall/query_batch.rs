//! Questions to one mind that share a statement: put where the ranking finds them, ranked, and answered from one view of the store.

use super::answer::{Answer, Basis, Meaning, Ranked, contents, notes, ranked_by};
use super::filter::Filter;
use super::needs::{Need, needs};
use super::queries::{self, Scope};
use super::question::{Asked, Cut, Question};
use super::reading::Reading;
use super::spelling::known_terms;
use crate::error::{Error, Result};
use crate::template::Renderer;
use duckdb::{Connection, Statement};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Makes the table of what is being asked where the connection has none, so that rankings can be bound.
///
/// # Errors
/// Failed when DuckDB refuses it.
pub fn create_asked(conn: &Connection) -> Result<()> {
    Ok(conn.execute_batch(
        r#"CREATE TEMP TABLE IF NOT EXISTS asked (
               question INTEGER NOT NULL, k BIGINT NOT NULL, terms VARCHAR[] NOT NULL, speaker VARCHAR, gathers BOOLEAN NOT NULL,
               spans STRUCT("start" TIMESTAMP, "end" TIMESTAMP)[] NOT NULL, time_order INTEGER, vector FLOAT[],
               needs STRUCT(term VARCHAR, weight DOUBLE, place INTEGER)[] NOT NULL, cut BOOLEAN NOT NULL, min_relevance DOUBLE);
           CREATE TEMP TABLE IF NOT EXISTS allowed (memory_id BIGINT NOT NULL)"#,
    )?)
}

/// Reads what was committed when it began, whatever others commit meanwhile.
pub(super) fn in_one_view<T>(conn: &Connection, work: impl FnOnce() -> Result<T>) -> Result<T> {
    conn.execute_batch("BEGIN")?;
    let answered = work();
    match answered {
        Ok(_) => conn.execute_batch("COMMIT")?,
        // What went wrong first is told.
        Err(_) => drop(conn.execute_batch("ROLLBACK")),
    }
    answered
}

/// Questions to one mind that share a statement.
pub(super) struct QueryBatch<'a> {
    pub(super) conn: &'a Connection,
    pub(super) renderer: &'a Renderer,
    pub(super) asked: &'a Asked,
    pub(super) questions: &'a [Question],
    /// Which of the questions.
    pub(super) numbers: &'a [usize],
    /// Which memories may come up for all of them.
    pub(super) filter: &'a Filter,
    /// How each is read, by number.
    pub(super) readings: BTreeMap<usize, Reading>,
}

impl QueryBatch<'_> {
    /// Their answers, by number.
    pub(super) fn answer(
        &self,
        scope: Scope<'_>,
        meaning: Option<&Meaning<'_>>,
    ) -> Result<Vec<(usize, Answer)>> {
        let Some(meaning) = meaning else {
            return in_one_view(self.conn, || {
                self.set_asked(&scope)?;
                self.answers(&scope, self.ranking(&scope)?, None)
            });
        };
        let by_meaning = Scope {
            model: Some(meaning.model),
            ..scope
        };
        let texts: Vec<String> = self
            .numbers
            .iter()
            .map(|&n| self.questions[n].as_spoken(self.asked))
            .collect();
        if !meaning.at_hand {
            // No transaction is open while a server is asked.
            let vectors = (meaning.embed)(&texts);
            return in_one_view(self.conn, || {
                self.set_asked(&scope)?;
                self.heard(&scope, &by_meaning, vectors, || self.ranking(&by_meaning))
            });
        }
        in_one_view(self.conn, || {
            self.set_asked(&scope)?;
            // DuckDB plans the ranking while the model reads the questions.
            let (vectors, ranking) = std::thread::scope(|threads| {
                let vectors = threads.spawn(|| (meaning.embed)(&texts));
                let ranking = self.ranking(&by_meaning);
                (vectors.join(), ranking)
            });
            let vectors = vectors.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            self.heard(&scope, &by_meaning, vectors, || ranking)
        })
    }

    /// By meaning where the model had an answer, else by words alone.
    fn heard<'a>(
        &'a self,
        scope: &Scope<'_>,
        by_meaning: &Scope<'_>,
        vectors: Result<Vec<Vec<f32>>>,
        ranking: impl FnOnce() -> Result<Statement<'a>>,
    ) -> Result<Vec<(usize, Answer)>> {
        match vectors {
            Ok(vectors) if vectors.len() == self.numbers.len() => {
                let ranking = ranking()?;
                self.set_vectors(&vectors)?;
                self.answers(by_meaning, ranking, None)
            }
            Ok(_) => Err(Error::failed("not every question got a vector")),
            Err(e) => {
                let unheard = format!("answered by words alone: {e}");
                self.answers(scope, self.ranking(scope)?, Some(unheard))
            }
        }
    }

    /// Puts the questions where the ranking finds them: what a person wrote is never part of a statement's text. A statement
    /// without parameters is planned when it is prepared, one with them is bound twice.
    fn set_asked(&self, scope: &Scope<'_>) -> Result<()> {
        let rows: Vec<Value> = self
            .numbers
            .iter()
            .filter_map(|&n| {
                Some(json!(self.questions[n].as_row(
                    n,
                    self.asked,
                    self.readings.get(&n)?
                )))
            })
            .collect();
        create_asked(self.conn)?;
        self.conn.execute_batch("DELETE FROM temp.main.asked")?;
        self.conn.execute(
            r#"INSERT INTO temp.main.asked BY NAME
               SELECT unnest(from_json($1::VARCHAR, '[{
                   "question": "INTEGER", "k": "BIGINT", "terms": ["VARCHAR"], "speaker": "VARCHAR", "gathers": "BOOLEAN",
                   "spans": [{"start": "TIMESTAMP", "end": "TIMESTAMP"}], "time_order": "INTEGER",
                   "needs": [{"term": "VARCHAR", "weight": "DOUBLE", "place": "INTEGER"}], "cut": "BOOLEAN", "min_relevance": "DOUBLE"}]'), max_depth := 2)"#,
            [Value::Array(rows).to_string()],
        )?;
        if scope.filtered {
            self.conn.execute_batch("DELETE FROM temp.main.allowed")?;
            let allowed = queries::sql(self.renderer, "allowed", scope)?;
            self.conn.execute(
                &format!("INSERT INTO temp.main.allowed\n{allowed}"),
                [self.filter.as_json().to_string()],
            )?;
        }
        Ok(())
    }

    /// Why nothing is given.
    fn nothing_fits(&self, scope: &Scope<'_>, number: usize) -> Result<String> {
        if self.filter.id.is_none() && scope.filtered {
            let allowed: i64 =
                self.conn
                    .query_row("SELECT count(*) FROM temp.main.allowed", [], |r| r.get(0))?;
            if allowed == 0 {
                return Ok("nothing fits: no memory passes the filter".to_owned());
            }
        }
        let times = self
            .readings
            .get(&number)
            .map_or(&[][..], |reading| &reading.times);
        let mut named = needs(&self.questions[number].text, times);
        named.retain(Need::names);
        let terms = named.iter().map(|need| need.term.clone()).collect();
        let known = known_terms(self.conn, self.renderer, scope, &terms)?;
        let unknown: Vec<String> = named
            .iter()
            .filter(|need| !known.contains(&need.term))
            .take(8)
            .map(|need| format!("\"{}\"", need.word))
            .collect();
        Ok(match unknown.is_empty() {
            true => "nothing fits: no memory says enough of what the question names".to_owned(),
            false => format!("nothing fits: no memory has {}", unknown.join(", ")),
        })
    }

    fn set_vectors(&self, vectors: &[Vec<f32>]) -> Result<()> {
        let rows: Vec<Value> = self
            .numbers
            .iter()
            .zip(vectors)
            .map(|(n, vector)| json!({"question": n, "vector": vector}))
            .collect();
        self.conn.execute(
            r#"UPDATE temp.main.asked SET vector = v.vector
               FROM (SELECT unnest(from_json($1::VARCHAR, '[{"question": "INTEGER", "vector": ["FLOAT"]}]'), max_depth := 2)) v
               WHERE v.question = asked.question"#,
            [Value::Array(rows).to_string()],
        )?;
        Ok(())
    }

    fn ranking(&self, scope: &Scope<'_>) -> Result<Statement<'_>> {
        Ok(self
            .conn
            .prepare(&queries::sql(self.renderer, "ranking", scope)?)?)
    }

    /// What comes up where the ranking finds nothing: the very words of a question of stop words alone, else what is strongest,
    /// or nothing where only what is relevant was asked for.
    fn without_terms(
        &self,
        number: usize,
        sql: impl Fn(&str) -> Result<String>,
    ) -> Result<(Basis, Vec<Ranked>)> {
        let question = &self.questions[number];
        if let Some(phrase) = question.phrase_of_stop_words() {
            let statement = self.conn.prepare(&sql("phrase")?)?;
            let hits = ranked_by(statement, duckdb::params![phrase, question.limit()])?;
            if !hits.is_empty() {
                return Ok((Basis::Match, hits));
            }
        }
        if question.cut != Cut::Off {
            return Ok((Basis::Nothing, Vec::new()));
        }
        let strongest = self.conn.prepare(&sql("strongest")?)?;
        Ok((Basis::Strongest, ranked_by(strongest, [question.limit()])?))
    }

    fn answers(
        &self,
        scope: &Scope<'_>,
        ranking: Statement<'_>,
        note: Option<String>,
    ) -> Result<Vec<(usize, Answer)>> {
        self.answers_of(scope, ranked_by(ranking, [])?, note)
    }

    /// The answers, of memories that are ranked.
    pub(super) fn answers_of(
        &self,
        scope: &Scope<'_>,
        hits: Vec<Ranked>,
        note: Option<String>,
    ) -> Result<Vec<(usize, Answer)>> {
        let sql = |name: &str| queries::sql(self.renderer, name, scope);
        let mut ranked: BTreeMap<usize, Vec<Ranked>> = BTreeMap::new();
        for hit in hits {
            ranked.entry(hit.question).or_default().push(hit);
        }
        let mut some = Vec::with_capacity(self.numbers.len());
        for &number in self.numbers {
            let (basis, hits) = match ranked.remove(&number) {
                Some(hits) => (Basis::Match, hits),
                None => self.without_terms(number, sql)?,
            };
            some.push((number, basis, hits));
        }
        let ids: Vec<i64> = some
            .iter()
            .flat_map(|(_, _, hits)| hits.iter().map(|h| h.id))
            .collect();
        let contents = contents(self.conn, &sql("contents")?, &ids)?;
        some.into_iter()
            .map(|(number, basis, hits)| {
                let results = hits
                    .into_iter()
                    .map(|hit| hit.with(&contents))
                    .collect::<Result<Vec<_>>>()?;
                let mut notes = notes(basis, scope, self.asked);
                if basis == Basis::Nothing && self.asked.memories > 0 {
                    notes.push(self.nothing_fits(scope, number)?);
                }
                notes.extend(note.clone());
                let reading = self.readings.get(&number);
                let explained = reading.filter(|_| self.questions[number].explain);
                let answer = Answer {
                    query: self.questions[number].text.clone(),
                    basis,
                    spelling: reading.map(|r| r.spelling.clone()).unwrap_or_default(),
                    times: explained.map(|r| r.times.clone()).unwrap_or_default(),
                    order: explained.and_then(|r| r.order),
                    people: explained.map(|r| r.aliases.clone()).unwrap_or_default(),
                    notes,
                    results,
                    associated: Vec::new(),
                    why_not: None,
                };
                Ok((number, answer))
            })
            .collect()
    }
}
