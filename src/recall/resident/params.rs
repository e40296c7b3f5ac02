//! The parameters of the ranking, as exact decimals.

use super::DEFINITION;
use crate::template::{RenderContext, Renderer};
use chrono::NaiveDateTime;
use std::collections::HashMap;

/// Billionths.
pub(super) const SCALE: i128 = 1_000_000_000;

/// A decimal of at most nine places, and the float nearest to it: what SQL makes of a literal beside an exact or an inexact number.
#[derive(Debug, Clone, Copy)]
pub(in crate::recall) struct Decimal {
    pub(super) exact: i128,
    pub(super) float: f64,
}

/// The parameters of the ranking.
#[derive(Debug)]
pub(in crate::recall) struct Params(HashMap<&'static str, Decimal>);

const NAMES: &[&str] = &[
    "bm25_b",
    "bm25_even_lengths",
    "bm25_k1",
    "recall_words",
    "recall_seeds",
    "recall_context_weight",
    "recall_answer_factor",
    "recall_context_fade",
    "recall_context_reach",
    "recall_gathering_context",
    "recall_speaker_boost",
    "recall_gathering_speaker",
    "recall_time_boost",
    "recall_order_weight",
    "recall_order_share",
    "recall_need_weight",
    "recall_association_weight",
    "recall_strength_weight",
    "recall_recency_weight",
    "recall_recency_stability",
    "recall_tier_weight",
    "recall_min_relevance",
    "recall_relevance_share",
    "recall_relevance_base",
    "recall_relevance_coverage",
    "recall_unknown_word",
    "recall_relevance_question",
    "recall_heard_share",
    "recall_time_need",
    "encoding_exponent",
    "initial_stability",
    "gradual_forgetting_rate",
    "forgetting_exponent",
    "need_of_answers",
    "episode_gap",
];

impl Params {
    /// The parameters, where the ranking is the one that was shipped and no association weighs in it.
    pub(super) fn shipped(renderer: &Renderer) -> Option<Params> {
        let sources = renderer.project().sources();
        let as_shipped = DEFINITION
            .iter()
            .all(|(path, text)| sources.iter().any(|(p, t)| p == path && t == text));
        if !as_shipped {
            return None;
        }
        let text: Vec<String> = NAMES
            .iter()
            .map(|name| format!("{{{{ var('{name}') }}}}"))
            .collect();
        let context = RenderContext::new(NaiveDateTime::default());
        let compiled = renderer
            .compile_text("sql/recall/ranking.sql", &text.join(";"), &context)
            .ok()?;
        let values: Vec<Decimal> = compiled
            .sql
            .split(';')
            .map(|text| decimal(text.trim()))
            .collect::<Option<_>>()?;
        if values.len() != NAMES.len() {
            return None;
        }
        let params = Params(NAMES.iter().copied().zip(values).collect());
        (params.exact("recall_association_weight") == 0).then_some(params)
    }

    pub(super) fn float(&self, name: &'static str) -> f64 {
        self.0[name].float
    }

    /// In billionths.
    pub(super) fn exact(&self, name: &'static str) -> i128 {
        self.0[name].exact
    }

    pub(super) fn whole(&self, name: &'static str) -> i64 {
        i64::try_from(self.0[name].exact / SCALE).unwrap_or(i64::MAX)
    }
}

fn decimal(text: &str) -> Option<Decimal> {
    let float: f64 = text.parse().ok()?;
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if fraction.len() > 9 {
        return None;
    }
    let exact =
        whole.parse::<i128>().ok()? * SCALE + format!("{fraction:0<9}").parse::<i128>().ok()?;
    Some(Decimal {
        exact: sign * exact,
        float,
    })
}

/// An exact number of so many times millionths, as millionths.
pub(super) fn rounded(value: i128, per_millionth: i128) -> i64 {
    let half = per_millionth / 2;
    let away = if value < 0 {
        value - half
    } else {
        value + half
    };
    i64::try_from(away / per_millionth).unwrap_or(0)
}
