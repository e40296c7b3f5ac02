//! What an answer has to say: the question's words of content.

use super::times::NamedTime;
use crate::text;
use serde::Serialize;
use std::collections::BTreeMap;
use unicode_segmentation::UnicodeSegmentation;

/// A word that an answer should have, and how much that matters.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Need {
    pub(super) term: String,
    pub(super) weight: f64,
    /// Which word of the question it stands for: one of those with the same place is enough.
    pub(super) place: i32,
    /// As it was asked.
    #[serde(skip)]
    pub(super) word: String,
}

impl Need {
    /// Another word by which the same is meant.
    pub(super) fn alias(term: &str, place: i32) -> Need {
        Need {
            term: term.to_owned(),
            weight: 1.0,
            place,
            word: String::new(),
        }
    }

    /// Whether it names something, rather than asks.
    pub(super) fn names(&self) -> bool {
        self.weight > ASKING
    }
}

/// What a word counts that was read as another one of like spelling.
pub(super) const READ_AS: f64 = 0.8;

/// What a word counts that asks rather than names.
const ASKING: f64 = 0.15;

/// Words with which people ask whatever they ask about; an answer seldom repeats them ("What kind of tree did she say it was?").
const ASKING_WORDS: &str = "\
    say said tell told mention mentioned talk talked speak spoke ask asked answer discuss discussed describe described explain explained \
    remember recall know think happen happened occur do did done get got go went gone come came make made take took give gave use used \
    have had want wanted need needed like call called name named kind kinds type types sort sorts thing things way ways time times many much \
    long often far old big last latest recent recently ever first next day date year month week currently now current \
    plan planned decide decided feel felt find found look see saw people person someone anyone anything something everything \
    list total number exactly specific reason main favorite favourite \
    sagen sagte gesagt erzählt heißt heisst passiert machen gemacht gehen ging art arten mal oft lange \
    dit raconté appelle passé fait faire genre sorte fois souvent longtemps \
    dijo dicho contó llama pasó hizo hacer tipo veces cuánto disse contou chama aconteceu fez fazer vezes";

/// At most so many.
const MOST: usize = 200;

/// The question's words of content, each once. Times are left out: they are looked for by the clock, not by their words.
pub(super) fn needs(question: &str, times: &[NamedTime]) -> Vec<Need> {
    let mut bare = question.to_owned();
    // What names an event ("before the move") need not be said again by what happened then.
    let events: Vec<String> = times
        .iter()
        .filter(|time| time.dated_by.is_some())
        .flat_map(|time| text::terms(&time.text))
        .collect();
    for time in times.iter().filter(|time| time.dated_by.is_none()) {
        bare = bare.replacen(&time.text, " ", 1);
    }
    let mut found: BTreeMap<String, Need> = BTreeMap::new();
    for word in bare.unicode_words() {
        let folded = word.to_lowercase();
        let weight = match ASKING_WORDS.split_whitespace().any(|asks| asks == folded) {
            true => ASKING,
            false => 1.0,
        };
        for term in text::terms(word) {
            let weight = match events.contains(&term) {
                true => ASKING,
                false => weight,
            };
            let place = i32::try_from(found.len()).unwrap_or(i32::MAX);
            let need = found.entry(term.clone()).or_insert_with(|| Need {
                term,
                weight,
                place,
                word: word.to_owned(),
            });
            need.weight = need.weight.max(weight);
        }
        if found.len() >= MOST {
            break;
        }
    }
    found.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDateTime;

    #[test]
    fn words_that_name_count_more_than_words_that_ask_and_times_not_at_all() {
        let now = NaiveDateTime::default();
        let asked = "What kind of tree did Rosa plant last week?";
        let times = crate::recall::times::named_times(asked, now);
        let found = needs(asked, &times);
        let weight = |term: &str| found.iter().find(|n| n.term == term).map(|n| n.weight);
        assert_eq!(weight("tree"), Some(1.0));
        assert_eq!(weight("rosa"), Some(1.0));
        assert_eq!(weight("kind"), Some(ASKING));
        assert_eq!(weight("week"), None);
        assert_eq!(needs("", &[]), []);
    }
}
