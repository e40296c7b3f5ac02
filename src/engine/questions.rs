//! Questions to the memory: recall and insights.

use super::Engine;
use crate::enrich::embeddings::{active_model, dimension};
use crate::error::{Error, Result};
use crate::insight::{self, Insight, Period};
use crate::memory::{ActivationKind, Mind};
use crate::recall::{Answer, Meaning, Question, recall_batch};
use crate::template::{CycleValues, RenderContext};
use serde::{Deserialize, Serialize};

/// What an answer leaves in the raw log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trail {
    /// Nothing: the question is about another time, or one of many.
    None,
    /// That the memories came up.
    Retrieved,
    /// That they came up, and helped.
    Used,
}

impl Engine {
    /// Answers a question, and logs it as `trail` says where the store can be written.
    ///
    /// # Errors
    /// See [`recall_batch`].
    pub fn query(&self, mind: &Mind, question: &Question, trail: Trail) -> Result<Answer> {
        self.be_ready()?;
        let mut answers = self.answers(std::slice::from_ref(question))?;
        let answer = answers
            .pop()
            .ok_or_else(|| Error::failed("the question got no answer"))?;
        if trail != Trail::None && self.is_writable() {
            let ids: Vec<i64> = answer.results.iter().map(|hit| hit.id).collect();
            self.activate(
                mind,
                ActivationKind::Retrieved,
                Some(&question.text),
                &ids,
                question.as_of,
            )?;
            if trail == Trail::Used {
                self.activate(
                    mind,
                    ActivationKind::Used,
                    Some(&question.text),
                    &ids,
                    question.as_of,
                )?;
            }
        }
        Ok(answer)
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
        let queries = self.models.queries()?;
        let model = match self.advisors.may_embed() {
            true => active_model(conn)?,
            false => None,
        };
        let Some(model) = model else {
            return recall_batch(conn, queries, questions, None);
        };
        let dimension = dimension(conn, &model)?;
        let embed = |texts: &[String]| self.advisors.embed_questions(&model, texts, dimension);
        let meaning = Meaning {
            model: &model,
            embed: &embed,
        };
        recall_batch(conn, queries, questions, Some(&meaning))
    }

    /// What the memories of a period say that nobody asked for, of all minds or one; the surest first.
    ///
    /// # Errors
    /// See [`insight::insights`].
    pub fn insights(&self, period: Period, mind: Option<&Mind>) -> Result<Vec<Insight>> {
        self.be_ready()?;
        let render = |model: &str, period: &Period| {
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
        };
        insight::insights(
            self.warehouse.conn(),
            &render,
            period,
            mind.map(|mind| mind.id),
        )
    }

    /// Nothing that has come in may be missing from an answer.
    fn be_ready(&self) -> Result<()> {
        if self.is_writable() {
            self.enrich(|_| ())?;
        }
        Ok(())
    }
}
