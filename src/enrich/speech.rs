//! What an utterance does: asks, states, requests, exclaims.

use super::features::SpeechAct;
use super::lexicon::Class;
use super::reading::{Gap, Reading, Token};

/// What the text does.
///
/// Its last sentence says what is expected of the hearer: a question mark asks. Otherwise a request anywhere (please,
/// "could you", a command) makes it one; only shouts and interjections make an exclamation; all else states.
pub(super) fn act(reading: &Reading<'_>) -> SpeechAct {
    let Some(last) = reading
        .sentences
        .iter()
        .rfind(|span| !span.tokens.is_empty() && !span.is_aside())
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
    fn an_utterance_asks_states_requests_or_exclaims() {
        use SpeechAct::{Exclamation, Question, Request, Statement};
        for (text, expected) in [
            ("How are you?", Question),
            ("Oh, neat! Who won?", Question),
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
