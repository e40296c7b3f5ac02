//! Scores as exact decimals.

use crate::error::{Error, Result};
use duckdb::types::Value;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::iter::Sum;

/// Millionths: sums of scores are exact, and a score is the same on every machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score(pub i64);

impl Score {
    /// Reads a DECIMAL of at most six places.
    pub(super) fn from_sql(value: &Value) -> Result<Score> {
        let Value::Decimal(decimal) = value else {
            return Err(Error::failed(format!("{value:?} is no DECIMAL")));
        };
        let text = decimal.to_string();
        parse(&text).ok_or_else(|| {
            Error::failed(format!(
                "{text} is no score: it has more than six decimal places"
            ))
        })
    }

    /// A share of one, to the nearest millionth.
    pub fn from_share(share: f64) -> Score {
        Score((share.clamp(0.0, 1.0) * 1e6).round() as i64)
    }

    /// The value as a float, for display and comparison.
    pub fn value(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

fn parse(text: &str) -> Option<Score> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if fraction.len() > 6 {
        return None;
    }
    let fraction: i64 = format!("{fraction:0<6}").parse().ok()?;
    Some(Score(
        sign * (whole
            .parse::<i64>()
            .ok()?
            .checked_mul(1_000_000)?
            .checked_add(fraction)?),
    ))
}

impl Sum for Score {
    fn sum<I: Iterator<Item = Score>>(scores: I) -> Score {
        Score(scores.map(|s| s.0).sum())
    }
}

impl fmt::Display for Score {
    /// With six decimals: `-0.100000`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        write!(
            f,
            "{sign}{}.{:06}",
            magnitude / 1_000_000,
            magnitude % 1_000_000
        )
    }
}

impl Serialize for Score {
    /// A JSON number whose decimals are exactly the score's: the shortest text of the nearest float.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.value())
    }
}

impl<'de> Deserialize<'de> for Score {
    /// Exact: millionths are far coarser than a float's last digit.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Score, D::Error> {
        let value = f64::deserialize(deserializer)?;
        Ok(Score((value * 1e6).round() as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_and_written_exactly() {
        for (text, millionths) in [
            ("0", 0),
            ("1.5", 1_500_000),
            ("-0.100000", -100_000),
            ("0.000001", 1),
            ("12.345678", 12_345_678),
        ] {
            assert_eq!(parse(text), Some(Score(millionths)), "{text}");
        }
        assert_eq!(parse("0.1234567"), None);
        assert_eq!(Score(-100_000).to_string(), "-0.100000");
        assert_eq!(serde_json::to_string(&Score(812_345)).unwrap(), "0.812345");
        assert_eq!(
            serde_json::to_string(&Score(1))
                .unwrap()
                .parse::<f64>()
                .unwrap(),
            0.000001
        );
    }
}
