//! Names: people, places and everything else written with a capital for its own sake.
//!
//! A run of capitalised words is a name when it stands where English has no other reason for a capital, or when its
//! first word is a known name. What kind of name it is, its neighbours tell ([`kinds`]): a title, "my friend", a
//! greeting or an address ("…, Mel!") make a person; a motion ("flew to") or a place noun ("Beach") a place.

mod kinds;
mod titles;

use self::kinds::{Kind, addressed, joined, kind, possesses, speaks};
use super::lexicon::{Class, FUNCTION, is_known_place};
use super::reading::{Gap, Reading, Span, Token};
use crate::text::fold::fold;

const MOST_ENTITIES: usize = 24;
const MOST_OF_A_KIND: usize = 16;
/// Words of a name.
const LONGEST: usize = 6;

/// The names of a text, each in order of first mention.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) entities: Vec<String>,
    pub(super) people: Vec<String>,
    /// Whether the first of the people is the speaker.
    pub(super) has_speaker: bool,
    pub(super) places: Vec<String>,
    /// The tokens that are part of a person's name.
    pub(super) person_tokens: Vec<usize>,
    /// The tokens that are part of a place's name.
    pub(super) place_tokens: Vec<usize>,
}

/// Finds the names. The speaker is the first of the people, unless it is a role ("user", "assistant").
pub(super) fn names(reading: &Reading<'_>, speaker: Option<&str>) -> Names {
    let mut names = Names::default();
    if let Some(speaker) = speaker
        .map(str::trim)
        .filter(|speaker| is_personal(speaker))
    {
        names.has_speaker = true;
        add(
            &mut names.people,
            speaker.chars().take(80).collect(),
            MOST_OF_A_KIND,
        );
    }
    let finder = Finder {
        reading,
        speaker: speaker.map(fold),
        mid: mid_sentence_names(reading),
    };
    for sentence in &reading.sentences {
        let titles = titles::quoted(reading, sentence);
        let mut at = sentence.tokens.start;
        while at < sentence.tokens.end {
            if let Some((title, end)) = titles.iter().find_map(|title| title.starting_at(at)) {
                add(&mut names.entities, title, MOST_ENTITIES);
                at = end;
            } else {
                at += finder.take(sentence, at, &mut names).max(1);
            }
        }
    }
    names
}

fn is_personal(speaker: &str) -> bool {
    let roles = [
        "user",
        "assistant",
        "system",
        "human",
        "ai",
        "bot",
        "agent",
        "tool",
        "me",
        "i",
        "unknown",
        "anonymous",
    ];
    !speaker.is_empty() && !roles.contains(&fold(speaker).as_str())
}

/// Words capitalised where only names are, so that a sentence may begin with them.
fn mid_sentence_names(reading: &Reading<'_>) -> Vec<String> {
    let calm = reading
        .sentences
        .iter()
        .filter(|sentence| !sentence.headline);
    let tokens = calm.flat_map(|sentence| reading.tokens_of(sentence));
    let named =
        tokens.filter(|token| token.capital && token.gap == Gap::Blank && !token.class.is_known());
    named.map(|token| token.word.clone()).take(64).collect()
}

fn add(list: &mut Vec<String>, name: String, most: usize) {
    if list.len() < most && !name.is_empty() && !list.contains(&name) {
        list.push(name);
    }
}

struct Finder<'a> {
    reading: &'a Reading<'a>,
    speaker: Option<String>,
    /// See [`mid_sentence_names`].
    mid: Vec<String>,
}

impl Finder<'_> {
    /// Takes the name at a token, if one begins there, and says how many tokens were read.
    fn take(&self, sentence: &Span<'_>, at: usize, names: &mut Names) -> usize {
        let tokens = &self.reading.tokens[..sentence.tokens.end];
        let end = at + run(tokens, at);
        let mut start = at;
        while start < end && (!tokens[start].capital || self.sheds(tokens, start, end, sentence)) {
            start += 1;
        }
        if start == end {
            return end - at;
        }
        let name = self.reading.phrase(&tokens[start..end]);
        match kind(tokens, start, end, sentence, self.speaker.as_deref()) {
            Kind::Person => {
                names.person_tokens.extend(start..end);
                add(&mut names.people, name.clone(), MOST_OF_A_KIND);
            }
            Kind::Place => {
                names.place_tokens.extend(start..end);
                add(&mut names.places, name.clone(), MOST_OF_A_KIND);
            }
            Kind::Other => {}
            Kind::NoName => return end - at,
        }
        add(&mut names.entities, name, MOST_ENTITIES);
        end - at
    }

    /// Whether the first word of the run `at..end` is capitalised for another reason than being a name.
    fn sheds(&self, tokens: &[Token<'_>], at: usize, end: usize, sentence: &Span<'_>) -> bool {
        let token = &tokens[at];
        let class = token.class;
        let length = end - at;
        let place = is_known_place(&token.word) || is_known_place(&joined(&tokens[at..end]));
        if sentence.headline {
            return !(class.is(Class::FIRST_NAME) && !class.is(FUNCTION) || place);
        }
        if place && !class.is(FUNCTION) {
            return false;
        }
        if class.is(Class::FIRST_NAME) {
            return token.first() && is_word_here(tokens, at);
        }
        if class.is(Class::CALENDAR) {
            return length == 1;
        }
        if class.is(Class::PEOPLE_OR_TONGUE) {
            return false;
        }
        // "Aunt Mary", "Lake Garda".
        if class.is(Class::TITLE.or(Class::KIN).or(Class::PLACE_NOUN)) && length > 1 {
            return false;
        }
        if !opens(token) {
            let word = FUNCTION
                .or(Class::INTERJECTION)
                .or(Class::GREETING)
                .or(Class::TITLE)
                .or(Class::KIN);
            let emphasis = Class::VERB
                .or(Class::ADVERB)
                .or(Class::ADJECTIVE)
                .or(Class::VAGUE)
                .or(Class::NUMBER);
            return class.is(word) || length == 1 && class.is(emphasis);
        }
        // "Anytime Ruth".
        if length > 1 && tokens[at + 1].is(Class::FIRST_NAME) {
            return true;
        }
        if class.is_known() || is_common(&token.word) {
            return true;
        }
        let named = self.mid.contains(&token.word) || token.is_acronym() || length > 1;
        !(named || addressed(tokens, at) || possesses(tokens, at) || speaks(tokens, at + 1))
    }
}

/// The length of the run of capitalised words at a token: "Bank of America", "Ludwig van Beethoven".
fn run(tokens: &[Token<'_>], at: usize) -> usize {
    let part = |token: &Token<'_>| token.capital && !is_pronoun_i(token);
    let mut end = at;
    while end < tokens.len() && end - at < LONGEST {
        let token = &tokens[end];
        let number =
            end > at && token.word.len() <= 2 && token.word.bytes().all(|b| b.is_ascii_digit());
        if end > at && token.gap != Gap::Blank || !(part(token) || number) {
            break;
        }
        end += 1;
        if token.possessive {
            break;
        }
        let links = links(&tokens[end..]);
        if links > 0
            && tokens
                .get(end + links)
                .is_some_and(|next| part(next) && next.gap == Gap::Blank)
        {
            end += links;
        }
    }
    end - at
}

fn is_pronoun_i(token: &Token<'_>) -> bool {
    token.word == "i" || token.word.starts_with("i'")
}

/// Lower-case words that hold a name together.
fn links(rest: &[Token<'_>]) -> usize {
    let is = |at: usize, words: &[&str]| {
        rest.get(at)
            .is_some_and(|token| token.gap == Gap::Blank && words.contains(&token.text))
    };
    if is(0, &["of"]) && is(1, &["the"])
        || is(0, &["de", "von", "van"]) && is(1, &["la", "der", "den"])
    {
        return 2;
    }
    usize::from(is(
        0,
        &[
            "of", "de", "da", "del", "della", "van", "von", "der", "di", "la", "el", "bin", "ibn",
        ],
    ))
}

/// "Will you", "May I", "Mark my words": a name that is also a word, at a sentence's start.
fn is_word_here(tokens: &[Token<'_>], at: usize) -> bool {
    let token = &tokens[at];
    let goes_on = tokens.get(at + 1).is_some_and(|next| {
        next.gap == Gap::Blank && next.is(Class::PRONOUN.or(Class::POSSESSIVE))
    });
    goes_on || token.is(FUNCTION.or(Class::VERB).or(Class::CALENDAR)) && !addressed(tokens, at)
}

/// Where English writes a capital whatever the word.
fn opens(token: &Token<'_>) -> bool {
    token.first() || token.quoted || token.gap == Gap::Break
}

/// Shapes that names seldom have: adverbs, participles, plurals, abstracts.
fn is_common(word: &str) -> bool {
    let endings = [
        "ly", "ing", "ed", "tion", "ness", "ment", "ful", "ous", "ive", "able", "ity", "n't",
        "est", "wise",
    ];
    let shaped = endings
        .iter()
        .any(|ending| word.len() > ending.len() + 2 && word.ends_with(ending));
    shaped || word.ends_with('s') && !word.ends_with("is")
}

#[cfg(test)]
mod tests;
