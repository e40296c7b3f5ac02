//! Urgency and importance: what attention and replay feed on.

use super::entities::Names;
use super::features::{Features, Milli, SpeechAct};
use super::lexicon::{Class, FUNCTION};
use super::reading::{Reading, Token};

/// Words that press, by strength 3, 2, 1.
const PRESSING: &[(f64, &str)] = &[
    (3.0, "urgent urgently asap emergency immediately 911 hurry"),
    (
        1.6,
        "deadline overdue now tonight must critical expires expire expiring due quickly",
    ),
    (
        0.8,
        "today tomorrow soon need needs gotta before until priority reminder remind late waiting quick",
    ),
];

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

/// How soon something wants to be done.
///
/// `x / (x + 2.5)`, where x sums the pressing words (3 urgent, asap; 1.6 deadline, must, tonight, now; 0.8 today, soon,
/// need), 1 for a task and 0.5 for a request. Twice the pressure less than doubles it. "now" counts only where it ends
/// a clause or follows "right": "now I see" presses nobody.
pub(super) fn urgency(reading: &Reading<'_>, features: &Features) -> Milli {
    let tokens = &reading.tokens;
    let mut x = 0.0_f64;
    for (at, token) in tokens.iter().enumerate() {
        let Some((weight, _)) = PRESSING.iter().find(|(_, words)| has(words, &token.word)) else {
            continue;
        };
        let idle = match token.word.as_str() {
            "now" => !at.checked_sub(1).is_some_and(|before| {
                matches!(
                    tokens[before].word.as_str(),
                    "right" | "it" | "do" | "call" | "come"
                )
            }),
            "late" => at
                .checked_sub(1)
                .is_none_or(|before| !tokens[before].is(Class::AUXILIARY)),
            "need" | "needs" | "due" => tokens
                .get(at + 1)
                .is_some_and(|next| next.word == "to" && token.word == "due"),
            "before" | "until" => !tokens
                .get(at + 1)
                .is_some_and(|next| next.is(Class::CALENDAR)),
            "must" => tokens
                .get(at + 1)
                .is_some_and(|next| matches!(next.word.as_str(), "be" | "have" | "feel")),
            _ => token.word.contains("must'"),
        };
        if !idle {
            x += weight;
        }
    }
    x = x.min(12.0);
    if features.task.is_some() {
        x += 1.0;
    }
    if features.act == SpeechAct::Request {
        x += 0.5;
    }
    // A past "today" wants nothing: without a task, request or strong word it presses half.
    if features.task.is_none() && features.act != SpeechAct::Request && x < 1.6 {
        x *= 0.5;
    }
    Milli::from_unit(x / (x + 2.5))
}

fn has(words: &str, word: &str) -> bool {
    words.split_whitespace().any(|other| other == word)
}

/// How much a text is worth remembering.
///
/// `0.05 + 0.9 · x / (x + 4)`, where x sums evidence of news that lasts, each kind bounded:
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
    let addressee_only = features.act == SpeechAct::Question;
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
    let speaker =
        usize::from(features.people.len() > names.person_tokens.len().min(features.people.len()));
    let others = features
        .people
        .len()
        .saturating_sub(speaker)
        .saturating_sub(usize::from(vocative_only(reading, names)));
    let things = features
        .entities
        .len()
        .saturating_sub(features.places.len() + names.people.len().min(features.entities.len()));
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
    if addressee_only {
        x *= 0.55;
    }
    if content <= 1 && features.times.is_empty() && features.places.is_empty() && life == 0 {
        x *= 0.25;
    }
    Milli::from_unit(0.05 + 0.9 * x / (x + 4.0))
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

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::super::features::Milli;
    use super::super::rules::{Subject, enrich};

    fn features(content: &str) -> super::Features {
        let local_time = NaiveDate::from_ymd_opt(2023, 5, 10)
            .unwrap()
            .and_hms_opt(12, 0, 0)
            .unwrap();
        enrich(&Subject {
            content,
            speaker: Some("Maria"),
            local_time,
        })
    }

    #[test]
    fn what_presses_is_urgent() {
        for (more, less) in [
            (
                "Call the vet immediately, it's urgent!",
                "Call the vet some day.",
            ),
            ("The deadline is tonight.", "The film was long."),
            ("I must pay the rent today", "I paid the rent today"),
            ("Call me right now!", "Now I see what you mean."),
        ] {
            let (a, b) = (features(more).urgency, features(less).urgency);
            assert!(a > b, "{more} {a} / {less} {b}");
        }
        assert_eq!(features("The film was long.").urgency, Milli::ZERO);
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
                features(small).importance < Milli(200),
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
                features(news).importance > Milli(600),
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
