//! Dates and times as people and programs write them, before a time zone is known.
//!
//! A [`Moment`] is read from the start of a text and leaves the rest, so that "2024-03-05 14:30 Walk" and
//! "[05/03/2024, 14:30] Ann: hello" go through the same code as a plain time stamp.

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use super::tokens::{
    after_ordinal, after_weekday, digits, fraction, half_of_day, month, strip_word,
};

/// Which number comes first in 05/03/2024.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOrder {
    /// 5 March.
    DayFirst,
    /// May 3.
    MonthFirst,
}

/// A date as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Date {
    /// Year, month and day are certain.
    Known(NaiveDate),
    /// 05/03/2024: needs a [`DateOrder`].
    Numeric { first: u32, second: u32, year: i32 },
}

/// A date with whatever followed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub date: Date,
    pub time: Option<TimeOfDay>,
    /// Seconds east of UTC.
    pub offset: Option<i32>,
}

/// A time of day. `next_second` marks a leap second (…:60), which counts as the second after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TimeOfDay {
    pub time: NaiveTime,
    pub next_second: bool,
}

/// Text of the right shape that names no day or time there is, as 2024-02-30 does. Holds that text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Impossible(pub String);

type Leading<'a, T> = Result<Option<(T, &'a str)>, Impossible>;

impl Date {
    /// The day, where the order is known or does not matter.
    pub fn resolve(self, order: Option<DateOrder>) -> Option<Result<NaiveDate, Impossible>> {
        let (first, second, year) = match self {
            Self::Known(date) => return Some(Ok(date)),
            Self::Numeric {
                first,
                second,
                year,
            } => (first, second, year),
        };
        let (day, month) = match order {
            Some(DateOrder::DayFirst) => (first, second),
            Some(DateOrder::MonthFirst) => (second, first),
            None if first == second => (first, second),
            None => return None,
        };
        Some(
            NaiveDate::from_ymd_opt(year, month, day)
                .ok_or_else(|| Impossible(format!("{first:02}/{second:02}/{year}"))),
        )
    }
}

/// The moment a text begins with: a date, perhaps a time, perhaps an offset.
pub(super) fn leading(text: &str) -> Leading<'_, Moment> {
    let Some((date, rest)) = leading_date(text)? else {
        return Ok(None);
    };
    let Some((time, rest)) = time_after_date(rest)? else {
        return Ok(Some((
            Moment {
                date,
                time: None,
                offset: None,
            },
            rest,
        )));
    };
    let (offset, rest) = match leading_offset(rest)? {
        Some((offset, rest)) => (Some(offset), rest),
        None => (None, rest),
    };
    Ok(Some((
        Moment {
            date,
            time: Some(time),
            offset,
        },
        rest,
    )))
}

/// The time of day a text begins with: 14:30, 14:30:05.250, 2:30 PM.
pub(super) fn leading_time(text: &str) -> Leading<'_, TimeOfDay> {
    let Some((hour, rest)) = digits(text, 1, 2) else {
        return Ok(None);
    };
    let Some((minute, rest)) = rest.strip_prefix(':').and_then(|rest| digits(rest, 2, 2)) else {
        return Ok(None);
    };
    let (second, rest) = match rest.strip_prefix(':').and_then(|rest| digits(rest, 2, 2)) {
        Some((second, rest)) => (second, rest),
        None => (0, rest),
    };
    let (micros, rest) = fraction(rest);
    let (hour, rest) = match half_of_day(rest) {
        Some((_, rest)) if !(1..=12).contains(&hour) => return Err(impossible(text, rest)),
        Some((afternoon, rest)) => (hour % 12 + if afternoon { 12 } else { 0 }, rest),
        None => (hour, rest),
    };
    if rest.starts_with(|c: char| c.is_alphanumeric() && !matches!(c, 'Z' | 'z')) {
        return Ok(None);
    }
    match time_of_day(hour, minute, second, micros) {
        Some(time) => Ok(Some((time, rest))),
        None => Err(impossible(text, rest)),
    }
}

fn leading_date(text: &str) -> Leading<'_, Date> {
    let text = after_weekday(text);
    for shape in [year_first, compact, numeric, day_month_year, month_day_year] {
        let Some((date, rest)) = shape(text)? else {
            continue;
        };
        // "20240305abc" is a name, not a date; a T may introduce the time.
        let time_follows = rest
            .strip_prefix(['T', 't'])
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        if time_follows || !rest.starts_with(char::is_alphanumeric) {
            return Ok(Some((date, rest)));
        }
    }
    Ok(None)
}

/// 2024-03-05, 2024/3/5, 2024.03.05, 2024_03_05.
fn year_first(text: &str) -> Leading<'_, Date> {
    let Some((year, rest)) = digits(text, 4, 6) else {
        return Ok(None);
    };
    let Some(separator) = rest.chars().next().filter(|c| "-/._".contains(*c)) else {
        return Ok(None);
    };
    let Some((month, rest)) = digits(&rest[1..], 1, 2) else {
        return Ok(None);
    };
    let Some((day, rest)) = rest
        .strip_prefix(separator)
        .and_then(|rest| digits(rest, 1, 2))
    else {
        return Ok(None);
    };
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

/// 05/03/2024, 5-3-24, 05.03.2024 (with dots the day is always first).
fn numeric(text: &str) -> Leading<'_, Date> {
    let Some((first, rest)) = digits(text, 1, 2) else {
        return Ok(None);
    };
    let Some(separator) = rest.chars().next().filter(|c| "-/.".contains(*c)) else {
        return Ok(None);
    };
    let Some((second, rest)) = digits(&rest[1..], 1, 2) else {
        return Ok(None);
    };
    let Some(after) = rest.strip_prefix(separator) else {
        return Ok(None);
    };
    // Two-digit years only with slashes: 10.4.12 is a version, 10-4-12 could start with its year.
    let (year, rest) = match digits(after, 4, 4) {
        Some(found) => found,
        None if separator == '/' => match digits(after, 2, 2) {
            Some((year, rest)) => (2000 + year, rest),
            None => return Ok(None),
        },
        None => return Ok(None),
    };
    if separator == '.' {
        return known(year, second, first, text, rest);
    }
    let date = Date::Numeric {
        first,
        second,
        year: year as i32,
    };
    let possible = [DateOrder::DayFirst, DateOrder::MonthFirst]
        .into_iter()
        .any(|order| matches!(date.resolve(Some(order)), Some(Ok(_))));
    if possible && year > 0 {
        Ok(Some((date, rest)))
    } else {
        Err(impossible(text, rest))
    }
}

/// 5 March 2024, 5th of Mar. 2024.
fn day_month_year(text: &str) -> Leading<'_, Date> {
    let Some((day, rest)) = digits(text, 1, 2) else {
        return Ok(None);
    };
    let rest = after_ordinal(rest).trim_start_matches([' ', '.']);
    let rest = strip_word(rest, "of").unwrap_or(rest).trim_start();
    let Some((month, rest)) = month(rest) else {
        return Ok(None);
    };
    let Some((year, rest)) = digits(rest.trim_start_matches([',', ' ']), 4, 4) else {
        return Ok(None);
    };
    known(year, month, day, text, rest)
}

/// March 5, 2024, Mar 5th 2024.
fn month_day_year(text: &str) -> Leading<'_, Date> {
    let Some((month, rest)) = month(text) else {
        return Ok(None);
    };
    let Some((day, rest)) = digits(rest.trim_start(), 1, 2) else {
        return Ok(None);
    };
    let rest = after_ordinal(rest);
    let Some((year, rest)) = digits(rest.trim_start_matches([',', ' ']), 4, 4) else {
        return Ok(None);
    };
    known(year, month, day, text, rest)
}

fn time_after_date(rest: &str) -> Leading<'_, TimeOfDay> {
    if let Some(after) = rest.strip_prefix(['T', 't']) {
        return match compact_time(after)? {
            Some(found) => Ok(Some(found)),
            None => leading_time(after),
        };
    }
    let after = rest.trim_start_matches([',', ' ', '\t', '\u{a0}', '\u{202f}']);
    let after = strip_word(after, "at").map_or(after, str::trim_start);
    if after.len() == rest.len() {
        Ok(None)
    } else {
        leading_time(after)
    }
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

/// Z, UTC, +02:00, +0200, +02; a space may come before all but the last.
fn leading_offset(text: &str) -> Leading<'_, i32> {
    let trimmed = text.trim_start_matches(' ');
    for name in ["Z", "UTC", "GMT"] {
        if let Some(rest) = strip_word(trimmed, name) {
            return Ok(Some((0, rest)));
        }
    }
    let Some(sign) = trimmed.chars().next().filter(|c| "+-".contains(*c)) else {
        return Ok(None);
    };
    let (hours, minutes, rest) = if let Some((number, rest)) = digits(&trimmed[1..], 4, 4) {
        (number / 100, number % 100, rest)
    } else if let Some((hours, rest)) = digits(&trimmed[1..], 2, 2) {
        match rest.strip_prefix(':').and_then(|rest| digits(rest, 2, 2)) {
            Some((minutes, rest)) => (hours, minutes, rest),
            None if trimmed.len() == text.len() => (hours, 0, rest),
            None => return Ok(None),
        }
    } else {
        return Ok(None);
    };
    if hours > 23 || minutes > 59 {
        return Err(impossible(text, rest));
    }
    let seconds = (hours * 3600 + minutes * 60) as i32;
    Ok(Some((if sign == '-' { -seconds } else { seconds }, rest)))
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
