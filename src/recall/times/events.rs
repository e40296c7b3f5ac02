//! Times that are named by what happened: "before the move", "on my birthday", "at Ana's wedding".

use super::Side;
use unicode_segmentation::UnicodeSegmentation;

/// An event that a question names, to be dated by the mind's memories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::recall) struct Event {
    pub(in crate::recall) side: Side,
    /// The words of the question: "before the move".
    pub(in crate::recall) text: String,
    /// What happened: "the move".
    pub(in crate::recall) what: String,
}

/// Words that open what happened.
const OPENS: &str = "the my our his her their your i we he she they der die das den dem meinem meiner unserem unserer \
    le la les l mon ma notre el mi nuestro nuestra o os do da meu minha";

/// Nouns of days that come and go; other nouns after "on" and "at" are places and things.
const DAYS: &str = "birthday wedding anniversary funeral party graduation christening baptism interview exam concert festival reunion \
    barbecue picnic trip vacation holiday holidays move surgery operation accident wedding birth ceremony race match game \
    geburtstag hochzeit hochzeitstag beerdigung prüfung umzug anniversaire mariage enterrement cumpleaños boda aniversario aniversário casamento";

/// Where what happened ends.
const ENDS: &str = "did do does was were is are had has have what who where when which why how";

/// At most so many words say what happened.
const WORDS: usize = 8;

/// The event that a question names beside a preposition of time, if any.
pub(in crate::recall) fn event(question: &str) -> Option<Event> {
    let words: Vec<(usize, &str)> = question.unicode_word_indices().take(64).collect();
    let lower: Vec<String> = words.iter().map(|(_, word)| word.to_lowercase()).collect();
    (0..words.len()).find_map(|at| {
        let (side, length, strict) = preposition(&lower[at..])?;
        let from = at + length;
        let opens = lower.get(from)?;
        // "after Rui's operation"
        let owned = opens.ends_with("'s") || opens.ends_with("\u{2019}s");
        if !owned && !is_in(OPENS, opens) {
            return None;
        }
        let mut to = from;
        while to < words.len()
            && to - from < WORDS
            && (to == from || !is_in(ENDS, &lower[to]))
            && (to == from
                || !question[words[to - 1].0 + words[to - 1].1.len()..words[to].0]
                    .contains([',', ';', '?', ':']))
        {
            to += 1;
        }
        let names_a_day = lower[from..to]
            .iter()
            .any(|word| is_in(DAYS, word.trim_end_matches("'s")));
        if to - from < 2 || strict && !names_a_day {
            return None;
        }
        let end = words[to - 1].0 + words[to - 1].1.len();
        Some(Event {
            side,
            text: question[words[at].0..end].to_owned(),
            what: question[words[from].0..end].to_owned(),
        })
    })
}

/// The preposition that the words begin with: its side, its length in words, and whether only days of their own may follow.
fn preposition(words: &[String]) -> Option<(Side, usize, bool)> {
    const LOOSE: &[(&str, Side)] = &[
        ("on", Side::In),
        ("at", Side::In),
        ("during", Side::In),
        ("an", Side::In),
        ("à", Side::In),
        ("en", Side::In),
        ("no", Side::In),
    ];
    let opens = |phrase: &str| {
        let mut said = words.iter();
        phrase
            .split(' ')
            .all(|part| said.next().is_some_and(|word| word == part))
    };
    let sided = Side::WORDS.iter().find(|(phrase, _)| opens(phrase));
    if let Some((phrase, side)) = sided {
        return Some((*side, phrase.split(' ').count(), false));
    }
    LOOSE
        .iter()
        .find(|(word, _)| opens(word))
        .map(|(_, side)| (*side, 1, true))
}

fn is_in(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_named_beside_prepositions_of_time() {
        for (question, side, what) in [
            (
                "Where did I live before the move?",
                Side::Before,
                "the move",
            ),
            (
                "What did Ana give me on my birthday?",
                Side::In,
                "my birthday",
            ),
            (
                "Since the operation, what has Rui eaten?",
                Side::Since,
                "the operation",
            ),
            (
                "Who visited after we moved to Porto?",
                Side::After,
                "we moved to Porto",
            ),
            (
                "What did they sing at Ana's wedding?",
                Side::In,
                "Ana's wedding",
            ),
        ] {
            let found = event(question).unwrap_or_else(|| panic!("{question}"));
            assert_eq!(
                (found.side, found.what.as_str()),
                (side, what),
                "{question}"
            );
        }
        for question in [
            "What is on the table?",
            "Who is at the door?",
            "What happened after lunch?",
            "before",
            "",
        ] {
            assert_eq!(event(question), None, "{question}");
        }
    }
}
