//! How pleasant a text is: VADER (Hutto & Gilbert 2014) with a fixed order of evaluation.
//!
//! The crate `vader-sentimental` brings the lexicon: 7,500 words and emoticons rated −4..4 by ten people each. Its
//! rules walk hash tables in random order (two idioms in one window: either may win) and take quadratic time, so the
//! crate is asked word by word, where it is exact, and the rules that the paper found to matter are here.

use std::cell::RefCell;
use std::collections::HashMap;

use vader_sentimental::SentimentIntensityAnalyzer;

use super::features::Milli;
use super::lexicon::Class;
use super::reading::{Gap, Reading, Token};

/// VADER's constants: the weight of an intensifier, of capitals, of a negation, of `!`, and the normaliser.
const BOOST: f64 = 0.293;
const CAPITALS: f64 = 0.733;
const NEGATION: f64 = -0.74;
const EXCLAMATION: f64 = 0.292;
const ALPHA: f64 = 15.0;

const BOOSTERS: &str = "absolutely amazingly awfully completely considerably decidedly deeply enormously entirely especially \
    exceptionally extremely fabulously fully greatly hella highly hugely incredibly intensely majorly more most particularly \
    purely quite really remarkably so substantially super thoroughly totally tremendously unbelievably unusually utterly very \
    truly such";
const DAMPENERS: &str = "almost barely hardly kinda less little marginally occasionally partly scarcely slightly somewhat sorta";

/// Words whose rating in the lexicon is of another sense than the usual one in talk.
const MISREAD: &[&str] = &[
    "like", "well", "kind", "pretty", "no", "god", "share", "sharing", "shared", "please", "dear",
    "sorry",
];

/// The ratings of the words of one text, and their balance.
#[derive(Debug, Clone, Default)]
pub(super) struct Balance {
    /// −1..1, VADER's compound score.
    pub(super) compound: f64,
    /// The same of each sentence.
    pub(super) sentences: Vec<f64>,
}

/// Weighs a text. Sentences count on their own first, as negation and contrast do not reach past them.
pub(super) fn balance(reading: &Reading<'_>) -> Balance {
    let mut total = 0.0;
    let mut sentences = Vec::with_capacity(reading.sentences.len());
    for sentence in &reading.sentences {
        let tokens = reading.tokens_of(sentence);
        let shouts = sentence
            .text
            .chars()
            .filter(|&c| c == '!')
            .take(4)
            .fold(0.0, |sum, _| sum + EXCLAMATION);
        let mut sum = words(tokens, sentence.headline) + emoji(sentence.text);
        if sum > 0.0 {
            sum += shouts;
        } else if sum < 0.0 {
            sum -= shouts;
        }
        sentences.push(normalised(sum));
        total += sum;
    }
    Balance {
        compound: normalised(total),
        sentences,
    }
}

impl Balance {
    pub(super) fn valence(&self) -> Milli {
        Milli::from_signed(self.compound)
    }
}

fn normalised(sum: f64) -> f64 {
    sum / (sum * sum + ALPHA).sqrt()
}

fn words(tokens: &[Token<'_>], shouted: bool) -> f64 {
    let contrast = tokens.iter().position(|token| token.word == "but");
    let mut sum = 0.0;
    for (at, token) in tokens.iter().enumerate() {
        let mut rating = rating_in_place(tokens, at);
        if rating == 0.0 {
            continue;
        }
        let sign = if rating < 0.0 { -1.0 } else { 1.0 };
        if !shouted && token.text.len() > 2 && token.is_acronym() {
            rating += sign * CAPITALS;
        }
        for back in 1..=3.min(at) {
            let before = &tokens[at - back];
            let fading = [1.0, 0.95, 0.9][back - 1];
            rating += sign * fading * intensity(&before.word);
            if before.is(Class::NEGATION) && reaches(&tokens[at + 1 - back..=at]) {
                rating *= NEGATION;
            }
        }
        sum += match contrast {
            Some(but) if at < but => rating * 0.5,
            Some(but) if at > but => rating * 1.5,
            _ => rating,
        };
    }
    sum
}

/// A negation does not reach past a comma or a break: "No, I love it".
fn reaches(between: &[Token<'_>]) -> bool {
    between.iter().all(|token| token.gap == Gap::Blank)
}

fn intensity(word: &str) -> f64 {
    if BOOSTERS.split_whitespace().any(|booster| booster == word) {
        BOOST
    } else if DAMPENERS
        .split_whitespace()
        .any(|dampener| dampener == word)
    {
        -BOOST
    } else {
        0.0
    }
}

/// The word's rating, with the senses that chat gives "like" and "miss" set right.
fn rating_in_place(tokens: &[Token<'_>], at: usize) -> f64 {
    let token = &tokens[at];
    if token.is(Class::PRONOUN.or(Class::PREPOSITION)) && token.word != "like" {
        return 0.0;
    }
    if MISREAD.contains(&token.word.as_str()) {
        let subject =
            at > 0 && tokens[at - 1].is(Class::PRONOUN.or(Class::ADVERB).or(Class::NEGATION));
        return if token.word == "like" && subject {
            1.5
        } else {
            0.0
        };
    }
    rating(&token.word)
}

/// The most words a thread remembers ratings of.
const REMEMBERED: usize = 16_384;

struct Ratings {
    analyzer: SentimentIntensityAnalyzer<'static>,
    known: HashMap<String, f64>,
}

thread_local! {
    static RATINGS: RefCell<Ratings> =
        RefCell::new(Ratings { analyzer: SentimentIntensityAnalyzer::new(), known: HashMap::new() });
}

/// The rating of one word, emoticon or emoji in VADER's lexicon, −4..4; 0 if it has none.
pub(super) fn rating(word: &str) -> f64 {
    if word.len() < 2 {
        return 0.0;
    }
    RATINGS.with_borrow_mut(|ratings| {
        if let Some(rating) = ratings.known.get(word) {
            return *rating;
        }
        let compound = ratings.analyzer.polarity_scores(word).compound;
        // The inverse of the normalisation; ratings have one decimal, so rounding restores them exactly.
        let rating = (compound * (ALPHA / (1.0 - compound * compound).max(1e-9)).sqrt() * 10.0)
            .round()
            / 10.0;
        if ratings.known.len() >= REMEMBERED {
            ratings.known.clear();
        }
        ratings.known.insert(word.to_owned(), rating);
        rating
    })
}

/// The sum of the ratings of emoji and of the commonest emoticons; at most 8 count.
fn emoji(text: &str) -> f64 {
    let mut sum = 0.0;
    let mut buffer = [0; 4];
    let pictures = text.chars().filter(|&c| is_emoji(c)).take(8);
    for c in pictures {
        sum += rating(c.encode_utf8(&mut buffer)).clamp(-4.0, 4.0);
    }
    for word in text
        .split_whitespace()
        .filter(|word| word.len() <= 4 && word.contains([':', ';', '<', '=']))
        .take(8)
    {
        sum += if word.contains("http") {
            0.0
        } else {
            rating(word)
        };
    }
    sum
}

/// Whether `c` is a pictograph.
pub(super) fn is_emoji(c: char) -> bool {
    matches!(c, '\u{1F300}'..='\u{1FAFF}' | '\u{2600}'..='\u{27BF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compound(text: &str) -> f64 {
        balance(&Reading::of(text)).compound
    }

    #[test]
    fn single_words_have_vaders_own_ratings() {
        for (word, expected) in [
            ("good", 1.9),
            ("terrible", -2.1),
            ("love", 3.2),
            ("table", 0.0),
            (":)", 2.0),
        ] {
            assert!(
                (rating(word) - expected).abs() < 1e-9,
                "{word}: {}",
                rating(word)
            );
        }
    }

    #[test]
    fn pleasant_words_are_positive_and_a_negation_turns_them() {
        for (better, worse) in [
            ("This is good.", "This is a table."),
            ("This is very good.", "This is good."),
            ("This is GOOD for me.", "This is good for me."),
            ("This is good!!!", "This is good."),
            ("This is a table.", "This is not good."),
            ("This is a table.", "This is terrible."),
            (
                "It was slow, but I loved it.",
                "I loved it, but it was terrible.",
            ),
            ("Lunch 😀", "Lunch 😭"),
            ("Lunch :)", "Lunch"),
            ("No, I love it!", "I don't love it!"),
        ] {
            assert!(
                compound(better) > compound(worse),
                "{better} {} / {worse} {}",
                compound(better),
                compound(worse)
            );
        }
        assert!(compound("What a wonderful, happy, perfect day!!!") > 0.8);
        assert_eq!(compound("I work like everybody and share a desk."), 0.0);
    }
}
