//! The one place that asks the system clock. Everything else is told the time.

use chrono::{NaiveDateTime, Timelike, Utc};

/// Now, in UTC, to the microsecond (DuckDB's resolution).
pub fn now() -> NaiveDateTime {
    let now = Utc::now().naive_utc();
    now.with_nanosecond(now.nanosecond() / 1_000 * 1_000)
        .unwrap_or(now)
}

/// A moment in UTC as machines read it.
pub fn rfc3339(at: NaiveDateTime) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
