//! Topics: noun phrases found without a parser.
//!
//! As in RAKE (Rose et al. 2010), candidates are the runs of words between words that carry no topic; here those are
//! function words, verbs where a verb stands, praise, names of people and of times. A run ends with a noun, as far as
//! can be told, and is cut to its last three words. Labels are lower case; a plural is its singular and a form of an
//! activity its gerund, so that "hiked", "hikes" and "hiking" are one topic.

mod nouns;

use self::nouns::carries;
use super::entities::Names;
use super::features::{Milli, Topic};
use super::inflection::canonical;
use super::lexicon::{Class, class_of};
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
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
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
    // "worlds", "favourites": vague once they are one.
    if words.len() == 1 && class_of(&words[0]).is(Class::VAGUE) {
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
