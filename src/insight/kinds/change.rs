//! Changes of mind: a decision or plan, and a later one about the same that takes its place.
//!
//! Speaks where a later sentence has a cue of change and shares something uncommon with an earlier decision; a chain (first, then, now) is
//! one insight with its latest state. Is silent of jokes, suppositions and sentences too long to be a decision.

use super::{Finding, quote, say, shared};
use crate::insight::reading::cues::filled;
use crate::insight::reading::{Diary, Place};
use chrono::Duration;
use regex::Regex;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Words that a decision has at most.
const WORDS: usize = 32;
static DECIDED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\b(?:decision|decided|entschieden|beschlossen|decide\w*|decidi\w*|decisao)\b").ok()
});

/// Fewer stems than this say too little alone.
const FEW: usize = 3;
/// Days that lie between the two at most.
const APART: i64 = 150;

pub(in crate::insight) fn find(diary: &Diary) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for later in diary.sentences().filter(|place| is_change(diary, place)) {
        let Some((earlier, matter)) = earlier_decision(diary, &later) else {
            continue;
        };
        let next = finding(&earlier, &later, matter);
        // A chain: what changed again is told with its latest state.
        match found
            .iter_mut()
            .find(|one| one.evidence.contains(&earlier.entry.id))
        {
            Some(chain) => {
                let mut evidence = chain.evidence.clone();
                evidence.push(later.entry.id);
                *chain = Finding { evidence, ..next };
            }
            None => found.push(next),
        }
    }
    found
}

fn is_change(diary: &Diary, place: &Place<'_>) -> bool {
    let text = &place.sentence.folded;
    place.is_plain()
        && place.day() <= diary.today
        && text.split_whitespace().count() <= WORDS
        && place.cues().change.is_match(text)
        && !place.cues().hypothetical.is_match(text)
}

/// The decision that a sentence changes, with what both are about: the one that shares most, then the newest.
fn earlier_decision<'a>(
    diary: &'a Diary,
    later: &Place<'_>,
) -> Option<(Place<'a>, BTreeSet<String>)> {
    let most = (diary.entries.len() * 7 / 100).max(6);
    let language = later.entry.language;
    let own = later.sentence.without(&language.cues().change, language);
    let mut about: Vec<&String> = own.iter().collect();
    if own.len() < FEW {
        // "Changed my mind": what about, the sentences beside it say.
        about.extend(
            later
                .entry
                .sentences
                .iter()
                .flat_map(|sentence| &sentence.stems),
        );
    }
    let matter: BTreeSet<&str> = about
        .into_iter()
        .filter(|stem| diary.frequency(stem) <= most)
        .map(String::as_str)
        .collect();
    let from = later.day() - Duration::days(APART);
    let mut best: Option<(usize, Place<'a>, BTreeSet<String>)> = None;
    let before = diary
        .sentences()
        .take_while(|place| (place.at, place.number) < (later.at, later.number));
    for place in
        before.filter(|place| place.at < later.at && place.day() >= from && place.is_plain())
    {
        let cues = place.cues();
        let text = &place.sentence.folded;
        let is_decision = cues.plan.is_match(text) || !own.is_empty() && cues.change.is_match(text);
        let common = shared(&matter, &place.sentence.stems);
        let is_same_voice = !diary.is_group || place.entry.speaker == later.entry.speaker;
        // Where the change itself names nothing, only a decision in so many words is what it changes.
        let is_vague = own.is_empty()
            && !DECIDED
                .iter()
                .any(|regex| regex.is_match(&place.sentence.folded));
        let wanted = if is_same_voice && !is_vague { 1 } else { 2 };
        if is_decision
            && common.len() >= wanted
            && best.as_ref().is_none_or(|(n, ..)| common.len() >= *n)
        {
            let common: BTreeSet<String> = common.into_iter().map(str::to_owned).collect();
            best = Some((common.len(), place, common));
        }
    }
    best.map(|(_, place, common)| (place, common))
}

fn finding(earlier: &Place<'_>, later: &Place<'_>, matter: BTreeSet<String>) -> Finding {
    let phrases = say(later);
    let title = filled(
        &phrases.change,
        &[
            ("noted", &phrases.day(earlier.day())),
            ("earlier", &quote(earlier)),
            ("day", &phrases.day(later.day())),
            ("quote", &quote(later)),
        ],
    );
    Finding {
        kind: "changed_mind",
        title,
        evidence: vec![earlier.entry.id, later.entry.id],
        newest: later.day(),
        matter,
        weight: 3.0,
        urgency: 0.0,
        is_lasting: false,
        confidence: 0.6,
        details: json!({"earlier": earlier.entry.id, "later": later.entry.id}),
    }
}
