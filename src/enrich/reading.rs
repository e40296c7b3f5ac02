//! A text read once: its words with their classes and what stands between them. All rules share it.

use crate::text::fold::fold;
use crate::text::{Sentence, sentences, surface_words};

use super::lexicon::verbs::lemma;
use super::lexicon::{Class, class_of};

/// What stands between a word and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// Blanks only.
    Blank,
    Comma,
    /// A colon, dash, bracket, slash, ampersand, quote …
    Break,
    /// The first word of a sentence.
    Sentence,
}

/// A word in its place.
#[derive(Debug, Clone)]
pub(super) struct Token<'a> {
    /// As written, without a possessive `'s`.
    pub(super) text: &'a str,
    /// Folded, without a possessive `'s`; contractions ("don't", "it's") stay whole.
    pub(super) word: String,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) gap: Gap,
    pub(super) class: Class,
    pub(super) capital: bool,
    pub(super) possessive: bool,
    /// Whether a quotation mark stands right before it.
    pub(super) quoted: bool,
}

impl Token<'_> {
    pub(super) fn is(&self, class: Class) -> bool {
        self.class.is(class)
    }

    /// The base form of a known verb.
    pub(super) fn lemma(&self) -> Option<&'static str> {
        lemma(&self.word)
    }

    pub(super) fn first(&self) -> bool {
        self.gap == Gap::Sentence
    }

    pub(super) fn is_acronym(&self) -> bool {
        let letters = self.text.chars().filter(|c| c.is_alphabetic()).count();
        let digits = self.text.chars().any(|c| c.is_ascii_digit());
        letters >= if digits { 1 } else { 2 }
            && self.text.len() <= 12
            && self
                .text
                .chars()
                .all(|c| c.is_uppercase() || c.is_ascii_digit() || c == '-' || c == '.')
    }
}

/// A sentence as ranges of bytes and of tokens.
#[derive(Debug, Clone)]
pub(super) struct Span<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: std::ops::Range<usize>,
    /// Every longer word is capitalised, as in a heading, or shouted: capitals tell nothing.
    pub(super) headline: bool,
}

impl Span<'_> {
    /// The closing mark: `?`, `!`, `.` or a blank where there is none.
    pub(super) fn mark(&self) -> char {
        let closing = |c: &char| matches!(c, '"' | '\'' | '”' | '’' | ')' | ']' | '*');
        let mut end = self
            .text
            .chars()
            .rev()
            .skip_while(closing)
            .take_while(|c| matches!(c, '?' | '!' | '.' | '…' | '？' | '！' | '。'));
        let last = end.next().unwrap_or(' ');
        // "What?!" asks.
        let asks = matches!(last, '?' | '？') || end.any(|c| matches!(c, '?' | '？'));
        if asks {
            '?'
        } else if matches!(last, '!' | '！') {
            '!'
        } else {
            last
        }
    }
}

/// A text with its sentences and tokens.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    pub(super) text: &'a str,
    pub(super) sentences: Vec<Span<'a>>,
    pub(super) tokens: Vec<Token<'a>>,
}

/// Words longer than this are blobs, not words; rules see them, but no list holds them.
const LONGEST_WORD: usize = 48;

impl<'a> Reading<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let mut reading = Self {
            text,
            sentences: Vec::new(),
            tokens: Vec::with_capacity(text.len() / 5 + 1),
        };
        for sentence in sentences(text) {
            reading.read(sentence);
        }
        reading
    }

    fn read(&mut self, sentence: Sentence<'a>) {
        let first = self.tokens.len();
        // Code is shown, not said.
        if !sentence.text.starts_with("```") {
            let mut last = 0;
            for word in surface_words(sentence.text) {
                let between = &sentence.text[last..word.start];
                last = word.end;
                let gap = if self.tokens.len() == first {
                    Gap::Sentence
                } else {
                    gap(between)
                };
                let quoted = between.ends_with(['"', '“', '«', '„']);
                self.tokens
                    .push(token(word.text, sentence.start + word.start, gap, quoted));
            }
        }
        let tokens = first..self.tokens.len();
        let headline = is_headline(&self.tokens[first..]);
        self.sentences.push(Span {
            text: sentence.text,
            tokens,
            headline,
        });
    }

    /// The tokens of a sentence.
    pub(super) fn tokens_of(&self, sentence: &Span<'_>) -> &[Token<'a>] {
        &self.tokens[sentence.tokens.clone()]
    }

    /// The text from one token to another, both included, on one line.
    pub(super) fn phrase(&self, tokens: &[Token<'_>]) -> String {
        match (tokens.first(), tokens.last()) {
            (Some(first), Some(last)) => one_line(&self.text[first.start..last.end]),
            _ => String::new(),
        }
    }
}

/// Blanks and line breaks as single blanks, control characters dropped.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if !c.is_whitespace() && !c.is_control() {
            line.push(c);
        } else if c.is_whitespace() && !line.is_empty() && !line.ends_with(' ') {
            line.push(' ');
        }
    }
    line.truncate(line.trim_end().len());
    line
}

fn gap(between: &str) -> Gap {
    if between.chars().all(char::is_whitespace) {
        Gap::Blank
    } else if between.chars().all(|c| c.is_whitespace() || c == ',') {
        Gap::Comma
    } else {
        Gap::Break
    }
}

fn token(text: &str, start: usize, gap: Gap, quoted: bool) -> Token<'_> {
    let capital = text.starts_with(char::is_uppercase);
    if text.len() > LONGEST_WORD {
        let end = start + text.len();
        return Token {
            text,
            word: String::new(),
            start,
            end,
            gap,
            class: Class::NONE,
            capital: false,
            possessive: false,
            quoted,
        };
    }
    let folded = fold(text);
    let whole = class_of(&folded);
    let bare = folded
        .strip_suffix("'s")
        .filter(|bare| !whole.is_known() && !bare.is_empty());
    let (word, text, possessive, class) = match (bare, text.rfind(['\'', '’', '‘', 'ʼ'])) {
        (Some(bare), Some(cut)) => (bare.to_owned(), &text[..cut], true, class_of(bare)),
        _ => (folded, text, false, whole),
    };
    Token {
        text,
        word,
        start,
        end: start + text.len(),
        gap,
        class,
        capital,
        possessive,
        quoted,
    }
}

fn is_headline(tokens: &[Token<'_>]) -> bool {
    let long = || tokens.iter().filter(|token| token.text.len() > 3);
    let capitals = long().filter(|token| token.capital).count();
    let shouted = tokens
        .iter()
        .filter(|token| token.text.len() > 1 && token.is_acronym())
        .count();
    (tokens.len() >= 4 && long().count() >= 3 && capitals * 10 >= long().count() * 8)
        || (tokens.len() >= 2 && shouted * 2 > tokens.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lose_a_possessive_but_keep_a_contraction() {
        let reading = Reading::of("Mel’s dog isn't Tom's, it's mine.");
        let words: Vec<_> = reading
            .tokens
            .iter()
            .map(|token| token.word.as_str())
            .collect();
        assert_eq!(words, ["mel", "dog", "isn't", "tom", "it's", "mine"]);
        assert!(
            reading.tokens[0].possessive
                && reading.tokens[0].text == "Mel"
                && !reading.tokens[4].possessive
        );
    }

    #[test]
    fn a_question_followed_by_a_shout_still_asks() {
        for (text, mark) in [
            ("What?!", '?'),
            ("No way!", '!'),
            ("ok", ' '),
            ("He said \"go!\"", '!'),
            ("Fine.", '.'),
        ] {
            assert_eq!(Reading::of(text).sentences[0].mark(), mark, "{text}");
        }
    }

    #[test]
    fn headlines_and_shouting_are_noticed() {
        for (text, headline) in [
            ("My Favourite Summer Reading List", true),
            ("THIS IS SO GOOD", true),
            ("I met Anna and Peter", false),
            ("Hey Mel!", false),
        ] {
            assert_eq!(Reading::of(text).sentences[0].headline, headline, "{text}");
        }
    }
}
