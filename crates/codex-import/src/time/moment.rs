//! Dates and times as people and programs write them, before a time zone is known.
//!
//! A [`Moment`] is read from the start of a text and leaves the rest, so that "2024-03-05 14:30 Walk" and
//! "[05/03/2024, 14:30] Ann: hello" go through the same code as a plain time stamp. Month names are read in the languages
//! of [`super::names`], digits in any script.

use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::names;
use super::tokens::{
    after_ordinal, after_weekday, decimal, digits, fraction, half_of_day, skip_marks, skip_spaces,
    strip_word,
};

/// Which number comes first in 05/03/2024.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DateOrder {
    /// 5 March.
    #[serde(rename = "dmy")]
    DayFirst,
    /// May 3.
    #[serde(rename = "mdy")]
    MonthFirst,
    /// 24/03/05 is 5 March 2024.
    #[serde(rename = "ymd")]
    YearFirst,
}

impl DateOrder {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::DayFirst, Self::MonthFirst, Self::YearFirst];

    /// `dmy`, `mdy` or `ymd`.
    pub fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "dmy" => Some(Self::DayFirst),
            "mdy" => Some(Self::MonthFirst),
            "ymd" => Some(Self::YearFirst),
            _ => None,
        }
    }
}

/// A date as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Date {
    /// Year, month and day are certain.
    Known(NaiveDate),
    /// 05/03/2024: needs a [`DateOrder`].
    Numeric(Numeric),
    /// Tuesday, March 5: the year stands somewhere else. `weekdays` has a bit a day it may be, none for any.
    NoYear { month: u32, day: u32, weekdays: u16 },
}

/// Three numbers between separators, the last or first of which is the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Numeric {
    pub parts: [u32; 3],
    /// The year has four digits and stands last.
    pub long_year: bool,
    pub separator: char,
}

/// A date with whatever followed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    pub date: Date,
    pub time: Option<TimeOfDay>,
    /// Seconds east of UTC.
    pub offset: Option<i32>,
    /// A zone by name, where no offset is written.
    pub zone: Option<Tz>,
}

/// A time of day. `next_second` marks a leap second (…:60), which counts as the second after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeOfDay {
    pub time: NaiveTime,
    pub next_second: bool,
}

/// Text of the right shape that names no day or time there is, as 2024-02-30 does. Holds that text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Impossible(pub String);

type Leading<'a, T> = Result<Option<(T, &'a str)>, Impossible>;

impl Numeric {
    /// The day in one order.
    pub fn day(self, order: DateOrder) -> Option<NaiveDate> {
        let [a, b, c] = self.parts;
        let (year, month, day) = match order {
            DateOrder::DayFirst => (c, b, a),
            DateOrder::MonthFirst => (c, a, b),
            DateOrder::YearFirst if self.long_year => return None,
            DateOrder::YearFirst => (a, b, c),
        };
        let year = if self.long_year { year } else { 2000 + year };
        NaiveDate::from_ymd_opt(year as i32, month, day).filter(|date| date.year() > 0)
    }

    fn text(self) -> String {
        let [a, b, c] = self.parts;
        let separator = self.separator;
        if self.long_year {
            format!("{a:02}{separator}{b:02}{separator}{c:04}")
        } else {
            format!("{a:02}{separator}{b:02}{separator}{c:02}")
        }
    }
}

impl Date {
    /// The day, where the order is known or does not matter.
    pub fn resolve(self, order: Option<DateOrder>) -> Option<Result<NaiveDate, Impossible>> {
        let numeric = match self {
            Self::Known(date) => return Some(Ok(date)),
            Self::NoYear { .. } => return None,
            Self::Numeric(numeric) => numeric,
        };
        let impossible = || Impossible(numeric.text());
        let order = match order {
            // A four-digit year at the end settles where the year is; the stated order says the rest.
            Some(DateOrder::YearFirst) if numeric.long_year => None,
            order => order,
        };
        // With dots the day comes first wherever people write dates with dots.
        let order = order.or_else(|| (numeric.separator == '.').then_some(DateOrder::DayFirst));
        if let Some(order) = order {
            return Some(numeric.day(order).ok_or_else(impossible));
        }
        let both = [DateOrder::DayFirst, DateOrder::MonthFirst].map(|order| numeric.day(order));
        match both {
            [Some(one), Some(other)] if one == other => Some(Ok(one)),
            [Some(_), Some(_)] => None,
            [Some(day), None] | [None, Some(day)] => Some(Ok(day)),
            [None, None] => Some(Err(impossible())),
        }
    }

    /// The day of a date without a year, in the year that what is around it names, or the one after where only its weekday
    /// fits.
    pub fn with_year(self, year: i32) -> Option<NaiveDate> {
        let Self::NoYear {
            month,
            day,
            weekdays,
        } = self
        else {
            return None;
        };
        let fits = |date: &NaiveDate| {
            weekdays == 0 || weekdays & (1 << date.weekday().number_from_monday()) != 0
        };
        [year, year + 1, year - 1]
            .into_iter()
            .filter_map(|year| NaiveDate::from_ymd_opt(year, month, day))
            .find(fits)
    }
}

/// The moment a text begins with: a date, perhaps a time, perhaps an offset.
pub(crate) fn leading(text: &str) -> Leading<'_, Moment> {
    let text = skip_marks(text);
    if let Some(found) = ctime(text)? {
        return Ok(Some(found));
    }
    let Some((date, rest)) = leading_date(text)? else {
        return Ok(None);
    };
    with_time(date, rest)
}

fn with_time(date: Date, rest: &str) -> Leading<'_, Moment> {
    let mut moment = Moment {
        date,
        time: None,
        offset: None,
        zone: None,
    };
    let Some((time, rest)) = time_after_date(rest)? else {
        return Ok(Some((moment, rest)));
    };
    moment.time = Some(time);
    let rest = match leading_offset(rest)? {
        Some((offset, rest)) => {
            moment.offset = Some(offset);
            rest
        }
        None => rest,
    };
    let (zone, rest) = named_zone(rest);
    if moment.offset.is_none() {
        moment.zone = zone;
    }
    Ok(Some((moment, rest)))
}

/// [Europe/Berlin] or (Central European Standard Time), as programs add to an offset.
fn named_zone(rest: &str) -> (Option<Tz>, &str) {
    let trimmed = skip_spaces(rest);
    for (open, close) in [('[', ']'), ('(', ')')] {
        if let Some((name, after)) = trimmed
            .strip_prefix(open)
            .and_then(|inside| inside.split_once(close))
        {
            if let Ok(zone) = name.parse::<Tz>() {
                return (Some(zone), after);
            }
            let spelled = name
                .chars()
                .all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '\'' | '’' | '.'));
            if open == '('
                && !name.is_empty()
                && spelled
                && rest.starts_with(' ')
                && after.trim().is_empty()
            {
                return (None, after);
            }
        }
    }
    (None, rest)
}

/// Tue Mar  5 14:30:00 2024, as C and many logs have it.
fn ctime(text: &str) -> Leading<'_, Moment> {
    let rest = after_weekday(text);
    let Some((Ok(month), rest)) = names::month(rest) else {
        return Ok(None);
    };
    let Some((day, rest)) = digits(rest.trim_start(), 1, 2) else {
        return Ok(None);
    };
    let Some((time, rest)) = leading_time(rest.trim_start())? else {
        return Ok(None);
    };
    let rest = rest.trim_start();
    let zone = rest.split(' ').next().unwrap_or("");
    let (offset, after_zone) = match zone_abbreviation(zone) {
        Some(offset) => (Some(offset), rest[zone.len()..].trim_start()),
        None => (None, rest),
    };
    let Some((year, rest)) = digits(after_zone, 4, 4) else {
        return Ok(None);
    };
    let (date, rest) = match known(year, month, day, text, rest)? {
        Some(found) => found,
        None => return Ok(None),
    };
    Ok(Some((
        Moment {
            date,
            time: Some(time),
            offset,
            zone: None,
        },
        rest,
    )))
}

/// The time of day a text begins with: 14:30, 14:30:05.250, 2:30 PM, 下午2:30.
pub(crate) fn leading_time(text: &str) -> Leading<'_, TimeOfDay> {
    time_with(text, &[':', '：'])
}

/// As [`leading_time`], with the separators that some languages have after a date: 14.30, 14h30.
fn time_with<'a>(text: &'a str, separators: &[char]) -> Leading<'a, TimeOfDay> {
    let (before, start) = match half_of_day(text) {
        Some((half, rest)) => (Some(half), skip_spaces(rest)),
        None => (None, text),
    };
    let Some((hour, rest)) = digits(start, 1, 2) else {
        return Ok(None);
    };
    let Some(separator) = rest.chars().next().filter(|c| separators.contains(c)) else {
        return Ok(None);
    };
    let Some((minute, rest)) = digits(&rest[separator.len_utf8()..], 2, 2) else {
        return Ok(None);
    };
    let seconds = rest
        .strip_prefix(separator)
        .and_then(|rest| digits(rest, 2, 2));
    let (second, rest) = seconds.unwrap_or((0, rest));
    let (micros, rest) = if separator == '.' {
        (0, rest)
    } else {
        fraction(rest)
    };
    let after = half_of_day(rest).filter(|(_, after)| is_short_half_alone(rest, after));
    let (half, rest) = match (before, after) {
        (Some(half), _) => (Some(half), rest),
        (None, Some((half, rest))) if hour <= 12 => (Some(half), rest),
        // 17:52 PM: the hour says enough.
        (None, Some((true, rest))) => (None, rest),
        (None, Some((false, rest))) => return Err(impossible(text, rest)),
        (None, None) => (None, rest),
    };
    let hour = match half {
        Some(afternoon) if hour <= 12 => hour % 12 + if afternoon { 12 } else { 0 },
        _ => hour,
    };
    if rest.starts_with(|c: char| c.is_alphanumeric() && !matches!(c, 'Z' | 'z')) {
        return Ok(None);
    }
    match time_of_day(hour, minute, second, micros) {
        Some(time) => Ok(Some((time, rest))),
        None => Err(impossible(text, rest)),
    }
}

/// Two letters that are words of their own in other languages count as a half of the day only where nothing but the stamp's
/// end follows: "8:30 de la tarde" is no morning.
fn is_short_half_alone(before: &str, after: &str) -> bool {
    let word = skip_spaces(&before[..before.len() - after.len()]).to_lowercase();
    let letters: String = word.chars().filter(|c| c.is_alphanumeric()).collect();
    if !letters.is_ascii() || matches!(letters.as_str(), "am" | "pm" | "vorm" | "nachm") {
        return true;
    }
    let rest = skip_spaces(after);
    rest.is_empty() || rest.starts_with([']', '-', '–', ','])
}

fn leading_date(text: &str) -> Leading<'_, Date> {
    let (weekdays, text) = match names::weekday(text) {
        Some((days, _)) => (days, after_weekday(text)),
        None => (0, text),
    };
    let text = match strip_word(text, "ngày")
        .or_else(|| strip_word(text, "den"))
        .or_else(|| strip_word(text, "le"))
    {
        Some(rest) => skip_spaces(rest),
        None => text,
    };
    for shape in [
        year_first,
        eastern,
        compact,
        numeric,
        day_month_year,
        month_day_year,
        year_month_name,
    ] {
        let Some((date, rest)) = shape(text)? else {
            continue;
        };
        // "20240305abc" is a name, not a date; a T may introduce the time.
        let time_follows = rest
            .strip_prefix(['T', 't'])
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        let eastern = text.contains(['年', '년']);
        if time_follows || eastern || !rest.starts_with(char::is_alphanumeric) {
            return Ok(Some((with_weekdays(date, weekdays), rest)));
        }
    }
    Ok(None)
}

fn with_weekdays(date: Date, found: u16) -> Date {
    match date {
        Date::NoYear { month, day, .. } => Date::NoYear {
            month,
            day,
            weekdays: found,
        },
        other => other,
    }
}

/// 2024-03-05, 2024/3/5, 2024.03.05, 2024_03_05, 2024. 3. 5.
fn year_first(text: &str) -> Leading<'_, Date> {
    let Some((year, rest)) = digits(text, 4, 6) else {
        return Ok(None);
    };
    let rest = skip_marks(rest);
    let Some(separator) = rest.chars().next().filter(|c| "-/._".contains(*c)) else {
        return Ok(None);
    };
    let between = |rest: &str| -> usize {
        if separator == '.' {
            rest.len() - rest.trim_start_matches(' ').len()
        } else {
            0
        }
    };
    let rest = &rest[1..];
    let rest = &rest[between(rest)..];
    let Some((month, rest)) = digits(rest, 1, 2) else {
        return Ok(None);
    };
    let Some(rest) = skip_marks(rest).strip_prefix(separator) else {
        return Ok(None);
    };
    let rest = &rest[between(rest)..];
    let Some((day, rest)) = digits(rest, 1, 2) else {
        return Ok(None);
    };
    let rest = if separator == '.' {
        rest.strip_prefix('.').unwrap_or(rest)
    } else {
        rest
    };
    known(year, month, day, text, rest)
}

/// 2024年3月5日, 2024년 3월 5일.
fn eastern(text: &str) -> Leading<'_, Date> {
    let mut rest = text;
    let mut parts = [0; 3];
    for (part, units) in parts
        .iter_mut()
        .zip([['年', '년'], ['月', '월'], ['日', '일']])
    {
        let Some((number, after)) = digits(skip_spaces(rest), 1, 4) else {
            return Ok(None);
        };
        let Some(after) = skip_spaces(after).strip_prefix(units) else {
            return Ok(None);
        };
        *part = number;
        rest = after;
    }
    let [year, month, day] = parts;
    if year < 100 {
        return Ok(None);
    }
    // A weekday in brackets or after a space: 2024年3月5日(火), 5일 화요일.
    let trimmed = skip_spaces(rest);
    if let Some((inside, after)) = trimmed
        .strip_prefix(['(', '（'])
        .and_then(|inside| inside.split_once([')', '）']))
        && names::weekday(inside).is_some_and(|(_, rest)| rest.is_empty())
    {
        rest = after;
    } else if let Some((_, after)) = names::weekday(trimmed) {
        rest = after;
    }
    known(year, month, day, text, rest)
}

/// 20240305, also before a T. A number that is no date may be anything else, so it is not [`Impossible`].
fn compact(text: &str) -> Leading<'_, Date> {
    let Some((number, rest)) = digits(text, 8, 8) else {
        return Ok(None);
    };
    let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
    let date =
        NaiveDate::from_ymd_opt(year as i32, month, day).filter(|_| (1900..=2099).contains(&year));
    Ok(date.map(|date| (Date::Known(date), rest)))
}

/// 05/03/2024, 5-3-24, 05.03.2024, 5. 3. 2024 (with dots the day is first unless an order is stated).
fn numeric(text: &str) -> Leading<'_, Date> {
    let Some((first, rest)) = digits(text, 1, 2) else {
        return Ok(None);
    };
    let rest = skip_marks(rest);
    let Some(separator) = rest.chars().next().filter(|c| "-/.".contains(*c)) else {
        return Ok(None);
    };
    let after_separator = |rest: &str| -> usize {
        let rest = &rest[1..];
        1 + if separator == '.' {
            rest.len() - rest.trim_start_matches([' ', '\u{a0}']).len()
        } else {
            0
        }
    };
    let rest = &rest[after_separator(rest)..];
    let Some((second, rest)) = digits(rest, 1, 2) else {
        return Ok(None);
    };
    let rest = skip_marks(rest);
    if !rest.starts_with(separator) {
        return Ok(None);
    }
    let rest = &rest[after_separator(rest)..];
    // Two-digit years without a time are taken with slashes only: 10.4.12 is a version, 10-4-12 could start with its year.
    let (third, long_year, rest) = match (digits(rest, 4, 4), digits(rest, 2, 2)) {
        (Some((year, rest)), _) => (year, true, rest),
        (None, Some((year, rest))) if separator == '/' || time_follows(rest) => (year, false, rest),
        _ => return Ok(None),
    };
    let rest = if separator == '.' {
        rest.strip_prefix('.').unwrap_or(rest)
    } else {
        rest
    };
    let numeric = Numeric {
        parts: [first, second, third],
        long_year,
        separator,
    };
    let possible = DateOrder::ALL
        .into_iter()
        .any(|order| numeric.day(order).is_some());
    if possible {
        Ok(Some((Date::Numeric(numeric), rest)))
    } else {
        Err(impossible(text, rest))
    }
}

fn time_follows(rest: &str) -> bool {
    matches!(time_after_date(rest), Ok(Some(_)) | Err(_))
}

/// 5 March 2024, 5th of Mar. 2024, 5 de março de 2024, 5 tháng 3 năm 2024; without the year, Tuesday 5 March.
fn day_month_year(text: &str) -> Leading<'_, Date> {
    let Some((day, rest)) = digits(text, 1, 2) else {
        return Ok(None);
    };
    let joined = |rest: &str| -> usize {
        let trimmed = skip_spaces(rest.trim_start_matches(['.', ',', '-']));
        let after = ["of", "de", "d'", "d’", "del", "tháng"]
            .into_iter()
            .find_map(|word| {
                if word.ends_with(['\'', '’']) {
                    trimmed.strip_prefix(word)
                } else {
                    strip_word(trimmed, word)
                }
            });
        rest.len() - after.map_or(trimmed, skip_spaces).len()
    };
    let rest = after_ordinal(rest);
    let by_number =
        strip_word(skip_spaces(rest), "tháng").and_then(|rest| digits(skip_spaces(rest), 1, 2));
    let rest = &rest[joined(rest)..];
    let (month, rest) = match (by_number, names::month(rest)) {
        (Some(found), _) => found,
        (None, Some((Ok(month), rest))) => (month, rest),
        (None, Some((Err(name), rest))) if year_after(rest).is_some() => {
            return Err(Impossible(format!(
                "{name}, which is one month in one language and another in another"
            )));
        }
        _ => return Ok(None),
    };
    match year_after(rest) {
        Some((year, rest)) => known(year, month, day, text, rest),
        None if day <= 31 && NaiveDate::from_ymd_opt(2024, month, day).is_some() => Ok(Some((
            Date::NoYear {
                month,
                day,
                weekdays: 0,
            },
            rest,
        ))),
        None => Ok(None),
    }
}

/// The year after a month or day, with what languages put before it.
fn year_after(rest: &str) -> Option<(u32, &str)> {
    let rest = rest.trim_start_matches(|c: char| {
        matches!(c, ',' | '.' | '-' | '،') || super::tokens::is_space(c)
    });
    let rest = ["de", "del", "năm", "г."]
        .into_iter()
        .find_map(|word| strip_word(rest, word))
        .map_or(rest, skip_spaces);
    let (year, rest) = digits(rest, 4, 4)?;
    // Russian and Ukrainian: 5 марта 2024 г.
    let tail = skip_spaces(rest);
    let rest = ["г.", "р.", "р", "г", "g."]
        .into_iter()
        .find_map(|word| {
            tail.strip_prefix(word)
                .filter(|after| !after.starts_with(char::is_alphanumeric))
        })
        .unwrap_or(rest);
    // Thailand counts from 543 BC.
    Some((
        if (2400..2700).contains(&year) {
            year - 543
        } else {
            year
        },
        rest,
    ))
}

/// March 5, 2024, Mar 5th 2024; without the year, March 5.
fn month_day_year(text: &str) -> Leading<'_, Date> {
    let Some((Ok(month), rest)) = names::month(text) else {
        return Ok(None);
    };
    let Some((day, rest)) = digits(skip_spaces(rest), 1, 2) else {
        return Ok(None);
    };
    let rest = after_ordinal(rest);
    match year_after(rest) {
        Some((year, rest)) => known(year, month, day, text, rest),
        None if NaiveDate::from_ymd_opt(2024, month, day).is_some()
            && !rest.starts_with([':', '.']) =>
        {
            Ok(Some((
                Date::NoYear {
                    month,
                    day,
                    weekdays: 0,
                },
                rest,
            )))
        }
        None => Ok(None),
    }
}

/// 2024 March 5, 2024. március 5., 2024-Mar-05.
fn year_month_name(text: &str) -> Leading<'_, Date> {
    let Some((year, rest)) = digits(text, 4, 4) else {
        return Ok(None);
    };
    let rest = skip_spaces(rest.trim_start_matches(['.', ',', '-']));
    let Some((Ok(month), rest)) = names::month(rest) else {
        return Ok(None);
    };
    let Some((day, rest)) = digits(skip_spaces(rest.trim_start_matches('-')), 1, 2) else {
        return Ok(None);
    };
    known(
        year,
        month,
        day,
        text,
        rest.strip_prefix('.').unwrap_or(rest),
    )
}

fn time_after_date(rest: &str) -> Leading<'_, TimeOfDay> {
    if let Some(after) = rest.strip_prefix(['T', 't']) {
        return match compact_time(after)? {
            Some(found) => Ok(Some(found)),
            None => leading_time(after),
        };
    }
    let mut after = rest
        .trim_start_matches(|c: char| matches!(c, ',' | '،' | '、') || super::tokens::is_space(c));
    if after.len() == rest.len() && !after.starts_with(|c: char| !c.is_ascii() && c.is_alphabetic())
    {
        return Ok(None);
    }
    for word in [
        "at", "um", "à", "às", "a las", "a la", "alle", "alle ore", "ore", "kl.", "kl", "klo",
        "om", "в", "о", "o", "lúc", "saat",
    ] {
        if let Some(stripped) = strip_word(after, word) {
            after = skip_spaces(stripped.trim_start_matches('.'));
            break;
        }
    }
    let found = time_with(after, &[':', '：', '.', 'h'])?;
    // "5.3.2024 10.20" may be two dates or sizes; a time with a dot has two digits, and none follow.
    Ok(found.map(|(time, rest)| (time, strip_word(skip_spaces(rest), "Uhr").unwrap_or(rest))))
}

/// 143005 or 1430, as in 20240305T143005Z.
fn compact_time(text: &str) -> Leading<'_, TimeOfDay> {
    let (hour, minute, second, rest) = if let Some((number, rest)) = digits(text, 6, 6) {
        (number / 10_000, number / 100 % 100, number % 100, rest)
    } else if let Some((number, rest)) = digits(text, 4, 4) {
        (number / 100, number % 100, 0, rest)
    } else {
        return Ok(None);
    };
    let (micros, rest) = fraction(rest);
    match time_of_day(hour, minute, second, micros) {
        Some(time) => Ok(Some((time, rest))),
        None => Err(impossible(text, rest)),
    }
}

/// Hours east of UTC of the zones that RFC 2822 names, and of those that mean one thing everywhere.
fn zone_abbreviation(name: &str) -> Option<i32> {
    let hours = match name {
        "Z" | "z" | "UTC" | "GMT" | "UT" | "WET" => 0,
        "EST" | "CDT" => -5,
        "EDT" => -4,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        "CET" | "WEST" | "MEZ" => 1,
        "CEST" | "EET" | "MESZ" => 2,
        "EEST" | "MSK" => 3,
        "JST" | "KST" => 9,
        _ => return None,
    };
    Some(hours * 3600)
}

/// Z, UTC, GMT+0100, EST, +02:00, +0200, +02; a space may come before all but the last.
fn leading_offset(text: &str) -> Leading<'_, i32> {
    let mut trimmed = text.trim_start_matches([' ', '\u{a0}', '\u{202f}']);
    let letters = trimmed.bytes().take_while(u8::is_ascii_alphabetic).count();
    let mut spaced = trimmed.len() != text.len();
    if let Some(offset) = zone_abbreviation(&trimmed[..letters]) {
        let rest = &trimmed[letters..];
        if !(offset == 0 && rest.starts_with(['+', '-'])) {
            if rest.starts_with(char::is_alphanumeric) {
                return Ok(None);
            }
            return Ok(Some((offset, rest)));
        }
        trimmed = rest;
        spaced = false;
    }
    let Some(sign) = trimmed.chars().next().filter(|c| "+-−".contains(*c)) else {
        return Ok(None);
    };
    let after_sign = &trimmed[sign.len_utf8()..];
    let (hours, minutes, rest) = if let Some((number, rest)) = digits(after_sign, 4, 4) {
        (number / 100, number % 100, rest)
    } else if let Some((hours, rest)) = digits(after_sign, 1, 2) {
        match rest.strip_prefix(':').and_then(|rest| digits(rest, 2, 2)) {
            Some((minutes, rest)) => (hours, minutes, rest),
            None if !spaced => (hours, 0, rest),
            None => return Ok(None),
        }
    } else {
        return Ok(None);
    };
    if hours > 23 || minutes > 59 {
        return Err(impossible(text, rest));
    }
    let seconds = (hours * 3600 + minutes * 60) as i32;
    Ok(Some((if sign == '+' { seconds } else { -seconds }, rest)))
}

/// Whether a text begins as dates do: with a weekday, or a number and a word or number that could be a month. Used to say of
/// what was not understood that it was not, instead of taking it for text.
pub(crate) fn looks_like_date(text: &str) -> bool {
    let text = skip_marks(text);
    if names::weekday(text).is_some_and(|(_, rest)| {
        rest.trim_start_matches([',', ' ', '.'])
            .starts_with(|c| decimal(c).is_some())
    }) {
        return true;
    }
    // 5. Word 2024, 5 Word 2024: a day, a word and a year.
    let Some((day, rest)) = digits(text, 1, 2) else {
        return false;
    };
    if !(1..=31).contains(&day) || rest.len() == text.len() {
        return false;
    }
    let rest = skip_spaces(after_ordinal(rest));
    let word = rest
        .find(|c: char| !c.is_alphabetic())
        .unwrap_or(rest.len());
    let after = skip_spaces(rest[word..].trim_start_matches(['.', ',']));
    word > 0
        && digits(after, 4, 4).is_some_and(|(year, rest)| {
            (1900..2100).contains(&year) && skip_spaces(rest).is_empty()
        })
}

fn known<'a>(year: u32, month: u32, day: u32, text: &str, rest: &'a str) -> Leading<'a, Date> {
    let date =
        NaiveDate::from_ymd_opt(year as i32, month, day).filter(|_| (1..=9999).contains(&year));
    match date {
        Some(date) => Ok(Some((Date::Known(date), rest))),
        None => Err(impossible(text, rest)),
    }
}

fn time_of_day(hour: u32, minute: u32, second: u32, micros: u32) -> Option<TimeOfDay> {
    if second == 60 {
        let time = NaiveTime::from_hms_opt(hour, minute, 59)?;
        return Some(TimeOfDay {
            time,
            next_second: true,
        });
    }
    let time = NaiveTime::from_hms_micro_opt(hour, minute, second, micros)?;
    Some(TimeOfDay {
        time,
        next_second: false,
    })
}

impl TimeOfDay {
    pub const MIDNIGHT: Self = Self {
        time: NaiveTime::MIN,
        next_second: false,
    };

    pub fn on(self, date: NaiveDate) -> Option<chrono::NaiveDateTime> {
        let second = TimeDelta::seconds(i64::from(self.next_second));
        date.and_time(self.time).checked_add_signed(second)
    }
}

/// What of `text` was read before `rest`.
fn impossible(text: &str, rest: &str) -> Impossible {
    Impossible(text[..text.len() - rest.len()].trim().to_owned())
}
