//! Days that a sentence names, from the day it was written.

use super::cues::{Cues, Language};
use chrono::{Datelike, Duration, NaiveDate, Weekday};
use regex::{Captures, Regex};
use std::sync::LazyLock;

/// A day that a sentence names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DateMention {
    pub(crate) day: NaiveDate,
    /// Said as a date, not as a weekday or a distance.
    pub(crate) is_explicit: bool,
    /// Where it stands in the folded sentence.
    pub(crate) start: usize,
    pub(crate) end: usize,
}

static ISO: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b(\d{4})-(\d{2})-(\d{2})\b").ok());
static NUMERIC: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\b(\d{1,2})([./])(\d{1,2})(?:[./](\d{4}|\d{2})?)?(?:\b|$|\s|,)").ok()
});

/// What follows a number that counts something.
static COUNTED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^ ?(?:\d|h\b|uhr|heures?|horas?|hours?|eur\w*|reais|%|€|\$|£|/|:|[.,]\d|km|kg|personen|personas|personnes|pessoas)").ok()
});

/// The days a folded sentence names, in their order; a date said in full takes the place of a weekday beside it.
pub(crate) fn mentions(folded: &str, written: NaiveDate, language: Language) -> Vec<DateMention> {
    let cues = language.cues();
    let mut found = Vec::new();
    explicit(folded, written, language, &mut found);
    relative(folded, written, cues, &mut found);
    if found.is_empty() {
        weekdays(folded, written, cues, &mut found);
    }
    found.sort_by_key(|mention| (mention.start, !mention.is_explicit));
    found.dedup_by_key(|mention| mention.day);
    found
}

fn explicit(folded: &str, written: NaiveDate, language: Language, found: &mut Vec<DateMention>) {
    let cues = language.cues();
    let mut add = |captures: &Captures<'_>, day: Option<NaiveDate>, is_explicit: bool| {
        if let (Some(day), Some(whole)) = (day, captures.get(0)) {
            let overlaps = found
                .iter()
                .any(|m: &DateMention| m.start < whole.end() && whole.start() < m.end);
            if !overlaps {
                found.push(DateMention {
                    day,
                    is_explicit,
                    start: whole.start(),
                    end: whole.end(),
                });
            }
        }
    };
    for captures in ISO.iter().flat_map(|regex| regex.captures_iter(folded)) {
        let day = NaiveDate::from_ymd_opt(
            number(&captures, 1),
            number(&captures, 2),
            number(&captures, 3),
        );
        add(&captures, day, true);
    }
    for captures in cues.day_month.captures_iter(folded) {
        let day = month(cues, &captures[2])
            .and_then(|month| dated(number(&captures, 1), month, year(&captures, 3), written));
        add(&captures, day, true);
    }
    for captures in cues
        .month_day
        .iter()
        .flat_map(|regex| regex.captures_iter(folded))
    {
        let day = month(cues, &captures[1])
            .and_then(|month| dated(number(&captures, 2), month, year(&captures, 3), written));
        add(&captures, day, true);
    }
    for captures in NUMERIC.iter().flat_map(|regex| regex.captures_iter(folded)) {
        let is_dotted = &captures[2] == ".";
        // 3.5 is a number, 3.5. a German day; 3/5 is a day in May where days come first.
        let ends_in_point = captures[0].trim_end().ends_with('.') || captures.get(4).is_some();
        let is_date = match language {
            Language::German => is_dotted && ends_in_point,
            Language::English => false,
            _ => !is_dotted,
        };
        if is_date {
            let day = dated(
                number(&captures, 1),
                number(&captures, 3),
                year(&captures, 4),
                written,
            );
            add(&captures, day, true);
        }
    }
    for captures in cues.day_of_month.captures_iter(folded) {
        let rest = captures.get(0).map_or("", |whole| &folded[whole.end()..]);
        if !COUNTED.iter().any(|regex| regex.is_match(rest)) {
            add(
                &captures,
                nearest_day_of_month(number(&captures, 1), written),
                // A day without its month is as often one that has passed.
                false,
            );
        }
    }
}

fn relative(folded: &str, written: NaiveDate, cues: &Cues, found: &mut Vec<DateMention>) {
    let mut add = |start: usize, end: usize, day: Option<NaiveDate>| {
        if let Some(day) = day {
            found.push(DateMention {
                day,
                is_explicit: false,
                start,
                end,
            });
        }
    };
    let count = |word: &str| {
        word.parse()
            .ok()
            .or_else(|| cues.numbers.get(word).copied())
    };
    let after = |days: i64| written.checked_add_signed(Duration::days(days));
    for (regex, days) in [(&cues.in_days, 1), (&cues.in_weeks, 7)] {
        for captures in regex.captures_iter(folded) {
            if let (Some(n), Some(whole)) = (
                count(&captures[1]).filter(|n| (1..=60).contains(n)),
                captures.get(0),
            ) {
                add(whole.start(), whole.end(), after(n * days));
            }
        }
    }
    let after_next = cues.day_after_tomorrow.find(folded);
    if let Some(hit) = after_next {
        add(hit.start(), hit.end(), after(2));
    }
    for hit in cues.tomorrow.find_iter(folded) {
        if after_next.is_none_or(|other| hit.end() <= other.start() || hit.start() >= other.end()) {
            add(hit.start(), hit.end(), after(1));
        }
    }
    if let Some(hit) = cues.today.find(folded) {
        add(hit.start(), hit.end(), Some(written));
    }
    if let Some(hit) = cues.end_of_month.find(folded) {
        add(hit.start(), hit.end(), end_of_month(written));
    }
}

/// The next such weekday; one that is the day of writing is that day.
fn weekdays(folded: &str, written: NaiveDate, cues: &Cues, found: &mut Vec<DateMention>) {
    for hit in cues.weekday.find_iter(folded) {
        let place = cues
            .weekdays
            .iter()
            .position(|regex| regex.is_match(hit.as_str()));
        let Some(weekday) =
            place.and_then(|place| Weekday::try_from(u8::try_from(place).ok()?).ok())
        else {
            continue;
        };
        let ahead = (i64::from(weekday.num_days_from_monday())
            - i64::from(written.weekday().num_days_from_monday()))
        .rem_euclid(7);
        if let Some(day) = written.checked_add_signed(Duration::days(ahead)) {
            found.push(DateMention {
                day,
                is_explicit: false,
                start: hit.start(),
                end: hit.end(),
            });
        }
    }
}

fn number<T: std::str::FromStr + Default>(captures: &Captures<'_>, at: usize) -> T {
    captures
        .get(at)
        .and_then(|text| text.as_str().parse().ok())
        .unwrap_or_default()
}

fn year(captures: &Captures<'_>, at: usize) -> Option<i32> {
    let year: i32 = captures.get(at)?.as_str().parse().ok()?;
    Some(if year < 100 { 2000 + year } else { year })
}

fn month(cues: &Cues, name: &str) -> Option<u32> {
    let place = cues.months.iter().position(|regex| regex.is_match(name))?;
    u32::try_from(place + 1).ok()
}

/// A day and month; without a year the nearest, where the past counts double.
fn dated(day: u32, month: u32, year: Option<i32>, written: NaiveDate) -> Option<NaiveDate> {
    if let Some(year) = year {
        return NaiveDate::from_ymd_opt(year, month, day);
    }
    (written.year() - 1..=written.year() + 1)
        .filter_map(|year| NaiveDate::from_ymd_opt(year, month, day))
        .min_by_key(|date| {
            let distance = (*date - written).num_days();
            if distance < 0 {
                -2 * distance
            } else {
                distance
            }
        })
}

/// The next day of that number, this month or the next; one of the last days is that day.
fn nearest_day_of_month(day: u32, written: NaiveDate) -> Option<NaiveDate> {
    let this = NaiveDate::from_ymd_opt(written.year(), written.month(), day)?;
    if (this - written).num_days() >= -6 {
        return Some(this);
    }
    let (year, month) = match written.month() {
        12 => (written.year() + 1, 1),
        month => (written.year(), month + 1),
    };
    NaiveDate::from_ymd_opt(year, month, day)
}

fn end_of_month(written: NaiveDate) -> Option<NaiveDate> {
    let (year, month) = match written.month() {
        12 => (written.year() + 1, 1),
        month => (written.year(), month + 1),
    };
    NaiveDate::from_ymd_opt(year, month, 1)?.pred_opt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::fold;

    fn days(text: &str, written: &str, language: Language) -> Vec<String> {
        let written = written.parse().unwrap();
        mentions(&fold(text), written, language)
            .iter()
            .map(|mention| mention.day.to_string())
            .collect()
    }

    #[test]
    fn days_are_read_in_five_languages() {
        use Language::{English, French, German, Portuguese, Spanish};
        let cases = [
            (
                "VAT return is due 19 Nov.",
                "2026-11-05",
                English,
                "2026-11-19",
            ),
            (
                "Return it by March 3rd",
                "2026-02-20",
                English,
                "2026-03-03",
            ),
            (
                "Dentist on Thursday at nine",
                "2026-11-03",
                English,
                "2026-11-05",
            ),
            (
                "Rent is due on the 1st",
                "2026-10-28",
                English,
                "2026-11-01",
            ),
            (
                "Call back in two weeks",
                "2026-10-01",
                English,
                "2026-10-15",
            ),
            ("Abgabe am 7. November", "2026-10-20", German, "2026-11-07"),
            (
                "Termin am 3.11. um 9 Uhr",
                "2026-10-20",
                German,
                "2026-11-03",
            ),
            ("bis Freitag erledigen", "2026-10-20", German, "2026-10-23"),
            (
                "Rendez-vous le 12 mars chez le dentiste",
                "2026-03-01",
                French,
                "2026-03-12",
            ),
            (
                "à rendre avant vendredi",
                "2026-03-02",
                French,
                "2026-03-06",
            ),
            ("Cita el 5 de mayo", "2026-04-20", Spanish, "2026-05-05"),
            (
                "pagar antes del viernes",
                "2026-04-20",
                Spanish,
                "2026-04-24",
            ),
            (
                "consulta dia 9 às dez",
                "2026-06-01",
                Portuguese,
                "2026-06-09",
            ),
            ("amanhã é a festa", "2026-06-01", Portuguese, "2026-06-02"),
        ];
        for (text, written, language, wanted) in cases {
            assert_eq!(days(text, written, language), [wanted], "{text}");
        }
    }

    #[test]
    fn numbers_that_are_no_days_are_none() {
        for text in [
            "It cost 3.5 and 12/3 of it",
            "the 3 of us, 19 people",
            "May I?",
        ] {
            assert!(
                days(text, "2026-11-05", Language::English).is_empty(),
                "{text}"
            );
        }
    }
}
