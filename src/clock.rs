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

/// Times of UTC in JSON, as RFC 3339 with a Z: for `#[serde(with = "clock::utc")]`.
pub mod utc {
    use chrono::NaiveDateTime;
    use serde::{Deserialize, Deserializer, Serializer, de};

    const FORMAT: &str = "%Y-%m-%dT%H:%M:%S%.fZ";

    /// Writes a time.
    ///
    /// # Errors
    /// What the serializer says.
    pub fn serialize<S: Serializer>(at: &NaiveDateTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&at.format(FORMAT))
    }

    /// Reads a time.
    ///
    /// # Errors
    /// When it is no such time.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<NaiveDateTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        NaiveDateTime::parse_from_str(&text, FORMAT).map_err(de::Error::custom)
    }
}
