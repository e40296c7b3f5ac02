//! When a mind sleeps.
//!
//! A night of a local date is the first moment on the grid 02:00, 02:15, … 04:00 with no event in the half hour before it,
//! at the latest 04:00, so that no conversation is cut in two. Nights without events do not exist: the planner jumps from an
//! event to the night after it, so a date in year 1 costs no more than yesterday.

use crate::memory::to_local;
use chrono::{Datelike, Days, Duration, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};
use chrono_tz::Tz;

const FIRST_MINUTE: i64 = 2 * 60;
const LAST_MINUTE: i64 = 4 * 60;
const GRID_MINUTES: i64 = 15;
const QUIET_MINUTES: i64 = 30;

/// A sleep the planner found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sleep {
    /// Its grid time, UTC; the epoch before it ends here, half-open.
    pub at: NaiveDateTime,
    /// Whether the mind was sent to sleep, out of the grid.
    pub nap: bool,
    /// Whether the week's homeostasis is part of it.
    pub homeostasis: bool,
}

/// The next sleep of a mind whose open epoch began at `epoch_start`, where it is due at `as_of`.
///
/// `first` is the first thing in it that a night has to take up. `events` and `naps` are the times (UTC, sorted) of what happened
/// and kept the mind awake, also before the epoch. `last_night` is the night before, naps left out.
pub fn next_sleep(
    zone: Tz,
    epoch_start: NaiveDateTime,
    last_night: Option<NaiveDateTime>,
    first: Option<NaiveDateTime>,
    events: &[NaiveDateTime],
    naps: &[NaiveDateTime],
    as_of: NaiveDateTime,
) -> Option<Sleep> {
    let night = first.and_then(|event| night_after(zone, epoch_start, event, events));
    // A nap is an event of its own and ends an epoch whether or not anything else happened in it.
    let nap = naps
        .get(naps.partition_point(|n| *n <= epoch_start))
        .copied();
    let (at, nap) = match (night, nap) {
        (Some(night), Some(nap)) if nap <= night => (nap, true),
        (Some(night), _) => (night, false),
        (None, Some(nap)) => (nap, true),
        (None, None) => return None,
    };
    (at <= as_of).then(|| Sleep {
        at,
        nap,
        homeostasis: !nap && ends_a_week(zone, last_night, at),
    })
}

/// The first night after `cursor` whose epoch holds `event`; none at the end of time.
fn night_after(
    zone: Tz,
    cursor: NaiveDateTime,
    event: NaiveDateTime,
    events: &[NaiveDateTime],
) -> Option<NaiveDateTime> {
    let event = event.max(cursor);
    let mut date = local_date(zone, event)?;
    // Two tries are enough: the night of the event's own date, or the next one.
    for _ in 0..3 {
        let night = night_of(zone, date, events)?;
        if night > event && night > cursor {
            return Some(night);
        }
        date = date.checked_add_days(Days::new(1))?;
    }
    None
}

/// The night of a local date: the first quiet moment of its grid, UTC.
fn night_of(zone: Tz, date: NaiveDate, events: &[NaiveDateTime]) -> Option<NaiveDateTime> {
    let mut last = None;
    for minute in (FIRST_MINUTE..=LAST_MINUTE).step_by(GRID_MINUTES as usize) {
        let moment = to_utc(
            zone,
            date.and_time(NaiveTime::MIN) + Duration::minutes(minute),
        )?;
        let quiet_from = moment - Duration::minutes(QUIET_MINUTES);
        let first = events.partition_point(|e| *e <= quiet_from);
        if events.get(first).is_none_or(|e| *e >= moment) {
            return Some(moment);
        }
        last = Some(moment);
    }
    last
}

/// Whether a Sunday began since the previous night: the week's homeostasis belongs to the first night from Sunday on.
fn ends_a_week(zone: Tz, previous: Option<NaiveDateTime>, night: NaiveDateTime) -> bool {
    let Some(date) = local_date(zone, night) else {
        return false;
    };
    let sunday = date - Days::new(u64::from(date.weekday().num_days_from_sunday()));
    match previous.and_then(|p| local_date(zone, p)) {
        Some(previous) => previous < sunday,
        None => date == sunday,
    }
}

fn local_date(zone: Tz, at: NaiveDateTime) -> Option<NaiveDate> {
    Some(to_local(zone, at)?.date())
}

/// A wall-clock time in UTC: a missing one moves forward to the end of the gap, a doubled one counts the first time.
pub fn to_utc(zone: Tz, local: NaiveDateTime) -> Option<NaiveDateTime> {
    if let Some(found) = zone.from_local_datetime(&local).earliest() {
        return Some(found.naive_utc());
    }
    // Gaps are minutes to a day long and begin on a minute; walk to where the clocks go on.
    (1..=24 * 60).find_map(|minutes| {
        let later = local.checked_add_signed(Duration::minutes(minutes))?;
        zone.from_local_datetime(&later)
            .earliest()
            .map(|t| t.naive_utc())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap()
    }

    const DAWN: &str = "0001-01-01 00:00:00";

    fn sleeps(zone: &str, events: &[&str], naps: &[&str], as_of: &str) -> Vec<Sleep> {
        let events: Vec<_> = events.iter().map(|e| at(e)).collect();
        let naps: Vec<_> = naps.iter().map(|n| at(n)).collect();
        let (mut start, mut last_night, mut found) = (at(DAWN), None, Vec::new());
        while let Some(sleep) = next_sleep(
            zone.parse().unwrap(),
            start,
            last_night,
            events.iter().copied().find(|e| *e >= start),
            &events,
            &naps,
            at(as_of),
        ) {
            start = sleep.at;
            last_night = if sleep.nap {
                last_night
            } else {
                Some(sleep.at)
            };
            found.push(sleep);
        }
        found
    }

    fn nights(zone: &str, events: &[&str], as_of: &str) -> Vec<String> {
        sleeps(zone, events, &[], as_of)
            .iter()
            .map(|s| s.at.to_string())
            .collect()
    }

    #[test]
    fn a_quiet_night_begins_at_two_local_time() {
        assert_eq!(
            nights(
                "Europe/Berlin",
                &["2026-01-10 12:00:00"],
                "2026-02-01 00:00:00"
            ),
            ["2026-01-11 01:00:00"]
        );
    }

    #[test]
    fn a_night_waits_for_half_an_hour_of_quiet() {
        let late = [
            "2026-01-10 23:00:00",
            "2026-01-11 01:50:00",
            "2026-01-11 02:10:00",
        ];
        assert_eq!(
            nights("UTC", &late, "2026-01-12 00:00:00"),
            ["2026-01-11 02:45:00"]
        );
    }

    #[test]
    fn a_night_begins_at_four_at_the_latest() {
        let events: Vec<String> = (0..30)
            .map(|i| format!("2026-01-11 0{}:{:02}:00", 1 + i / 6, i % 6 * 10))
            .collect();
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        assert_eq!(
            nights("UTC", &events, "2026-01-13 00:00:00"),
            ["2026-01-11 04:00:00", "2026-01-12 02:00:00"]
        );
    }

    #[test]
    fn nights_without_events_do_not_exist() {
        let events = [
            "0001-01-02 10:00:00",
            "2026-01-10 12:00:00",
            "9998-05-05 05:05:05",
        ];
        assert_eq!(
            nights("UTC", &events, "9999-01-01 00:00:00"),
            [
                "0001-01-03 02:00:00",
                "2026-01-11 02:00:00",
                "9998-05-06 02:00:00"
            ]
        );
    }

    #[test]
    fn a_missing_local_time_moves_forward_and_a_doubled_one_counts_once() {
        // Berlin: 29 March 2026 has no 02:00-02:59; 25 October 2026 has it twice.
        assert_eq!(
            nights(
                "Europe/Berlin",
                &["2026-03-28 12:00:00"],
                "2026-04-01 00:00:00"
            ),
            ["2026-03-29 01:00:00"]
        );
        assert_eq!(
            nights(
                "Europe/Berlin",
                &["2026-10-24 12:00:00"],
                "2026-11-01 00:00:00"
            ),
            ["2026-10-25 00:00:00"]
        );
    }

    #[test]
    fn an_event_at_the_night_itself_belongs_to_the_next_epoch() {
        assert_eq!(
            nights(
                "UTC",
                &["2026-01-10 12:00:00", "2026-01-11 02:00:00"],
                "2026-01-13 00:00:00"
            ),
            ["2026-01-11 02:00:00", "2026-01-12 02:00:00"]
        );
    }

    #[test]
    fn homeostasis_belongs_to_the_first_night_from_sunday_on() {
        // 2026-01-11 is a Sunday; nothing happens on Saturday, so Monday's night catches up.
        let events = [
            "2026-01-09 10:00:00",
            "2026-01-11 10:00:00",
            "2026-01-12 10:00:00",
        ];
        let sleeps = sleeps("UTC", &events, &[], "2026-02-01 00:00:00");
        assert_eq!(
            sleeps.iter().map(|s| s.homeostasis).collect::<Vec<_>>(),
            [false, true, false]
        );
    }

    #[test]
    fn what_is_taken_up_at_any_hour_waits_for_the_quiet_of_the_events() {
        // An answer of a model came in the morning; people talked until 02:40.
        let events = [
            "2026-01-11 01:45:00",
            "2026-01-11 02:10:00",
            "2026-01-11 02:40:00",
        ]
        .map(at);
        let answered = Some(at("2026-01-10 10:00:00"));
        let sleep = next_sleep(
            Tz::UTC,
            at(DAWN),
            None,
            answered,
            &events,
            &[],
            at("2026-01-12 00:00:00"),
        );
        assert_eq!(sleep.unwrap().at, at("2026-01-11 03:15:00"));
    }

    #[test]
    fn a_nap_ends_the_epoch_at_once_and_the_night_comes_only_if_something_follows() {
        let sleeps = sleeps(
            "UTC",
            &["2026-01-09 10:00:00"],
            &["2026-01-09 11:00:00"],
            "2026-02-01 00:00:00",
        );
        assert_eq!(
            sleeps,
            [Sleep {
                at: at("2026-01-09 11:00:00"),
                nap: true,
                homeostasis: false
            }]
        );
    }
}
