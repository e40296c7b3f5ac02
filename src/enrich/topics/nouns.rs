//! Whether a word stands as a noun, or belongs to one, where it is: parts of speech from neighbours.

use crate::enrich::lexicon::{Class, FUNCTION, verbs};
use crate::enrich::reading::{Gap, Token};

/// Words that carry no topic wherever they stand.
const EMPTY: Class = FUNCTION
    .or(Class::NUMBER)
    .or(Class::VAGUE)
    .or(Class::CALENDAR);

/// Reactions and praise.
const REACTION: Class = Class::EVALUATIVE
    .or(Class::INTERJECTION)
    .or(Class::GREETING)
    .or(Class::ADVERB);

/// Whether the word at `at` may be part of a topic; `tokens` end with the sentence, which begins at `start`.
pub(super) fn carries(tokens: &[Token<'_>], at: usize, start: usize) -> bool {
    let token = &tokens[at];
    let word = token.word.as_str();
    let strange = word.len() < 2
        || word.contains('\'')
        || word.starts_with(|c: char| c.is_ascii_digit())
        || word.starts_with("http")
        || word.starts_with("www.");
    if strange || token.is(EMPTY) || word.ends_with("ly") && !is_noun_in_ly(word) {
        return false;
    }
    let previous = (at > start && token.gap == Gap::Blank).then(|| &tokens[at - 1]);
    if verbs::lemma(word).and_then(verbs::activity).is_some() && is_activity(token, previous) {
        return true;
    }
    let modifies = next_is_content(tokens, at);
    if token.is(Class::ADJECTIVE) && !token.is(Class::EVALUATIVE) {
        return modifies;
    }
    if token.is(REACTION) {
        return false;
    }
    if token.is(Class::VERB) {
        return previous.is_some_and(|previous| stands_as_noun(token, previous, tokens, at));
    }
    // Unknown words: after "we" or "can" a verb, after "is so" an adjective, in "-ed" a participle.
    if previous.is_some_and(governs_a_verb) {
        return false;
    }
    if is_adjective_like(word) || word.ends_with("ed") {
        let described =
            !word.ends_with("ed") || previous.is_none_or(|previous| opens_phrase(previous));
        return modifies && described;
    }
    modifies || !previous.is_some_and(predicates) || is_plural(word)
}

/// "I", "we", "can", "didn't": a verb follows.
fn governs_a_verb(previous: &Token<'_>) -> bool {
    let modal = [
        "can", "could", "will", "would", "should", "might", "must", "to", "don't", "didn't",
        "can't", "won't", "let's",
    ];
    matches!(
        previous.word.as_str(),
        "i" | "we" | "they" | "he" | "she" | "you"
    ) || previous.word != "to" && modal.contains(&previous.word.as_str())
}

/// "is", "so", "feel": what follows without an article is said of something.
fn predicates(previous: &Token<'_>) -> bool {
    let copula = [
        "is", "are", "was", "were", "be", "been", "being", "am", "isn't", "aren't", "wasn't",
    ];
    let linking = ["feel", "stay", "look", "seem", "sound", "get", "become"];
    let contracted = previous.is(Class::AUXILIARY)
        && previous.is(Class::PRONOUN)
        && previous.word.contains('\'');
    copula.contains(&previous.word.as_str())
        || contracted
        || previous.is(Class::ADVERB) && !previous.is(Class::PREPOSITION)
        || matches!(
            previous.word.as_str(),
            "so" | "very" | "too" | "how" | "more" | "as"
        )
        || previous.lemma().is_some_and(|base| linking.contains(&base))
}

/// A determiner, an adjective or a preposition: a described noun may follow.
fn opens_phrase(previous: &Token<'_>) -> bool {
    previous.is(Class::DETERMINER
        .or(Class::ADJECTIVE)
        .or(Class::PREPOSITION))
        && !is_plain_pronoun(previous)
}

fn is_plain_pronoun(token: &Token<'_>) -> bool {
    token.is(Class::PRONOUN)
        && !matches!(
            token.word.as_str(),
            "this" | "that" | "these" | "those" | "another"
        )
}

fn is_plural(word: &str) -> bool {
    word.ends_with('s')
        && !["ss", "us", "ous", "is"]
            .iter()
            .any(|ending| word.ends_with(ending))
}

fn is_activity(token: &Token<'_>, previous: Option<&Token<'_>>) -> bool {
    // "I read that", "can you show": everyday verbs are a topic as gerunds, or as nouns.
    let everyday = [
        "read", "write", "run", "box", "film", "program", "parent", "stream", "code", "stretch",
        "cook", "adopt",
    ];
    let base = token.lemma().unwrap_or_default();
    let noun = previous.is_some_and(|previous| opens_phrase(previous) && previous.word != "to");
    !everyday.contains(&base) || token.word.ends_with("ing") || noun
}

fn is_noun_in_ly(word: &str) -> bool {
    let nouns = [
        "family",
        "butterfly",
        "jelly",
        "lily",
        "belly",
        "bully",
        "ally",
        "assembly",
        "supply",
        "anomaly",
        "reply",
        "rally",
    ];
    nouns.contains(&word)
}

/// Endings of adjectives, and gerunds of known verbs, which describe.
fn is_adjective_like(word: &str) -> bool {
    let endings = [
        "ful", "ous", "able", "ible", "less", "ish", "iest", "ical", "some",
    ];
    word.len() > 5 && endings.iter().any(|ending| word.ends_with(ending)) || word.contains('-')
}

fn next_is_content(tokens: &[Token<'_>], at: usize) -> bool {
    tokens.get(at + 1).is_some_and(|next| {
        next.gap == Gap::Blank
            && next.word.len() > 1
            && !next.is(EMPTY.or(REACTION))
            && !next.word.ends_with("ly")
            && !next.word.ends_with("ed")
            && (!next.is(Class::VERB) || !next.is(Class::STATIVE))
    })
}

/// A verb's form after a determiner, an adjective, a preposition or another noun: "the support", "a long walk".
fn stands_as_noun(
    token: &Token<'_>,
    previous: &Token<'_>,
    tokens: &[Token<'_>],
    at: usize,
) -> bool {
    let word = token.word.as_str();
    let opened = match previous.word.as_str() {
        "this" => !word.ends_with('s') && !token.is(Class::STATIVE),
        "these" | "those" => word.ends_with('s'),
        "a" | "an" | "the" | "every" | "another" | "any" => true,
        _ => previous.is(Class::POSSESSIVE),
    };
    let inflected = token.lemma().is_some_and(|base| base != token.word);
    if inflected && !token.word.ends_with('s') && !token.word.ends_with("ing") {
        return opened && next_is_content(tokens, at);
    }
    if token.word.ends_with("ing") {
        return opened && !token.is(Class::STATIVE);
    }
    let described = previous.is(Class::ADJECTIVE)
        && !previous.is(Class::VERB)
        && at >= 2
        && !tokens[at - 2].is(Class::AUXILIARY);
    let bare = ["to", "since", "until", "than", "as", "like"].contains(&previous.word.as_str());
    let governed = previous.is(Class::PREPOSITION) && !bare;
    let compounded = is_noun_like(previous)
        && !previous.capital
        && !is_plural(&previous.word)
        && !token.word.ends_with('s')
        && !token.is(Class::STATIVE);
    opened
        || previous.possessive
        || !token.is(Class::STATIVE) && (described || governed || compounded)
}

/// Neither grammar nor a verb, an adjective or an interjection, so most likely a noun; or an activity.
fn is_noun_like(token: &Token<'_>) -> bool {
    let other = FUNCTION
        .or(Class::VERB)
        .or(Class::ADVERB)
        .or(Class::ADJECTIVE)
        .or(Class::INTERJECTION);
    let activity = token.word.ends_with("ing")
        && verbs::lemma(&token.word)
            .and_then(verbs::activity)
            .is_some();
    activity
        || !token.is(other
            .or(Class::GREETING)
            .or(Class::NUMBER)
            .or(Class::CALENDAR)
            .or(Class::VAGUE))
}
