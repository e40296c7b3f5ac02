//! From a written time to UTC: zones, doubled and missing local times, Unix numbers, and the years a memory may have.

use chrono::{DateTime, Datelike, LocalResult, NaiveDateTime, Offset, TimeDelta, TimeZone};
use serde_json::Value;

use super::moment::{self, Date, DateOrder, Impossible, Moment, TimeOfDay};
use crate::fields::content::shorten;

/// Understands times with the run's defaults. Every error is a sentence for the user.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    zone: chrono_tz::Tz,
    pub order: Option<DateOrder>,
}

impl Clock {
    pub fn new(zone: chrono_tz::Tz, order: Option<DateOrder>) -> Self {
        Self { zone, order }
    }

    /// A number of days since 1900 as spreadsheets store them, with the time of day as a fraction; `None` for other texts.
    pub fn serial(self, text: &str) -> Option<Result<NaiveDateTime, String>> {
        let days: f64 = text.trim().parse().ok()?;
        // 1970 to 2100. Their calendar has a 29 February 1900, so day 60 and later count from the day before.
        if !(25_569.0..73_051.0).contains(&days) {
            return None;
        }
        let midnight =
            chrono::NaiveDate::from_ymd_opt(1899, 12, 30)?.and_time(chrono::NaiveTime::MIN);
        let seconds = (days * 86_400.0).round() as i64;
        let local = midnight.checked_add_signed(TimeDelta::seconds(seconds))?;
        Some(
            self.local_to_utc(local)
                .ok_or_else(|| format!("there is no date {text}")),
        )
    }

    /// A JSON value: a text as in [`Clock::text`], or Unix seconds, milliseconds, microseconds or nanoseconds.
    pub fn value(self, value: &Value) -> Result<NaiveDateTime, String> {
        match value {
            Value::String(text) => self.text(text),
            // 20240305 as a number is the date that somebody left unquoted, as YAML invites to.
            Value::Number(number) => self.text(&number.to_string()),
            // MongoDB's export: {"$date": "2024-03-05T14:30:00Z"} or {"$date": {"$numberLong": "1709645400000"}}.
            Value::Object(fields) if fields.len() == 1 => {
                match fields.get("$date").or_else(|| fields.get("$numberLong")) {
                    Some(inner) => self.value(inner),
                    None => Err(format!(
                        "{} is not a time: write \"2024-03-05T14:30:00Z\" or a Unix time",
                        shorten(&value.to_string())
                    )),
                }
            }
            other => Err(format!(
                "{} is not a time: write \"2024-03-05T14:30:00Z\" or a Unix time",
                shorten(&other.to_string())
            )),
        }
    }

    /// RFC 3339, `YYYY-MM-DD[ HH:MM[:SS[.fff]]]` with or without an offset, a written-out date, or a Unix time.
    pub fn text(self, text: &str) -> Result<NaiveDateTime, String> {
        let trimmed = text.trim();
        match moment::leading(trimmed) {
            Err(impossible) => Err(no_such(&impossible)),
            Ok(Some((moment, rest))) if rest.trim().is_empty() => self.utc(&moment),
            Ok(Some((_, rest))) => Err(format!(
                "\"{}\" is not a time: \"{}\" follows the date; write YYYY-MM-DD HH:MM:SS",
                shorten(trimmed),
                shorten(rest.trim())
            )),
            Ok(None) => unix(trimmed).unwrap_or_else(|| {
                Err(format!(
                    "\"{}\" is not a time: write 2024-03-05T14:30:00Z, 2024-03-05 14:30, 2024-03-05 or a Unix time",
                    shorten(trimmed)
                ))
            }),
        }
    }

    /// A moment in UTC. Without a time of day it is the day's first moment; without an offset it is in the default zone.
    pub fn utc(self, moment: &Moment) -> Result<NaiveDateTime, String> {
        let date = match moment.date.resolve(self.order) {
            Some(date) => date.map_err(|impossible| no_such(&impossible))?,
            None if matches!(moment.date, Date::NoYear { .. }) => {
                return Err("the date has no year: add it".to_owned());
            }
            None => {
                return Err("the date could be day/month or month/day: write it as YYYY-MM-DD, or give --date-order dmy or mdy".to_owned());
            }
        };
        let out_of_range = || format!("{date} is outside the years 1 to 9999 in UTC: correct it");
        let local = moment
            .time
            .unwrap_or(TimeOfDay::MIDNIGHT)
            .on(date)
            .ok_or_else(out_of_range)?;
        let utc = match moment.offset {
            Some(seconds) => local.checked_sub_signed(TimeDelta::seconds(i64::from(seconds))),
            None => Clock {
                zone: moment.zone.unwrap_or(self.zone),
                ..self
            }
            .local_to_utc(local),
        };
        utc.filter(in_range).ok_or_else(out_of_range)
    }

    /// A doubled local time is the first of the two. A missing one moves forward by the length of the gap, as if the
    /// clocks had not been changed yet.
    fn local_to_utc(self, local: NaiveDateTime) -> Option<NaiveDateTime> {
        match self.zone.from_local_datetime(&local) {
            LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => Some(time.naive_utc()),
            LocalResult::None => {
                // The longest gap there was is a whole day (Samoa, 2011); offsets are multiples of a second, gaps of
                // a quarter of an hour in all but long-gone local mean times.
                let before = (1..=200).find_map(|quarters| {
                    let earlier = local.checked_sub_signed(TimeDelta::minutes(15 * quarters))?;
                    self.zone.from_local_datetime(&earlier).latest()
                })?;
                let offset = i64::from(before.offset().fix().local_minus_utc());
                local.checked_sub_signed(TimeDelta::seconds(offset))
            }
        }
    }
}

/// A sentence about a date or time that does not exist.
pub(crate) fn no_such(impossible: &Impossible) -> String {
    format!(
        "there is no date or time \"{}\" (years 1 to 9999): correct it",
        shorten(&impossible.0)
    )
}

fn in_range(time: &NaiveDateTime) -> bool {
    (1..=9999).contains(&time.year())
}

/// A Unix time by its size: seconds below 10^11 (year 5138), then milliseconds, microseconds, nanoseconds.
/// `None` when the text is no number.
fn unix(text: &str) -> Option<Result<NaiveDateTime, String>> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let failed = || {
        Err(format!(
            "{} is not a Unix time in the years 1 to 9999: give seconds or milliseconds since 1970",
            shorten(text)
        ))
    };
    let Ok(whole) = whole.parse::<i128>() else {
        return Some(failed());
    };
    if matches!(whole, 19_000_000..=20_991_231) && fraction.is_empty() && !negative {
        return Some(Err(format!(
            "there is no date \"{text}\" (read as YYYYMMDD): correct it"
        )));
    }
    if matches!(whole, 25_569..=73_050) && !negative {
        return Some(Err(format!(
            "\"{text}\" is a spreadsheet's count of days, or a second of 1 January 1970: write it as YYYY-MM-DD"
        )));
    }
    if matches!(whole, 1_000..=9_999) && fraction.is_empty() && !negative {
        return Some(Err(format!(
            "\"{text}\" is a year alone: write at least YYYY-MM-DD"
        )));
    }
    let nanos_per_unit: i128 = match whole {
        ..100_000_000_000 => 1_000_000_000,
        100_000_000_000..100_000_000_000_000 => 1_000_000,
        100_000_000_000_000..100_000_000_000_000_000 => 1_000,
        _ => 1,
    };
    let fraction = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
    let fraction = fraction.fold(0_i128, |sum, digit| sum * 10 + i128::from(digit - b'0'));
    let nanos = whole
        .checked_mul(nanos_per_unit)
        .map(|nanos| nanos + fraction * nanos_per_unit / 1_000_000_000);
    let micros = nanos.map(|nanos| if negative { -nanos } else { nanos }.div_euclid(1_000));
    let time = micros
        .and_then(|micros| i64::try_from(micros).ok())
        .and_then(DateTime::from_timestamp_micros)
        .map(|time| time.naive_utc())
        .filter(in_range);
    Some(time.map_or_else(failed, Ok))
}
