//! Titles in quotation marks: books, films, songs.

use crate::enrich::reading::{Reading, Span, one_line};

/// Words of a title.
const LONGEST: usize = 7;

/// A title and the tokens it covers.
#[derive(Debug)]
pub(super) struct Title {
    text: String,
    tokens: std::ops::Range<usize>,
}

impl Title {
    /// The title and the token after it, if it begins at this token.
    pub(super) fn starting_at(&self, at: usize) -> Option<(String, usize)> {
        (self.tokens.start == at).then(|| (self.text.clone(), self.tokens.end))
    }
}

/// "Sophie's World": up to [`LONGEST`] words between double quotes, most of them capitalised, the first one always;
/// what ends with `!` or `?` is speech.
pub(super) fn quoted(reading: &Reading<'_>, sentence: &Span<'_>) -> Vec<Title> {
    let mut titles = Vec::new();
    let tokens = sentence.tokens.clone();
    let offset = sentence.start;
    let mut quotes = sentence
        .text
        .char_indices()
        .filter(|(_, c)| matches!(c, '"' | '“' | '”'));
    while let (Some((open, quote)), Some((close, _))) = (quotes.next(), quotes.next()) {
        let (from, to) = (offset + open + quote.len_utf8(), offset + close);
        let start = tokens.start
            + reading.tokens[tokens.clone()].partition_point(|token| token.start < from);
        let end =
            tokens.start + reading.tokens[tokens.clone()].partition_point(|token| token.start < to);
        let words = &reading.tokens[start..end];
        let capitals = words.iter().filter(|token| token.capital).count();
        let text = one_line(reading.text[from..to].trim_matches([' ', ',', '.', '…']));
        let titled = words.first().is_some_and(|word| word.capital) && capitals * 2 >= words.len();
        if titled && words.len() <= LONGEST && !text.ends_with(['!', '?']) {
            titles.push(Title {
                text,
                tokens: start..end,
            });
        }
    }
    titles
}
