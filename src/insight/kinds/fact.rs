//! What holds about the person where it is new: facts that took the place of others, and in talks with assistants also what was learned
//! of the person at all (in a diary the writer knows).

use super::Finding;
use crate::insight::HeldFact;
use crate::insight::reading::Diary;
use crate::insight::reading::cues::filled;
use regex::Regex;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::LazyLock;

pub(in crate::insight) fn find(diary: &Diary, facts: &[HeldFact]) -> Vec<Finding> {
    let is_chat = diary.entries.iter().any(|entry| entry.is_assistant);
    facts
        .iter()
        .filter(|fact| is_chat || fact.before.is_some())
        .filter_map(|fact| told(diary, fact))
        .collect()
}

/// What somebody eats is said in many words: one who speaks of it later may have changed, and one who ate at once did.
static EATS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"\b(?:eat\w*|ate|meat|fish|chicken|beef|vegan|gegessen|esse|fleisch|fisch|mange\w*|viande|poisson|com[oi]|carne|pescado|peixe)\b",
    )
    .ok()
});

fn is_doubtful(diary: &Diary, fact: &HeldFact) -> bool {
    let mut later = diary
        .sentences()
        .skip_while(|place| place.entry.id != fact.memory_id);
    fact.slot == "diet"
        && later.any(|place| {
            place.is_meant()
                && EATS
                    .iter()
                    .any(|regex| regex.is_match(&place.sentence.folded))
        })
}

fn told(diary: &Diary, fact: &HeldFact) -> Option<Finding> {
    if is_doubtful(diary, fact) {
        return None;
    }
    let entry = diary
        .entries
        .iter()
        .find(|entry| entry.id == fact.memory_id)?;
    let phrases = &entry.language.cues().say;
    let phrase = match fact.before {
        Some(_) => &phrases.fact_changed,
        None => &phrases.fact,
    };
    let title = filled(
        phrase,
        &[
            ("slot", &fact.slot.replace(['_', ':'], " ")),
            ("value", &fact.value),
            ("before", fact.before.as_deref().unwrap_or_default()),
            ("day", &phrases.day(entry.at.date())),
            ("quote", &fact.words),
        ],
    );
    Some(Finding {
        kind: "fact",
        title,
        evidence: vec![fact.memory_id],
        newest: entry.at.date(),
        matter: BTreeSet::from([fact.slot.clone(), fact.value.to_lowercase()]),
        weight: if fact.before.is_some() { 2.8 } else { 2.2 },
        urgency: 0.0,
        is_lasting: false,
        confidence: 0.7,
        details: json!({"slot": fact.slot, "value": fact.value, "before": fact.before}),
    })
}
