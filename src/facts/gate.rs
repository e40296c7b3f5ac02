//! Which sentences state something of their speaker's own.

use super::words::{Word, words};
use std::collections::HashSet;
use std::sync::LazyLock;

/// Words that make a sentence something else than a statement of its speaker.
static DOUBT: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "if unless whether would could should might maybe perhaps probably possibly apparently supposedly seems seem almost \
     nearly practically basically imagine imagined pretend pretended pretending suppose supposing wish wished hope hoping \
     hopefully dreamed dreamt doubt guess wonder wondering think thinking thought believe rumour rumor rumours said says \
     saying told tells thinks believes reckons assumes insists claims claimed claim wrote asked asks replied lyrics joke \
     joking kidding lol sarcasm hypothetically theoretically fictional character novel unlikely considering tempted \
     obviously sure heard lie lied lying swear feels feel felt literally wenn falls vielleicht wahrscheinlich sagte sagt \
     meinte glaube hatte ware wurde konnte si quiza quizas dijo dice creo ojala peut-etre dit crois aurait se talvez disse \
     diz acho oxala quem"
    .split_whitespace()
    .collect()
});

/// "Not.", "Just kidding!": the sentence before was no statement.
pub(super) fn takes_back(text: &str) -> bool {
    let words: Vec<String> = words(text).into_iter().map(|w| w.word).collect();
    words.len() <= 3
        && words.iter().any(|w| {
            matches!(
                w.as_str(),
                "not" | "jk" | "kidding" | "joking" | "sarcasm" | "nope"
            )
        })
}

pub(super) fn asserts(text: &str, words: &[Word<'_>]) -> bool {
    let closing: &[char] = &['"', '\'', '”', '’', ')', ' ', '*'];
    let end = text.trim_end_matches(closing);
    if end.ends_with(['?', '？'])
        || text.contains('?')
        || text.contains("/s")
        || text.contains('🙄')
    {
        return false;
    }
    // A headline or a line of code is nobody's statement.
    if text.contains("```") || text.trim_start().starts_with(['>', '#', '|']) {
        return false;
    }
    let has = |word: &str| words.iter().any(|w| w.word == word);
    if words.iter().any(|w| {
        DOUBT.contains(&w.word.as_str()) && !(w.word == "se" && (has("chama") || has("llama")))
    }) {
        return false;
    }
    let pair = |a: &str, b: &str| {
        words
            .windows(2)
            .any(|two| two[0].word == a && two[1].word == b)
    };
    let none_of = [
        ("as", "though"),
        ("yeah", "right"),
        ("kind", "of"),
        ("sort", "of"),
        ("in", "theory"),
        ("not", "sure"),
        ("my", "character"),
        ("my", "dreams"),
        ("the", "song"),
        ("the", "movie"),
        ("the", "book"),
        ("the", "film"),
        ("the", "story"),
        ("the", "game"),
        ("what", "a"),
        ("say", "i"),
        ("let's", "say"),
        ("lets", "say"),
        ("saying", "i"),
        ("oh", "great"),
        ("oh", "sure"),
        ("may", "be"),
        ("used", "car"),
        ("can", "only"),
    ];
    none_of.iter().all(|(a, b)| !pair(a, b))
}
