//! The cues of `config/cues.yaml`: what insights listen for, and how they speak, language by language.

use chrono::{Datelike, NaiveDate};
use regex::Regex;
use serde::Deserialize;
use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use crate::text::fold;

/// A language that insights read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Language {
    English,
    German,
    French,
    Spanish,
    Portuguese,
}

pub(crate) const LANGUAGES: [Language; 5] = [
    Language::English,
    Language::German,
    Language::French,
    Language::Spanish,
    Language::Portuguese,
];

impl Language {
    fn code(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::German => "de",
            Language::French => "fr",
            Language::Spanish => "es",
            Language::Portuguese => "pt",
        }
    }

    pub(crate) fn stemmer(self) -> rust_stemmers::Algorithm {
        match self {
            Language::English => rust_stemmers::Algorithm::English,
            Language::German => rust_stemmers::Algorithm::German,
            Language::French => rust_stemmers::Algorithm::French,
            Language::Spanish => rust_stemmers::Algorithm::Spanish,
            Language::Portuguese => rust_stemmers::Algorithm::Portuguese,
        }
    }

    fn stop_list(self) -> stop_words::Language {
        match self {
            Language::English => stop_words::Language::English,
            Language::German => stop_words::Language::German,
            Language::French => stop_words::Language::French,
            Language::Spanish => stop_words::Language::Spanish,
            Language::Portuguese => stop_words::Language::Portuguese,
        }
    }

    /// Its cues.
    pub(crate) fn cues(self) -> &'static Cues {
        &CUES[self as usize]
    }

    /// Words that carry nothing, folded.
    pub(crate) fn stop_words(self) -> &'static HashSet<String> {
        &STOP_WORDS[self as usize]
    }
}

/// One language as the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    months: Vec<String>,
    weekdays: Vec<String>,
    today: Vec<String>,
    tomorrow: Vec<String>,
    day_after_tomorrow: Vec<String>,
    in_days: String,
    in_weeks: String,
    end_of_month: String,
    day_of_month: String,
    numbers: BTreeMap<String, i64>,
    task: Vec<String>,
    promise: Vec<String>,
    deadline: Vec<String>,
    appointment: Vec<String>,
    done: Vec<String>,
    not_done: Vec<String>,
    cancelled: Vec<String>,
    moved: Vec<String>,
    second_person: Vec<String>,
    hypothetical: Vec<String>,
    joke: Vec<String>,
    always: Vec<String>,
    change: Vec<String>,
    plan: Vec<String>,
    lent: Vec<String>,
    owes_me: Vec<String>,
    i_owe: Vec<String>,
    repaid: Vec<String>,
    who: Vec<String>,
    say: Phrases,
}

/// How insights speak.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Phrases {
    pub(crate) due: String,
    pub(crate) appointment: String,
    pub(crate) overdue: String,
    pub(crate) open: String,
    pub(crate) question: String,
    pub(crate) change: String,
    pub(crate) owes_me: String,
    pub(crate) i_owe: String,
    pub(crate) owes_rest: String,
    pub(crate) habit_weekday: String,
    pub(crate) habit: String,
    pub(crate) quiet: String,
    pub(crate) progress: String,
    pub(crate) fact: String,
    pub(crate) fact_changed: String,
    in_days: String,
    tomorrow: String,
    today: String,
    day: String,
    names: Vec<String>,
    pub(crate) long_names: Vec<String>,
    months: Vec<String>,
    pub(crate) and: String,
}

impl Phrases {
    /// A day as people write it: `Mon 9 Nov`.
    pub(crate) fn day(&self, day: NaiveDate) -> String {
        let weekday = &self.names[day.weekday().num_days_from_monday() as usize];
        let month = &self.months[day.month0() as usize];
        filled(
            &self.day,
            &[
                ("weekday", weekday),
                ("d", &day.day().to_string()),
                ("month", month),
            ],
        )
    }

    /// How far a day is from today.
    pub(crate) fn distance(&self, days: i64) -> String {
        match days {
            0 => self.today.clone(),
            1 => self.tomorrow.clone(),
            days => self.in_days.replace("{n}", &days.to_string()),
        }
    }
}

/// A phrase with its places filled.
pub(crate) fn filled(phrase: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(phrase.len() + 80);
    let mut rest = phrase;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            break;
        };
        let value = values.iter().find(|(known, _)| *known == name);
        text.push_str(value.map_or("", |(_, value)| value));
        rest = after;
    }
    text.push_str(rest);
    text
}

/// One language, ready.
pub(crate) struct Cues {
    pub(crate) numbers: BTreeMap<String, i64>,
    pub(crate) today: Regex,
    pub(crate) tomorrow: Regex,
    pub(crate) day_after_tomorrow: Regex,
    pub(crate) in_days: Regex,
    pub(crate) in_weeks: Regex,
    pub(crate) end_of_month: Regex,
    pub(crate) day_of_month: Regex,
    pub(crate) day_month: Regex,
    pub(crate) month_day: Option<Regex>,
    pub(crate) months: Vec<Regex>,
    pub(crate) weekday: Regex,
    pub(crate) weekdays: Vec<Regex>,
    pub(crate) task: Regex,
    /// Tasks that need no day.
    pub(crate) promise: Regex,
    pub(crate) deadline: Regex,
    pub(crate) appointment: Regex,
    pub(crate) done: Regex,
    pub(crate) not_done: Regex,
    pub(crate) cancelled: Regex,
    /// Put on another day.
    pub(crate) moved: Regex,
    pub(crate) second_person: Regex,
    pub(crate) hypothetical: Regex,
    pub(crate) joke: Regex,
    pub(crate) always: Regex,
    pub(crate) change: Regex,
    pub(crate) plan: Regex,
    pub(crate) lent: Regex,
    pub(crate) owes_me: Regex,
    pub(crate) i_owe: Regex,
    pub(crate) repaid: Regex,
    pub(crate) who: Regex,
    pub(crate) say: Phrases,
}

/// A mistake in a file that is part of the program shows in the first test that reads it.
#[allow(clippy::expect_used)]
fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).expect("config/cues.yaml holds regular expressions")
}

/// Any of the cues, as words of their own.
fn any(cues: &[String]) -> Regex {
    let alternatives: Vec<String> = cues
        .iter()
        .map(|cue| {
            // A word ends where its cue ends, unless the cue is a sign or ends a sentence.
            let begins = cue.starts_with(|c: char| c.is_alphanumeric() || c == '\\' || c == '[');
            let ends = cue.ends_with(|c: char| c.is_alphanumeric() || ")*+?]".contains(c));
            format!(
                "{}(?:{cue}){}",
                if begins { r"\b" } else { "" },
                if ends { r"\b" } else { "" }
            )
        })
        .collect();
    compiled(&format!("(?:{})", alternatives.join("|")))
}

impl Written {
    fn ready(self, language: Language) -> Cues {
        let months = self.months.join("|");
        let weekdays = self.weekdays.join("|");
        let each = |list: &[String]| {
            list.iter()
                .map(|one| compiled(&format!("^(?:{one})$")))
                .collect()
        };
        let month_day = (language == Language::English).then(|| {
            compiled(&format!(
                r"\b({months})\.? (\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (\d{{4}}))?"
            ))
        });
        Cues {
            today: any(&self.today),
            tomorrow: any(&self.tomorrow),
            day_after_tomorrow: any(&self.day_after_tomorrow),
            in_days: compiled(&format!(r"\b{}\b", self.in_days)),
            in_weeks: compiled(&format!(r"\b{}\b", self.in_weeks)),
            end_of_month: compiled(&format!(r"\b{}\b", self.end_of_month)),
            day_of_month: compiled(&format!(r"\b{}", self.day_of_month)),
            day_month: compiled(&format!(
                r"\b(\d{{1,2}})(?:st|nd|rd|th|\.|er|o)?(?: of| de| d')? ?({months})\b\.?(?:,? (?:de )?(\d{{4}}))?"
            )),
            month_day,
            months: each(&self.months),
            weekday: compiled(&format!(r"\b({weekdays})\b")),
            weekdays: each(&self.weekdays),
            task: any(&self.task),
            promise: any(&self.promise),
            deadline: any(&self.deadline),
            appointment: any(&self.appointment),
            done: any(&self.done),
            not_done: any(&self.not_done),
            cancelled: any(&self.cancelled),
            moved: any(&self.moved),
            second_person: any(&self.second_person),
            hypothetical: any(&self.hypothetical),
            joke: any(&self.joke),
            always: any(&self.always),
            change: any(&self.change),
            plan: any(&self.plan),
            lent: any(&self.lent),
            owes_me: any(&self.owes_me),
            i_owe: any(&self.i_owe),
            repaid: any(&self.repaid),
            who: compiled(&format!(
                r"^(?:\W*(?:so|and|but|also|und|et|y|e) )?{}\b",
                self.who[0]
            )),
            numbers: self.numbers,
            say: self.say,
        }
    }
}

#[allow(clippy::expect_used)]
static CUES: LazyLock<Vec<Cues>> = LazyLock::new(|| {
    let text = include_str!("../../../config/cues.yaml");
    let mut written: BTreeMap<String, Written> =
        serde_yaml::from_str(text).expect("config/cues.yaml has its shape");
    LANGUAGES
        .into_iter()
        .map(|language| {
            let of_language = written.remove(language.code());
            of_language
                .expect("config/cues.yaml has every language")
                .ready(language)
        })
        .collect()
});

static STOP_WORDS: LazyLock<Vec<HashSet<String>>> = LazyLock::new(|| {
    let said = [
        "yes no ok still also",
        "ja nein doch mal schon noch",
        "oui non encore aussi",
        "si no ya",
        "sim nao ja",
    ];
    LANGUAGES
        .into_iter()
        .zip(said)
        .map(|(language, more)| {
            let listed = stop_words::get(language.stop_list())
                .iter()
                .map(|word| fold(word));
            let more = more.split_whitespace().map(str::to_owned);
            listed.chain(more).collect()
        })
        .collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_its_cues_and_says_days() {
        let day = NaiveDate::from_ymd_opt(2026, 3, 9).unwrap();
        let said = LANGUAGES.map(|language| language.cues().say.day(day));
        assert_eq!(
            said,
            [
                "Mon 9 Mar",
                "Mo 9. März",
                "lun. 9 mars",
                "lun 9 mar",
                "seg 9 mar"
            ]
        );
        assert!(
            Language::German
                .cues()
                .task
                .is_match(&fold("Ich muss noch die Miete überweisen"))
        );
    }
}
