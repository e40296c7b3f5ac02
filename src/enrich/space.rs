//! Egocentric space: places told relative to the speaker, as against places with names (allocentric).
//!
//! The two frames after Klatzky (1998). No coordinates are made up: the words are kept.

use super::lexicon::Class;
use super::reading::{Gap, Reading, Token};

const MOST: usize = 8;

/// Words that place by themselves.
const ALONE: &[&str] = &[
    "here",
    "home",
    "upstairs",
    "downstairs",
    "outside",
    "nearby",
    "indoors",
    "outdoors",
    "abroad",
];

/// Prepositions and phrases that place relative to a person.
const RELATIONS: &[&[&str]] = &[
    &["next", "to"],
    &["in", "front", "of"],
    &["close", "to"],
    &["to", "the", "left", "of"],
    &["to", "the", "right", "of"],
    &["across", "from"],
    &["on", "top", "of"],
    &["behind"],
    &["beside"],
    &["near"],
    &["above"],
    &["below"],
    &["under"],
    &["around"],
    &["opposite"],
];

/// What is the speaker's own place: "my desk".
const OWN: &str = "desk room bedroom kitchen bathroom garden backyard yard house home apartment flat office studio car bed couch sofa \
    garage balcony porch basement attic neighborhood neighbourhood street town city village workplace shop store hometown place \
    living-room building block door window table chair farm cabin bench";

/// The places a text gives relative to its speaker, lower case, in order.
pub(super) fn egocentric(reading: &Reading<'_>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for sentence in &reading.sentences {
        let tokens = reading.tokens_of(sentence);
        let mut at = 0;
        while at < tokens.len() {
            let length = relative(&tokens[at..])
                .or_else(|| own(&tokens[at..]))
                .or_else(|| fixed(&tokens[at..]));
            let length = length.or_else(|| alone(tokens, at).then_some(1));
            if let Some(length) = length {
                let words: Vec<&str> = tokens[at..at + length]
                    .iter()
                    .map(|token| token.word.as_str())
                    .collect();
                let phrase = words.join(" ");
                if found.len() < MOST && !found.contains(&phrase) {
                    found.push(phrase);
                }
            }
            at += length.unwrap_or(1);
        }
    }
    found
}

fn runs(tokens: &[Token<'_>], words: &[&str]) -> bool {
    tokens.len() >= words.len()
        && words
            .iter()
            .enumerate()
            .all(|(at, word)| tokens[at].word == *word && (at == 0 || tokens[at].gap == Gap::Blank))
}

/// "next to me", "behind my house".
fn relative(tokens: &[Token<'_>]) -> Option<usize> {
    let relation = RELATIONS
        .iter()
        .find(|relation| runs(tokens, relation))?
        .len();
    let rest = tokens
        .get(relation..)
        .filter(|rest| rest.first().is_some_and(|next| next.gap == Gap::Blank))?;
    match rest {
        [me, ..] if matches!(me.word.as_str(), "me" | "us" | "here" | "home") => Some(relation + 1),
        _ => own(rest).map(|length| relation + length),
    }
}

/// "my desk", "our living room".
fn own(tokens: &[Token<'_>]) -> Option<usize> {
    let is_place = |token: &Token<'_>| {
        token.gap == Gap::Blank && OWN.split_whitespace().any(|place| place == token.word)
    };
    match tokens {
        [my, living, room, ..]
            if is_own(my) && runs(&[living.clone(), room.clone()], &["living", "room"]) =>
        {
            Some(3)
        }
        [my, place, ..] if is_own(my) && is_place(place) && !place.possessive => Some(2),
        [my, adjective, place, ..]
            if is_own(my)
                && adjective.is(Class::ADJECTIVE)
                && adjective.gap == Gap::Blank
                && is_place(place) =>
        {
            Some(3)
        }
        _ => None,
    }
}

fn is_own(token: &Token<'_>) -> bool {
    matches!(token.word.as_str(), "my" | "our")
}

/// "over there", "down the street", "on my left".
fn fixed(tokens: &[Token<'_>]) -> Option<usize> {
    const PHRASES: &[&[&str]] = &[
        &["over", "here"],
        &["over", "there"],
        &["right", "here"],
        &["at", "home"],
        &["next", "door"],
        &["down", "the", "street"],
        &["across", "the", "street"],
        &["around", "the", "corner"],
        &["down", "the", "hall"],
        &["down", "the", "road"],
        &["on", "my", "left"],
        &["on", "my", "right"],
        &["at", "work"],
        &["where", "i", "live"],
        &["this", "room"],
    ];
    PHRASES
        .iter()
        .find(|phrase| runs(tokens, phrase))
        .map(|phrase| phrase.len())
}

fn alone(tokens: &[Token<'_>], at: usize) -> bool {
    let token = &tokens[at];
    if !ALONE.contains(&token.word.as_str()) || token.possessive || token.capital && !token.first()
    {
        return false;
    }
    let next = tokens.get(at + 1).filter(|next| next.gap == Gap::Blank);
    let previous = at
        .checked_sub(1)
        .map_or("", |before| tokens[before].word.as_str());
    match token.word.as_str() {
        // "home cooking", "a home", "here's": nouns and pointing.
        "home" => {
            let way = tokens[at.saturating_sub(3)..at].iter().any(|token| {
                token.is(Class::MOTION)
                    || token
                        .lemma()
                        .is_some_and(|base| super::lexicon::base_class(base).is(Class::MOTION))
                    || matches!(
                        token.word.as_str(),
                        "back"
                            | "get"
                            | "got"
                            | "stay"
                            | "stayed"
                            | "i'm"
                            | "bring"
                            | "brought"
                            | "take"
                            | "took"
                    )
            });
            way && !matches!(previous, "a" | "the" | "new")
        }
        // "here for you" promises, "Here is" points.
        "here" => {
            !next.is_some_and(|next| {
                matches!(next.word.as_str(), "for" | "is" | "are" | "to" | "you")
            }) && !token.first()
        }
        "outside" => !next.is_some_and(|next| next.word == "of"),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_relative_to_the_speaker_are_kept_in_words() {
        for (text, expected) in [
            (
                "The keys are on my desk, next to me.",
                vec!["my desk", "next to me"],
            ),
            ("I'm at home now", vec!["at home"]),
            ("We went home early", vec!["home"]),
            ("She lives downstairs", vec!["downstairs"]),
            ("It is very quiet here.", vec!["here"]),
            (
                "A new shop opened down the street, behind our house",
                vec!["down the street", "behind our house"],
            ),
            ("I cook in our living room", vec!["our living room"]),
            ("I'm here for you", vec![]),
            ("Here is the file", vec![]),
            ("home cooking is great", vec![]),
            ("I flew to Rome", vec![]),
        ] {
            assert_eq!(egocentric(&Reading::of(text)), expected, "{text}");
        }
    }
}
