//! Where sentences begin and end.

/// A sentence without the blanks around it. `start..end` are byte offsets into the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sentence<'a> {
    /// The sentence with its closing punctuation.
    pub text: &'a str,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A period after one of these ends no sentence.
const ABBREVIATIONS: &[&str] = &[
    "mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "mt", "vs", "e.g", "i.e", "eg", "ie", "cf",
    "fig", "approx", "inc", "ltd", "co", "dept", "gen", "col", "lt", "capt", "rev", "hon", "no",
    "vol", "pp", "ca", "jan", "feb", "aug", "sept", "oct", "nov", "dec",
];

/// Abbreviations that are also words ("No. I won't."): a period after them ends no sentence only before a digit.
const ABBREVIATIONS_BEFORE_DIGITS: &[&str] = &["no", "fig", "vol", "pp", "ca", "co", "st"];

/// Splits a text into sentences.
///
/// A sentence ends at `.`, `!`, `?`, `…` before a blank (so not inside `3.5` or `codex.toml`), at CJK full stops, at
/// an empty line, and at a line break unless the next line goes on in lower case. Abbreviations and initials end
/// none. A fenced code block is one sentence.
pub fn sentences(text: &str) -> Vec<Sentence<'_>> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if c == '`' && text[at..].starts_with("```") && at_line_start(text, at) {
            push(text, start, at, &mut found);
            let end = text[at + 3..]
                .find("```")
                .map_or(text.len(), |length| at + 3 + length + 3);
            push(text, at, end, &mut found);
            (start, at) = (end, end);
            continue;
        }
        let next = at + c.len_utf8();
        let ends_at = match c {
            '.' | '!' | '?' | '…' => stop_end(text, start, at, next),
            '。' | '！' | '？' => Some(closing_end(text, next)),
            '\n' if breaks_sentence(&text[next..]) => Some(next),
            _ => None,
        };
        at = next;
        if let Some(end) = ends_at {
            push(text, start, end, &mut found);
            (start, at) = (end, end);
        }
    }
    push(text, start, text.len(), &mut found);
    found
}

fn push<'a>(text: &'a str, start: usize, end: usize, found: &mut Vec<Sentence<'a>>) {
    let part = &text[start..end];
    let start = start + (part.len() - part.trim_start().len());
    let sentence = part.trim();
    if !sentence.is_empty() {
        found.push(Sentence {
            text: sentence,
            start,
            end: start + sentence.len(),
        });
    }
}

fn at_line_start(text: &str, at: usize) -> bool {
    let line = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    text[line..at].trim().is_empty()
}

/// The end of the sentence whose stop begins at `at`, or nothing where it is no end.
fn stop_end(text: &str, start: usize, at: usize, next: usize) -> Option<usize> {
    let stops = text[next..].len() - text[next..].trim_start_matches(['.', '!', '?', '…']).len();
    let end = closing_end(text, next + stops);
    let rest = &text[end..];
    if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
        return None;
    }
    if stops == 0 && &text[at..next] == "." && is_abbreviation(&text[start..at], rest) {
        return None;
    }
    Some(end)
}

/// Past the quotes and brackets that close a sentence.
fn closing_end(text: &str, at: usize) -> usize {
    text.len()
        - text[at..]
            .trim_start_matches(['"', '\'', '”', '’', ')', ']', '»', '」', '*'])
            .len()
}

fn is_abbreviation(before: &str, after: &str) -> bool {
    // Words are short; a window keeps a text of 10 MB without blanks linear.
    let word_start = before
        .char_indices()
        .rev()
        .take(12)
        .take_while(|(_, c)| c.is_alphanumeric() || *c == '.')
        .last();
    let Some((word_start, _)) = word_start else {
        return false;
    };
    let word = before[word_start..].to_ascii_lowercase();
    let before_digit = after.trim_start().starts_with(|c: char| c.is_ascii_digit());
    if ABBREVIATIONS_BEFORE_DIGITS.contains(&word.as_str()) {
        return before_digit
            || (word == "st" && after.trim_start().starts_with(char::is_uppercase));
    }
    let initial =
        word.len() == 1 && word != "i" && before.ends_with(|c: char| c.is_ascii_uppercase());
    let numbered = before_digit_list(before, word_start);
    initial || numbered || ABBREVIATIONS.contains(&word.as_str())
}

/// `1.` at the start of a line numbers an item, it ends no sentence.
fn before_digit_list(before: &str, word_start: usize) -> bool {
    let word = &before[word_start..];
    word.len() <= 2
        && word.bytes().all(|b| b.is_ascii_digit())
        && before[..word_start].trim().is_empty()
}

fn breaks_sentence(rest: &str) -> bool {
    let line = rest.trim_start_matches([' ', '\t', '\r']);
    !line.starts_with(char::is_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(text: &str) -> Vec<&str> {
        sentences(text)
            .iter()
            .map(|sentence| sentence.text)
            .collect()
    }

    #[test]
    fn sentences_end_where_a_reader_stops() {
        for (text, expected) in [
            ("", vec![]),
            (" \n ", vec![]),
            (
                "Hi! How are you?? Fine...",
                vec!["Hi!", "How are you??", "Fine..."],
            ),
            (
                "Dr. Smith paid 3.5 dollars. Then he left.",
                vec!["Dr. Smith paid 3.5 dollars.", "Then he left."],
            ),
            ("J. R. Hartley wrote it.", vec!["J. R. Hartley wrote it."]),
            (
                "No. I won't. See no. 5.",
                vec!["No.", "I won't.", "See no. 5."],
            ),
            (
                "Bring food, e.g. bread. ok",
                vec!["Bring food, e.g. bread.", "ok"],
            ),
            (
                "He said \"stop!\" and left.",
                vec!["He said \"stop!\"", "and left."],
            ),
            ("Edit codex.toml now", vec!["Edit codex.toml now"]),
            (
                "a long line\nthat goes on\nNew one",
                vec!["a long line\nthat goes on", "New one"],
            ),
            ("one\n\ntwo", vec!["one", "two"]),
            ("- milk\n- eggs", vec!["- milk", "- eggs"]),
            ("1. Wake up", vec!["1. Wake up"]),
            (
                "Run:\n```\na. b! c\n```\nDone.",
                vec!["Run:", "```\na. b! c\n```", "Done."],
            ),
            ("猫が好き。犬も！", vec!["猫が好き。", "犬も！"]),
            ("Me and I. Then", vec!["Me and I.", "Then"]),
        ] {
            assert_eq!(split(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_character_but_blanks_is_lost(text in "[a-zA-Z.!?\n `\"'é猫。…\\-0-9]{0,120}") {
            let joined: String = split(&text).concat();
            let bare = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(bare(&joined), bare(&text));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,80}") {
            for sentence in sentences(&text) {
                prop_assert_eq!(&text[sentence.start..sentence.end], sentence.text);
            }
        }
    }
}
