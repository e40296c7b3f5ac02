//! The phrases. Each function takes the units from a position on and gives the span and how many units it took.

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use super::calendar::{self, Looking, Now, Span};
use super::lexer::Unit;
use super::numbers;
use super::phrases::{date, quantity, weekday_alone};

pub(super) type Match = (Span, usize);

/// The longest expression that begins at the first unit.
pub(super) fn expression(units: &[Unit], now: Now) -> Option<Match> {
    let first = units.first()?;
    let preposition = matches!(
        first.word.as_str(),
        "on" | "at" | "in" | "by" | "since" | "until" | "during" | "from"
    );
    let timed = time_then_date(units, now);
    if timed.is_some() {
        return timed;
    }
    if !preposition {
        return date_then_time(units, now);
    }
    // Only a bare number needs its preposition to be a time: "in 2022", but "on Friday" → "Friday".
    match first.word.as_str() {
        "in" => in_phrase(units, now),
        "since" | "until" | "by" | "during" | "from" => {
            let (year, _) = bare_year(units.get(1)?)?;
            Some((year, 2))
        }
        _ => None,
    }
}

pub(super) fn word(units: &[Unit], at: usize) -> &str {
    match units.get(at) {
        Some(unit) if at == 0 || unit.joined => &unit.word,
        _ => "",
    }
}

/// "in 2022", "in two weeks", "in May".
fn in_phrase(units: &[Unit], now: Now) -> Option<Match> {
    if let Some((year, _)) = units.get(1).filter(|unit| unit.joined).and_then(bare_year) {
        return Some((year, 2));
    }
    if let Some((count, grain, taken)) = quantity(units, 1) {
        let after = word(units, 1 + taken);
        if matches!(after, "ago" | "before") {
            return None;
        }
        let span = calendar::shifted(grain, now.at, count)?;
        return Some((span, 1 + taken));
    }
    None
}

fn bare_year(unit: &Unit) -> Option<Match> {
    Some((Span::years(numbers::year(&unit.word, true)?, 1)?, 1))
}

/// "5pm yesterday", "at 5:30 on Friday", "at noon".
fn time_then_date(units: &[Unit], now: Now) -> Option<Match> {
    let at = usize::from(matches!(word(units, 0), "at" | "by" | "around" | "@"));
    let (time, grain, taken) = time_of_day(&units[at.min(units.len())..])?;
    let mut used = at + taken;
    let skip = usize::from(matches!(word(units, used), "on" | "of"));
    if !word(units, used + skip).is_empty()
        && let Some((span, more)) = date(&units[used + skip..], now)
        && span.is_one_day()
    {
        used += skip + more;
        return Some((at_time(span.start.date(), time, grain)?, used));
    }
    Some((at_time(now.at.date(), time, grain)?, used))
}

/// "tomorrow morning", "8 May 2023 at 5pm", "Friday night".
fn date_then_time(units: &[Unit], now: Now) -> Option<Match> {
    let (span, taken) = hours_of_a_date(units, now)?;
    // A weekday's evening that has not begun is last week's, where one looks back.
    if now.looking == Looking::Back && span.start > now.at && weekday_alone(units, now).is_some() {
        let week = TimeDelta::weeks(1);
        let earlier = Span::new(
            span.start.checked_sub_signed(week)?,
            span.end.checked_sub_signed(week)?,
        )?;
        return Some((earlier, taken));
    }
    Some((span, taken))
}

fn hours_of_a_date(units: &[Unit], now: Now) -> Option<Match> {
    let (span, taken) = date(units, now)?;
    if !span.is_one_day() {
        return Some((span, taken));
    }
    if let Some((from, to)) = day_part(word(units, taken)) {
        return Some((span.hours(from, to)?, taken + 1));
    }
    if word(units, taken) == "in"
        && word(units, taken + 1) == "the"
        && let Some((from, to)) = day_part(word(units, taken + 2))
    {
        return Some((span.hours(from, to)?, taken + 3));
    }
    let skip = usize::from(matches!(word(units, taken), "at" | "by" | "around"));
    if !word(units, taken + skip).is_empty()
        && let Some((time, grain, more)) = time_of_day(&units[taken + skip..])
    {
        return Some((
            at_time(span.start.date(), time, grain)?,
            taken + skip + more,
        ));
    }
    Some((span, taken))
}

fn at_time(date: NaiveDate, time: NaiveTime, grain: TimeDelta) -> Option<Span> {
    let start = date.and_time(time);
    Span::new(start, start.checked_add_signed(grain)?)
}

/// "5pm", "5:30 p.m.", "17:00", "5 o'clock", "noon"; a bare "5" is no time.
fn time_of_day(units: &[Unit]) -> Option<(NaiveTime, TimeDelta, usize)> {
    let first = word(units, 0);
    match first {
        "noon" | "midday" => {
            return Some((NaiveTime::from_hms_opt(12, 0, 0)?, TimeDelta::hours(1), 1));
        }
        "midnight" => return Some((NaiveTime::MIN, TimeDelta::hours(1), 1)),
        _ => {}
    }
    let (hour, minute, grain) = match first.split_once(':') {
        Some((hour, rest)) => {
            let minute = rest.split(':').next().filter(|minute| minute.len() == 2)?;
            (
                numbers::digits(hour, 2)?,
                numbers::digits(minute, 2)?,
                TimeDelta::minutes(1),
            )
        }
        None => (
            numbers::count(first).filter(|_| !matches!(first, "a" | "an" | "couple" | "few"))?,
            0,
            TimeDelta::hours(1),
        ),
    };
    let (noon_shift, taken) = match (word(units, 1), word(units, 2)) {
        ("am", _) => (Some(0), 2),
        ("pm", _) => (Some(12), 2),
        ("a", "m") => (Some(0), 3),
        ("p", "m") => (Some(12), 3),
        ("o'clock", _) => (None, 2),
        _ if first.contains(':') => (None, 1),
        _ => return None,
    };
    let hour = match noon_shift {
        Some(shift) if (1..=12).contains(&hour) => hour % 12 + shift,
        Some(_) => return None,
        None => hour,
    };
    Some((
        NaiveTime::from_hms_opt(u32::try_from(hour).ok()?, u32::try_from(minute).ok()?, 0)?,
        grain,
        taken,
    ))
}

pub(super) fn day_part(word: &str) -> Option<(i64, i64)> {
    Some(match word {
        "morning" => (6, 12),
        "afternoon" => (12, 18),
        "evening" => (18, 22),
        "night" => (18, 30),
        _ => return None,
    })
}
