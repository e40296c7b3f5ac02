//! Dates and longer spans of the calendar: the phrases without a time of day.

use chrono::{Datelike, NaiveDate, Weekday};

use super::calendar::{self, Grain, Looking, MONTHS, Now, Span};
use super::grammar::{Match, day_part, word};
use super::lexer::Unit;
use super::numbers;

/// A date or a longer span of the calendar.
pub(super) fn date(units: &[Unit], now: Now) -> Option<Match> {
    numeric_date(units)
        .or_else(|| relative_day(units, now))
        .or_else(|| written_date(units, now))
        .or_else(|| ago(units, now))
        .or_else(|| qualified(units, now))
        .or_else(|| weekday_alone(units, now))
        .or_else(|| season(units, now, None))
        .or_else(|| holiday(units, now, None))
        .or_else(|| decade(units))
}

/// `2023-05-08`, `2023/05/08`, `8.5.2023`, `5/8/2023`; with a time of day after a `T`.
fn numeric_date(units: &[Unit]) -> Option<Match> {
    let mark = |c: char| matches!(c, '-' | '/' | '.');
    let first = word(units, 0);
    let separator = first.chars().find(|&c| mark(c))?;
    let parts: Vec<&str> = first.split(mark).collect();
    let [a, b, c] = parts[..] else { return None };
    let c = c.split_once('t').map_or(c, |(day, _)| day);
    let (year, month, day) = if a.len() == 4 {
        (a, b, c)
    } else if c.len() == 4 {
        let day_first = separator == '.' || numbers::digits(a, 2)? > 12;
        if day_first { (c, b, a) } else { (c, a, b) }
    } else {
        return None;
    };
    let year = numbers::year(year, false)?;
    let month = u32::try_from(numbers::digits(month, 2)?).ok()?;
    Some((
        Span::day(NaiveDate::from_ymd_opt(
            year,
            month,
            numbers::day_of_month(day)?,
        )?)?,
        1,
    ))
}

fn relative_day(units: &[Unit], now: Now) -> Option<Match> {
    let day = |by| calendar::shifted(Grain::Day, now.at, by);
    Some(
        match (
            word(units, 0),
            word(units, 1),
            word(units, 2),
            word(units, 3),
        ) {
            ("the", "day", "before", "yesterday") => (day(-2)?, 4),
            ("the", "day", "after", "tomorrow") => (day(2)?, 4),
            ("day", "before", "yesterday", _) => (day(-2)?, 3),
            ("day", "after", "tomorrow", _) => (day(2)?, 3),
            ("today", ..) => (day(0)?, 1),
            ("yesterday", ..) => (day(-1)?, 1),
            ("tomorrow" | "tmrw" | "tmr", ..) => (day(1)?, 1),
            ("tonight", ..) => (day(0)?.hours(18, 30)?, 1),
            ("last", "night", ..) => (day(-1)?.hours(18, 30)?, 2),
            ("last", "evening", ..) => (day(-1)?.hours(18, 22)?, 2),
            ("this", part, ..) if part != "night" => {
                let (from, to) = day_part(part)?;
                (day(0)?.hours(from, to)?, 2)
            }
            _ => return None,
        },
    )
}

/// "8 May 2023", "the 8th of May", "May 8th, 2023", "May 2023", "in May".
fn written_date(units: &[Unit], now: Now) -> Option<Match> {
    let mut at = usize::from(word(units, 0) == "the");
    if let Some(day) = numbers::day_of_month(word(units, at)) {
        at += 1;
        at += usize::from(word(units, at) == "of");
        let month = month(word(units, at))?;
        return dated(units, now, month, day, at + 1);
    }
    let name = units.first()?;
    let month = month(&name.word)?;
    let next = word(units, 1);
    let of = usize::from(next == "of");
    if let Some(year) = numbers::year(word(units, 1 + of), false) {
        return Some((Span::months(year, month, 1)?, 2 + of));
    }
    let the = usize::from(next == "the");
    if let Some(day) = numbers::day_of_month(word(units, 1 + the)) {
        return dated(units, now, month, day, 2 + the);
    }
    // "may", "march" and lower-case "mar" are words; so is a "May" that begins a sentence ("May I").
    let doubtful = matches!(
        name.word.as_str(),
        "may" | "march" | "mar" | "sun" | "dec" | "jan" | "apr"
    );
    if !name.capital
        || (doubtful && !name.joined)
        || name.word == "may" && matches!(next, "i" | "we" | "you" | "it" | "be")
    {
        return None;
    }
    Some((
        calendar::yearly(now, None, |year| Span::months(year, month, 1))?,
        1,
    ))
}

fn dated(units: &[Unit], now: Now, month: u32, day: u32, taken: usize) -> Option<Match> {
    if let Some(year) = numbers::year(word(units, taken), false) {
        return Some((
            Span::day(NaiveDate::from_ymd_opt(year, month, day)?)?,
            taken + 1,
        ));
    }
    let nearest = calendar::yearly(now, None, |year| {
        Span::day(NaiveDate::from_ymd_opt(year, month, day)?)
    })?;
    Some((nearest, taken))
}

fn month(word: &str) -> Option<u32> {
    let short = word.len() == 3 || word == "sept";
    let at = MONTHS
        .iter()
        .position(|name| *name == word || (short && name.starts_with(word)))?;
    u32::try_from(at + 1).ok()
}

/// "two weeks ago", "a couple of days ago", "3 years from now", "a week later" is left alone.
fn ago(units: &[Unit], now: Now) -> Option<Match> {
    let (count, grain, taken) = quantity(units, 0)?;
    let (by, more) = match (word(units, taken), word(units, taken + 1)) {
        ("ago" | "back", _) => (-count, 1),
        ("from", "now" | "today") => (count, 2),
        _ => return None,
    };
    Some((calendar::shifted(grain, now.at, by)?, taken + more))
}

/// "3 weeks", "a couple of days", "half an hour" is left alone: count, unit and units taken.
pub(super) fn quantity(units: &[Unit], from: usize) -> Option<(i64, Grain, usize)> {
    let mut at = from;
    at += usize::from(matches!(
        word(units, at),
        "about" | "around" | "almost" | "nearly" | "like" | "over"
    ));
    let mut count = numbers::count(word(units, at))?;
    if matches!(word(units, at), "a")
        && let Some(few) = numbers::count(word(units, at + 1))
    {
        (count, at) = (few, at + 1);
    }
    at += 1;
    at += usize::from(word(units, at) == "of");
    let (grain, times) = unit(word(units, at))?;
    Some((count.checked_mul(times)?, grain, at + 1 - from))
}

fn unit(word: &str) -> Option<(Grain, i64)> {
    Some(match word {
        "minute" | "minutes" | "min" | "mins" => (Grain::Minute, 1),
        "hour" | "hours" | "hrs" => (Grain::Hour, 1),
        "day" | "days" => (Grain::Day, 1),
        "week" | "weeks" | "wk" | "wks" => (Grain::Week, 1),
        "fortnight" => (Grain::Week, 2),
        "weekend" | "weekends" => (Grain::Weekend, 1),
        "month" | "months" => (Grain::Month, 1),
        "quarter" | "quarters" => (Grain::Quarter, 1),
        "year" | "years" | "yr" | "yrs" => (Grain::Year, 1),
        "decade" | "decades" => (Grain::Decade, 1),
        "century" | "centuries" => (Grain::Century, 1),
        _ => return None,
    })
}

/// "last Friday", "next month", "this weekend", "the past two weeks", "last summer", "next May".
fn qualified(units: &[Unit], now: Now) -> Option<Match> {
    let at = usize::from(word(units, 0) == "the");
    let which = match word(units, at) {
        "last" | "past" | "previous" => -1,
        "this" => 0,
        "next" | "coming" | "following" => 1,
        _ => return None,
    };
    let at = at + 1;
    if which != 0
        && let Some((count, grain, taken)) = quantity(units, at)
    {
        return Some((calendar::stretch(grain, now.at, which * count)?, at + taken));
    }
    if word(units, at) == "day" {
        return None;
    }
    if let Some((grain, 1)) = unit(word(units, at)) {
        return Some((calendar::shifted(grain, now.at, which)?, at + 1));
    }
    if let Some(weekday) = weekday(word(units, at)) {
        let today = now.at.date();
        let this_week = calendar::in_week(today, weekday, 0)?;
        let date = match which {
            -1 if this_week >= today => calendar::in_week(today, weekday, -7)?,
            1 if this_week <= today => calendar::in_week(today, weekday, 7)?,
            _ => this_week,
        };
        return Some((Span::day(date)?, at + 1));
    }
    if let Some(month) = month(word(units, at)) {
        let span = calendar::yearly(now, Some(which), |year| Span::months(year, month, 1))?;
        return Some((span, at + 1));
    }
    let rest = units.get(at..).filter(|rest| !rest.is_empty())?;
    let (span, taken) =
        season(rest, now, Some(which)).or_else(|| holiday(rest, now, Some(which)))?;
    Some((span, at + taken))
}

/// "Friday" alone: the one that is looked for, today included.
pub(super) fn weekday_alone(units: &[Unit], now: Now) -> Option<Match> {
    let name = units.first()?;
    let weekday = weekday(&name.word).filter(|_| name.capital || name.word.len() > 4)?;
    let today = now.at.date();
    let ahead = i64::from(
        (7 + weekday.num_days_from_monday() - today.weekday().num_days_from_monday()) % 7,
    );
    let by = match now.looking {
        Looking::Around if ahead > 3 => ahead - 7,
        Looking::Back if ahead > 0 => ahead - 7,
        Looking::Around | Looking::Back | Looking::Ahead => ahead,
    };
    Some((Span::day(calendar::add_days(today, by)?)?, 1))
}

fn weekday(word: &str) -> Option<Weekday> {
    Some(match word {
        "monday" | "mon" => Weekday::Mon,
        "tuesday" | "tue" | "tues" => Weekday::Tue,
        "wednesday" | "wed" => Weekday::Wed,
        "thursday" | "thu" | "thur" | "thurs" => Weekday::Thu,
        "friday" | "fri" => Weekday::Fri,
        "saturday" | "sat" => Weekday::Sat,
        "sunday" | "sun" => Weekday::Sun,
        _ => return None,
    })
}

/// "summer 2021", "summer of 2021", and with a `which` "last summer"; "summer" alone is no date.
fn season(units: &[Unit], now: Now, which: Option<i64>) -> Option<Match> {
    let first = match word(units, 0) {
        "spring" => 3,
        "summer" => 6,
        "autumn" | "fall" => 9,
        "winter" => 12,
        _ => return None,
    };
    let of = usize::from(word(units, 1) == "of");
    if let Some(year) = numbers::year(word(units, 1 + of), true) {
        return Some((Span::months(year, first, 3)?, 2 + of));
    }
    Some((
        calendar::yearly(now, Some(which?), |year| Span::months(year, first, 3))?,
        1,
    ))
}

/// Feasts with a fixed date; "Christmas 2021".
fn holiday(units: &[Unit], now: Now, which: Option<i64>) -> Option<Match> {
    let (month, day, taken) = match (word(units, 0), word(units, 1)) {
        ("christmas", "eve") => (12, 24, 2),
        ("christmas", "day") => (12, 25, 2),
        ("christmas" | "xmas", _) => (12, 25, 1),
        ("new", "year") if word(units, 2) == "eve" => (12, 31, 3),
        ("new", "year") if word(units, 2) == "day" => (1, 1, 3),
        ("halloween", _) => (10, 31, 1),
        ("valentine", "day") => (2, 14, 2),
        _ => return None,
    };
    // "Christmas tree" is a thing, not a time.
    const THINGS: &str = "tree party present presents gift gifts card cards dinner movie movies lights market cookies cheer spirit \
        carols decorations costume candy";
    let next = word(units, taken);
    if !next.is_empty() && THINGS.split_whitespace().any(|thing| thing == next) {
        return None;
    }
    let on = |year| Span::day(NaiveDate::from_ymd_opt(year, month, day)?);
    if let Some(year) = numbers::year(word(units, taken), true) {
        return Some((on(year)?, taken + 1));
    }
    Some((calendar::yearly(now, which, on)?, taken))
}

/// "the 1990s", "the '90s".
fn decade(units: &[Unit]) -> Option<Match> {
    let at = usize::from(word(units, 0) == "the");
    let digits = numbers::digits(word(units, at), 4)?;
    if word(units, at + 1) != "s" || digits % 10 != 0 {
        return None;
    }
    let first = match word(units, at).len() {
        4 => digits,
        2 if at == 1 => {
            if digits >= 30 {
                1900 + digits
            } else {
                2000 + digits
            }
        }
        _ => return None,
    };
    Some((Span::years(i32::try_from(first).ok()?, 10)?, at + 2))
}
