//! Questions to the memory: recall and insights.

use super::Engine;
use crate::engine::FactFilter;
use crate::enrich::answers::{ExtractionTask, said_of_insights};
use crate::enrich::embeddings::{active_model, is_local};
use crate::enrich::llm::one_line_of;
use crate::error::{Error, Result};
use crate::facts::SELF;
use crate::insight::{self, HeldFact, Insight, InsightFilter, Period};
use crate::memory::{ActivationKind, Mind, MindId};
use crate::recall::{Answer, Meaning, Question, recall_batch, recall_with};
use crate::template::{CycleValues, RenderContext};
use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

/// What an answer leaves in the raw log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivationLogging {
    /// Nothing: the question is about another time, or one of many.
    None,
    /// That the memories came up.
    Retrieved,
    /// That they came up, and helped.
    Used,
}

impl Engine {
    /// Answers a question, and logs it as `activation_logging` says where the store can be written.
    ///
    /// # Errors
    /// See [`recall_batch`].
    pub fn query(
        &self,
        mind: &Mind,
        question: &Question,
        activation_logging: ActivationLogging,
    ) -> Result<Answer> {
        self.be_ready()?;
        let mut answers = self.answers(std::slice::from_ref(question))?;
        let mut answer = answers
            .pop()
            .ok_or_else(|| Error::failed("the question got no answer"))?;
        if activation_logging != ActivationLogging::None && self.is_writable() {
            let logged = self.log_question(mind, question, &answer, activation_logging);
            // A full disk takes no answer from anybody.
            if let Err(e) = logged {
                answer
                    .notes
                    .push(format!("what was recalled could not be logged: {e}"));
            }
        }
        Ok(answer)
    }

    fn log_question(
        &self,
        mind: &Mind,
        question: &Question,
        answer: &Answer,
        activation_logging: ActivationLogging,
    ) -> Result<()> {
        let ids: Vec<i64> = answer.results.iter().map(|hit| hit.id).collect();
        let mut kinds = vec![ActivationKind::Retrieved];
        if activation_logging == ActivationLogging::Used {
            kinds.push(ActivationKind::Used);
        }
        kinds.into_iter().try_for_each(|kind| {
            self.activate(mind, kind, Some(&question.text), &ids, question.as_of)
        })
    }

    /// Answers many questions, in their order; logs nothing.
    ///
    /// # Errors
    /// See [`recall_batch`].
    pub fn query_batch(&self, questions: &[Question]) -> Result<Vec<Answer>> {
        self.be_ready()?;
        self.answers(questions)
    }

    /// By words, and by meaning where the store holds vectors.
    fn answers(&self, questions: &[Question]) -> Result<Vec<Answer>> {
        let conn = self.warehouse.conn();
        let queries = self.pipeline().renderer();
        let model = match self.model_clients.may_embed() {
            true => active_model(conn)?,
            false => None,
        };
        let Some(model) = model else {
            // A process that asks once has nothing to gain from it.
            let is_shared = self.coordination.is_some();
            let resident = is_shared.then(|| (self.models.resident(), self.settled()));
            return recall_with(conn, queries, questions, None, resident);
        };
        let dimension = self.model_clients.length(conn, &model)?;
        let model_clients = &self.model_clients;
        let embed = |texts: &[String]| model_clients.embed_questions(&model, texts, dimension);
        let meaning = Meaning {
            model: &model,
            embed: &embed,
            at_hand: is_local(&model),
        };
        recall_batch(conn, queries, questions, Some(&meaning))
    }

    /// What the memories of a period say that nobody asked for, of all minds or one; the surest first.
    ///
    /// # Errors
    /// See [`insight::told`] and [`insight::insights`].
    pub fn insights(
        &self,
        period: Period,
        mind: Option<&Mind>,
        filter: &InsightFilter,
    ) -> Result<Vec<Insight>> {
        self.be_ready()?;
        let conn = self.warehouse.conn();
        let render = |model: &str, period: &Period| self.insight_sql(model, period);
        let only = mind.map(|mind| mind.id);
        let facts = |mind: &str| self.held_facts(mind, period.as_of);
        let mut insights = insight::told(conn, &render, period, only, filter, &facts)?;
        // What a language model found contradictory is told beside what rules read; the rest is measured, and few would miss it.
        let measured: &[&str] = match filter.all {
            true => &insight::MODELS,
            false => &["contradictions"],
        };
        let measured = insight::insights_of(conn, measured, &render, period, only)?;
        insights.extend(
            measured
                .into_iter()
                .filter(|insight| filter.wants(&insight.kind, &insight.title)),
        );
        let sentences = said_of_insights(conn)?;
        if sentences.is_empty() {
            return Ok(insights);
        }
        for insight in &mut insights {
            let key = (
                MindId::of(&insight.mind).to_string(),
                insight_subject(insight),
                self.insight_revision(insight)?,
            );
            insight.sentence = sentences.get(&key).cloned();
        }
        Ok(insights)
    }

    /// The facts that stand of a mind's own person and are essential or took the place of others.
    fn held_facts(&self, mind: &str, as_of: NaiveDateTime) -> Result<Vec<HeldFact>> {
        let mind = self.mind(mind)?;
        let with_history = FactFilter {
            subject: Some(SELF.to_owned()),
            history: true,
            known_at: Some(as_of),
            ..FactFilter::default()
        };
        let all = self.facts(&mind, &with_history, as_of)?;
        let before = |id: &str| {
            all.iter()
                .find(|fact| fact.superseded_by.as_deref() == Some(id))
        };
        let held = all.iter().filter(|fact| {
            let stands = fact.superseded_by.is_none() && fact.retracted_by.is_none();
            stands && fact.state == "current" && fact.polarity == "positive"
        });
        let told = held.filter_map(|fact| {
            let evidence = fact.evidence.first()?;
            let before = before(&fact.id).map(|other| other.value.clone());
            (fact.essential || before.is_some()).then_some(HeldFact {
                slot: fact.slot.clone(),
                value: fact.value.clone(),
                before,
                memory_id: evidence.memory_id?,
                words: evidence.words.clone(),
            })
        });
        Ok(told.collect())
    }

    /// A model of `sql/insight/`, rendered for a period.
    pub(super) fn insight_sql(&self, model: &str, period: &Period) -> Result<String> {
        let values = CycleValues {
            epoch_start: period.since,
            epoch_end: period.as_of,
            ..CycleValues::default()
        };
        self.pipeline()
            .renderer()
            .compile(model, &RenderContext::new(period.as_of).in_cycle(values))
            .map(|compiled| compiled.sql)
            .map_err(|e| Error::usage(e.to_string()))
    }

    /// Which contents an insight rests on. A sentence about it counts as long as they are the same: words that are edited or deleted
    /// leave with it.
    fn insight_revision(&self, insight: &Insight) -> Result<i64> {
        let ids: Vec<String> = insight.evidence.iter().map(|e| e.id.to_string()).collect();
        if ids.is_empty() {
            return Ok(0);
        }
        let revision: i64 = self.warehouse.conn().query_row(
            &format!(
                "SELECT coalesce((md5_number(string_agg(memory_id || ':' || revision, ' ' ORDER BY memory_id)) % 9223372036854775807)::BIGINT, 0)
                 FROM lexical.documents WHERE memory_id IN ({})",
                ids.join(", ")
            ),
            [],
            |r| r.get(0),
        )?;
        Ok(revision)
    }

    /// An insight as something to be said in a sentence; none where it rests on nothing any more.
    pub(super) fn insight_task(&self, insight: &Insight) -> Result<Option<ExtractionTask>> {
        let Some(first) = insight.evidence.first() else {
            return Ok(None);
        };
        let mind = self.mind(&insight.mind)?;
        let mut text = format!("{}\n", one_line_of(&insight.title, 600));
        for evidence in &insight.evidence {
            let day = evidence.created_at.format("%Y-%m-%d");
            let gist = one_line_of(&evidence.gist, 400);
            text.push_str(&format!("[{}] {day} {gist}\n", evidence.id));
        }
        Ok(Some(ExtractionTask {
            mind: mind.id.to_string(),
            memory_id: first.id,
            revision: self.insight_revision(insight)?,
            subject: insight_subject(insight),
            text,
            name: String::new(),
            ids: insight.evidence.iter().map(|e| e.id).collect(),
            created_at: first.created_at,
            zone: mind.time_zone.name().to_owned(),
        }))
    }

    /// Nothing that has come in may be missing from an answer.
    pub(super) fn be_ready(&self) -> Result<()> {
        // Whoever writes beside this question makes what it writes ready itself.
        let state = self.settled();
        if self.is_writable()
            && !self.is_ready_in(state)
            && let Some(mut turn) = self.turn_now("query")
            && self.enrich(|_| ())? == 0
        {
            turn.changed_nothing();
            self.ready_in(state);
        }
        Ok(())
    }
}

/// What an insight is known by: its kind and finding.
fn insight_subject(insight: &Insight) -> String {
    format!("{}: {}", insight.kind, insight.title)
}
