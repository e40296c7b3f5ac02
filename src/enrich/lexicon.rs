//! The word lists, as one table: word → classes. Looked up, never iterated, so its order cannot matter.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::text::fold::fold;

pub(super) mod feelings;
mod function_words;
mod gazetteer;
mod names;
pub(super) mod talk;
pub(super) mod verbs;

/// The classes a word belongs to, as bits. A word may be of several: "may" is an auxiliary, a month and a name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Class(u32);

macro_rules! classes {
    ($($name:ident = $bit:expr;)*) => { impl Class { $(pub(super) const $name: Self = Self(1 << $bit);)* } };
}

classes! {
    PRONOUN = 0;
    DETERMINER = 1;
    PREPOSITION = 2;
    CONJUNCTION = 3;
    AUXILIARY = 4;
    ADVERB = 5;
    INTERJECTION = 6;
    GREETING = 7;
    VERB = 8;
    ADJECTIVE = 9;
    // Praise and blame: true of anything, so it names no topic.
    EVALUATIVE = 10;
    // "thing", "lot", "way": nouns that name no topic.
    VAGUE = 11;
    FIRST_NAME = 12;
    TITLE = 13;
    KIN = 14;
    PET = 15;
    CALENDAR = 16;
    PEOPLE_OR_TONGUE = 17;
    PLACE_NOUN = 18;
    ORGANISATION_NOUN = 19;
    QUESTION_WORD = 20;
    NEGATION = 21;
    NUMBER = 22;
    STATIVE = 23;
    SAYING = 24;
    MOTION = 25;
    LIFE_EVENT = 26;
    POSSESSIVE = 27;
}

impl Class {
    pub(super) const NONE: Self = Self(0);

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What "said" and "went" have of "say" and "go".
    const fn of_verb(self) -> Self {
        Self(self.0 & (Self::STATIVE.0 | Self::SAYING.0 | Self::MOTION.0))
    }

    /// Whether the two have a class in common.
    pub(super) const fn is(self, any: Self) -> bool {
        self.0 & any.0 != 0
    }

    pub(super) const fn is_known(self) -> bool {
        self.0 != 0
    }
}

/// Words that carry grammar, not content.
pub(super) const FUNCTION: Class = Class::PRONOUN
    .or(Class::DETERMINER)
    .or(Class::PREPOSITION)
    .or(Class::CONJUNCTION)
    .or(Class::AUXILIARY)
    .or(Class::QUESTION_WORD)
    .or(Class::NEGATION);

static WORDS: LazyLock<HashMap<&'static str, Class>> = LazyLock::new(|| {
    let mut words: HashMap<&'static str, Class> = HashMap::new();
    let lists = function_words::LISTS
        .iter()
        .chain(names::LISTS)
        .chain(gazetteer::LISTS)
        .chain(verbs::LISTS);
    for (class, list) in lists {
        for word in list.split_whitespace() {
            let known = words.entry(word).or_default();
            *known = known.or(*class);
        }
    }
    for (forms, base) in verbs::irregular() {
        let class = Class::VERB.or(words.get(base).copied().unwrap_or_default().of_verb());
        for form in forms.split('/') {
            let known = words.entry(form).or_default();
            *known = known.or(class);
        }
    }
    words
});

/// The classes of a folded word; a regular inflection of a known verb counts as a verb.
pub(super) fn class_of(word: &str) -> Class {
    if let Some(class) = WORDS.get(word) {
        return *class;
    }
    match verbs::lemma(word) {
        Some(base) => Class::VERB.or(base_class(base).of_verb()),
        None => Class::NONE,
    }
}

/// The classes of a verb's base form.
pub(super) fn base_class(base: &str) -> Class {
    WORDS.get(base).copied().unwrap_or_default()
}

/// Whether a folded word is a given name that is no everyday word.
pub fn is_given_name(word: &str) -> bool {
    WORDS
        .get(word)
        .is_some_and(|class| class.is(Class::FIRST_NAME))
}

/// Whether the folded words joined by blanks name a country, region or big city.
pub fn is_known_place(name: &str) -> bool {
    static PLACES: LazyLock<std::collections::HashSet<String>> = LazyLock::new(|| {
        gazetteer::PLACES
            .split(',')
            .map(|place| fold(place.trim()))
            .collect()
    });
    PLACES.contains(name)
}
