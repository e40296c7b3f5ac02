//! A sentence as words: contractions written out, with the marks between them.

use crate::text::fold::fold;
use crate::text::surface_words;

/// A word in its place.
#[derive(Debug, Clone)]
pub(super) struct Word<'a> {
    /// As written.
    pub text: &'a str,
    /// Folded, contractions written out.
    pub word: String,
    pub start: usize,
    pub end: usize,
    /// What stands between it and the word before.
    pub gap: Gap,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    Blank,
    Comma,
    /// A mark that ends a thought: a dash, colon, bracket …
    Break,
}

impl Word<'_> {
    pub fn capital(&self) -> bool {
        self.text.chars().next().is_some_and(char::is_uppercase)
    }

    pub fn digits(&self) -> bool {
        self.text.chars().any(|c| c.is_ascii_digit())
    }
}

/// What a contraction stands for; none where it stands for itself.
fn written_out(word: &str) -> Option<Vec<String>> {
    let to = |words: &[&str]| Some(words.iter().map(|w| (*w).to_owned()).collect());
    match word {
        "i'm" | "im" => return to(&["i", "am"]),
        "we're" => return to(&["we", "are"]),
        "can't" | "cannot" | "cant" => return to(&["can", "not"]),
        "won't" => return to(&["will", "not"]),
        "gonna" => return to(&["going", "to"]),
        _ => {}
    }
    if let Some(base) = word.strip_suffix("n't") {
        return to(&[base, "not"]);
    }
    for (end, full) in [
        ("'ve", "have"),
        ("'ll", "will"),
        ("'d", "would"),
        ("'re", "are"),
    ] {
        if let Some(base) = word.strip_suffix(end) {
            return to(&[base, full]);
        }
    }
    match word {
        "dont" => to(&["do", "not"]),
        "ive" => to(&["i", "have"]),
        _ => None,
    }
}

/// The words of `text`, which begins at `offset`.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let mut found: Vec<Word<'_>> = Vec::new();
    let mut last = 0;
    for surface in surface_words(text) {
        let between = &text[last..surface.start];
        let gap = if between
            .chars()
            .all(|c| c.is_whitespace() || c == '*' || c == '_')
        {
            Gap::Blank
        } else if between.trim() == "," {
            Gap::Comma
        } else {
            Gap::Break
        };
        last = surface.end;
        let folded = fold(surface.text).replace('’', "'");
        let parts = written_out(&folded).unwrap_or_else(|| vec![folded]);
        for (i, word) in parts.into_iter().enumerate() {
            found.push(Word {
                text: surface.text,
                word,
                start: surface.start,
                end: surface.end,
                gap: if i == 0 { gap } else { Gap::Blank },
            });
        }
    }
    found
}

/// The text with what stands in quotation marks blanked out, byte for byte: other people's words give no facts.
pub(super) fn without_quotes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut close: Option<char> = None;
    let mut quoted = String::new();
    for c in text.chars() {
        match close {
            Some(end) if c == end => {
                out.extend(std::iter::repeat_n('|', quoted.len() + c.len_utf8()));
                quoted.clear();
                close = None;
            }
            Some(_) => quoted.push(c),
            None => match c {
                '"' | '“' | '«' | '„' | '`' => {
                    close = Some(match c {
                        '“' => '”',
                        '«' => '»',
                        '„' => '“',
                        other => other,
                    });
                    out.extend(std::iter::repeat_n('|', c.len_utf8()));
                }
                _ => out.push(c),
            },
        }
    }
    // A mark that is never closed quotes nothing.
    out.push_str(&quoted);
    out
}
