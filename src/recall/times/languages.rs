//! Expressions of time in German, French, Spanish and Portuguese, by the English ones that mean the same.

use crate::text::{Looking, TimeExpression, time_expressions_looking};
use chrono::NaiveDateTime;

/// Phrases that mean an English one.
const PHRASES: &[(&str, &str)] = &[
    ("vorgestern", "the day before yesterday"),
    ("gestern abend", "yesterday evening"),
    ("gestern", "yesterday"),
    ("heute", "today"),
    ("übermorgen", "the day after tomorrow"),
    ("letzte woche", "last week"),
    ("letzten monat", "last month"),
    ("letztes jahr", "last year"),
    ("letztes wochenende", "last weekend"),
    ("letzten sommer", "last summer"),
    ("letzten winter", "last winter"),
    ("diese woche", "this week"),
    ("nächste woche", "next week"),
    ("nächsten monat", "next month"),
    ("avant-hier", "the day before yesterday"),
    ("hier soir", "yesterday evening"),
    ("hier", "yesterday"),
    ("aujourd'hui", "today"),
    ("la semaine dernière", "last week"),
    ("le mois dernier", "last month"),
    ("l'année dernière", "last year"),
    ("le week-end dernier", "last weekend"),
    ("l'été dernier", "last summer"),
    ("cette semaine", "this week"),
    ("la semaine prochaine", "next week"),
    ("anteayer", "the day before yesterday"),
    ("ayer", "yesterday"),
    ("la semana pasada", "last week"),
    ("el mes pasado", "last month"),
    ("el año pasado", "last year"),
    ("el fin de semana pasado", "last weekend"),
    ("el verano pasado", "last summer"),
    ("esta semana", "this week"),
    ("la próxima semana", "next week"),
    ("anteontem", "the day before yesterday"),
    ("ontem", "yesterday"),
    ("a semana passada", "last week"),
    ("na semana passada", "last week"),
    ("o mês passado", "last month"),
    ("no mês passado", "last month"),
    ("o ano passado", "last year"),
    ("no ano passado", "last year"),
    ("o fim de semana passado", "last weekend"),
    ("no verão passado", "last summer"),
    ("na próxima semana", "next week"),
];

/// What stands before a month or a weekday, and their names from January and Monday on.
struct Calendar {
    in_month: &'static [&'static str],
    months: &'static str,
    on_day: &'static [&'static str],
    days: &'static str,
}

const CALENDARS: &[Calendar] = &[
    Calendar {
        in_month: &["im"],
        months: "januar februar märz april mai juni juli august september oktober november dezember",
        on_day: &["am"],
        days: "montag dienstag mittwoch donnerstag freitag samstag sonntag",
    },
    Calendar {
        in_month: &["en"],
        months: "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        on_day: &["le", ""],
        days: "lundi mardi mercredi jeudi vendredi samedi dimanche",
    },
    Calendar {
        in_month: &["en"],
        months: "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        on_day: &["el"],
        days: "lunes martes miércoles jueves viernes sábado domingo",
    },
    Calendar {
        in_month: &["em"],
        months: "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
        on_day: &["na", "no", "à"],
        days: "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
    },
];

const MONTHS: &str =
    "January February March April May June July August September October November December";
const DAYS: &str = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday";

/// The first expression of another language; one is what questions have.
pub(super) fn expressions(
    question: &str,
    now: NaiveDateTime,
    looking: Looking,
) -> Vec<TimeExpression> {
    let found = PHRASES
        .iter()
        .filter(|(phrase, _)| *phrase != "hier" || !is_german(question))
        .find_map(|(phrase, english)| Some((place_of(question, phrase)?, (*english).to_owned())))
        .or_else(|| {
            CALENDARS
                .iter()
                .find_map(|calendar| calendar.find(question))
        });
    let Some((place, english)) = found else {
        return Vec::new();
    };
    let mut times = time_expressions_looking(&english, now, looking);
    times.truncate(1);
    for time in &mut times {
        question[place.clone()].clone_into(&mut time.text);
    }
    times
}

impl Calendar {
    fn find(&self, question: &str) -> Option<(std::ops::Range<usize>, String)> {
        let named = |names: &str, before: &[&str], english: &str| {
            names
                .split(' ')
                .zip(english.split(' '))
                .find_map(|(name, english)| {
                    before.iter().find_map(|before| {
                        let phrase = format!("{before} {name}");
                        let place = place_of(question, phrase.trim_start())?;
                        Some((place, english.to_owned()))
                    })
                })
        };
        if let Some((place, english)) = named(self.months, self.in_month, MONTHS) {
            // "im Mai 2022"
            let rest = &question[place.end..];
            let year = rest
                .trim_start()
                .get(..4)
                .filter(|year| year.bytes().all(|b| b.is_ascii_digit()));
            return Some(match year {
                Some(year) => {
                    let end = question.len() - rest.trim_start().len() + 4;
                    (place.start..end, format!("in {english} {year}"))
                }
                None => (place, format!("in {english}")),
            });
        }
        named(self.days, self.on_day, DAYS)
    }
}

/// "hier" is French for yesterday and German for here.
fn is_german(question: &str) -> bool {
    ["wo", "ist", "was", "wer", "wie", "der", "die", "das"]
        .iter()
        .any(|word| place_of(question, word).is_some())
}

/// Where the words stand in the text, whatever their case.
fn place_of(text: &str, words: &str) -> Option<std::ops::Range<usize>> {
    let edge = |c: Option<char>| !c.is_some_and(|c| c.is_alphanumeric() || c == '-');
    text.char_indices().map(|(at, _)| at).find_map(|start| {
        if !edge(text[..start].chars().next_back()) {
            return None;
        }
        let mut end = start;
        let mut said = text[start..].chars();
        for expected in words.chars() {
            let c = said.next()?;
            let same = c == expected
                || c.to_lowercase().eq(expected.to_lowercase())
                || c == '\u{2019}' && expected == '\'';
            if !same {
                return None;
            }
            end += c.len_utf8();
        }
        edge(text[end..].chars().next()).then_some(start..end)
    })
}
