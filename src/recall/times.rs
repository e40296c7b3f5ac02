//! When: the times a question names, the side of now on which they lie, and whether it asks for the first or the latest.

mod events;
mod languages;

use crate::text::{Looking, TimeExpression, time_expressions_looking};
use chrono::{NaiveDateTime, TimeDelta};
pub(super) use events::{Event, event};
use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

/// Days that "recently" reaches back.
const RECENT: i64 = 30;

/// A time that a question names, on the mind's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedTime {
    /// The words of the question.
    pub text: String,
    /// The first moment; none where the span has no beginning ("before May").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<NaiveDateTime>,
    /// The first moment after it; none where the span has no end ("since May").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<NaiveDateTime>,
    /// The memory that dates it, where it is named by what happened ("before the move").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dated_by: Option<i64>,
}

/// Which of several a question asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeOrder {
    /// The earliest.
    First,
    /// The most recent.
    Latest,
}

/// How a span lies beside the time that is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    In,
    Before,
    After,
    Since,
    Until,
}

impl Side {
    const WORDS: &[(&str, Side)] = &[
        ("before", Side::Before),
        ("prior to", Side::Before),
        ("earlier than", Side::Before),
        ("after", Side::After),
        ("later than", Side::After),
        ("since", Side::Since),
        ("until", Side::Until),
        ("till", Side::Until),
        ("up to", Side::Until),
        ("vor", Side::Before),
        ("nach", Side::After),
        ("seit", Side::Since),
        ("bis", Side::Until),
        ("avant", Side::Before),
        ("après", Side::After),
        ("depuis", Side::Since),
        ("jusqu'en", Side::Until),
        ("antes de", Side::Before),
        ("después de", Side::After),
        ("depois de", Side::After),
        ("desde", Side::Since),
        ("hasta", Side::Until),
        ("até", Side::Until),
    ];

    /// The side that the words before a time say, with where they begin.
    fn said_before(text: &str) -> Option<(Side, usize)> {
        let before = text.trim_end();
        let before = ["the", "my", "our"]
            .iter()
            .find_map(|the| strip_word(before, the))
            .unwrap_or(before);
        Side::WORDS.iter().find_map(|(words, side)| {
            strip_word(before, words).map(|rest| {
                (
                    *side,
                    rest.len() + before[rest.len()..].len()
                        - before[rest.len()..].trim_start().len(),
                )
            })
        })
    }

    pub(super) fn span(
        self,
        text: &str,
        start: NaiveDateTime,
        end: NaiveDateTime,
        dated_by: Option<i64>,
    ) -> NamedTime {
        let (start, end) = match self {
            Side::In => (Some(start), Some(end)),
            Side::Before => (None, Some(start)),
            // What follows an event begins on its day.
            Side::After if dated_by.is_some() => (Some(start), None),
            Side::After => (Some(end), None),
            Side::Since => (Some(start), None),
            Side::Until => (None, Some(end)),
        };
        NamedTime {
            text: text.to_owned(),
            start,
            end,
            dated_by,
        }
    }
}

/// The text without its last words, where they are these.
fn strip_word<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    let at = text.len().checked_sub(words.len())?;
    let rest = text.get(..at)?;
    let fits = text[at..].eq_ignore_ascii_case(words)
        && !rest.chars().next_back().is_some_and(char::is_alphanumeric);
    fits.then(|| rest.trim_end())
}

/// The times that the question names by the calendar. `now` is the moment of asking on the mind's clock.
pub(super) fn named_times(question: &str, now: NaiveDateTime) -> Vec<NamedTime> {
    let mut named = Vec::new();
    let mut at = 0;
    let found = expressions(question, now);
    for (number, time) in found.iter().enumerate() {
        let Some(start) = question[at..].find(&time.text).map(|by| at + by) else {
            continue;
        };
        let before = &question[at..start];
        // "between March and May": one span.
        if let Some(next) = found.get(number + 1)
            && between(question, at, start, time, next)
        {
            named.push(NamedTime {
                text: format!("between {} and {}", time.text, next.text),
                start: Some(time.start),
                end: Some(next.end.max(time.end)),
                dated_by: None,
            });
            return named;
        }
        // An expression may have swallowed its own "since" or "until".
        let own = Side::WORDS.iter().find_map(|(words, side)| {
            let rest = time.text.get(words.len()..)?;
            (time.text[..words.len()].eq_ignore_ascii_case(words) && rest.starts_with(' '))
                .then_some(*side)
        });
        let (side, from) = match (own, Side::said_before(before)) {
            (Some(side), _) => (side, start),
            (None, Some((side, from))) => (side, at + from),
            (None, None) => (Side::In, start),
        };
        let end = start + time.text.len();
        named.push(side.span(&question[from..end], time.start, time.end, None));
        at = end;
    }
    if named.is_empty() {
        named.extend(beside_a_year(question, now).or_else(|| recent(question, now)));
    }
    named
}

/// "before 2020": a bare number is a year only beside such a word.
fn beside_a_year(question: &str, now: NaiveDateTime) -> Option<NamedTime> {
    let words: Vec<(usize, &str)> = question.unicode_word_indices().collect();
    words.iter().enumerate().find_map(|(at, (start, year))| {
        let is_year = year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit());
        let (side, from) = is_year.then(|| Side::said_before(&question[..*start]))??;
        let time = time_expressions_looking(&format!("in {year}"), now, Looking::Around);
        let (time, end) = (time.first()?, start + words[at].1.len());
        Some(side.span(&question[from..end], time.start, time.end, None))
    })
}

fn between(
    question: &str,
    from: usize,
    start: usize,
    first: &TimeExpression,
    second: &TimeExpression,
) -> bool {
    let opens = ["between", "from", "zwischen", "von", "entre", "de"]
        .iter()
        .any(|word| strip_word(question[from..start].trim_end(), word).is_some());
    let end = start + first.text.len();
    let joins = question[end..]
        .find(&second.text)
        .map(|by| question[end..end + by].trim());
    opens
        && matches!(
            joins,
            Some("and" | "to" | "until" | "till" | "und" | "bis" | "et" | "y" | "e")
        )
}

/// Expressions of English, else of the other languages that the rules read.
fn expressions(question: &str, now: NaiveDateTime) -> Vec<TimeExpression> {
    let looking = looking(question);
    let found = time_expressions_looking(question, now, looking);
    match found.is_empty() {
        true => languages::expressions(question, now, looking),
        false => found,
    }
}

const RECENTLY: &str = "recently lately kürzlich neulich zuletzt récemment dernièrement recientemente recentemente ultimamente últimamente";

fn recent(question: &str, now: NaiveDateTime) -> Option<NamedTime> {
    let word = question.unicode_words().find(|word| {
        let word = word.to_lowercase();
        RECENTLY.split(' ').any(|recently| recently == word)
    })?;
    // "most recently" orders; it does not narrow.
    let most = ["most", "least"].iter().any(|before| {
        question
            .to_lowercase()
            .contains(&format!("{before} {}", word.to_lowercase()))
    });
    (!most).then_some(())?;
    Some(NamedTime {
        text: word.to_owned(),
        start: now.checked_sub_signed(TimeDelta::days(RECENT)),
        end: None,
        dated_by: None,
    })
}

const PAST: &str = "did was were had went came said told saw met ate bought took made got gave wrote left felt found thought called spoke \
    began became broke brought built chose drank drove fell flew forgot grew heard held kept knew lent lost paid ran sang sat sent slept sold \
    spent stood swam taught won wore been done gone seen eaten written taken given \
    war waren hatte hatten wurde wurden ging gingen kam kamen sagte machte traf hat habe haben hast \
    était étaient avait fut allée allé fait dit vu \
    fue fui fueron estuvo estaba hizo hice dijo comí vi compré conocí \
    foi fomos estava esteve fez fiz disse comeu viu comprou estive";
const FUTURE: &str = "will shall going gonna upcoming planned planning plan plans scheduled due next coming \
    werde wird werden wirst geplant vais vas va allons prévu voy vas va vamos planeado vou vai planeado";
const PARTICIPLES: &str = "been done gone seen eaten written taken given met read made bought said told had found left lost";
const PRESENT: &str = "do does is are am have has can should must";

/// On which side of now the times of a question lie, by the tense it is asked in.
pub(super) fn looking(question: &str) -> Looking {
    let words: Vec<String> = question
        .unicode_words()
        .take(64)
        .map(|word| word.to_lowercase().replace('\u{2019}', "'"))
        .collect();
    let has = |list: &str| {
        words
            .iter()
            .any(|word| list.split_whitespace().any(|known| known == word))
    };
    let asks = words
        .iter()
        .take(3)
        .any(|word| PRESENT.split(' ').any(|known| known == word));
    let ahead = has(FUTURE) || words.iter().any(|word| word.ends_with("'ll"));
    let regular = |word: &String| word.len() > 4 && word.ends_with("ed") && !word.ends_with("eed");
    if words
        .first()
        .is_some_and(|word| matches!(word.as_str(), "did" | "was" | "were" | "had"))
    {
        return Looking::Back;
    }
    if ahead && !has("did was were had") {
        return Looking::Ahead;
    }
    // "Who is invited on Friday?" has a present tense before its participle; "What has changed since March?" a perfect one.
    let participle = words.iter().any(regular) || has(PARTICIPLES);
    if has("did was were had since")
        || has("has have") && participle
        || !asks && (has(PAST) || participle)
    {
        return Looking::Back;
    }
    match (asks, has(PAST)) {
        (true, _) => Looking::Ahead,
        (false, true) => Looking::Back,
        (false, false) => Looking::Around,
    }
}

const LATEST: &str =
    "latest newest neueste letzte letzten letztes zuletzt dernière dernier última último";
const FIRST: &str = "first earliest originally erste ersten erstes zuerst première premier primera primero primeira primeiro";

/// Whether the question asks for the first or the latest of several. Words within a time ("last week") order nothing.
pub(super) fn time_order(question: &str, now: NaiveDateTime) -> Option<TimeOrder> {
    let mut bare = question.to_owned();
    for time in expressions(question, now) {
        bare = bare.replacen(&time.text, ", ", 1);
    }
    let words: Vec<String> = bare.unicode_words().map(str::to_lowercase).collect();
    let known = |list: &str, word: &str| list.split(' ').any(|known| known == word);
    let next = |at: usize| words.get(at + 1).map_or("", String::as_str);
    words.iter().enumerate().find_map(|(at, word)| {
        let names = matches!(
            next(at),
            "name" | "names" | "aid" | "class" | "floor" | "language" | "of"
        );
        match word.as_str() {
            _ if names => None,
            "last" => Some(TimeOrder::Latest),
            "most" if matches!(next(at), "recent" | "recently") => Some(TimeOrder::Latest),
            word if known(LATEST, word) => Some(TimeOrder::Latest),
            word if known(FIRST, word) => Some(TimeOrder::First),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;

    fn at(day: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(day, "%Y-%m-%d %H:%M")
            .unwrap_or_else(|_| NaiveDate::parse_from_str(day, "%Y-%m-%d").unwrap().into())
    }

    /// A Monday, at noon.
    fn now() -> NaiveDateTime {
        at("2024-05-20 12:00")
    }

    #[track_caller]
    fn names(question: &str, text: &str, start: &str, end: &str) {
        let found = named_times(question, now());
        assert_eq!(found.len(), 1, "{question}: {found:?}");
        let moment = |text: &str| (!text.is_empty()).then(|| at(text));
        assert_eq!(
            (found[0].text.as_str(), found[0].start, found[0].end),
            (text, moment(start), moment(end)),
            "{question}"
        );
    }

    #[test]
    fn what_happened_looks_back_and_what_will_be_ahead() {
        let evening = ("2024-05-15 18:00", "2024-05-15 22:00");
        names(
            "Where was Lena on Wednesday evening?",
            "Wednesday evening",
            evening.0,
            evening.1,
        );
        names(
            "Where am I on Wednesday?",
            "Wednesday",
            "2024-05-22",
            "2024-05-23",
        );
        names(
            "Who called on Monday evening?",
            "Monday evening",
            "2024-05-13 18:00",
            "2024-05-13 22:00",
        );
        names(
            "What did we eat on Monday?",
            "Monday",
            "2024-05-20",
            "2024-05-21",
        );
        names(
            "What did she paint in July?",
            "July",
            "2023-07-01",
            "2023-08-01",
        );
        names(
            "What is planned in July?",
            "July",
            "2024-07-01",
            "2024-08-01",
        );
        names(
            "What did I buy on 3 June?",
            "3 June",
            "2023-06-03",
            "2023-06-04",
        );
        names(
            "Wo war Lena am Mittwoch?",
            "am Mittwoch",
            "2024-05-15",
            "2024-05-16",
        );
        names(
            "Où était Léa la semaine dernière ?",
            "la semaine dernière",
            "2024-05-13",
            "2024-05-20",
        );
        names("¿Qué hizo Ana ayer?", "ayer", "2024-05-19", "2024-05-20");
        names(
            "O que fez o Rui em março?",
            "em março",
            "2024-03-01",
            "2024-04-01",
        );
    }

    #[test]
    fn spans_may_be_open_and_recently_is_a_month() {
        names(
            "What has changed since March?",
            "since March",
            "2024-03-01",
            "",
        );
        names(
            "What did I own before 2020?",
            "before 2020",
            "",
            "2020-01-01",
        );
        names(
            "Where did we go after last Friday?",
            "after last Friday",
            "2024-05-18",
            "",
        );
        names(
            "What did I read between March and April?",
            "between March and April",
            "2024-03-01",
            "2024-05-01",
        );
        names(
            "What have I read recently?",
            "recently",
            "2024-04-20 12:00",
            "",
        );
        assert_eq!(named_times("What did she most recently buy?", now()), []);
        assert_eq!(named_times("", now()), []);
    }

    #[test]
    fn the_first_and_the_latest_are_told_from_last_names_and_last_weeks() {
        for (question, expected) in [
            ("What was the last book she read?", Some(TimeOrder::Latest)),
            ("When did I last see Rui?", Some(TimeOrder::Latest)),
            ("What is my most recent address?", Some(TimeOrder::Latest)),
            ("Where did we first meet?", Some(TimeOrder::First)),
            ("What did I do last week?", None),
            ("What is her last name?", None),
            ("Where is the key?", None),
        ] {
            assert_eq!(time_order(question, now()), expected, "{question}");
        }
    }
}
