//! Names: people, places and everything else written with a capital for its own sake.
//!
//! A run of capitalised words is a name when it stands where English has no other reason for a capital, or when its
//! first word is a known name. What kind of name it is, its neighbours tell: a title, "my friend", a greeting or an
//! address ("…, Mel!") make a person; a motion ("flew to") or a place noun ("Beach") a place.

use super::lexicon::{Class, FUNCTION, is_known_place};
use super::reading::{Gap, Reading, Span, Token};
use crate::text::fold::fold;

const MOST_ENTITIES: usize = 24;
const MOST_OF_A_KIND: usize = 16;

/// The names of a text, each in order of first mention.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) entities: Vec<String>,
    pub(super) people: Vec<String>,
    pub(super) places: Vec<String>,
    /// The tokens that are part of a person's name.
    pub(super) person_tokens: Vec<usize>,
    /// The tokens that are part of a place's name.
    pub(super) place_tokens: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Person,
    Place,
    Other,
    /// A capital with another reason.
    None,
}

/// Finds the names. The speaker is the first of the people, unless it is a role ("user", "assistant").
pub(super) fn names(reading: &Reading<'_>, speaker: Option<&str>) -> Names {
    let mut names = Names::default();
    if let Some(speaker) = speaker
        .map(str::trim)
        .filter(|speaker| is_personal(speaker))
    {
        add(
            &mut names.people,
            speaker.chars().take(80).collect(),
            MOST_OF_A_KIND,
        );
    }
    let mid = mid_sentence_names(reading);
    for sentence in &reading.sentences {
        let mut at = sentence.tokens.start;
        while at < sentence.tokens.end {
            let taken = take_name(reading, sentence, at, speaker, &mid, &mut names);
            at += taken.max(1);
        }
        quoted_titles(reading, sentence, &mut names);
    }
    names
}

fn is_personal(speaker: &str) -> bool {
    let role = fold(speaker);
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
    !speaker.is_empty() && !roles.contains(&role.as_str())
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

/// Takes the name at a token, if one begins there, and says how many tokens it has.
fn take_name(
    reading: &Reading<'_>,
    sentence: &Span<'_>,
    at: usize,
    speaker: Option<&str>,
    mid: &[String],
    names: &mut Names,
) -> usize {
    let tokens = &reading.tokens[..sentence.tokens.end];
    let mut length = run(tokens, at);
    let mut start = at;
    // A sentence, or a title before a name, may begin with words capitalised for that reason alone.
    while length > 0 && sheds_first(tokens, start, length, sentence.headline, mid) {
        start += 1;
        length = length.saturating_sub(1);
        while length > 0 && !tokens[start].capital {
            start += 1;
            length -= 1;
        }
    }
    if length == 0 {
        return start - at;
    }
    let end = start + length;
    let name = reading.phrase(&tokens[start..end]);
    match kind(tokens, start, end, sentence, speaker) {
        Kind::Person => {
            names.person_tokens.extend(start..end);
            add(&mut names.people, name.clone(), MOST_OF_A_KIND);
            add(&mut names.entities, name, MOST_ENTITIES);
        }
        Kind::Place => {
            names.place_tokens.extend(start..end);
            add(&mut names.places, name.clone(), MOST_OF_A_KIND);
            add(&mut names.entities, name, MOST_ENTITIES);
        }
        Kind::Other => add(&mut names.entities, name, MOST_ENTITIES),
        Kind::None => {}
    }
    end - at
}

/// The length of the run of capitalised words at a token: "Bank of America", "Ludwig van Beethoven".
fn run(tokens: &[Token<'_>], at: usize) -> usize {
    let mut end = at;
    while end < tokens.len() && end - at < 6 {
        let token = &tokens[end];
        let adjacent = end == at || token.gap == Gap::Blank || ampersand(tokens, end);
        if !adjacent || !(token.capital || (end > at && is_numeral(token))) || is_pronoun_i(token) {
            break;
        }
        end += 1;
        if token.possessive {
            break;
        }
        let links = links(&tokens[end..]);
        if links > 0
            && end + links < tokens.len()
            && tokens[end + links].capital
            && !is_pronoun_i(&tokens[end + links])
        {
            end += links;
        }
    }
    end - at
}

fn is_pronoun_i(token: &Token<'_>) -> bool {
    token.word == "i" || token.word.starts_with("i'")
}

fn is_numeral(token: &Token<'_>) -> bool {
    token.word.len() <= 2 && token.word.bytes().all(|b| b.is_ascii_digit())
}

/// "Marks & Spencer" is read as a break by the reading.
fn ampersand(_tokens: &[Token<'_>], _at: usize) -> bool {
    false
}

/// Lower-case words that hold a name together.
fn links(rest: &[Token<'_>]) -> usize {
    let blank = |token: &Token<'_>| token.gap == Gap::Blank;
    match rest {
        [of, the, ..] if blank(of) && blank(the) && of.word == "of" && the.word == "the" => 2,
        [link, ..]
            if blank(link)
                && matches!(
                    link.text,
                    "of" | "de"
                        | "da"
                        | "del"
                        | "della"
                        | "van"
                        | "von"
                        | "der"
                        | "di"
                        | "la"
                        | "el"
                        | "bin"
                        | "ibn"
                ) =>
        {
            1
        }
        _ => 0,
    }
}

/// Whether the first word of a run is capitalised for another reason than being a name.
fn sheds_first(
    tokens: &[Token<'_>],
    at: usize,
    length: usize,
    headline: bool,
    mid: &[String],
) -> bool {
    let token = &tokens[at];
    let class = token.class;
    let place = is_known_place(&joined(&tokens[at..at + length])) || is_known_place(&token.word);
    if is_pronoun_i(token) || token.word.is_empty() {
        return true;
    }
    if headline {
        return !(class.is(Class::FIRST_NAME)
            || place
            || token.is_acronym() && token.text.len() <= 5 && length == 1 && false);
    }
    if place && !class.is(FUNCTION) {
        return false;
    }
    if class.is(Class::FIRST_NAME) {
        // "Will you", "Mark my words", "May I": a name that is also a word needs more than a sentence's first place.
        return token.first()
            && class.is(FUNCTION.or(Class::VERB).or(Class::CALENDAR))
            && !addressed(tokens, at);
    }
    if class.is(Class::CALENDAR.or(Class::PEOPLE_OR_TONGUE)) {
        return class.is(Class::CALENDAR) && length == 1;
    }
    if opens(token) {
        if class.is(Class::TITLE.or(Class::KIN)) && length > 1 {
            return false;
        }
        if class.is_known() || is_common(&token.word) {
            return true;
        }
        if mid.contains(&token.word) || token.is_acronym() || length > 1 {
            return false;
        }
        return !(addressed(tokens, at) || possesses(tokens, at) || speaks(tokens, at + 1));
    }
    // Mid-sentence even words of grammar may be part of a title, but not its whole.
    class.is(FUNCTION.or(Class::INTERJECTION).or(Class::GREETING)) && !token.quoted
}

/// Where English writes a capital whatever the word.
fn opens(token: &Token<'_>) -> bool {
    token.first() || token.quoted || token.gap == Gap::Break
}

/// Shapes that names do not have: adverbs, participles, plurals, abstracts.
fn is_common(word: &str) -> bool {
    let endings = [
        "ly", "ing", "ed", "tion", "tions", "ness", "ment", "ful", "ous", "ive", "able", "ies",
        "ity", "n't", "est",
    ];
    endings
        .iter()
        .any(|ending| word.len() > ending.len() + 2 && word.ends_with(ending))
        || (word.ends_with('s') && !word.ends_with("is"))
}

/// "Mel, that's …", "Mel!"
fn addressed(tokens: &[Token<'_>], at: usize) -> bool {
    match tokens.get(at + 1) {
        Some(next) => next.gap == Gap::Comma && next.is(FUNCTION.or(Class::INTERJECTION)),
        None => false,
    }
}

/// "Anneke's flat".
fn possesses(tokens: &[Token<'_>], at: usize) -> bool {
    tokens[at].possessive
        && tokens
            .get(at + 1)
            .is_some_and(|next| !next.is(FUNCTION.or(Class::ADVERB)) && !next.word.ends_with("ing"))
}

/// "Anneke said".
fn speaks(tokens: &[Token<'_>], at: usize) -> bool {
    let Some(next) = tokens.get(at).filter(|next| next.gap == Gap::Blank) else {
        return false;
    };
    let past = next.lemma().is_some_and(|base| base != next.word) && !next.word.ends_with("ing");
    past && next
        .lemma()
        .is_some_and(|base| super::lexicon::base_class(base).is(Class::SAYING))
}

fn joined(tokens: &[Token<'_>]) -> String {
    let words: Vec<&str> = tokens.iter().map(|token| token.word.as_str()).collect();
    words.join(" ")
}

fn kind(
    tokens: &[Token<'_>],
    start: usize,
    end: usize,
    sentence: &Span<'_>,
    speaker: Option<&str>,
) -> Kind {
    let run = &tokens[start..end];
    let (first, last) = (&run[0], &run[run.len() - 1]);
    let before = |back: usize| {
        start
            .checked_sub(back)
            .filter(|at| *at >= sentence.tokens.start)
            .map(|at| &tokens[at])
    };
    let name = joined(run);
    if first.is(Class::CALENDAR) && !first.is(Class::FIRST_NAME)
        || is_month_or_day(tokens, start, end)
    {
        return if run.len() == 1 {
            Kind::None
        } else {
            Kind::Other
        };
    }
    if speaker.is_some_and(|speaker| fold(speaker) == name) {
        return Kind::Person;
    }
    if is_known_place(&name) || (run.len() > 1 && last.is(Class::PLACE_NOUN)) {
        return Kind::Place;
    }
    if last.is(Class::ORGANISATION_NOUN) && run.len() > 1 || first.is(Class::PEOPLE_OR_TONGUE) {
        return Kind::Other;
    }
    let titled = run.len() > 1 && first.is(Class::TITLE.or(Class::KIN))
        || before(1).is_some_and(|title| title.is(Class::TITLE));
    let related = before(1).is_some_and(|kin| kin.is(Class::KIN) && start == 1 + start - 1)
        || before(1).is_some_and(|verb| matches!(verb.word.as_str(), "named" | "called"))
            && (2..=4).filter_map(before).any(|token| {
                token.is(Class::KIN)
                    || matches!(
                        token.word.as_str(),
                        "guy" | "man" | "woman" | "girl" | "boy" | "person"
                    )
            });
    if titled || related {
        return Kind::Person;
    }
    if (1..=3).filter_map(before).any(|token| token.is(Class::PET)) && first.gap == Gap::Blank {
        return Kind::Other;
    }
    if first.is(Class::FIRST_NAME) && !last.is(Class::PLACE_NOUN.or(Class::ORGANISATION_NOUN)) {
        return Kind::Person;
    }
    if run.iter().any(Token::is_acronym) {
        return if is_chatter(&first.word) {
            Kind::None
        } else {
            Kind::Other
        };
    }
    if run.len() <= 2 && vocative(tokens, start, end, sentence) {
        return Kind::Person;
    }
    if let Some(previous) = before(1).filter(|_| first.gap == Gap::Blank) {
        let moved = (2..=4).filter_map(before).any(|token| {
            token
                .lemma()
                .is_some_and(|base| super::lexicon::base_class(base).is(Class::MOTION))
        }) || before(2).is_some_and(|token| {
            matches!(
                token.word.as_str(),
                "trip" | "flight" | "way" | "back" | "train" | "bus" | "journey"
            )
        });
        match previous.word.as_str() {
            "in" | "near" | "across" | "around" | "through" | "visited" | "visiting" => {
                return Kind::Place;
            }
            "to" | "from" | "into" | "towards" | "via" | "toward" if moved => return Kind::Place,
            "at" if run.len() > 1 => return Kind::Place,
            "met" | "told" | "asked" | "called" | "texted" | "with" | "married" | "invited"
            | "meet"
                if run.len() <= 2 =>
            {
                return Kind::Person;
            }
            _ => {}
        }
    }
    if first.is(Class::PLACE_NOUN) && run.len() > 1 {
        return Kind::Place;
    }
    if run.len() <= 2 && speaks(tokens, end) {
        return Kind::Person;
    }
    Kind::Other
}

/// "June" and "April" are people only where no date is meant.
fn is_month_or_day(tokens: &[Token<'_>], start: usize, end: usize) -> bool {
    if end - start != 1 || !tokens[start].is(Class::CALENDAR) {
        return false;
    }
    let before = start
        .checked_sub(1)
        .map_or("", |at| tokens[at].word.as_str());
    let next = tokens.get(end);
    let digits = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    matches!(
        before,
        "in" | "on"
            | "last"
            | "next"
            | "this"
            | "of"
            | "since"
            | "until"
            | "by"
            | "every"
            | "early"
            | "late"
            | "mid"
    ) || digits(before)
        || next.is_some_and(|next| digits(&next.word) && next.gap != Gap::Break)
        || !tokens[start].is(Class::FIRST_NAME)
}

fn is_chatter(word: &str) -> bool {
    matches!(
        word,
        "ok" | "okay"
            | "omg"
            | "lol"
            | "lmao"
            | "wtf"
            | "btw"
            | "fyi"
            | "asap"
            | "tbh"
            | "imo"
            | "imho"
            | "am"
            | "pm"
            | "todo"
            | "yes"
            | "no"
            | "idk"
            | "ps"
            | "rip"
            | "diy"
            | "so"
            | "oh"
            | "wow"
            | "rofl"
            | "brb"
            | "xd"
    )
}

/// Spoken to: after a greeting or an interjection, between a comma and the sentence's end, or opening with a comma.
fn vocative(tokens: &[Token<'_>], start: usize, end: usize, sentence: &Span<'_>) -> bool {
    let next = tokens.get(end);
    let closes = next.is_none_or(|next| next.gap == Gap::Comma || next.gap == Gap::Break);
    if start == sentence.tokens.start {
        return addressed(tokens, end - 1)
            || speaks(tokens, end)
            || possesses(tokens, end - 1) && end - start == 1;
    }
    let previous = &tokens[start - 1];
    if tokens[start].gap == Gap::Comma {
        // "…, Mel." but not "Rome, Naples, Turin": a list has a name before the comma too.
        return closes
            && !previous.capital | previous.is(FUNCTION.or(Class::INTERJECTION).or(Class::VERB))
            && end - start == 1;
    }
    tokens[start].gap == Gap::Blank
        && previous.is(Class::GREETING)
        && !tokens[start - 1].is(FUNCTION)
}

/// "Charlotte's Web": up to seven words in double quotes, beginning with a capital and with a blank or an end after.
fn quoted_titles(reading: &Reading<'_>, sentence: &Span<'_>, names: &mut Names) {
    let mut rest = sentence.text;
    while let Some(open) = rest.find(['"', '“']) {
        let after = &rest[open..];
        let quote = after.chars().next().map_or(1, char::len_utf8);
        let Some(close) = after[quote..].find(['"', '”']) else {
            return;
        };
        let title = after[quote..quote + close].trim_matches([' ', ',', '.']);
        let words = || title.split_whitespace();
        let capitals = words()
            .filter(|word| word.starts_with(char::is_uppercase))
            .count();
        if words().count() <= 7
            && capitals * 2 >= words().count()
            && capitals > 0
            && !title.ends_with(['!', '?'])
        {
            add(
                &mut names.entities,
                super::reading::one_line(title),
                MOST_ENTITIES,
            );
        }
        rest = &after[quote + close..];
        rest = &rest[rest.chars().next().map_or(0, char::len_utf8)..];
    }
    let _ = reading;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Names {
        names(&Reading::of(text), None)
    }

    #[test]
    fn people_are_named_addressed_titled_or_related() {
        for (text, people) in [
            ("Hey Mel! Good to see you!", vec!["Mel"]),
            ("Hey Zorblax! Good to see you!", vec!["Zorblax"]),
            ("Thanks, Ngozi! That means a lot.", vec!["Ngozi"]),
            ("That's cool, Oyelaran.", vec!["Oyelaran"]),
            ("Oyelaran, that's cool", vec!["Oyelaran"]),
            ("Yesterday I met Anneke de Vries.", vec!["Anneke de Vries"]),
            ("I saw Dr. Okonkwo about my knee", vec!["Okonkwo"]),
            (
                "My sister Ludmilla and her husband Piet are here",
                vec!["Ludmilla", "Piet"],
            ),
            (
                "Sarah's brother called Tom Baker.",
                vec!["Sarah", "Tom Baker"],
            ),
            ("We saw Aunt Mary", vec!["Aunt Mary"]),
            ("Tolga said it would rain", vec!["Tolga"]),
        ] {
            assert_eq!(found(text).people, people, "{text}");
        }
    }

    #[test]
    fn a_capital_at_a_sentences_start_makes_no_name() {
        for text in [
            "Wow! Thanks. Yeah, sure.",
            "Yesterday was great. Luckily, it was dry. Hopefully you liked it.",
            "Will you come? May I? Mark my words.",
            "Definitely! Congrats! Absolutely.",
            "Running is fun. Flowers bring joy. Movies, too.",
            "I'm OK. I'll go. LOL, OMG!",
            "On Monday in May I work.",
            "THIS IS SHOUTED BY ME",
            "My Favourite Reading List Ever",
            "Dinner was good",
            "Being kind matters",
        ] {
            let names = found(text);
            assert!(
                names.entities.is_empty() && names.people.is_empty(),
                "{text}: {names:?}"
            );
        }
    }

    #[test]
    fn places_follow_prepositions_of_place_and_motion_or_are_known() {
        for (text, places) in [
            ("I flew to Rome from New York", vec!["Rome", "New York"]),
            ("She lives in Kleinmachnow", vec!["Kleinmachnow"]),
            ("We went to Grumbleby by train", vec!["Grumbleby"]),
            ("Let's meet at Victoria Station", vec!["Victoria Station"]),
            ("Paris was lovely", vec!["Paris"]),
            ("In Costa Rica we hiked", vec!["Costa Rica"]),
            ("I talked to Sarah", vec![]),
            ("a letter from Anneke", vec![]),
            ("in May", vec![]),
        ] {
            assert_eq!(found(text).places, places, "{text}");
        }
    }

    #[test]
    fn other_names_are_entities() {
        for (text, entities) in [
            ("I work for the Bank of America", vec!["Bank of America"]),
            ("the LGBTQ support group", vec!["LGBTQ"]),
            (
                "I read \"Charlotte's Web\" twice",
                vec!["Charlotte", "Charlotte's Web"],
            ),
            (
                "I learn Portuguese with Duolingo",
                vec!["Portuguese", "Duolingo"],
            ),
            ("my dog Rex is old", vec!["Rex"]),
            ("we use PostgreSQL here", vec!["PostgreSQL"]),
        ] {
            assert_eq!(found(text).entities, entities, "{text}");
        }
    }

    #[test]
    fn the_speaker_is_the_first_of_the_people_unless_it_is_a_role() {
        let reading = Reading::of("Hi Tom");
        assert_eq!(names(&reading, Some("Maria")).people, ["Maria", "Tom"]);
        assert_eq!(names(&reading, Some("assistant")).people, ["Tom"]);
        assert_eq!(names(&reading, Some("Maria")).entities, ["Tom"]);
    }
}
