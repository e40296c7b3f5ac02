//! Words as they are written, with their place in the text.

use super::fold::is_word_char;

/// A word as written. `start..end` are byte offsets into the text, at character boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word<'a> {
    /// The word itself.
    pub text: &'a str,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// The words of a text in order.
///
/// A word keeps what joins its parts: apostrophes (`don't`, `O’Brien`), hyphens (`hand-painted`), underscores, and
/// inside numbers `.`, `,`, `:` and `/` (`3.5`, `10:30`, `2023-05-08`). A web address is one word.
pub fn surface_words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::with_capacity(text.len() / 5 + 1);
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if !is_word_char(c) {
            at += c.len_utf8();
            continue;
        }
        let start = at;
        at = if is_address(&text[at..]) {
            address_end(text, at)
        } else {
            word_end(text, at)
        };
        words.push(Word {
            text: &text[start..at],
            start,
            end: at,
        });
    }
    words
}

fn word_end(text: &str, start: usize) -> usize {
    let mut end = start;
    let mut last = '\0';
    let mut rest = text[start..].chars();
    while let Some(c) = rest.next() {
        let joined = is_word_char(c)
            || rest.clone().next().is_some_and(|next| match c {
                '\'' | '\u{2019}' => last.is_alphabetic() && next.is_alphabetic(),
                '-' | '_' => is_word_char(last) && is_word_char(next),
                '.' | ',' | ':' | '/' => last.is_ascii_digit() && next.is_ascii_digit(),
                _ => false,
            });
        if !joined {
            break;
        }
        last = c;
        end += c.len_utf8();
    }
    end
}

fn is_address(rest: &str) -> bool {
    rest.starts_with("http://") || rest.starts_with("https://") || rest.starts_with("www.")
}

fn address_end(text: &str, start: usize) -> usize {
    let end = text[start..]
        .find(char::is_whitespace)
        .map_or(text.len(), |length| start + length);
    let address = text[start..end].trim_end_matches(|c: char| !is_word_char(c) && c != '/');
    start + address.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_keep_what_joins_their_parts() {
        for (text, expected) in [
            ("Don't—stop, O’Brien!", vec!["Don't", "stop", "O’Brien"]),
            (
                "a hand-painted bowl -- 3.5 kg",
                vec!["a", "hand-painted", "bowl", "3.5", "kg"],
            ),
            (
                "at 10:30, on 2023-05-08.",
                vec!["at", "10:30", "on", "2023-05-08"],
            ),
            (
                "see https://x.org/a?b=1. Bye",
                vec!["see", "https://x.org/a?b=1", "Bye"],
            ),
            ("dogs' 'quoted'", vec!["dogs", "quoted"]),
            ("www", vec!["www"]),
            ("", vec![]),
        ] {
            let words: Vec<_> = surface_words(text).iter().map(|word| word.text).collect();
            assert_eq!(words, expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn ranges_are_in_order_and_give_the_words(text in "\\PC{0,80}") {
            let mut last = 0;
            for word in surface_words(&text) {
                prop_assert!(last <= word.start && word.start < word.end);
                prop_assert_eq!(&text[word.start..word.end], word.text);
                last = word.end;
            }
        }
    }
}
