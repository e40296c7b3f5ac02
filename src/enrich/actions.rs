//! Actions: finite verbs with what they are done to.
//!
//! A verb acts where one can stand: after a subject (a pronoun, a name, "my sister") and its auxiliaries and adverbs,
//! or at the start of a command. The object is what follows, up to the clause's end. States and thoughts ("is",
//! "think", "love") are no actions.

use super::entities::Names;
use super::features::Action;
use super::lexicon::{Class, base_class};
use super::reading::{Gap, Reading, Token};

const MOST: usize = 8;
/// Words of an object.
const LONGEST: usize = 6;

/// The actions of a text in order.
pub(super) fn actions(reading: &Reading<'_>, names: &Names) -> Vec<Action> {
    let mut found: Vec<Action> = Vec::new();
    for sentence in &reading.sentences {
        let range = sentence.tokens.clone();
        for at in range.clone() {
            if found.len() >= MOST {
                return found;
            }
            let Some(verb) = acts(reading, names, range.start, at) else {
                continue;
            };
            let object = object(reading, at + 1, range.end);
            let action = Action {
                verb: verb.to_owned(),
                object,
            };
            if !found.contains(&action) {
                found.push(action);
            }
        }
    }
    found
}

/// The base form of the verb at `at`, if it acts there.
fn acts(reading: &Reading<'_>, names: &Names, start: usize, at: usize) -> Option<&'static str> {
    let tokens = &reading.tokens;
    let token = &tokens[at];
    if token.capital && at > start || token.is(Class::AUXILIARY) || token.possessive {
        return None;
    }
    let base = token.lemma()?;
    let class = base_class(base);
    // "go", "come", "take", "make", "give", "try" are said of anything; with a goal or object they are actions.
    let light = matches!(
        base,
        "go" | "come"
            | "take"
            | "make"
            | "give"
            | "get"
            | "help"
            | "start"
            | "tell"
            | "call"
            | "text"
            | "visit"
            | "teach"
            | "travel"
            | "stop"
            | "end"
    );
    if class.is(Class::STATIVE) && !light || negated(tokens, start, at) {
        return None;
    }
    if has_subject(tokens, names, start, at)
        || is_command(tokens, start, at)
        || is_joined(tokens, names, start, at)
    {
        let bare = light && tokens.get(at + 1).is_none_or(|next| next.gap != Gap::Blank);
        return (!bare).then_some(base);
    }
    None
}

fn negated(tokens: &[Token<'_>], start: usize, at: usize) -> bool {
    tokens[at.saturating_sub(3).max(start)..at]
        .iter()
        .any(|token| token.is(Class::NEGATION))
}

/// "I have finally …", "my sister …", "Tom …", "want to …".
fn has_subject(tokens: &[Token<'_>], names: &Names, start: usize, at: usize) -> bool {
    let mut back = at;
    while back > start && tokens[back].gap == Gap::Blank {
        back -= 1;
        let token = &tokens[back];
        let subject = matches!(
            token.word.as_str(),
            "i" | "we" | "he" | "she" | "they" | "you" | "it" | "who"
        );
        let contracted =
            token.is(Class::PRONOUN) && token.word.contains('\'') && token.is(Class::AUXILIARY);
        if subject || contracted || names.person_tokens.contains(&back) && !token.possessive {
            return true;
        }
        if token.is(Class::KIN.or(Class::PET)) {
            return agrees(&tokens[at]);
        }
        let passes = token.is(Class::AUXILIARY.or(Class::ADVERB))
            || token.word == "to" && back > start
            || back + 1 < at && tokens[back + 1].word == "to" && is_volition(&token.word);
        if !passes || at - back > 5 {
            return false;
        }
    }
    false
}

/// After a noun, only a past form or a third person is surely a verb.
fn agrees(token: &Token<'_>) -> bool {
    token.lemma().is_some_and(|base| base != token.word) && !token.word.ends_with("ing")
}

fn is_volition(word: &str) -> bool {
    matches!(
        word,
        "want"
            | "wanted"
            | "need"
            | "needed"
            | "plan"
            | "planned"
            | "planning"
            | "decided"
            | "try"
            | "tried"
            | "trying"
            | "hope"
            | "hoping"
            | "going"
            | "started"
            | "began"
            | "managed"
            | "love"
            | "like"
            | "able"
            | "excited"
            | "used"
            | "learning"
            | "have"
            | "had"
    )
}

/// "Call the vet": a base form at a sentence's start, with an object.
fn is_command(tokens: &[Token<'_>], start: usize, at: usize) -> bool {
    let token = &tokens[at];
    let opens = at == start
        || at == start + 1
            && matches!(
                tokens[start].word.as_str(),
                "please" | "don't" | "let's" | "todo" | "and" | "so" | "just"
            );
    let object = tokens.get(at + 1).is_some_and(|next| {
        next.gap == Gap::Blank
            && next.is(Class::DETERMINER.or(Class::PRONOUN))
            && !next.word.contains('\'')
    });
    opens && object && token.lemma() == Some(&token.word)
}

/// "… and baked": joined to an action before it by "and" in the same clause.
fn is_joined(tokens: &[Token<'_>], names: &Names, start: usize, at: usize) -> bool {
    if at < start + 2
        || !matches!(tokens[at - 1].word.as_str(), "and" | "then")
        || tokens[at].word.ends_with("ing")
        || !agrees(&tokens[at])
    {
        return false;
    }
    tokens[at].word.ends_with("ed")
        && (start..at - 1).any(|before| {
            tokens[before].lemma().is_some() && has_subject(tokens, names, start, before)
        })
        || !tokens[at].word.ends_with('s')
            && (start..at - 1)
                .any(|before| has_subject(tokens, names, start, before) && agrees(&tokens[before]))
}

/// The words after a verb up to the end of its clause.
fn object(reading: &Reading<'_>, from: usize, end: usize) -> String {
    let mut to = from;
    while to < end && to - from < LONGEST {
        let token = &reading.tokens[to];
        let breaks = token.gap != Gap::Blank
            || token.is(Class::CONJUNCTION.or(Class::QUESTION_WORD))
                && !(token.word == "and" && joins_nouns(reading, to, end))
            || token.is(Class::CALENDAR) && !token.is(Class::FIRST_NAME)
            || token.word.contains('\'') && token.is(Class::AUXILIARY)
            || matches!(
                token.word.as_str(),
                "i" | "he" | "she" | "they" | "we" | "last" | "ago" | "today" | "tonight"
            )
            || to > from && token.is(Class::AUXILIARY);
        if breaks {
            break;
        }
        to += 1;
    }
    let hangs = |token: &Token<'_>| {
        token.is(Class::PREPOSITION
            .or(Class::DETERMINER)
            .or(Class::CONJUNCTION)
            .or(Class::ADVERB))
            && !token.is(Class::PRONOUN)
    };
    while to > from && to - from > 1 && hangs(&reading.tokens[to - 1]) {
        to -= 1;
    }
    if to - from == 1
        && reading.tokens[from].is(Class::DETERMINER.or(Class::CONJUNCTION))
        && !reading.tokens[from].is(Class::PRONOUN)
    {
        to = from;
    }
    reading.phrase(&reading.tokens[from..to])
}

/// "bread and butter", not "bread and went".
fn joins_nouns(reading: &Reading<'_>, and: usize, end: usize) -> bool {
    and + 1 < end && {
        let next = &reading.tokens[and + 1];
        !next.is(Class::VERB
            .or(Class::PRONOUN)
            .or(Class::ADVERB)
            .or(Class::AUXILIARY))
    }
}

#[cfg(test)]
mod tests {
    use super::super::entities::names;
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let reading = Reading::of(text);
        let actions = actions(&reading, &names(&reading, None));
        actions
            .into_iter()
            .map(|action| {
                format!("{} {}", action.verb, action.object)
                    .trim()
                    .to_owned()
            })
            .collect()
    }

    #[test]
    fn actions_are_what_somebody_does_to_something() {
        for (text, expected) in [
            ("I painted a sunset last week", vec!["paint a sunset"]),
            (
                "We have finally bought a new house.",
                vec!["buy a new house"],
            ),
            ("My sister adopted two cats", vec!["adopt two cats"]),
            (
                "Tom baked bread and butter cookies",
                vec!["bake bread and butter cookies"],
            ),
            ("Call the vet", vec!["call the vet"]),
            (
                "Yesterday I went to the dentist and paid the bill",
                vec!["go to the dentist", "pay the bill"],
            ),
            ("I need to renew my passport", vec!["renew my passport"]),
            ("I slept", vec!["sleep"]),
            ("I didn't buy it", vec![]),
            ("I think it is nice. The support was great.", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }
}
