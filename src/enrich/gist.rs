//! The gist: the sentence that tells most, word for word.

use super::entities::Names;
use super::features::{SpeechAct, Topic};
use super::lexicon::{Class, FUNCTION};
use super::reading::{Reading, Span, one_line};

/// Characters of a gist.
const LONGEST: usize = 160;

/// The most informative sentence, cut at [`LONGEST`] characters at a word's end.
///
/// A sentence scores 1 for each word of content (0.5 for each beyond the twelfth: length alone is no news), 1.5 for
/// each capitalised name or number, 2 × the weight of each topic in it; 60 % for a question, 30 % for greetings and
/// interjections. The first of equal sentences wins.
pub(super) fn gist(
    reading: &Reading<'_>,
    names: &Names,
    topics: &[Topic],
    act: SpeechAct,
) -> String {
    let mut best: Option<(&Span<'_>, f64)> = None;
    for sentence in &reading.sentences {
        let score = score(reading, sentence, names, topics, act);
        if best.is_none_or(|(_, most)| score > most) {
            best = Some((sentence, score));
        }
    }
    shortened(best.map_or(reading.text, |(sentence, _)| sentence.text))
}

fn score(
    reading: &Reading<'_>,
    sentence: &Span<'_>,
    names: &Names,
    topics: &[Topic],
    act: SpeechAct,
) -> f64 {
    let tokens = reading.tokens_of(sentence);
    let light = FUNCTION
        .or(Class::INTERJECTION)
        .or(Class::GREETING)
        .or(Class::VAGUE)
        .or(Class::ADVERB);
    let mut content = 0.0_f64;
    let mut score = 0.0;
    for (at, token) in tokens.iter().enumerate() {
        if !token.is(light) {
            content += if content < 12.0 { 1.0 } else { 0.5 };
        }
        let at = sentence.tokens.start + at;
        let addressed =
            token.first() || names.person_tokens.contains(&at) && at + 1 == sentence.tokens.end;
        if token.word.starts_with(|c: char| c.is_ascii_digit())
            || token.capital && !addressed && !token.is(light)
        {
            score += 1.5;
        }
    }
    let lower = sentence.text.to_lowercase();
    for topic in topics {
        let first = topic.label.split(' ').next().unwrap_or_default();
        let stem = &first[..first
            .char_indices()
            .nth(5)
            .map_or(first.len(), |(at, _)| at)];
        if lower.contains(stem) {
            score += 2.0 * topic.weight.value();
        }
    }
    score += content;
    if sentence.mark() == '?' && act != SpeechAct::Request {
        score *= 0.6;
    }
    if content < 1.0 {
        score *= 0.3;
    }
    score
}

/// On one line, whole words, with an ellipsis where something is left out.
fn shortened(text: &str) -> String {
    // A window first: a sentence may have 10 MB.
    let window = text
        .char_indices()
        .nth(LONGEST * 8)
        .map_or(text, |(end, _)| &text[..end]);
    let line = one_line(window);
    if line.chars().count() <= LONGEST {
        return line;
    }
    let end = line
        .char_indices()
        .nth(LONGEST - 1)
        .map_or(line.len(), |(end, _)| end);
    let cut = &line[..end];
    let whole = cut
        .rfind(' ')
        .filter(|blank| *blank > end / 2)
        .map_or(cut, |blank| &cut[..blank]);
    format!("{}…", whole.trim_end_matches([',', ';', ':', '-', ' ']))
}

#[cfg(test)]
mod tests {
    use super::super::entities::names;
    use super::super::topics::topics;
    use super::*;

    fn of(text: &str) -> String {
        let reading = Reading::of(text);
        let names = names(&reading, None);
        gist(
            &reading,
            &names,
            &topics(&reading, &names),
            SpeechAct::Statement,
        )
    }

    #[test]
    fn the_gist_is_the_sentence_that_tells_most() {
        for (text, expected) in [
            (
                "Hey Tom! Long time no see. I moved to Lisbon in March. How are you?",
                "I moved to Lisbon in March.",
            ),
            ("ok", "ok"),
            ("", ""),
            ("😀", "😀"),
            (
                "Wow! The kiln in my pottery class exploded! Crazy.",
                "The kiln in my pottery class exploded!",
            ),
        ] {
            assert_eq!(of(text), expected);
        }
    }

    #[test]
    fn a_long_gist_is_cut_at_a_word_and_says_so() {
        let gist = of(&"many words about gardening ".repeat(40));
        assert!(gist.chars().count() <= 160 && gist.ends_with('…'), "{gist}");
        assert!(of(&"ä".repeat(5000)).chars().count() <= 160);
    }
}
