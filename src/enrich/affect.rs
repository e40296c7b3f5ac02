//! Arousal and emotion.

use super::features::{Emotion, Milli};
use super::lexicon::Class;
use super::lexicon::feelings::{feeling_of, stir};
use super::reading::Reading;
use super::valence::{Balance, is_emoji};

/// How stirring a text is.
///
/// `0.1 + 0.9 · x / (x + 1)`, where x sums, weighed by how much they tell of a speaker's state: 0.45 × the strongest
/// sentence's |compound| (strong feelings of either sign stir: the V shape of Bradley & Lang's norms), 0.22 for each
/// `!` up to 4, 0.5 × the share of shouted words, 0.35 for each stirring word less 0.25 for each calming one, and
/// 0.2 for each emoji up to 3. Saturating, so that nothing but piled-up evidence comes near 1.
pub(super) fn arousal(reading: &Reading<'_>, balance: &Balance) -> Milli {
    if reading.tokens.is_empty() && !reading.text.chars().any(is_emoji) {
        return Milli::ZERO;
    }
    let strongest = balance
        .sentences
        .iter()
        .fold(0.0_f64, |most, compound| most.max(compound.abs()));
    let shouts = count(reading.text.chars().filter(|&c| c == '!').take(4));
    let emoji = count(reading.text.chars().filter(|&c| is_emoji(c)).take(3));
    let mut stirring = 0.0_f64;
    let mut calming = 0.0_f64;
    for token in &reading.tokens {
        match stir(&token.word) {
            s if s > 0.0 => stirring += 0.35,
            s if s < 0.0 => calming += 0.25,
            _ => {}
        }
    }
    // A long text is no more stirring for being long.
    let length = (count(reading.sentences.iter()) / 3.0).max(1.0);
    let x = 0.45 * strongest
        + 0.22 * shouts
        + 0.5 * shouted_share(reading)
        + (stirring - calming) / length
        + 0.2 * emoji;
    let x = x.max(0.0);
    Milli::from_unit(0.1 + 0.9 * x / (x + 1.0))
}

fn count(items: impl Iterator) -> f64 {
    items.fold(0.0, |sum, _| sum + 1.0)
}

fn shouted_share(reading: &Reading<'_>) -> f64 {
    let letters = |c: char| c.is_alphabetic();
    let words = || reading.tokens.iter().filter(|token| token.text.len() > 3);
    let shouted = words().filter(|token| token.is_acronym() && token.text.chars().all(letters));
    let all = count(words());
    // One acronym is a name, not a shout.
    if all < 2.0 {
        0.0
    } else {
        ((count(shouted) - 1.0) / (all - 1.0)).max(0.0)
    }
}

/// The feeling that the words name most.
///
/// Each word of a feeling counts 1, emoji 1.5, and what the speaker says of themselves ("I'm …") 1.5. A negation in
/// the three words before turns joy into sadness and drops the rest: "not happy" is sad, "not afraid" is nothing.
/// Ties go to the feeling named first in [`Emotion`]; "love" and "wow", which people say of soup, count 0.5.
pub(super) fn emotion(reading: &Reading<'_>) -> Option<Emotion> {
    let mut scores = [0.0_f64; 8];
    for sentence in &reading.sentences {
        let tokens = reading.tokens_of(sentence);
        for (at, token) in tokens.iter().enumerate() {
            let Some(feeling) = feeling_of(&token.word) else {
                continue;
            };
            let before = &tokens[at.saturating_sub(3)..at];
            let negated = before.iter().any(|token| token.is(Class::NEGATION));
            let own = before.iter().any(|token| {
                matches!(
                    token.word.as_str(),
                    "i" | "i'm" | "im" | "me" | "my" | "we" | "we're"
                )
            });
            let mut weight = if own { 1.5 } else { 1.0 };
            if is_casual(&token.word) {
                weight *= 0.5;
            }
            match feeling {
                _ if !negated => scores[feeling as usize] += weight,
                Emotion::Joy => scores[Emotion::Sadness as usize] += weight,
                _ => {}
            }
        }
    }
    let mut buffer = [0; 4];
    for c in reading.text.chars().filter(|&c| is_emoji(c)).take(16) {
        if let Some(feeling) = feeling_of(c.encode_utf8(&mut buffer)) {
            scores[feeling as usize] += 1.5;
        }
    }
    let mut best: Option<(Emotion, f64)> = None;
    for emotion in ORDER {
        let score = scores[emotion as usize];
        if score > best.map_or(0.0, |(_, most)| most) {
            best = Some((emotion, score));
        }
    }
    best.map(|(emotion, _)| emotion)
}

const ORDER: [Emotion; 8] = [
    Emotion::Joy,
    Emotion::Love,
    Emotion::Trust,
    Emotion::Surprise,
    Emotion::Sadness,
    Emotion::Fear,
    Emotion::Anger,
    Emotion::Disgust,
];

fn is_casual(word: &str) -> bool {
    matches!(
        word,
        "love"
            | "loved"
            | "loves"
            | "wow"
            | "whoa"
            | "woah"
            | "fun"
            | "miss"
            | "missed"
            | "awful"
            | "passed"
            | "lost"
    )
}

#[cfg(test)]
mod tests {
    use super::super::valence::balance;
    use super::*;

    fn stirred(text: &str) -> Milli {
        let reading = Reading::of(text);
        arousal(&reading, &balance(&reading))
    }

    #[test]
    fn shouting_stirs_more_than_whispering() {
        for (more, less) in [
            ("We won!!!", "We won."),
            ("I'm furious about this.", "I sat at the table."),
            (
                "I sat at the table.",
                "I had a calm, quiet nap at the table.",
            ),
            ("THIS IS SO COOL AND GREAT", "this is so cool and great"),
            ("Party tonight 🎉🎉", "Party tonight"),
        ] {
            assert!(
                stirred(more) > stirred(less),
                "{more} {} / {less} {}",
                stirred(more),
                stirred(less)
            );
        }
        assert_eq!(stirred(""), Milli::ZERO);
        assert!(
            stirred("Amazing!!! I'm so thrilled, we won the championship!!! 🎉🎉🎉") > Milli(700)
        );
    }

    #[test]
    fn words_name_the_feeling_and_negation_turns_it() {
        for (text, expected) in [
            ("I'm so happy for you", Some(Emotion::Joy)),
            ("I'm not happy about it", Some(Emotion::Sadness)),
            ("I'm not afraid", None),
            ("She cried when her dog died", Some(Emotion::Sadness)),
            ("I'm terrified of spiders", Some(Emotion::Fear)),
            ("He was furious and yelled", Some(Emotion::Anger)),
            ("That smell is disgusting", Some(Emotion::Disgust)),
            ("I really appreciate your support", Some(Emotion::Trust)),
            ("I adore my wife", Some(Emotion::Love)),
            (
                "What a surprise, totally unexpected",
                Some(Emotion::Surprise),
            ),
            ("The train leaves at nine", None),
            ("😭", Some(Emotion::Sadness)),
            ("", None),
        ] {
            assert_eq!(emotion(&Reading::of(text)), expected, "{text}");
        }
    }
}
