//! Importance: the odds that a memory will be needed, from what its text says.
//!
//! Log odds are added up part by part (Anderson & Schooler 1991: memory tracks the odds of need), so each part's share can be shown.
//! The weights are data (`config/importance.yaml`). What depends on other memories, such as being the answer to a question, is no
//! feature of a text; `sql/working_memory/epoch_memories.sql` adds it.

use super::entities::Names;
use super::features::{Features, Milli};
use super::lexicon::talk::{ASSISTANTS, COURTESY, FIRST, KEEP, PAST, SECOND};
use super::lexicon::{Class, FUNCTION};
use super::reading::{Reading, Token};
use serde::Deserialize;
use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;
use stop_words::Language;

/// What a part counts, and for how much.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    weight: f64,
    most: f64,
    #[allow(dead_code, reason = "for those who read the file")]
    unit: String,
    #[allow(dead_code, reason = "for those who read the file")]
    why: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Weights {
    base: f64,
    parts: BTreeMap<String, Part>,
}

static WEIGHTS: LazyLock<Weights> = LazyLock::new(|| {
    serde_yaml::from_str(include_str!("../../config/importance.yaml"))
        .expect("config/importance.yaml is part of the program")
});

/// What one part adds to the log odds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NeedShare {
    /// The part, as `config/importance.yaml` names it.
    pub part: &'static str,
    /// Log odds.
    pub log_odds: f64,
}

/// The parts that say anything, as the file orders them, after the base.
pub(super) fn shares(
    reading: &Reading<'_>,
    names: &Names,
    features: &Features,
    speaker: Option<&str>,
) -> Vec<NeedShare> {
    let counts = count(reading, names, features, speaker);
    let mut shares = vec![NeedShare {
        part: "base",
        log_odds: WEIGHTS.base,
    }];
    for (part, units) in counts {
        let Some(weights) = WEIGHTS.parts.get(part) else {
            continue;
        };
        let log_odds = weights.weight * units.clamp(0.0, weights.most);
        if log_odds != 0.0 {
            shares.push(NeedShare { part, log_odds });
        }
    }
    shares
}

/// The odds of need as a probability: 1 / (1 + exp(-log odds)).
pub(super) fn importance(shares: &[NeedShare]) -> Milli {
    let sum: f64 = shares.iter().map(|share| share.log_odds).sum();
    Milli::from_unit(1.0 / (1.0 + (-sum).exp()))
}

/// How much of each part there is.
fn count(
    reading: &Reading<'_>,
    names: &Names,
    features: &Features,
    speaker: Option<&str>,
) -> Vec<(&'static str, f64)> {
    let tokens = &reading.tokens;
    let of = |list: &HashSet<&str>| {
        tokens
            .iter()
            .filter(|t| list.contains(t.word.as_str()))
            .count()
    };
    let past_verbs = tokens
        .iter()
        .filter(|t| {
            is_past(t) && !t.is(Class::AUXILIARY)
                || matches!(t.word.as_str(), "was" | "were" | "had")
        })
        .count();
    let digits = tokens
        .iter()
        .filter(|t| t.word.starts_with(|c: char| c.is_ascii_digit()))
        .count();
    let plan = features.goal.is_some() || features.task.is_some();
    let life = tokens.iter().filter(|t| t.is(Class::LIFE_EVENT)).count();
    let said_by = speaker.map(str::to_lowercase).unwrap_or_default();
    let courtesy = of(&LISTS.courtesy) as f64 / (tokens.len() as f64 + 3.0);
    vec![
        ("content", (1.0 + content_words(tokens) as f64).ln()),
        ("time", features.times.len() as f64),
        ("name", name_count(reading, names) as f64),
        ("quoted", quoted_titles(reading.text) as f64),
        ("number", digits as f64),
        ("topic", features.topics.len() as f64),
        ("own", f64::from(u8::from(of(&LISTS.first) > 0))),
        ("past", (past_verbs + of(&LISTS.past)) as f64),
        ("plan", f64::from(u8::from(plan))),
        ("keep", (of(&LISTS.keep) + life) as f64),
        ("addressed", of(&LISTS.second) as f64),
        ("asks", asking_share(reading)),
        ("courtesy", courtesy),
        (
            "assistant",
            f64::from(u8::from(LISTS.assistants.contains(said_by.trim()))),
        ),
    ]
}

struct Lists {
    courtesy: HashSet<&'static str>,
    first: HashSet<&'static str>,
    second: HashSet<&'static str>,
    past: HashSet<&'static str>,
    keep: HashSet<&'static str>,
    assistants: HashSet<&'static str>,
    /// Words of grammar in the languages beside English.
    grammar: HashSet<String>,
    german: HashSet<String>,
}

static LISTS: LazyLock<Lists> = LazyLock::new(|| {
    let set = |list: &'static str| list.split_whitespace().collect();
    let stop = |language| {
        stop_words::get(language)
            .iter()
            .map(|word| word.to_string())
            .collect::<Vec<String>>()
    };
    let german: HashSet<String> = stop(Language::German).into_iter().collect();
    let grammar = [Language::French, Language::Spanish, Language::Portuguese]
        .into_iter()
        .flat_map(stop)
        .chain(german.iter().cloned())
        .collect();
    Lists {
        courtesy: set(COURTESY),
        first: set(FIRST),
        second: set(SECOND),
        past: set(PAST),
        keep: set(KEEP),
        assistants: set(ASSISTANTS),
        grammar,
        german,
    }
});

/// Different words that carry content.
fn content_words(tokens: &[Token<'_>]) -> usize {
    let light = FUNCTION
        .or(Class::INTERJECTION)
        .or(Class::GREETING)
        .or(Class::VAGUE)
        .or(Class::ADVERB)
        .or(Class::EVALUATIVE);
    tokens
        .iter()
        .filter(|t| !t.is(light) && t.word.chars().count() > 2)
        .map(|t| t.word.as_str())
        .filter(|word| !LISTS.courtesy.contains(word) && !LISTS.grammar.contains(*word))
        .collect::<HashSet<_>>()
        .len()
}

/// "went", "painted": an inflected form of a known verb that is no present participle or third person.
fn is_past(token: &Token<'_>) -> bool {
    token.lemma().is_some_and(|base| base != token.word)
        && !token.word.ends_with("ing")
        && !token.word.ends_with('s')
}

/// Capitals within sentences, where the language does not write every noun with one, and names the rules know; one who is
/// addressed is not counted.
fn name_count(reading: &Reading<'_>, names: &Names) -> usize {
    let tokens = &reading.tokens;
    let german = tokens
        .iter()
        .filter(|t| LISTS.german.contains(&t.word) && t.class == Class::NONE)
        .count();
    if german * 8 > tokens.len() {
        return names.entities.len();
    }
    let inside = tokens
        .iter()
        .enumerate()
        .filter(|(at, t)| t.capital && !t.first() && *at > 2 && t.word.chars().count() > 1)
        .filter(|(_, t)| !t.is(FUNCTION))
        .count();
    inside.max(names.places.len())
}

/// Titles between quotation marks.
fn quoted_titles(text: &str) -> usize {
    let straight = text.matches('"').count() / 2;
    let curly = text.matches(['\u{201c}', '\u{201e}', '\u{ab}']).count();
    straight + curly
}

/// The share of sentences that ask.
fn asking_share(reading: &Reading<'_>) -> f64 {
    let asked = reading.sentences.iter().filter(|s| s.mark() == '?').count();
    asked as f64 / reading.sentences.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::super::features::{Features, Milli};
    use super::super::rules::{Subject, enrich};
    use chrono::NaiveDate;

    fn features_by(speaker: &str, content: &str) -> Features {
        let local_time = NaiveDate::from_ymd_opt(2023, 5, 10)
            .unwrap()
            .and_hms_opt(12, 0, 0)
            .unwrap();
        enrich(&Subject {
            content,
            speaker: Some(speaker),
            local_time,
        })
    }

    fn features(content: &str) -> Features {
        features_by("Maria", content)
    }

    #[test]
    fn news_is_important_and_small_talk_is_not() {
        for small in [
            "ok",
            "Thanks!",
            "haha",
            "Wow, that's so cool, Tom!",
            "Good to see you!",
            "👍",
            "",
        ] {
            assert!(
                features(small).importance < Milli(120),
                "{small} {}",
                features(small).importance
            );
        }
        for news in [
            "Remember: my daughter is allergic to peanuts, never give her any.",
            "We decided to move to Lisbon in March 2024, I signed the contract yesterday!",
            "Mom was diagnosed with cancer last week and has surgery on Friday at the hospital in Boston.",
        ] {
            assert!(
                features(news).importance > Milli(300),
                "{news} {}",
                features(news).importance
            );
        }
        assert!(
            features("I joined a pottery class.").importance
                > features("Do you like pottery?").importance
        );
    }
}
