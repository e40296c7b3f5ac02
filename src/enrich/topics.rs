//! Topics: noun phrases found without a parser.
//!
//! As in RAKE (Rose et al. 2010), candidates are the runs of words between words that carry no topic; here those are
//! function words, verbs where a verb stands, praise, names of people and of times. A run ends with a noun, as far as
//! can be told, and is cut to its last three words. Labels are lower case; a plural is its singular and a form of an
//! activity its gerund, so that "hiked", "hikes" and "hiking" are one topic.

use super::entities::Names;
use super::features::{Milli, Topic};
use super::lexicon::{Class, FUNCTION, verbs};
use super::reading::{Gap, Reading, Token};

const MOST: usize = 8;
const LONGEST: usize = 3;
/// Candidates looked at; a longer text has said what it is about by then.
const MOST_CANDIDATES: usize = 256;

struct Candidate {
    label: String,
    words: usize,
    mentions: u32,
    named: bool,
}

/// The topics of a text, heaviest first.
///
/// Weight = mentions × (1 for a word, 1.5 for two, 1.7 for three) × (1.3 for a name), relative to the heaviest: longer
/// phrases are rarer and so tell more. Ties keep the order of first mention.
pub(super) fn topics(reading: &Reading<'_>, names: &Names) -> Vec<Topic> {
    let mut candidates: Vec<Candidate> = Vec::new();
    for sentence in &reading.sentences {
        let mut run: Vec<usize> = Vec::new();
        for at in sentence.tokens.clone() {
            let token = &reading.tokens[at];
            if token.gap != Gap::Blank {
                close(reading, names, &mut run, &mut candidates);
            }
            if names.person_tokens.contains(&at)
                || !carries(
                    &reading.tokens[..sentence.tokens.end],
                    at,
                    sentence.tokens.start,
                )
            {
                close(reading, names, &mut run, &mut candidates);
            } else {
                run.push(at);
                if token.possessive {
                    close(reading, names, &mut run, &mut candidates);
                }
            }
        }
        close(reading, names, &mut run, &mut candidates);
        if candidates.len() >= MOST_CANDIDATES {
            break;
        }
    }
    weighed(candidates)
}

fn weighed(candidates: Vec<Candidate>) -> Vec<Topic> {
    let mut scored: Vec<(u32, String)> = candidates
        .into_iter()
        .map(|candidate| {
            let length = [10, 15, 17][candidate.words.clamp(1, LONGEST) - 1];
            let named = if candidate.named { 13 } else { 10 };
            (candidate.mentions.min(20) * length * named, candidate.label)
        })
        .collect();
    // Stable: equal scores stay in order of mention.
    scored.sort_by(|a, b| b.0.cmp(&a.0));
    scored.truncate(MOST);
    let most = f64::from(scored.first().map_or(1, |(score, _)| *score));
    scored
        .into_iter()
        .map(|(score, label)| Topic {
            label,
            weight: Milli::from_unit(f64::from(score) / most),
        })
        .collect()
}

/// Whether the word may be part of a topic where it stands.
fn carries(tokens: &[Token<'_>], at: usize, sentence_start: usize) -> bool {
    let token = &tokens[at];
    let class = token.class;
    let word = token.word.as_str();
    if word.len() < 2
        || word.contains('\'')
        || word.starts_with(|c: char| c.is_ascii_digit())
        || word.starts_with("http")
        || word.starts_with("www.")
    {
        return false;
    }
    if class.is(FUNCTION)
        || class.is(Class::NUMBER.or(Class::VAGUE).or(Class::CALENDAR))
        || word.ends_with("ly") && !is_noun_in_ly(word)
    {
        return false;
    }
    if verbs::lemma(word).and_then(verbs::activity).is_some() && is_activity(tokens, at) {
        return true;
    }
    let modifies = next_is_content(tokens, at);
    if class.is(Class::ADJECTIVE) && !class.is(Class::EVALUATIVE) {
        return modifies;
    }
    if class.is(Class::EVALUATIVE
        .or(Class::INTERJECTION)
        .or(Class::GREETING)
        .or(Class::ADVERB))
    {
        return false;
    }
    if class.is(Class::VERB) {
        return stands_as_noun(tokens, at, sentence_start);
    }
    if is_adjective_like(word) {
        return modifies;
    }
    // Alone at a sentence's start in a sentence of one or two words: "Gotcha", "Sounds good".
    !(class.is(Class::KIN) && word.len() > 30)
}

fn is_activity(tokens: &[Token<'_>], at: usize) -> bool {
    let token = &tokens[at];
    let previous = at
        .checked_sub(1)
        .map(|before| tokens[before].word.as_str())
        .unwrap_or_default();
    // "I read that", "shows", "can you show": everyday verbs are activities only as gerunds or by "go".
    let base = token.lemma().unwrap_or_default();
    let everyday = matches!(
        base,
        "read"
            | "write"
            | "run"
            | "box"
            | "film"
            | "fish"
            | "program"
            | "parent"
            | "stream"
            | "film"
            | "code"
            | "stretch"
            | "dance"
            | "exercise"
    );
    !everyday
        || token.word.ends_with("ing")
        || matches!(
            previous,
            "a" | "the" | "my" | "to" | "i" | "we" | "love" | "enjoy"
        )
}

fn is_noun_in_ly(word: &str) -> bool {
    matches!(
        word,
        "family"
            | "butterfly"
            | "jelly"
            | "lily"
            | "belly"
            | "italy"
            | "bully"
            | "ally"
            | "assembly"
            | "supply"
            | "anomaly"
            | "monopoly"
            | "reply"
            | "rally"
            | "july"
            | "fly"
    )
}

/// Endings of adjectives, and of participles that describe.
fn is_adjective_like(word: &str) -> bool {
    let endings = [
        "ful", "ous", "able", "ible", "less", "ish", "ed", "iest", "ical", "some",
    ];
    word.len() > 5 && endings.iter().any(|ending| word.ends_with(ending))
        || word.ends_with("ing") && verbs::lemma(word).is_some()
        || word.contains('-')
}

fn next_is_content(tokens: &[Token<'_>], at: usize) -> bool {
    tokens.get(at + 1).is_some_and(|next| {
        let skipped = FUNCTION
            .or(Class::ADVERB)
            .or(Class::VAGUE)
            .or(Class::CALENDAR)
            .or(Class::INTERJECTION)
            .or(Class::GREETING)
            .or(Class::NUMBER);
        next.gap == Gap::Blank
            && next.word.len() > 1
            && !next.is(skipped)
            && !next.word.ends_with("ly")
            && (!next.is(Class::VERB) || !next.word.ends_with("ed"))
    })
}

/// A verb's form after a determiner, an adjective, a noun's preposition or another noun: "the support", "a long walk".
fn stands_as_noun(tokens: &[Token<'_>], at: usize, sentence_start: usize) -> bool {
    let token = &tokens[at];
    if at == sentence_start || token.gap != Gap::Blank {
        return false;
    }
    let past = token.lemma().is_some_and(|base| base != token.word)
        && !token.word.ends_with('s')
        && !token.word.ends_with("ing");
    let previous = &tokens[at - 1];
    if past {
        return previous.is(Class::DETERMINER)
            && !previous.is(Class::PRONOUN)
            && next_is_content(tokens, at);
    }
    if token.word.ends_with("ing") {
        let gerund =
            previous.is(Class::DETERMINER.or(Class::ADJECTIVE)) && !previous.is(Class::PRONOUN);
        return gerund && !token.is(Class::STATIVE);
    }
    let determined = previous.is(Class::DETERMINER)
        && (!previous.is(Class::PRONOUN) || previous.is(Class::POSSESSIVE));
    let described = previous.is(Class::ADJECTIVE)
        && !previous.is(Class::VERB)
        && at >= 2
        && !tokens[at - 2].is(Class::AUXILIARY);
    let governed = previous.is(Class::PREPOSITION)
        && !matches!(
            previous.word.as_str(),
            "to" | "since" | "until" | "than" | "as" | "like"
        );
    let compounded = !previous.class.is_known() && !previous.capital && !token.word.ends_with('s');
    determined || described || governed || compounded || previous.possessive
}

/// Ends a run: keeps its last words up to a noun and counts it.
fn close(
    reading: &Reading<'_>,
    names: &Names,
    run: &mut Vec<usize>,
    candidates: &mut Vec<Candidate>,
) {
    let all = std::mem::take(run);
    if all.is_empty() || candidates.len() >= MOST_CANDIDATES {
        return;
    }
    let kept = &all[all.len().saturating_sub(LONGEST)..];
    let tokens: Vec<&Token<'_>> = kept.iter().map(|at| &reading.tokens[*at]).collect();
    let place = kept.iter().any(|at| names.place_tokens.contains(at));
    let mut words: Vec<String> = tokens.iter().map(|token| token.word.clone()).collect();
    if let Some(last) = words.last_mut() {
        *last = canonical(last);
    }
    if let [only] = tokens[..]
        && (only.is(Class::KIN) && kin_says_nothing(&only.word))
    {
        return;
    }
    let label = words.join(" ");
    match candidates
        .iter_mut()
        .find(|candidate| candidate.label == label)
    {
        Some(candidate) => candidate.mentions += 1,
        None => {
            let named = place || tokens.iter().any(|token| token.capital && !token.first());
            candidates.push(Candidate {
                label,
                words: words.len(),
                mentions: 1,
                named,
            });
        }
    }
}

fn kin_says_nothing(word: &str) -> bool {
    matches!(
        word,
        "friend" | "friends" | "buddy" | "boss" | "baby" | "kid"
    )
}

/// One label for the inflections of a word: singular nouns, gerunds of activities.
pub(super) fn canonical(word: &str) -> String {
    if let Some(gerund) = verbs::lemma(word).and_then(verbs::activity) {
        return gerund;
    }
    singular(word)
}

fn singular(word: &str) -> String {
    let irregular = match word {
        "children" => "child",
        "men" => "man",
        "women" => "woman",
        "people" => "person",
        "feet" => "foot",
        "teeth" => "tooth",
        "mice" => "mouse",
        "geese" => "goose",
        "lives" => "life",
        "wives" => "wife",
        "knives" => "knife",
        "leaves" => "leaf",
        "shelves" => "shelf",
        "wolves" => "wolf",
        "halves" => "half",
        "thieves" => "thief",
        "loaves" => "loaf",
        "movies" => "movie",
        "cookies" => "cookie",
        "ties" => "tie",
        "shoes" => "shoe",
        "potatoes" => "potato",
        "tomatoes" => "tomato",
        "heroes" => "hero",
        "paintings" => "painting",
        "buses" => "bus",
        "gases" => "gas",
        "quizzes" => "quiz",
        "kids" => "kid",
        "analyses" => "analysis",
        "crises" => "crisis",
        "bases" => "base",
        "houses" => "house",
        "horses" => "horse",
        "courses" => "course",
        "nurses" => "nurse",
        "noises" => "noise",
        "phases" => "phase",
        "purposes" => "purpose",
        "databases" => "database",
        "releases" => "release",
        "exercises" => "exercise",
        "glasses" | "clothes" | "news" | "series" | "species" | "jeans" | "pants" | "shorts"
        | "scissors" | "pyjamas" | "pajamas" | "mathematics" | "physics" | "economics"
        | "politics" | "athletics" | "gymnastics" | "electronics" | "ethics" | "lens"
        | "christmas" | "always" | "texas" | "paris" | "lgbtqs" | "aerobics" | "diabetes"
        | "kubernetes" | "thanks" | "means" | "gas" | "bus" | "plus" | "yes" => {
            return word.to_owned();
        }
        _ => "",
    };
    if !irregular.is_empty() {
        return irregular.to_owned();
    }
    let cut = |by: usize| word[..word.len() - by].to_owned();
    if !word.is_ascii()
        || word.len() < 4
        || ["ss", "us", "is", "os", "'s"]
            .iter()
            .any(|ending| word.ends_with(ending))
    {
        return match word.strip_suffix("os") {
            Some(stem) if word.is_ascii() && stem.len() > 2 => format!("{stem}o"),
            _ => word.to_owned(),
        };
    }
    if word.ends_with("ies") && word.len() > 4 {
        return format!("{}y", cut(3));
    }
    if ["sses", "shes", "ches", "xes", "zzes"]
        .iter()
        .any(|ending| word.ends_with(ending))
        && !word.ends_with("aches")
    {
        return cut(2);
    }
    if word.ends_with('s') {
        cut(1)
    } else {
        word.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::entities::names;
    use super::*;

    fn labels(text: &str) -> Vec<String> {
        let reading = Reading::of(text);
        topics(&reading, &names(&reading, None))
            .into_iter()
            .map(|topic| topic.label)
            .collect()
    }

    #[test]
    fn topics_are_noun_phrases() {
        for (text, expected) in [
            (
                "I joined a local pottery class last week.",
                vec!["local pottery class"],
            ),
            (
                "We need a birthday present for Tom",
                vec!["birthday present"],
            ),
            (
                "The database migration failed because of a full disk.",
                vec!["database migration", "disk"],
            ),
            ("I'm really busy and so tired!", vec![]),
            ("Wow, that's awesome! Thanks!", vec![]),
            (
                "She plays the violin in an orchestra",
                vec!["violin", "orchestra"],
            ),
        ] {
            assert_eq!(labels(text), expected, "{text}");
        }
    }

    #[test]
    fn the_inflections_of_a_word_give_one_label() {
        for (texts, label) in [
            (
                &[
                    "I went hiking",
                    "we hiked a lot",
                    "she hikes",
                    "They love to hike",
                ][..],
                "hiking",
            ),
            (
                &["my paintings", "a painting", "I painted it"][..],
                "painting",
            ),
            (&["two dogs", "a dog", "the dog's bowl"][..], "dog"),
            (&["some cities", "a city"][..], "city"),
            (&["the churches", "a church"][..], "church"),
            (&["my children", "a child"][..], "child"),
        ] {
            for text in texts {
                assert!(
                    labels(text).contains(&label.to_owned()),
                    "{text}: {:?}",
                    labels(text)
                );
            }
        }
    }

    #[test]
    fn weights_are_relative_to_the_heaviest_and_fall() {
        let reading = Reading::of("Pottery! I love pottery class. The pottery kiln and the glaze.");
        let topics = topics(&reading, &names(&reading, None));
        assert_eq!(topics[0].weight, Milli::ONE);
        assert!(
            topics
                .windows(2)
                .all(|pair| pair[0].weight >= pair[1].weight)
                && topics.iter().all(|topic| topic.weight > Milli::ZERO)
        );
    }
}
