//! What kind of name a name is, by its own words and its neighbours.

use crate::enrich::lexicon::{Class, FUNCTION, base_class, is_known_place};
use crate::enrich::reading::{Gap, Span, Token};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Person,
    Place,
    Other,
    /// Capitalised for another reason.
    NoName,
}

pub(super) fn joined(tokens: &[Token<'_>]) -> String {
    let words: Vec<&str> = tokens.iter().map(|token| token.word.as_str()).collect();
    words.join(" ")
}

/// "Mel, that's …"; a list ("Pots, pans") goes on with no word of grammar.
pub(super) fn addressed(tokens: &[Token<'_>], at: usize) -> bool {
    tokens
        .get(at + 1)
        .is_some_and(|next| next.gap == Gap::Comma && next.is(FUNCTION.or(Class::INTERJECTION)))
}

/// "Anneke's flat".
pub(super) fn possesses(tokens: &[Token<'_>], at: usize) -> bool {
    let owned =
        |next: &Token<'_>| !next.is(FUNCTION.or(Class::ADVERB)) && !next.word.ends_with("ing");
    tokens[at].possessive && tokens.get(at + 1).is_some_and(owned)
}

/// "… said": a past form or third person of a verb of saying at `at`.
pub(super) fn speaks(tokens: &[Token<'_>], at: usize) -> bool {
    let Some(next) = tokens.get(at).filter(|next| next.gap == Gap::Blank) else {
        return false;
    };
    let said = |base: &str| base != next.word && base_class(base).is(Class::SAYING);
    next.lemma().is_some_and(said) && !next.word.ends_with("ing")
}

/// The kind of the name in `tokens[start..end]`; `tokens` end with the sentence. `speaker` is folded.
pub(super) fn kind(
    tokens: &[Token<'_>],
    start: usize,
    end: usize,
    sentence: &Span<'_>,
    speaker: Option<&str>,
) -> Kind {
    let run = &tokens[start..end];
    let (first, last) = (&run[0], &run[run.len() - 1]);
    let before = Before {
        tokens,
        start,
        first: sentence.tokens.start,
    };
    let name = joined(run);
    if first.is(Class::CALENDAR) && is_date(&before, first, tokens.get(end)) {
        return if run.len() == 1 {
            Kind::NoName
        } else {
            Kind::Other
        };
    }
    if run.len() == 1 && first.text.chars().nth(1).is_none() {
        return Kind::NoName;
    }
    if speaker == Some(name.as_str()) {
        return Kind::Person;
    }
    if is_known_place(&name)
        || run.len() > 1 && (last.is(Class::PLACE_NOUN) || opens_place(&first.word))
    {
        return Kind::Place;
    }
    if first.is(Class::PEOPLE_OR_TONGUE) || run.len() > 1 && last.is(Class::ORGANISATION_NOUN) {
        return Kind::Other;
    }
    // "Lord of the Flies" is no person.
    let ruled = run.iter().any(|token| token.text == "of");
    if run.len() > 1 && first.is(Class::TITLE.or(Class::KIN)) && !ruled || related(&before, first) {
        return Kind::Person;
    }
    if first.gap == Gap::Blank && before.any(3, |token| token.is(Class::PET)) {
        return Kind::Other;
    }
    if first.is(Class::FIRST_NAME) {
        return Kind::Person;
    }
    if run.iter().any(Token::is_acronym) {
        return if run.len() == 1 && is_chatter(&first.word) {
            Kind::NoName
        } else {
            Kind::Other
        };
    }
    if run.len() <= 2 && vocative(tokens, start, end, sentence) {
        return Kind::Person;
    }
    placed_or_met(&before, run).unwrap_or(if run.len() <= 4 && speaks(tokens, end) {
        Kind::Person
    } else {
        Kind::Other
    })
}

/// "Lake Garda", "Mount Etna".
fn opens_place(word: &str) -> bool {
    const OPENERS: &str = "lake mount cape fort river castle port isle hotel cafe gulf bay island";
    OPENERS.split_whitespace().any(|opener| opener == word)
}

/// The words before a name, in its sentence.
struct Before<'a> {
    tokens: &'a [Token<'a>],
    start: usize,
    first: usize,
}

impl<'a> Before<'a> {
    /// The word `back` words before.
    fn get(&self, back: usize) -> Option<&'a Token<'a>> {
        self.start
            .checked_sub(back)
            .filter(|at| *at >= self.first)
            .map(|at| &self.tokens[at])
    }

    fn word(&self, back: usize) -> &'a str {
        self.get(back).map_or("", |token| token.word.as_str())
    }

    /// Whether it holds for one of the `most` words before.
    fn any(&self, most: usize, holds: impl Fn(&Token<'_>) -> bool) -> bool {
        (1..=most).filter_map(|back| self.get(back)).any(holds)
    }
}

/// "Dr. Smith", "my sister Ann", "a guy called Bob".
fn related(before: &Before<'_>, first: &Token<'_>) -> bool {
    let Some(previous) = before.get(1) else {
        return false;
    };
    if previous.is(Class::TITLE) && first.gap != Gap::Comma {
        return true;
    }
    if first.gap != Gap::Blank {
        return false;
    }
    let human = |token: &Token<'_>| {
        token.is(Class::KIN)
            || matches!(
                token.word.as_str(),
                "guy" | "man" | "woman" | "girl" | "boy" | "person"
            )
    };
    previous.is(Class::KIN)
        || matches!(previous.word.as_str(), "named" | "called") && before.any(4, human)
}

/// Told by what stands before: "in X", "flew to X", "at X Y" are places; "met X" is a person.
fn placed_or_met(before: &Before<'_>, run: &[Token<'_>]) -> Option<Kind> {
    if run[0].gap != Gap::Blank {
        return None;
    }
    let moves = |token: &Token<'_>| {
        token
            .lemma()
            .is_some_and(|base| base_class(base).is(Class::MOTION))
    };
    let travelled = before.any(4, moves)
        || matches!(
            before.word(2),
            "trip" | "flight" | "way" | "back" | "train" | "bus" | "journey"
        );
    let numbered = run
        .iter()
        .any(|token| token.text.contains(|c: char| c.is_ascii_digit()));
    match before.word(1) {
        "in" | "near" | "across" | "around" | "through" | "visited" | "visiting" if !numbered => {
            Some(Kind::Place)
        }
        "to" | "from" | "into" | "towards" | "toward" | "via" if travelled => Some(Kind::Place),
        "met" | "meet" | "told" | "asked" | "called" | "texted" | "married" | "invited"
            if run.len() <= 4 =>
        {
            Some(Kind::Person)
        }
        _ => None,
    }
}

/// "June" and "April" are people only where no date is meant.
fn is_date(before: &Before<'_>, first: &Token<'_>, next: Option<&Token<'_>>) -> bool {
    let digits = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    let prepositions = [
        "in", "on", "last", "next", "this", "of", "since", "until", "by", "every", "early", "late",
        "mid",
    ];
    !first.is(Class::FIRST_NAME)
        || prepositions.contains(&before.word(1))
        || digits(before.word(1))
        || next.is_some_and(|next| digits(&next.word) && next.gap != Gap::Break)
}

/// Abbreviations and shouted words of talk, which name nothing.
fn is_chatter(word: &str) -> bool {
    const CHATTER: &str = "ok okay omg lol lmao wtf btw fyi asap tbh imo imho am pm todo fixme yes no idk ps rip so oh wow rofl brb xd \
        ha haha hey hi and but not never very really all my me we you it is the this that what why how yay nope yeah aka etc eta";
    CHATTER.split_whitespace().any(|other| other == word)
}

/// Spoken to: after a greeting ("Thanks Mel"), or between commas and the sentence's ends ("…, Mel.").
fn vocative(tokens: &[Token<'_>], start: usize, end: usize, sentence: &Span<'_>) -> bool {
    if start == sentence.tokens.start {
        return addressed(tokens, end - 1);
    }
    let previous = &tokens[start - 1];
    let closes = tokens.get(end).is_none_or(|next| next.gap != Gap::Blank);
    match tokens[start].gap {
        // A list has a name before the comma, too: "Rome, Naples, Turin".
        Gap::Comma => {
            let listed = previous.capital
                && !previous.is(FUNCTION
                    .or(Class::INTERJECTION)
                    .or(Class::GREETING)
                    .or(Class::VERB));
            closes && !listed && end - start == 1
        }
        Gap::Blank => previous.is(Class::GREETING) && start - 1 == sentence.tokens.start,
        _ => false,
    }
}
