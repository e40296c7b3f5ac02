//! Goals and tasks. Only what the words say: no goal is guessed.

use super::lexicon::Class;
use super::reading::{Gap, Reading, Span, Token};

/// Words of a goal or task.
const LONGEST: usize = 14;

/// Phrases of a first person that a goal follows.
const GOALS: &[&[&str]] = &[
    &["i", "want", "to"],
    &["we", "want", "to"],
    &["i", "wanna"],
    &["i'd", "like", "to"],
    &["i", "would", "like", "to"],
    &["i'd", "love", "to"],
    &["i", "would", "love", "to"],
    &["we'd", "like", "to"],
    &["we'd", "love", "to"],
    &["i", "hope", "to"],
    &["we", "hope", "to"],
    &["i'm", "hoping", "to"],
    &["we're", "hoping", "to"],
    &["hoping", "to"],
    &["i", "plan", "to"],
    &["we", "plan", "to"],
    &["i'm", "planning", "to"],
    &["we're", "planning", "to"],
    &["planning", "to"],
    &["i", "plan", "on"],
    &["i'm", "planning", "on"],
    &["planning", "on"],
    &["i", "aim", "to"],
    &["i'm", "aiming", "to"],
    &["i", "intend", "to"],
    &["i'm", "trying", "to"],
    &["we're", "trying", "to"],
    &["i'm", "determined", "to"],
    &["i'm", "thinking", "of"],
    &["i'm", "thinking", "about"],
    &["i'm", "saving", "up", "for"],
    &["my", "goal", "is", "to"],
    &["our", "goal", "is", "to"],
    &["my", "dream", "is", "to"],
    &["my", "plan", "is", "to"],
    &["our", "plan", "is", "to"],
    &["i", "dream", "of"],
    &["dreaming", "of"],
    &["i've", "decided", "to"],
    &["i", "decided", "to"],
    &["we", "decided", "to"],
    &["we've", "decided", "to"],
    &["i'm", "going", "to"],
    &["we're", "going", "to"],
    &["i'm", "gonna"],
    &["we're", "gonna"],
];

/// Phrases that a task follows.
const TASKS: &[&[&str]] = &[
    &["i", "need", "to"],
    &["i'll", "need", "to"],
    &["i'll", "have", "to"],
    &["we'll", "have", "to"],
    &["we", "need", "to"],
    &["i", "have", "to"],
    &["we", "have", "to"],
    &["i've", "got", "to"],
    &["we've", "got", "to"],
    &["i", "gotta"],
    &["we", "gotta"],
    &["gotta"],
    &["i", "must"],
    &["we", "must"],
    &["i", "should"],
    &["i", "ought", "to"],
    &["i", "still", "need", "to"],
    &["i", "still", "have", "to"],
    &["remind", "me", "to"],
    &["don't", "forget", "to"],
    &["remember", "to"],
    &["don't", "let", "me", "forget", "to"],
    &["need", "to"],
    &["have", "to"],
    &["must"],
    &["make", "sure", "to"],
];

/// What the speaker wants to reach: the first of the text, in its words.
pub(super) fn goal(reading: &Reading<'_>) -> Option<String> {
    first(reading, |tokens, span| {
        let (at, length) = anchored(tokens, GOALS)?;
        // "I'm going to Rome" is a way, "I'm going to learn" a goal.
        let place = tokens[at + length - 1].word == "to"
            && tokens
                .get(at + length)
                .is_some_and(|next| next.capital || next.is(Class::DETERMINER));
        let polite = tokens
            .get(at + length)
            .is_some_and(|next| is_politeness(&next.word));
        if place || polite || span.mark() == '?' {
            None
        } else {
            Some(at + length)
        }
    })
}

/// "I'd love to hear more": kindness, no goal.
fn is_politeness(word: &str) -> bool {
    matches!(
        word,
        "hear"
            | "see"
            | "know"
            | "say"
            | "thank"
            | "check"
            | "ask"
            | "tell"
            | "talk"
            | "chat"
            | "be"
    )
}

/// What has to be done: the first of the text, in its words.
pub(super) fn task(reading: &Reading<'_>) -> Option<String> {
    first(reading, |tokens, span| {
        if let Some(skipped) = marked(tokens, span) {
            return Some(skipped);
        }
        if span.mark() == '?' {
            return None;
        }
        let (at, length) = anchored(tokens, TASKS)?;
        let bare = matches!(
            tokens[at].word.as_str(),
            "need" | "have" | "must" | "gotta" | "remember" | "make" | "remind" | "don't"
        );
        // "have to" and "remember to" without a subject only open a sentence.
        let opens = at == 0
            || tokens[at].gap != Gap::Blank
            || matches!(
                tokens[at - 1].word.as_str(),
                "please" | "and" | "so" | "but" | "also"
            );
        (!bare || opens)
            .then_some(at + length)
            .filter(|next| is_doable(tokens, *next))
    })
}

/// "should be fun", "have to say" and "must have been" are no tasks.
fn is_doable(tokens: &[Token<'_>], at: usize) -> bool {
    let Some(token) = tokens.get(at) else {
        return false;
    };
    let idle = matches!(
        token.word.as_str(),
        "be" | "say"
            | "admit"
            | "have"
            | "know"
            | "feel"
            | "agree"
            | "not"
            | "also"
            | "been"
            | "like"
            | "ask"
            | "see"
    );
    !idle && !token.is(Class::PRONOUN)
}

/// `TODO: …`, `To do: …`, `[ ] …`.
fn marked(tokens: &[Token<'_>], span: &Span<'_>) -> Option<usize> {
    let text = span.text.trim_start_matches(['-', '*', '+', ' ']);
    if text.starts_with("[ ]") {
        return Some(0);
    }
    let first = tokens.first()?;
    if let [to, verb, after, ..] = tokens
        && (to.word.as_str(), verb.word.as_str()) == ("to", "do")
        && after.gap == Gap::Break
    {
        return Some(2);
    }
    let todo =
        matches!(first.word.as_str(), "todo" | "fixme" | "reminder" | "task") && tokens.len() > 1;
    let marked =
        todo && (matches!(first.word.as_str(), "todo" | "fixme") || tokens[1].gap == Gap::Break);
    let skipped = if tokens.get(1).is_some_and(|token| token.word == "to") {
        2
    } else {
        1
    };
    marked.then_some(skipped)
}

fn first(
    reading: &Reading<'_>,
    find: impl Fn(&[Token<'_>], &Span<'_>) -> Option<usize>,
) -> Option<String> {
    reading.sentences.iter().find_map(|span| {
        let tokens = reading.tokens_of(span);
        let from = find(tokens, span)?;
        let rest = tokens.get(from..).filter(|rest| !rest.is_empty())?;
        let phrase = reading.phrase(&rest[..clause(rest)]);
        (!phrase.is_empty()).then_some(phrase)
    })
}

/// The first phrase of the list in the sentence, adverbs in between allowed; position and length.
fn anchored(tokens: &[Token<'_>], phrases: &[&[&str]]) -> Option<(usize, usize)> {
    (0..tokens.len()).find_map(|at| {
        phrases.iter().find_map(|phrase| {
            let length = matched(&tokens[at..], phrase)?;
            let negated = at > 0 && tokens[at - 1].is(Class::NEGATION);
            (!negated).then_some((at, length))
        })
    })
}

fn matched(tokens: &[Token<'_>], phrase: &[&str]) -> Option<usize> {
    let mut at = 0;
    for (nth, wanted) in phrase.iter().enumerate() {
        while nth > 0
            && tokens
                .get(at)
                .is_some_and(|token| is_filler(&token.word) && token.word != *wanted)
        {
            at += 1;
        }
        let token = tokens.get(at)?;
        if token.word != *wanted || nth > 0 && token.gap != Gap::Blank {
            return None;
        }
        at += 1;
    }
    Some(at)
}

fn is_filler(word: &str) -> bool {
    matches!(
        word,
        "really"
            | "also"
            | "just"
            | "still"
            | "definitely"
            | "always"
            | "actually"
            | "currently"
            | "now"
            | "finally"
            | "totally"
            | "so"
            | "seriously"
            | "both"
            | "all"
    )
}

/// The length of the clause at the start of `tokens`.
fn clause(tokens: &[Token<'_>]) -> usize {
    let ends = |(at, token): (usize, &Token<'_>)| {
        let conjunction = matches!(
            token.word.as_str(),
            "because"
                | "but"
                | "so"
                | "since"
                | "although"
                | "though"
                | "if"
                | "when"
                | "which"
                | "while"
                | "cause"
        );
        let new_clause = token.gap != Gap::Blank
            && (token.is(Class::PRONOUN) || token.gap == Gap::Break && !token.quoted)
            || token.word == "and"
                && tokens
                    .get(at + 1)
                    .is_some_and(|next| next.is(Class::PRONOUN) && !next.is(Class::DETERMINER));
        at > 0 && (conjunction || new_clause) || at >= LONGEST
    };
    tokens
        .iter()
        .enumerate()
        .position(|(at, token)| ends((at, token)))
        .unwrap_or(tokens.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_what_the_speaker_says_they_want() {
        for (text, expected) in [
            ("I want to learn Portuguese.", Some("learn Portuguese")),
            (
                "I'd really love to visit Japan, because I like the food",
                Some("visit Japan"),
            ),
            (
                "My goal is to run a marathon and I train daily",
                Some("run a marathon"),
            ),
            ("I’m planning on adopting a child", Some("adopting a child")),
            ("Do you want to learn Portuguese?", None),
            ("I don't want to go", None),
            ("I'm going to Rome", None),
            ("I'm going to start a blog", Some("start a blog")),
            ("She wants to leave", None),
            ("", None),
        ] {
            assert_eq!(goal(&Reading::of(text)).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_task_is_what_has_to_be_done() {
        for (text, expected) in [
            ("I need to call the vet.", Some("call the vet")),
            ("TODO: renew the passport", Some("renew the passport")),
            ("- [ ] buy milk", Some("buy milk")),
            (
                "Remind me to water the plants tomorrow",
                Some("water the plants tomorrow"),
            ),
            (
                "Please don't forget to lock the door!",
                Some("lock the door"),
            ),
            (
                "We still have to pay the rent, but later",
                Some("pay the rent, but later"),
            ),
            ("I have to say that was fun", None),
            ("It should be fun", None),
            ("Do I need to call?", None),
            ("nice todo app", None),
        ] {
            let expected = expected.map(|task: &str| task.split(", but").next().unwrap_or(task));
            let found = task(&Reading::of(text));
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
