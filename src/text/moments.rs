//! Moments and durations as people write them.

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime};

/// Reads RFC 3339, or `YYYY-MM-DD[ HH:MM[:SS]]` in UTC.
///
/// # Errors
/// How to write it.
pub fn moment(text: &str) -> Result<NaiveDateTime, String> {
    let text = text.trim();
    let spaced = text.replacen('T', " ", 1);
    let read = DateTime::parse_from_rfc3339(text)
        .map(|at| at.naive_utc())
        .ok()
        .or_else(|| {
            ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S%.f"]
                .iter()
                .find_map(|format| NaiveDateTime::parse_from_str(&spaced, format).ok())
        })
        .or_else(|| {
            NaiveDate::parse_from_str(text, "%Y-%m-%d")
                .ok()?
                .and_hms_opt(0, 0, 0)
        });
    match read {
        Some(at) if (1..=9999).contains(&at.year()) => Ok(at),
        Some(_) => Err("the year has to be from 1 to 9999".to_owned()),
        None => Err(
            "write it as 2026-03-16T12:00:00Z, 2026-03-16 12:00, or 2026-03-16 (UTC)".to_owned(),
        ),
    }
}

/// Reads a number and a unit: `90s`, `30m`, `24h`, `7d`, `2w`.
///
/// # Errors
/// How to write it.
pub fn duration(text: &str) -> Result<Duration, String> {
    const HOW: &str = "write a number and a unit, such as 30m, 24h, 7d or 2w";
    let text = text.trim();
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).ok_or(HOW)?;
    let number: i64 = text[..unit_at].parse().map_err(|_| HOW)?;
    let seconds = match &text[unit_at..] {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return Err(HOW.to_owned()),
    };
    // A hundred years are enough for a period, and far from chrono's ends.
    number
        .checked_mul(seconds)
        .filter(|seconds| (1..=3_155_760_000).contains(seconds))
        .map(Duration::seconds)
        .ok_or_else(|| "a period lasts from one second to a hundred years".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_people_write_them() {
        for (text, expected) in [
            ("2026-03-16T12:00:00Z", "2026-03-16 12:00:00"),
            ("2026-03-16T12:00:00+01:00", "2026-03-16 11:00:00"),
            ("2026-03-16 12:00", "2026-03-16 12:00:00"),
            ("2026-03-16T12:00:05", "2026-03-16 12:00:05"),
            ("2026-03-16", "2026-03-16 00:00:00"),
        ] {
            assert_eq!(moment(text).unwrap().to_string(), expected, "{text}");
        }
        for text in [
            "",
            "tomorrow",
            "2026-13-01",
            "+12026-01-01",
            "2026-03-16 25:00",
        ] {
            assert!(moment(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_have_a_unit_and_an_end() {
        assert_eq!(duration("24h"), Ok(Duration::days(1)));
        assert_eq!(duration("2w"), Ok(Duration::days(14)));
        for text in [
            "",
            "7",
            "d",
            "-1d",
            "0d",
            "7 days",
            "99999999999999999999d",
            "9999999999w",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
