//! A circuit breaker: after some failures in a row a service is left alone for a while, longer each time, then tried once.
//! It is kept in the store, so that the next process is as patient as this one.

use crate::error::Result;
use chrono::{Duration, NaiveDateTime};
use duckdb::{Connection, OptionalExt, params};
use md5::{Digest, Md5};

/// Failures in a row before the circuit opens.
const PATIENCE: i32 = 3;
/// The first pause, doubled with every failure after that.
const FIRST_PAUSE: i64 = 5;
/// The longest pause, in seconds.
const LONGEST_PAUSE: i64 = 600;

/// Whether a service may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// It answered last time, or has failed only a few times.
    Closed,
    /// It is left alone until the time to try again.
    Open,
    /// The pause is over: the next attempt decides.
    HalfOpen,
}

impl BreakerState {
    /// As `codex health` shows it.
    pub fn as_str(self) -> &'static str {
        match self {
            BreakerState::Closed => "closed",
            BreakerState::Open => "open",
            BreakerState::HalfOpen => "half-open",
        }
    }
}

/// What is known of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Breaker {
    /// Failures since the last success.
    pub failures: i32,
    /// When to try again, UTC; none while closed.
    pub retry_at: Option<NaiveDateTime>,
    /// What the last failure said.
    pub last_error: Option<String>,
    /// When that was, UTC.
    pub failed_at: Option<NaiveDateTime>,
}

impl Breaker {
    /// What the store knows of `service`; closed where it knows nothing.
    ///
    /// # Errors
    /// Failed when the store cannot be read.
    pub fn of(conn: &Connection, service: &str) -> Result<Breaker> {
        let found = conn
            .query_row(
                "SELECT failures, retry_at, last_error, failed_at FROM codex.breakers WHERE service = ?",
                [service],
                |r| {
                    Ok(Breaker {
                        failures: r.get(0)?,
                        retry_at: r.get(1)?,
                        last_error: r.get(2)?,
                        failed_at: r.get(3)?,
                    })
                },
            )
            .optional()?;
        Ok(found.unwrap_or_default())
    }

    /// Its state at `now`.
    pub fn state(&self, now: NaiveDateTime) -> BreakerState {
        match self.retry_at {
            None => BreakerState::Closed,
            // A clock that was set back must not keep it open for long.
            Some(at) if now < at && at - now <= Duration::seconds(2 * LONGEST_PAUSE) => {
                BreakerState::Open
            }
            Some(_) => BreakerState::HalfOpen,
        }
    }

    /// Notes that the service answered.
    ///
    /// # Errors
    /// Failed when the store cannot be written.
    pub fn succeeded(conn: &Connection, service: &str) -> Result<()> {
        // Nothing is written where nothing was wrong.
        if Breaker::of(conn, service)? != Breaker::default() {
            conn.execute("DELETE FROM codex.breakers WHERE service = ?", [service])?;
        }
        Ok(())
    }

    /// Notes a failure at `now`; the third in a row opens the circuit.
    ///
    /// # Errors
    /// Failed when the store cannot be written.
    pub fn failed(
        conn: &Connection,
        service: &str,
        error: &str,
        now: NaiveDateTime,
    ) -> Result<Breaker> {
        let failures = Breaker::of(conn, service)?.failures.saturating_add(1);
        let next = Breaker {
            failures,
            retry_at: (failures >= PATIENCE).then(|| now + pause(service, failures, now)),
            last_error: Some(error.chars().take(1000).collect()),
            failed_at: Some(now),
        };
        conn.execute("DELETE FROM codex.breakers WHERE service = ?", [service])?;
        conn.execute(
            "INSERT INTO codex.breakers VALUES (?, ?, ?, ?, ?)",
            params![service, next.failures, next.retry_at, next.last_error, now],
        )?;
        Ok(next)
    }
}

/// Doubled with every failure, and up to a quarter longer or shorter, so that many do not come back at once. The jitter is a
/// hash, not chance.
fn pause(service: &str, failures: i32, now: NaiveDateTime) -> Duration {
    let doublings = u32::try_from(failures - PATIENCE).unwrap_or(0).min(16);
    let seconds = (FIRST_PAUSE << doublings).min(LONGEST_PAUSE);
    let digest = Md5::digest(format!("{service}/{failures}/{}/{now}", std::process::id()));
    let jitter = i64::from(digest[0]) - 128;
    Duration::milliseconds(seconds * 1000 + seconds * 1000 * jitter / 512)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warehouse::Warehouse;

    fn at(second: i64) -> NaiveDateTime {
        NaiveDateTime::default() + Duration::seconds(second)
    }

    #[test]
    fn three_failures_open_it_longer_each_time_and_a_success_closes_it() {
        let store = Warehouse::in_memory(1).unwrap();
        let conn = store.conn();
        for second in 0..2 {
            let breaker = Breaker::failed(conn, "postgres", "no", at(second)).unwrap();
            assert_eq!(breaker.state(at(second)), BreakerState::Closed);
        }
        let mut last = Duration::zero();
        for second in 2..6 {
            let breaker = Breaker::failed(conn, "postgres", "no", at(second)).unwrap();
            assert_eq!(breaker.state(at(second)), BreakerState::Open);
            let pause = breaker.retry_at.unwrap() - at(second);
            assert!(pause > last, "{pause} after {last}");
            last = pause;
            assert_eq!(breaker.state(at(second) + pause), BreakerState::HalfOpen);
        }
        Breaker::succeeded(conn, "postgres").unwrap();
        let breaker = Breaker::of(conn, "postgres").unwrap();
        assert_eq!(breaker, Breaker::default());
        assert_eq!(breaker.state(at(9)), BreakerState::Closed);
    }

    #[test]
    fn no_pause_is_longer_than_its_limit_and_a_quarter() {
        for failures in 3..60 {
            let pause = pause("postgres", failures, at(0));
            assert!(pause <= Duration::seconds(LONGEST_PAUSE * 5 / 4), "{pause}");
            assert!(pause >= Duration::seconds(3), "{pause}");
        }
    }
}
