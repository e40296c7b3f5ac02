//! Spans of the calendar, checked: every function gives nothing outside the years 1 to 9999.

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};

/// A half-open range of local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first moment.
    pub start: NaiveDateTime,
    /// The first moment after it.
    pub end: NaiveDateTime,
}

/// Where a date without its year, or a weekday, lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looking {
    /// The nearest one in either direction.
    Around,
    /// The latest that has begun: what happened.
    Back,
    /// The first that is not over: what will be.
    Ahead,
}

/// The local time at which a text was written, and where it looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    pub(super) at: NaiveDateTime,
    pub(super) looking: Looking,
}

/// A calendar unit. Weeks begin on Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grain {
    Minute,
    Hour,
    Day,
    Week,
    Weekend,
    Month,
    Quarter,
    Year,
    Decade,
    Century,
}

/// The months in lower-case English, January first.
pub const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The lower-case English name of the month 1 to 12.
pub(super) fn month_name(month: u32) -> &'static str {
    MONTHS[(month as usize).clamp(1, 12) - 1]
}

impl Span {
    /// A span within the years 1 to 9999 that is not empty.
    pub(super) fn new(start: NaiveDateTime, end: NaiveDateTime) -> Option<Self> {
        let last = NaiveDate::from_ymd_opt(10_000, 1, 1)?.and_time(NaiveTime::MIN);
        (start.year() >= 1 && end <= last && start < end).then_some(Self { start, end })
    }

    pub(super) fn days(first: NaiveDate, count: u64) -> Option<Self> {
        let end = first.checked_add_days(Days::new(count))?;
        Self::new(first.and_time(NaiveTime::MIN), end.and_time(NaiveTime::MIN))
    }

    pub(super) fn day(date: NaiveDate) -> Option<Self> {
        Self::days(date, 1)
    }

    pub(super) fn months(year: i32, month: u32, count: u32) -> Option<Self> {
        let first = NaiveDate::from_ymd_opt(year, month, 1)?;
        let end = first.checked_add_months(Months::new(count))?;
        Self::new(first.and_time(NaiveTime::MIN), end.and_time(NaiveTime::MIN))
    }

    pub(super) fn years(first: i32, count: u32) -> Option<Self> {
        Self::months(first, 1, count.checked_mul(12)?)
    }

    /// The hours `from..to` of the span's first day; `to` may pass 24.
    pub(super) fn hours(self, from: i64, to: i64) -> Option<Self> {
        let midnight = self.start.date().and_time(NaiveTime::MIN);
        Self::new(
            midnight.checked_add_signed(TimeDelta::hours(from))?,
            midnight.checked_add_signed(TimeDelta::hours(to))?,
        )
    }

    pub(super) fn is_one_day(self) -> bool {
        self.end - self.start == TimeDelta::days(1)
    }

    /// How far the span's middle is from a moment.
    pub(super) fn distance(self, now: NaiveDateTime) -> TimeDelta {
        (self.start + (self.end - self.start) / 2 - now).abs()
    }
}

/// The unit that contains `now`, shifted by `by` units.
pub(super) fn shifted(grain: Grain, now: NaiveDateTime, by: i64) -> Option<Span> {
    if by.unsigned_abs() > 200_000_000 {
        return None;
    }
    let today = now.date();
    match grain {
        Grain::Minute => moment(
            now.checked_add_signed(TimeDelta::minutes(by))?,
            TimeDelta::minutes(1),
        ),
        Grain::Hour => moment(
            now.checked_add_signed(TimeDelta::hours(by))?,
            TimeDelta::hours(1),
        ),
        Grain::Day => Span::day(add_days(today, by)?),
        Grain::Week => Span::days(add_days(monday(today)?, by.checked_mul(7)?)?, 7),
        Grain::Weekend => Span::days(
            add_days(monday(today)?, by.checked_mul(7)?.checked_add(5)?)?,
            2,
        ),
        Grain::Month => {
            let (year, month) = month_shifted(today, by)?;
            Span::months(year, month, 1)
        }
        Grain::Quarter => {
            let (year, month) = month_shifted(today, by.checked_mul(3)?)?;
            Span::months(year, (month - 1) / 3 * 3 + 1, 3)
        }
        Grain::Year => Span::years(year_shifted(today.year(), by)?, 1),
        Grain::Decade => Span::years(
            year_shifted(today.year().div_euclid(10) * 10, by.checked_mul(10)?)?,
            10,
        ),
        Grain::Century => Span::years(
            year_shifted(today.year().div_euclid(100) * 100, by.checked_mul(100)?)?,
            100,
        ),
    }
}

/// The range from `by` units away to now, or from now to there.
pub(super) fn stretch(grain: Grain, now: NaiveDateTime, by: i64) -> Option<Span> {
    let away = match grain {
        Grain::Minute => now.checked_add_signed(TimeDelta::try_minutes(by)?)?,
        Grain::Hour => now.checked_add_signed(TimeDelta::try_hours(by)?)?,
        Grain::Day => now.checked_add_signed(TimeDelta::try_days(by)?)?,
        Grain::Week | Grain::Weekend => now.checked_add_signed(TimeDelta::try_weeks(by)?)?,
        Grain::Month => add_months(now, by)?,
        Grain::Quarter => add_months(now, by.checked_mul(3)?)?,
        Grain::Year => add_months(now, by.checked_mul(12)?)?,
        Grain::Decade => add_months(now, by.checked_mul(120)?)?,
        Grain::Century => add_months(now, by.checked_mul(1200)?)?,
    };
    if away < now {
        Span::new(away, now)
    } else {
        Span::new(now, away)
    }
}

fn moment(start: NaiveDateTime, length: TimeDelta) -> Option<Span> {
    let grain = length.num_seconds();
    let past = start.and_utc().timestamp().rem_euclid(grain);
    let whole = start.date().and_hms_opt(0, 0, 0)?;
    let seconds = (start - whole).num_seconds() - past;
    let start = whole.checked_add_signed(TimeDelta::seconds(seconds))?;
    Span::new(start, start.checked_add_signed(length)?)
}

pub(super) fn monday(date: NaiveDate) -> Option<NaiveDate> {
    date.checked_sub_days(Days::new(u64::from(date.weekday().num_days_from_monday())))
}

pub(super) fn add_days(date: NaiveDate, by: i64) -> Option<NaiveDate> {
    date.checked_add_signed(TimeDelta::try_days(by)?)
}

fn add_months(now: NaiveDateTime, by: i64) -> Option<NaiveDateTime> {
    let months = Months::new(u32::try_from(by.unsigned_abs()).ok()?);
    if by < 0 {
        now.checked_sub_months(months)
    } else {
        now.checked_add_months(months)
    }
}

fn month_shifted(date: NaiveDate, by: i64) -> Option<(i32, u32)> {
    let months = i64::from(date.year()) * 12 + i64::from(date.month0()) + by;
    Some((
        i32::try_from(months.div_euclid(12)).ok()?,
        u32::try_from(months.rem_euclid(12)).ok()? + 1,
    ))
}

pub(super) fn year_shifted(year: i32, by: i64) -> Option<i32> {
    i32::try_from(i64::from(year).checked_add(by)?)
        .ok()
        .filter(|year| (1..=9999).contains(year))
}

/// The weekday's date in the week of `date` plus `by` days.
pub(super) fn in_week(date: NaiveDate, weekday: Weekday, by: i64) -> Option<NaiveDate> {
    add_days(
        monday(date)?,
        i64::from(weekday.num_days_from_monday()) + by,
    )
}

/// Of a yearly span, the latest that is over (`-1`), the one of this year (0), the first to begin (1), or the one that is looked for.
pub(super) fn yearly(
    now: Now,
    which: Option<i64>,
    of: impl Fn(i32) -> Option<Span>,
) -> Option<Span> {
    let years = [-1, 0, 1]
        .into_iter()
        .filter_map(|by| year_shifted(now.at.year(), by));
    let mut spans = years.filter_map(&of);
    match (which, now.looking) {
        (Some(-1), _) => spans.filter(|span| span.end <= now.at).last(),
        (Some(1), _) => spans.find(|span| span.start > now.at),
        (Some(_), _) => of(now.at.year()),
        (None, Looking::Back) => spans.filter(|span| span.start <= now.at).last(),
        (None, Looking::Ahead) => spans.find(|span| span.end > now.at),
        (None, Looking::Around) => spans.min_by_key(|span| (span.distance(now.at), span.start)),
    }
}
