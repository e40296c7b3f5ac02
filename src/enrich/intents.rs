//! Goals, tasks and what an utterance does. Only what the words say: no goal is guessed.

use super::features::SpeechAct;
use super::lexicon::Class;
use super::reading::{Gap, Reading, Span, Token};

/// Words of a goal or task.
const LONGEST: usize = 14;

/// Phrases of a first person that a goal follows. A word ending in `*` before the goal takes a gerund too.
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
    &["we", "should"],
    &["i", "ought", "to"],
    &["i", "still", "need", "to"],
    &["i", "still", "have", "to"],
    &["remind", "me", "to"],
    &["don't", "forget", "to"],
    &["remember", "to"],
    &["don't", "let", "me", "forget", "to"],
    &["need", "to"],
    &["have", "to"],
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
        if place || span.mark() == '?' {
            None
        } else {
            Some(at + length)
        }
    })
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
            "need" | "have" | "gotta" | "remember" | "make" | "remind" | "don't"
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

/// `TODO: …`, `[ ] …`.
fn marked(tokens: &[Token<'_>], span: &Span<'_>) -> Option<usize> {
    let text = span.text.trim_start_matches(['-', '*', '+', ' ']);
    if text.starts_with("[ ]") {
        return Some(0);
    }
    let first = tokens.first()?;
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

/// What the text does.
///
/// Its last sentence says what is expected of the hearer: a question mark asks. Otherwise a request anywhere (please,
/// "could you", a command) makes it one; only shouts and interjections make an exclamation; all else states.
pub(super) fn act(reading: &Reading<'_>) -> SpeechAct {
    let Some(last) = reading
        .sentences
        .iter()
        .rfind(|span| !span.tokens.is_empty())
    else {
        let asks = reading.text.contains('?') && !reading.text.contains("```");
        return if asks {
            SpeechAct::Question
        } else {
            SpeechAct::Statement
        };
    };
    if reading
        .sentences
        .iter()
        .any(|span| requests(reading.tokens_of(span)))
    {
        return SpeechAct::Request;
    }
    if last.mark() == '?'
        || last.mark() != '!' && last.mark() != '.' && asks(reading.tokens_of(last))
    {
        return SpeechAct::Question;
    }
    let exclaims = reading
        .sentences
        .iter()
        .all(|span| span.mark() == '!' || is_interjection(reading.tokens_of(span)));
    let short = reading.tokens.len() <= 12;
    let shouted = reading.sentences.iter().any(|span| span.mark() == '!');
    let bare = reading
        .sentences
        .iter()
        .all(|span| is_interjection(reading.tokens_of(span)));
    if exclaims && (shouted && short || bare) {
        SpeechAct::Exclamation
    } else {
        SpeechAct::Statement
    }
}

/// "could you", "please …", "let me know", "remind me": asks for a deed, not for an answer.
fn requests(tokens: &[Token<'_>]) -> bool {
    let word = |at: usize| tokens.get(at).map_or("", |token| token.word.as_str());
    for at in 0..tokens.len().min(64) {
        let asked = matches!(
            (word(at), word(at + 1)),
            ("can" | "could" | "would" | "will", "you") | ("let", "me")
        ) && (matches!(
            word(at + 2),
            "please"
                | "help"
                | "send"
                | "give"
                | "show"
                | "remind"
                | "call"
                | "tell"
                | "bring"
                | "make"
                | "write"
                | "check"
                | "fix"
                | "book"
                | "know"
                | "explain"
                | "add"
                | "pick"
                | "buy"
                | "take"
                | "find"
                | "keep"
        ));
        let opens = at == 0 || tokens[at].gap != Gap::Blank;
        let please = word(at) == "please"
            && tokens.get(at + 1).is_some_and(|next| {
                next.gap == Gap::Blank
                    && (next.lemma() == Some(&next.word) || next.is(Class::NEGATION))
            });
        let command = opens
            && matches!(
                (word(at), word(at + 1)),
                (
                    "remind"
                        | "tell"
                        | "show"
                        | "give"
                        | "send"
                        | "call"
                        | "help"
                        | "bring"
                        | "text"
                        | "email",
                    "me" | "us"
                )
            );
        if asked && !matches!((word(at), word(at + 2)), ("let", word) if word != "know")
            || please
            || command
        {
            return true;
        }
    }
    let Some(first) = tokens.first() else {
        return false;
    };
    // "Buy milk": a command has a base form in front that is no noun or state, and no subject after it.
    let verb = first.lemma() == Some(&first.word)
        && !first.is(Class::STATIVE
            .or(Class::INTERJECTION)
            .or(Class::ADJECTIVE)
            .or(Class::GREETING)
            .or(Class::AUXILIARY)
            .or(Class::CALENDAR));
    verb && tokens.get(1).is_some_and(|next| {
        next.gap == Gap::Blank && next.is(Class::DETERMINER) && !next.word.contains('\'')
    }) && !first.possessive
}

/// A question without its mark: "what did you do", "are you coming".
fn asks(tokens: &[Token<'_>]) -> bool {
    match tokens {
        [wh, next, ..] if wh.is(Class::QUESTION_WORD) && !wh.is(Class::CONJUNCTION) => {
            next.is(Class::AUXILIARY) || wh.is(Class::AUXILIARY)
        }
        [verb, subject, _, ..] => {
            verb.is(Class::AUXILIARY)
                && matches!(
                    subject.word.as_str(),
                    "you" | "he" | "she" | "they" | "we" | "i" | "it"
                )
                && !verb.is(Class::PRONOUN)
                && verb.gap == Gap::Sentence
                && !matches!(verb.word.as_str(), "having" | "being" | "doing" | "had")
        }
        _ => false,
    }
}

/// Nothing but interjections, praise and names: "Wow, so cool, Mel".
fn is_interjection(tokens: &[Token<'_>]) -> bool {
    let light = Class::INTERJECTION
        .or(Class::GREETING)
        .or(Class::EVALUATIVE)
        .or(Class::ADVERB);
    !tokens.is_empty()
        && tokens.iter().all(|token| {
            token.is(light)
                || token.capital && !token.first()
                || matches!(
                    token.word.as_str(),
                    "that's" | "you" | "so" | "how" | "what" | "a" | "it's" | "that" | "is"
                )
        })
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

    #[test]
    fn an_utterance_asks_states_requests_or_exclaims() {
        use SpeechAct::{Exclamation, Question, Request, Statement};
        for (text, expected) in [
            ("How are you?", Question),
            ("Wow, cool! What happened?", Question),
            ("what did you do yesterday", Question),
            ("Is that you? I went home.", Statement),
            ("I went home.", Statement),
            ("Could you send me the file?", Request),
            ("Please call the vet", Request),
            ("Remind me to call", Request),
            ("Buy the milk", Request),
            ("Wow, that's awesome!", Exclamation),
            ("Thanks, Mel!", Exclamation),
            ("haha", Exclamation),
            ("Let me know how it goes!", Request),
            ("", Statement),
            ("?", Question),
        ] {
            assert_eq!(act(&Reading::of(text)), expected, "{text}");
        }
    }
}
