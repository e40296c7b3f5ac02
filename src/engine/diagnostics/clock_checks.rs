//! Checks that depend on what time it is, which no view may ask: nights that are overdue, and nights ahead of the clock.

use super::HealthCheck;
use crate::clock::rfc3339;
use crate::cycle::{self, MindAhead, Overdue};
use crate::engine::Engine;
use crate::error::Result;
use crate::memory::{Mind, all_minds};
use chrono::NaiveDateTime;

/// Hours a night may be overdue before it is a worry, and before it is an alarm: a machine that is off for a weekend is neither.
const OVERDUE_HOURS: (f64, f64) = (48.0, 168.0);

impl Engine {
    /// The checks of each mind, or of one, that need the clock.
    pub(super) fn clock_checks(
        &self,
        mind: Option<&Mind>,
        now: NaiveDateTime,
    ) -> Result<Vec<HealthCheck>> {
        let conn = self.warehouse.conn();
        let ahead = cycle::minds_ahead(conn, now, mind.map(|mind| mind.id))?;
        let overdue = cycle::overdue(&self.warehouse, self.pipeline(), now)?;
        let minds = match mind {
            Some(mind) => vec![mind.clone()],
            None => all_minds(conn)?,
        };
        let mut checks = Vec::new();
        for mind in &minds {
            let late = overdue.iter().find(|overdue| overdue.mind == mind.id);
            checks.push(hours_without_night(mind, late, now));
            let ahead = ahead.iter().find(|ahead| ahead.mind == mind.name);
            checks.push(night_ahead(mind, ahead, now));
        }
        Ok(checks)
    }
}

/// How long a night is overdue, from when the memories it takes up could have slept.
fn hours_without_night(mind: &Mind, overdue: Option<&Overdue>, now: NaiveDateTime) -> HealthCheck {
    let (warning, critical) = OVERDUE_HOURS;
    let hours = overdue.map_or(0.0, |overdue| hours(now - overdue.since).max(0.0));
    let (alert_level, threshold) = if hours >= critical {
        ("CRITICAL", critical)
    } else if hours >= warning {
        ("WARNING", warning)
    } else {
        ("OK", warning)
    };
    HealthCheck {
        mind: mind.name.clone(),
        check: "hours_without_night".to_owned(),
        alert_level: alert_level.to_owned(),
        value: Some(hours),
        threshold: Some(threshold),
        since: overdue.map(|overdue| rfc3339(overdue.since)),
        what_to_do: (alert_level != "OK")
            .then(|| "a night is overdue: run `codex consolidate`, or start the daemon".to_owned()),
    }
}

/// How far the last night lies ahead of the clock.
fn night_ahead(mind: &Mind, ahead: Option<&MindAhead>, now: NaiveDateTime) -> HealthCheck {
    let hours = ahead.map_or(0.0, |ahead| hours(ahead.night_at - now));
    // An hour is a correction of the clock, which time makes up for.
    let (alert_level, what_to_do) = match ahead {
        Some(ahead) if hours >= 1.0 && ahead.false_nights > 0 => (
            "CRITICAL",
            Some(format!(
                "a clock that was wrong, then or now, had it live a night at {} UTC: if the clock is right now, `codex consolidate` takes that night back",
                ahead.night_at.format("%Y-%m-%d %H:%M")
            )),
        ),
        Some(ahead) if hours >= 1.0 => (
            "WARNING",
            Some(format!(
                "it was sent ahead to {} UTC and waits until then: `codex consolidate --rebuild` lives its log anew",
                ahead.night_at.format("%Y-%m-%d %H:%M")
            )),
        ),
        _ => ("OK", None),
    };
    HealthCheck {
        mind: mind.name.clone(),
        check: "night_ahead_of_clock".to_owned(),
        alert_level: alert_level.to_owned(),
        value: Some(hours),
        threshold: Some(1.0),
        since: None,
        what_to_do,
    }
}

/// A span in whole hours.
fn hours(span: chrono::Duration) -> f64 {
    span.num_hours() as f64
}
