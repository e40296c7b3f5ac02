//! Importance as the reading rules of generation 1 (codex 0.1) have it: stores that keep it are read with it.

use super::entities::Names;
use super::features::{Features, Milli, SpeechAct};
use super::lexicon::{Class, FUNCTION};
use super::reading::{Reading, Token};

/// Words that say of themselves that they are to be kept.
const KEEPING: &str = "important importantly remember reminder forget deadline password crucial critical essential vital priority \
    milestone note promise promised decision decided decide must secret emergency warning";

/// Phrases that say so.
const KEEPING_PHRASES: &[&[&str]] = &[
    &["never", "forget"],
    &["don't", "forget"],
    &["from", "now", "on"],
    &["make", "sure"],
    &["for", "the", "record"],
    &["my", "favorite"],
    &["my", "favourite"],
    &["for", "the", "first", "time"],
    &["got", "the", "job"],
    &["new", "job"],
    &["i", "live"],
    &["my", "name", "is"],
    &["i", "always"],
    &["i", "never"],
    &["i", "prefer"],
    &["changed", "my", "life"],
];

fn has(words: &str, word: &str) -> bool {
    words.split_whitespace().any(|other| other == word)
}

/// How much a text is worth remembering.
///
/// `0.05 + 0.9 · x² / (x² + 6)`, where x sums evidence of news that lasts, each kind bounded. The S shape keeps single hints
/// low and lets agreeing ones add up; 6 puts an ordinary turn of a conversation near 0.4.
///
///
/// | evidence | each | at most |
/// |---|---|---|
/// | words of content | 0.12 | 1.8 |
/// | topics | 0.25 | 1.25 |
/// | places; organisations, titles, products | 0.6; 0.4 | 1.2; 0.8 |
/// | other people than the speaker | 0.3 | 0.6 |
/// | times; numbers | 0.6; 0.4 | 1.2; 0.8 |
/// | actions | 0.35 | 1.05 |
/// | events that change a life | 1.2 | 2.4 |
/// | "remember", "decided", "my favourite" … | 1.2 | 2.4 |
/// | a goal; a task | 1.0; 1.0 | |
/// | arousal above 0.3 | 1.5 × the rest | 1.05 |
/// | the speaker's own past ("I …ed") or state of life ("my …") | 0.5 | |
///
/// Emotional arousal strengthens memories (McGaugh 2004) and self-reference does (Rogers, Kuiper & Kirker 1977).
/// A question that brings no news of its own keeps 55 %, small talk (no content but praise and greetings) 25 %.
pub(super) fn importance(reading: &Reading<'_>, names: &Names, features: &Features) -> Milli {
    let tokens = &reading.tokens;
    let light = FUNCTION
        .or(Class::INTERJECTION)
        .or(Class::GREETING)
        .or(Class::VAGUE)
        .or(Class::ADVERB)
        .or(Class::EVALUATIVE);
    let asks = features.act == SpeechAct::Question;
    let bounded = |items: usize, each: f64, most: f64| {
        (0..items.min(64))
            .fold(0.0, |sum: f64, _| sum + each)
            .min(most)
    };
    let content = tokens
        .iter()
        .enumerate()
        .filter(|(at, token)| !token.is(light) && !names.person_tokens.contains(at))
        .count();
    let numbers = tokens
        .iter()
        .filter(|token| token.word.starts_with(|c: char| c.is_ascii_digit()))
        .count();
    let others = names.people.len() - usize::from(names.has_speaker);
    let others = others.saturating_sub(usize::from(vocative_only(reading, names)));
    let kinds = || names.people.iter().chain(&names.places);
    let things = names
        .entities
        .iter()
        .filter(|name| kinds().all(|other| other != *name))
        .count();
    let life = tokens
        .iter()
        .filter(|token| token.is(Class::LIFE_EVENT))
        .count();
    let mut x = bounded(content, 0.12, 1.8)
        + bounded(features.topics.len(), 0.25, 1.25)
        + bounded(features.places.len(), 0.6, 1.2)
        + bounded(things, 0.4, 0.8)
        + bounded(others, 0.3, 0.6)
        + bounded(features.times.len(), 0.6, 1.2)
        + bounded(numbers, 0.4, 0.8)
        + bounded(features.actions.len(), 0.35, 1.05)
        + bounded(life, 1.2, 2.4)
        + bounded(keepers(tokens), 1.2, 2.4);
    x += if features.goal.is_some() { 1.0 } else { 0.0 }
        + if features.task.is_some() { 1.0 } else { 0.0 };
    x += 1.5 * (features.arousal.value() - 0.3).max(0.0);
    if tells_of_oneself(tokens) {
        x += 0.5;
    }
    if asks {
        x *= 0.55;
    }
    if content <= 1 && features.times.is_empty() && features.places.is_empty() && life == 0 {
        x *= 0.25;
    }
    Milli::from_unit(0.05 + 0.9 * x * x / (x * x + 6.0))
}

/// The only person named is spoken to, not of.
fn vocative_only(reading: &Reading<'_>, names: &Names) -> bool {
    names.person_tokens.first().is_some_and(|at| {
        let greeted = at.checked_sub(1).is_some_and(|before| {
            reading.tokens[before].is(Class::GREETING.or(Class::INTERJECTION))
        });
        greeted || *at < 3
    })
}

fn keepers(tokens: &[Token<'_>]) -> usize {
    let words = tokens
        .iter()
        .filter(|token| has(KEEPING, &token.word))
        .count();
    let phrases = (0..tokens.len()).filter(|at| {
        KEEPING_PHRASES.iter().any(|phrase| {
            phrase.iter().enumerate().all(|(nth, word)| {
                tokens
                    .get(at + nth)
                    .is_some_and(|token| token.word == *word)
            })
        })
    });
    words + phrases.count()
}

/// "I moved", "my mother": news of the speaker.
fn tells_of_oneself(tokens: &[Token<'_>]) -> bool {
    tokens.windows(2).any(|pair| {
        let me = matches!(pair[0].word.as_str(), "i" | "we" | "i've" | "we've" | "i'm");
        let past = pair[1].lemma().is_some_and(|base| base != pair[1].word);
        let mine = matches!(pair[0].word.as_str(), "my" | "our") && !pair[1].is(FUNCTION);
        me && past && !pair[1].is(Class::STATIVE) || mine
    })
}
