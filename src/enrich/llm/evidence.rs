//! What of an answer the text bears out. Models make things up; only what leads back to the words is kept.

use crate::text::{self, fold::fold};
use std::collections::HashSet;

/// A text to look things up in.
#[derive(Debug)]
pub struct Evidence {
    /// Folded, with a blank before and after each word.
    folded: String,
    terms: HashSet<String>,
    numbers: HashSet<String>,
}

impl Evidence {
    /// The words of texts: of a memory and its speaker, or of all memories of an episode.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Evidence {
        let (mut folded, mut terms, mut numbers) =
            (String::from(" "), HashSet::new(), HashSet::new());
        for text in texts {
            folded.push_str(&words(text));
            folded.push(' ');
            text::for_each_term(text, |term| {
                terms.insert(term.to_owned());
            });
            numbers.extend(numbers_in(text));
        }
        Evidence {
            folded,
            terms,
            numbers,
        }
    }

    /// Whether a name stands in the text, word for word (accents and case aside).
    fn holds(&self, name: &str) -> bool {
        let name = words(name);
        !name.is_empty() && self.folded.contains(&format!(" {name} "))
    }

    /// Whether a phrase of the model's own shares a telling word with the text.
    pub(super) fn bears(&self, phrase: &str) -> bool {
        let mut found = false;
        text::for_each_term(phrase, |term| found |= self.terms.contains(term));
        found
    }

    /// Whether every number in a sentence stands in the text.
    pub fn counts(&self, sentence: &str) -> bool {
        numbers_in(sentence).all(|number| self.numbers.contains(&number))
    }

    /// The names that stand in the text, each once.
    pub(super) fn names(&self, names: Vec<String>, most: usize, clamped: &mut u32) -> Vec<String> {
        let mut kept: Vec<String> = Vec::new();
        for name in names {
            let name = one_line_of(&name, 80);
            if !self.holds(&name) {
                *clamped += 1;
            } else if kept.len() < most && !kept.iter().any(|k| fold(k) == fold(&name)) {
                kept.push(name);
            }
        }
        kept
    }

    /// A sentence of the model's own, on one line: empty unless it shares a telling word with the text and every number.
    pub(super) fn sentence(&self, sentence: &str, most: usize, clamped: &mut u32) -> String {
        let line = one_line_of(sentence, most);
        if self.bears(&line) && self.counts(&line) {
            return line;
        }
        *clamped += 1;
        String::new()
    }

    /// A phrase that the text bears out, on one line.
    pub(super) fn phrase(&self, phrase: Option<String>, clamped: &mut u32) -> Option<String> {
        let phrase = one_line_of(&phrase?, 160);
        if phrase.is_empty() || matches!(phrase.to_lowercase().as_str(), "null" | "none" | "n/a") {
            return None;
        }
        if !self.bears(&phrase) {
            *clamped += 1;
            return None;
        }
        Some(phrase)
    }
}

/// The folded words of a text with single blanks between them; a possessive is not part of a name.
fn words(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    for word in text::surface_words(text) {
        let folded = fold(word.text);
        let bare = folded.strip_suffix("'s").unwrap_or(&folded);
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(bare);
    }
    words
}

fn numbers_in(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_ascii_digit())
        .filter(|digits| !digits.is_empty())
        .map(|digits| digits.trim_start_matches('0').to_owned())
}

/// A value in `least..=1`; one that is none counts as 0.
pub(super) fn clamp(value: f64, least: f64, clamped: &mut u32) -> f64 {
    if (least..=1.0).contains(&value) {
        return value;
    }
    *clamped += 1;
    if value.is_nan() {
        0.0
    } else {
        value.clamp(least, 1.0)
    }
}

/// Whole words on one line, at most so many characters.
pub fn one_line_of(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().filter(|c| !c.is_control()).collect();
    match line.char_indices().nth(most) {
        None => line,
        Some((end, _)) => {
            let cut = &line[..end];
            cut.rfind(' ')
                .filter(|at| *at > end / 2)
                .map_or(cut, |at| &cut[..at])
                .to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_stand_in_the_text_are_kept() {
        let evidence = Evidence::of(["I met Zoë and Tom's sister in São Paulo.", "Nora"]);
        let mut dropped = 0;
        let names = [
            "Zoe",
            "Tom",
            "Sao Paulo",
            "Paulo Coelho",
            "Nora",
            "zoë",
            "",
            "Tomas",
        ]
        .map(str::to_owned);
        let kept = evidence.names(names.to_vec(), 16, &mut dropped);
        assert_eq!(kept, ["Zoe", "Tom", "Sao Paulo", "Nora"]);
        assert_eq!(dropped, 3);
    }

    #[test]
    fn phrases_need_a_word_of_the_text_and_numbers_stay_as_they_are() {
        let evidence = Evidence::of(["I want to learn Portuguese by 2027."]);
        let mut dropped = 0;
        assert_eq!(
            evidence
                .phrase(Some("learning portuguese".into()), &mut dropped)
                .as_deref(),
            Some("learning portuguese")
        );
        assert_eq!(
            evidence.phrase(Some("buy a boat".into()), &mut dropped),
            None
        );
        assert_eq!(evidence.phrase(Some("null".into()), &mut dropped), None);
        assert_eq!(dropped, 1);
        assert!(evidence.counts("in 2027") && !evidence.counts("in 3 weeks"));
    }

    #[test]
    fn numbers_out_of_range_are_clamped_and_counted() {
        let mut clamped = 0;
        let all: Vec<f64> = [0.5, 7.0, -3.0, f64::NAN]
            .iter()
            .map(|v| clamp(*v, 0.0, &mut clamped))
            .collect();
        assert_eq!((all, clamped), (vec![0.5, 1.0, 0.0, 0.0], 3));
    }
}
