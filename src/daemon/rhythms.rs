//! The rhythms of `schedules/biological_rhythms.yaml`: when codex looks whether something is due.

use super::jobs;
use crate::config::{self, Place, suggest, yaml};
use crate::engine::{CycleType, to_local, to_utc};
use crate::error::{Error, Result};
use chrono::{Duration, NaiveDateTime, Offset, TimeZone, Timelike};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds};
use md5::{Digest, Md5};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeSet;

/// The schedule's file, from the project's root.
pub const FILE: &str = "schedules/biological_rhythms.yaml";

/// A rhythm: when to look for what.
#[derive(Debug, Clone)]
pub struct Rhythm {
    /// Its name.
    pub name: String,
    /// What it looks for.
    pub work: Work,
    /// When, by the clock of `zone`.
    pub when: Vec<Pattern>,
    /// Whose clock.
    pub zone: Zone,
    /// Looks come up to so many seconds later, each by its own share: many stores on one machine do not all look at once.
    pub jitter: u32,
    /// Seconds it may take before it is interrupted; none for the setting `daemon.deadline`.
    pub deadline: Option<u32>,
    /// Whether it is in force at all.
    pub enabled: bool,
    /// What it is for.
    pub description: String,
}

/// What a rhythm looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Cycles that are due, up to this one.
    Cycle(CycleType),
    /// One of [`jobs::JOBS`], by name.
    Job(String),
}

/// Whose clock a rhythm goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// That of every mind of the store: it looks when any of them shows the time.
    Minds,
    /// One zone's.
    Of(Tz),
}

impl Zone {
    /// Its word in the schedule.
    pub fn name(&self) -> &str {
        match self {
            Zone::Minds => "minds",
            Zone::Of(zone) => zone.name(),
        }
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Zone, D::Error> {
        yaml::parsed_text(deserializer, |text: &str| match text {
            "minds" => Ok(Zone::Minds),
            name => name.parse().map(Zone::Of).map_err(|_| {
                let zones = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
                format!(
                    "'{name}' is no zone: write minds, UTC, or an IANA name; {}",
                    suggest::hint(name, zones)
                )
            }),
        })
    }
}

/// Six fields of cron, seconds first.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    cron: Cron,
}

impl Pattern {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn parse(text: &str) -> std::result::Result<Pattern, String> {
        let fields = text.split_whitespace().count();
        if fields != 6 {
            return Err(format!(
                "'{text}' has {fields} fields; write six: second minute hour day month weekday"
            ));
        }
        let parser = CronParser::builder().seconds(Seconds::Required).build();
        let cron = parser
            .parse(text)
            .map_err(|e| format!("'{text}' is no pattern of cron: {e}"))?;
        let pattern = Pattern {
            text: text.to_owned(),
            cron,
        };
        // A date like 30 February would be looked for in vain.
        match pattern.next_local(NaiveDateTime::default()) {
            Some(_) => Ok(pattern),
            None => Err(format!("'{text}' never comes")),
        }
    }

    /// The next match on a clock's face, ignoring zones.
    fn next_local(&self, after: NaiveDateTime) -> Option<NaiveDateTime> {
        let after = after.with_nanosecond(0)?.and_utc();
        let next = self.cron.find_next_occurrence(&after, false).ok()?;
        Some(next.naive_utc())
    }

    fn is_of_every_hour(&self) -> bool {
        self.text.split_whitespace().nth(2) == Some("*")
    }

    /// The next match of a pattern that names no hour, where it comes within two days: it goes on through both hours that a change
    /// of clocks makes of one, as time does.
    fn next_of_every_hour(&self, zone: Tz, after: NaiveDateTime) -> Option<NaiveDateTime> {
        let ahead_of_utc = |at: NaiveDateTime| {
            let offset = zone.offset_from_utc_datetime(&at).fix();
            Duration::seconds(i64::from(offset.local_minus_utc()))
        };
        let (mut from, mut offset) = (after, ahead_of_utc(after));
        // Clocks change twice a year: two stretches of one offset are enough.
        for _ in 0..3 {
            let local = from.checked_add_signed(offset)?;
            let found = self.next_local(local)?.checked_sub_signed(offset)?;
            if found - after > Duration::days(2) {
                return None;
            }
            if ahead_of_utc(found) == offset {
                return Some(found);
            }
            let (mut before, mut changed) = (from, found);
            while changed - before > Duration::seconds(1) {
                let middle = before + (changed - before) / 2;
                match ahead_of_utc(middle) == offset {
                    true => before = middle,
                    false => changed = middle,
                }
            }
            // The second in which the clocks change may be a match itself.
            let changed = changed.with_nanosecond(0)?;
            (from, offset) = (changed - Duration::seconds(1), ahead_of_utc(changed));
        }
        None
    }

    /// The next match after a moment, UTC. A time of day that a change of clocks leaves out comes when the clocks go on; one that
    /// comes twice counts the first time.
    fn next_in(&self, zone: Tz, after: NaiveDateTime) -> Option<NaiveDateTime> {
        if self.is_of_every_hour()
            && let Some(found) = self.next_of_every_hour(zone, after)
        {
            return Some(found);
        }
        let mut local = to_local(zone, after)?;
        // A change of clocks is far less than a day; past it, every match lies after `after`.
        let far = local.checked_add_signed(Duration::days(2))?;
        loop {
            local = self.next_local(local)?;
            let found = to_utc(zone, local)?;
            if found > after || local > far {
                return Some(found);
            }
        }
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(
        deserializer: D,
    ) -> std::result::Result<Pattern, D::Error> {
        yaml::parsed_text(deserializer, Pattern::parse)
    }
}

/// One pattern or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Patterns {
    One(String),
    Several(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    rhythms: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    cycle: Option<CycleType>,
    job: Option<String>,
    cron: Patterns,
    #[serde(default = "utc")]
    zone: Zone,
    #[serde(default)]
    jitter: u32,
    deadline: Option<u32>,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(default)]
    description: String,
}

fn utc() -> Zone {
    Zone::Of(Tz::UTC)
}

fn yes() -> bool {
    true
}

/// Reads a schedule; `file` is how a person names it.
///
/// # Errors
/// Usage, with line and column, when it is not a schedule.
pub fn read(file: &str, text: &str) -> Result<Vec<Rhythm>> {
    let wrong = |place: Place, what: String| Error::usage(format!("{place}: {what}"));
    let document: Document =
        yaml::parse(file, text).map_err(|e| Error::usage(e.to_string()).caused_by(e))?;
    if document.version != 1 {
        let place = yaml::place_of_value(file, text, &[yaml::Step::Key("version")]);
        return Err(wrong(
            place,
            format!("version {} is not known; write 1", document.version),
        ));
    }
    let mut names = BTreeSet::new();
    let mut rhythms = Vec::new();
    for (at, entry) in document.rhythms.into_iter().enumerate() {
        let place = |key: &str| {
            let path = [
                yaml::Step::Key("rhythms"),
                yaml::Step::Index(at),
                yaml::Step::Key(key),
            ];
            yaml::place_of_value(file, text, &path)
        };
        let name = entry.name;
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(wrong(
                place("name"),
                format!("'{name}' is no name: use letters, digits and _"),
            ));
        }
        if !names.insert(name.clone()) {
            return Err(wrong(
                place("name"),
                format!("there are two rhythms called {name}"),
            ));
        }
        let work = match (entry.cycle, entry.job) {
            (Some(cycle), None) => Work::Cycle(cycle),
            (None, Some(job)) if jobs::find(&job).is_some() => Work::Job(job),
            (None, Some(job)) => {
                let known = jobs::JOBS.iter().map(|job| job.name);
                let what = format!("there is no job '{job}'; {}", suggest::hint(&job, known));
                return Err(wrong(place("job"), what));
            }
            _ => {
                let what = format!("rhythm {name} needs either a cycle or a job");
                return Err(wrong(place("name"), what));
            }
        };
        let texts = match entry.cron {
            Patterns::One(text) => vec![text],
            Patterns::Several(texts) => texts,
        };
        let when: Vec<Pattern> = texts
            .iter()
            .map(|text| Pattern::parse(text).map_err(|what| wrong(place("cron"), what)))
            .collect::<Result<_>>()?;
        if when.is_empty() {
            return Err(wrong(place("cron"), format!("rhythm {name} never comes")));
        }
        if entry.deadline == Some(0) {
            let what = format!(
                "rhythm {name} would end before it begins; give it a second at least, or no deadline of its own"
            );
            return Err(wrong(place("deadline"), what));
        }
        rhythms.push(Rhythm {
            name,
            work,
            when,
            zone: entry.zone,
            jitter: entry.jitter,
            deadline: entry.deadline,
            enabled: entry.enabled,
            description: entry.description,
        });
    }
    Ok(rhythms)
}

impl Rhythm {
    /// The next look after a moment, UTC, where the store's minds live in `zones`. None when there will be no other.
    pub fn next(&self, after: NaiveDateTime, zones: &[Tz]) -> Option<NaiveDateTime> {
        // A look that was put off by its jitter is found from its own time on.
        let mut from = after.checked_sub_signed(Duration::seconds(i64::from(self.jitter)))?;
        loop {
            let nominal = self.next_nominal(from, zones)?;
            let look = nominal + Duration::seconds(self.delay(nominal));
            if look > after {
                return Some(look);
            }
            from = nominal;
        }
    }

    /// The next `count` looks after a moment, UTC.
    pub fn next_looks(
        &self,
        after: NaiveDateTime,
        zones: &[Tz],
        count: usize,
    ) -> Vec<NaiveDateTime> {
        std::iter::successors(self.next(after, zones), |at| self.next(*at, zones))
            .take(count)
            .collect()
    }

    fn next_nominal(&self, after: NaiveDateTime, zones: &[Tz]) -> Option<NaiveDateTime> {
        let own = match self.zone {
            Zone::Of(zone) => vec![zone],
            Zone::Minds if zones.is_empty() => vec![Tz::UTC],
            Zone::Minds => zones.to_vec(),
        };
        own.iter()
            .flat_map(|zone| {
                self.when
                    .iter()
                    .map(|pattern| pattern.next_in(*zone, after))
            })
            .flatten()
            .min()
    }

    /// Seconds that a look is put off: its own share of the jitter, the same whenever it is asked for.
    fn delay(&self, nominal: NaiveDateTime) -> i64 {
        if self.jitter == 0 {
            return 0;
        }
        let hash = Md5::digest(format!("{}:{nominal}", self.name));
        let drawn = u64::from_le_bytes(hash[..8].try_into().unwrap_or_default());
        (drawn % (u64::from(self.jitter) + 1)) as i64
    }

    /// The cycle it looks for, or the job.
    pub fn looks_for(&self) -> &str {
        match &self.work {
            Work::Cycle(cycle) => cycle.as_str(),
            Work::Job(job) => job,
        }
    }
}

/// The error of one who names a rhythm that does not exist.
pub fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Error {
    Error::usage(format!("there is no rhythm '{name}'")).hint(suggest::hint(name, known))
}

/// The schedule of a project: its own file, or none where it has none.
///
/// # Errors
/// Usage, with line and column, when it is not a schedule.
pub fn of_project(project: &crate::engine::Project) -> Result<Vec<Rhythm>> {
    match project.text(FILE) {
        Some(text) => read(&project.shown(FILE), text),
        None => Ok(Vec::new()),
    }
}

/// What a store's minds live by where it has none yet.
pub fn zones_or(zones: Vec<Tz>, settings: &config::Settings) -> Vec<Tz> {
    match zones.is_empty() {
        true => vec![settings.time_zone.0],
        false => zones,
    }
}

#[cfg(test)]
#[path = "rhythms_tests.rs"]
mod tests;
