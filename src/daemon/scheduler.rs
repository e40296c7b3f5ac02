//! Which rhythms are due, by a clock that whoever asks reads: nothing here waits, so weeks pass in seconds in tests.
//!
//! A rhythm is due once, however many of its looks were missed; it never overlaps itself, since what is not
//! [`finished`](Scheduler::finished) is not due again. After failures in a row it rests, longer each time, and the others go on.

use super::rhythms::Rhythm;
use chrono::{Duration, NaiveDateTime};
use chrono_tz::Tz;
use std::collections::{BTreeMap, BTreeSet};

/// Failures in a row after which a rhythm rests.
const FAILURES: u32 = 3;
/// How long it rests first; twice as long after every further failure.
const FIRST_REST: Duration = Duration::minutes(1);
/// The longest rest.
const LONGEST_REST: Duration = Duration::hours(1);
/// A step back of the clock that is more than correction of its drift.
const STEP_BACK: Duration = Duration::seconds(2);

/// What became of a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// There was nothing to do.
    Nothing,
    /// What was done, in a line.
    Did(String),
    /// Why it failed.
    Failed(String),
}

/// A rhythm and how it goes.
#[derive(Debug, Clone)]
pub struct Beat {
    /// The rhythm.
    pub rhythm: Rhythm,
    /// Its next look, UTC; none where it is switched off.
    pub next: Option<NaiveDateTime>,
    /// When it last looked, UTC.
    pub last: Option<NaiveDateTime>,
    /// When it last found something to do or failed, UTC, and what came of it.
    pub outcome: Option<(NaiveDateTime, Outcome)>,
    /// Looks so far.
    pub looks: u64,
    /// Looks that came while it was still at work, and were left out.
    pub merged: u64,
    /// Failures in a row.
    pub failures: u32,
    /// It rests until then, UTC.
    pub rests_until: Option<NaiveDateTime>,
    /// Whether it is at work.
    pub running: bool,
}

/// The rhythms in force.
#[derive(Debug)]
pub struct Scheduler {
    beats: Vec<Beat>,
    zones: Vec<Tz>,
    paused: BTreeSet<String>,
    now: NaiveDateTime,
}

impl Scheduler {
    /// The rhythms from `now` on (UTC), for minds that live in `zones`. Each looks once as soon as it is asked: what was missed
    /// before is caught up.
    pub fn new(rhythms: Vec<Rhythm>, zones: Vec<Tz>, now: NaiveDateTime) -> Scheduler {
        let beats = rhythms.into_iter();
        Scheduler {
            beats: beats.map(|rhythm| Beat::new(rhythm, now)).collect(),
            zones,
            paused: BTreeSet::new(),
            now,
        }
    }

    /// Puts other rhythms in force; those that keep their name keep their history.
    pub fn replace(&mut self, rhythms: Vec<Rhythm>, now: NaiveDateTime) {
        let mut before: BTreeMap<String, Beat> = self
            .beats
            .drain(..)
            .map(|beat| (beat.rhythm.name.clone(), beat))
            .collect();
        for rhythm in rhythms {
            let next = look_of(&rhythm, now, &self.zones);
            self.beats.push(match before.remove(&rhythm.name) {
                Some(beat) => Beat {
                    next,
                    rests_until: beat.rests_until.filter(|_| rhythm.enabled),
                    rhythm,
                    ..beat
                },
                None => Beat {
                    next,
                    ..Beat::new(rhythm, now)
                },
            });
        }
    }

    /// Minds live in these zones now.
    pub fn set_zones(&mut self, zones: Vec<Tz>) {
        if zones == self.zones {
            return;
        }
        self.zones = zones;
        let now = self.now;
        self.realign(now);
    }

    /// These rhythms rest until they are taken out of the set.
    pub fn set_paused(&mut self, paused: BTreeSet<String>) {
        self.paused = paused;
    }

    /// The rhythms that rest by order.
    pub fn paused(&self) -> &BTreeSet<String> {
        &self.paused
    }

    /// The rhythms with their state.
    pub fn beats(&self) -> &[Beat] {
        &self.beats
    }

    /// The zones of the store's minds.
    pub fn zones(&self) -> &[Tz] {
        &self.zones
    }

    /// The names of the rhythms that look now, in their order in the schedule. Each is at work until it has
    /// [`finished`](Self::finished).
    pub fn due(&mut self, now: NaiveDateTime) -> Vec<String> {
        // A clock that went back would leave rhythms waiting for times that are far off now.
        if now < self.now - STEP_BACK {
            tracing::warn!(from = %self.now, to = %now, "the clock went back");
            self.realign(now);
        }
        self.now = now;
        let mut due = Vec::new();
        for beat in &mut self.beats {
            if beat.next.is_none_or(|next| next > now) {
                continue;
            }
            beat.next = look_of(&beat.rhythm, now, &self.zones);
            if beat.running {
                beat.merged += 1;
                continue;
            }
            let rests = beat.rests_until.is_some_and(|until| now < until);
            if rests || self.paused.contains(&beat.rhythm.name) {
                continue;
            }
            beat.running = true;
            beat.last = Some(now);
            beat.looks += 1;
            due.push(beat.rhythm.name.clone());
        }
        due
    }

    /// When the next rhythm looks.
    pub fn next(&self) -> Option<NaiveDateTime> {
        self.beats.iter().filter_map(|beat| beat.next).min()
    }

    /// A rhythm's look has come to an end.
    pub fn finished(&mut self, name: &str, now: NaiveDateTime, outcome: Outcome) {
        let Some(beat) = self.beats.iter_mut().find(|b| b.rhythm.name == name) else {
            return;
        };
        beat.running = false;
        match &outcome {
            Outcome::Failed(_) => {
                beat.failures += 1;
                if beat.failures >= FAILURES {
                    let doubled = 1 << (beat.failures - FAILURES).min(10);
                    beat.rests_until = Some(now + (FIRST_REST * doubled).min(LONGEST_REST));
                }
            }
            _ => {
                beat.failures = 0;
                beat.rests_until = None;
            }
        }
        if outcome != Outcome::Nothing {
            beat.outcome = Some((now, outcome));
        }
    }

    fn realign(&mut self, now: NaiveDateTime) {
        for beat in &mut self.beats {
            beat.next = look_of(&beat.rhythm, now, &self.zones);
            beat.rests_until = None;
        }
    }
}

/// A rhythm's next look after `now`; one that is switched off never looks.
fn look_of(rhythm: &Rhythm, now: NaiveDateTime, zones: &[Tz]) -> Option<NaiveDateTime> {
    rhythm.enabled.then(|| rhythm.next(now, zones))?
}

impl Beat {
    fn new(rhythm: Rhythm, now: NaiveDateTime) -> Beat {
        Beat {
            next: rhythm.enabled.then_some(now),
            rhythm,
            last: None,
            outcome: None,
            looks: 0,
            merged: 0,
            failures: 0,
            rests_until: None,
            running: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daemon::rhythms;

    fn at(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap()
    }

    fn scheduler(now: &str) -> Scheduler {
        let text = "version: 1\nrhythms:\n  - {name: fast, cycle: working, cron: \"*/30 * * * * *\"}\n  - {name: slow, cycle: hippocampal, cron: \"0 0 * * * *\"}\n";
        Scheduler::new(
            rhythms::read("s.yaml", text).unwrap(),
            vec![Tz::UTC],
            at(now),
        )
    }

    /// The rhythms that look at a moment, done at once.
    fn look(scheduler: &mut Scheduler, now: &str) -> Vec<String> {
        let due = scheduler.due(at(now));
        for name in &due {
            scheduler.finished(name, at(now), Outcome::Nothing);
        }
        due
    }

    #[test]
    fn what_was_missed_is_caught_up_at_once_and_once() {
        let mut s = scheduler("2026-01-10 10:10:10");
        assert_eq!(look(&mut s, "2026-01-10 10:10:10"), ["fast", "slow"]);
        assert_eq!(s.next(), Some(at("2026-01-10 10:10:30")));
        // Three hours of suspension.
        assert_eq!(look(&mut s, "2026-01-10 13:20:05"), ["fast", "slow"]);
        assert_eq!(look(&mut s, "2026-01-10 13:20:06"), [""; 0]);
        assert_eq!(s.next(), Some(at("2026-01-10 13:20:30")));
    }

    #[test]
    fn a_clock_that_goes_back_stops_no_rhythm() {
        let mut s = scheduler("2026-01-10 10:10:10");
        look(&mut s, "2026-01-10 10:10:10");
        assert_eq!(look(&mut s, "2026-01-10 09:00:05"), [""; 0]);
        assert_eq!(look(&mut s, "2026-01-10 09:00:30"), ["fast"]);
    }

    #[test]
    fn a_rhythm_never_overlaps_itself() {
        let mut s = scheduler("2026-01-10 10:10:10");
        assert_eq!(s.due(at("2026-01-10 10:10:10")), ["fast", "slow"]);
        s.finished("slow", at("2026-01-10 10:10:11"), Outcome::Nothing);
        assert_eq!(s.due(at("2026-01-10 10:10:30")), [""; 0]);
        s.finished("fast", at("2026-01-10 10:10:45"), Outcome::Nothing);
        assert_eq!(s.due(at("2026-01-10 10:11:00")), ["fast"]);
        assert_eq!(s.beats()[0].merged, 1);
    }

    #[test]
    fn a_rhythm_that_keeps_failing_rests_and_the_others_go_on() {
        let mut s = scheduler("2026-01-10 10:00:00");
        let mut now = at("2026-01-10 10:00:00");
        let (mut failed, mut went_on) = (0, 0);
        while now < at("2026-01-10 16:00:00") {
            for name in s.due(now) {
                let outcome = match name.as_str() {
                    "fast" => Outcome::Failed("no".into()),
                    _ => Outcome::Nothing,
                };
                failed += u32::from(name == "fast");
                went_on += u32::from(name == "slow");
                s.finished(&name, now, outcome);
            }
            now += Duration::seconds(30);
        }
        assert_eq!(went_on, 6);
        assert!((8..20).contains(&failed), "{failed} looks in six hours");
        s.finished("fast", now, Outcome::Did("something".into()));
        assert_eq!(s.beats()[0].failures, 0);
        assert_eq!(look(&mut s, "2026-01-10 16:30:00"), ["fast", "slow"]);
    }

    #[test]
    fn rhythms_that_are_switched_off_are_known_and_do_not_look() {
        let mut s = scheduler("2026-01-10 10:10:10");
        let text = "version: 1\nrhythms:\n  - {name: fast, cycle: working, cron: \"*/30 * * * * *\", enabled: false}\n";
        let off = rhythms::read("s.yaml", text).unwrap();
        s.replace(off.clone(), at("2026-01-10 10:10:10"));
        assert_eq!((s.beats().len(), s.next()), (1, None));
        assert_eq!(look(&mut s, "2026-01-10 10:10:30"), [""; 0]);
        let mut s = Scheduler::new(off, vec![Tz::UTC], at("2026-01-10 10:10:10"));
        assert_eq!(look(&mut s, "2026-01-10 10:10:30"), [""; 0]);
        s.set_zones(vec!["Europe/Berlin".parse().unwrap()]);
        assert_eq!(s.next(), None);
        let mut on = s.beats()[0].rhythm.clone();
        on.enabled = true;
        s.replace(vec![on], at("2026-01-10 10:10:30"));
        assert_eq!(look(&mut s, "2026-01-10 10:11:00"), ["fast"]);
    }

    #[test]
    fn paused_rhythms_do_not_look() {
        let mut s = scheduler("2026-01-10 10:10:10");
        s.set_paused(["slow".to_owned()].into());
        assert_eq!(look(&mut s, "2026-01-10 12:00:00"), ["fast"]);
        s.set_paused(BTreeSet::new());
        assert_eq!(look(&mut s, "2026-01-10 13:00:00"), ["fast", "slow"]);
    }
}
