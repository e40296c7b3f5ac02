//! Habits that have stopped, and people who have not been there for long compared with before.
//!
//! A habit is something that came on certain weekdays or at a steady interval (Wood & Neal 2007: habits are bound to context and
//! rhythm). Speaks when at least three times were missed while the diary went on; a sentence that says that it was left out counts as
//! none of its times.

use super::{Finding, say};
use crate::insight::reading::cues::filled;
use crate::insight::reading::{Diary, Place};
use crate::text::fold;
use chrono::{Datelike, NaiveDate};
use regex::Regex;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// Days on which a habit must have been.
const DAYS: usize = 4;
/// Times missed before it is told.
const MISSED: f64 = 3.0;
/// Days since the last time, at least.
const SILENCE: i64 = 10;
/// Entries that must have been written since.
const SINCE: usize = 4;

/// Something that comes again: on which days, with an entry of each.
struct Series<'a> {
    days: BTreeMap<NaiveDate, Place<'a>>,
}

pub(in crate::insight) fn find(diary: &Diary) -> Vec<Finding> {
    if diary.is_group || diary.entries.iter().any(|entry| entry.is_assistant) {
        return Vec::new();
    }
    let mut found: Vec<Habit> = Vec::new();
    for (stem, series) in series(diary) {
        let Some(finding) = stopped(diary, &stem, &series) else {
            continue;
        };
        let habit = Habit {
            place: series.place_of(&stem),
            days: series.days.keys().copied().collect(),
            finding,
        };
        // Two words of one habit: the one with more days speaks, else the one that comes first.
        match found.iter_mut().find(|other| other.is_same(&habit)) {
            Some(other) if habit.rank() > other.rank() => *other = habit,
            Some(_) => {}
            None => found.push(habit),
        }
    }
    let findings = found.into_iter().map(|habit| habit.finding);
    findings.chain(quiet(diary)).collect()
}

/// A habit that has stopped, with what it is compared by.
struct Habit {
    days: BTreeSet<NaiveDate>,
    /// Where its word stands in a sentence, summed.
    place: usize,
    finding: Finding,
}

impl Habit {
    fn is_same(&self, other: &Habit) -> bool {
        let both = self.days.intersection(&other.days).count();
        both * 2 >= self.days.len().min(other.days.len())
    }

    fn rank(&self) -> (usize, std::cmp::Reverse<usize>) {
        (self.days.len(), std::cmp::Reverse(self.place))
    }
}

impl Series<'_> {
    fn place_of(&self, stem: &str) -> usize {
        let places = self
            .days
            .values()
            .map(|place| place.sentence.stems.iter().position(|other| other == stem));
        places.map(Option::unwrap_or_default).sum()
    }
}

/// Every stem with the days on which it was said plainly.
fn series(diary: &Diary) -> BTreeMap<String, Series<'_>> {
    let mut all: BTreeMap<String, Series<'_>> = BTreeMap::new();
    for place in diary
        .sentences()
        .filter(|place| place.is_plain() && place.day() <= diary.today)
    {
        if place.cues().task.is_match(&place.sentence.folded) {
            continue;
        }
        for stem in &place.sentence.stems {
            if !is_left_out(&place, stem) {
                let series = all.entry(stem.clone()).or_insert_with(|| Series {
                    days: BTreeMap::new(),
                });
                series.days.entry(place.day()).or_insert(place);
            }
        }
    }
    all.retain(|_, series| series.days.len() >= DAYS);
    all
}

static LEFT_OUT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\b(?:no|not|without|skipped|missed|instead of|kein\w*|nicht|statt|ohne|ausgefallen|pas|sans|sin|no hubo|sem|nao)\b").ok()
});

fn is_left_out(place: &Place<'_>, stem: &str) -> bool {
    let text = &place.sentence.folded;
    LEFT_OUT
        .iter()
        .flat_map(|regex| regex.find_iter(text))
        .any(|hit| {
            let next: Vec<&str> = text[hit.end()..].split_whitespace().take(2).collect();
            next.iter().any(|word| word.starts_with(stem))
        })
}

fn stopped(diary: &Diary, stem: &str, series: &Series<'_>) -> Option<Finding> {
    let days: Vec<NaiveDate> = series.days.keys().copied().collect();
    let (first, last) = (*days.first()?, *days.last()?);
    let silence = (diary.today - last).num_days();
    let mut gaps: Vec<i64> = days
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).num_days())
        .collect();
    gaps.sort_unstable();
    let median = gaps[gaps.len() / 2];
    let since = diary
        .entries
        .iter()
        .filter(|entry| entry.at.date() > last && entry.at.date() <= diary.today)
        .count();
    if !(2..=16).contains(&median)
        || silence < SILENCE
        || since < SINCE
        || !goes_on(diary, first, last)
    {
        return None;
    }
    let weekdays = weekdays(&days);
    let is_steady = {
        let mean = gaps.iter().sum::<i64>() as f64 / gaps.len() as f64;
        let variance = gaps
            .iter()
            .map(|gap| (*gap as f64 - mean).powi(2))
            .sum::<f64>()
            / gaps.len() as f64;
        variance.sqrt() / mean < 0.35
    };
    let missed = match &weekdays {
        Some(on) => silence as f64 / 7.0 * on.len() as f64,
        None if is_steady => silence as f64 / median as f64,
        None => return None,
    };
    if missed < MISSED {
        return None;
    }
    Some(told(
        stem,
        series,
        &days,
        weekdays.as_deref(),
        median,
        missed,
    ))
}

/// Whether the diary was kept after the last time at 40 % of its rate before, at least.
fn goes_on(diary: &Diary, first: NaiveDate, last: NaiveDate) -> bool {
    let rate = |from: NaiveDate, to: NaiveDate| {
        let days = (to - from).num_days().max(1) as f64;
        let written = diary
            .entries
            .iter()
            .filter(|entry| (from..=to).contains(&entry.at.date()))
            .count();
        written as f64 / days
    };
    rate(last.succ_opt().unwrap_or(last), diary.today) >= 0.4 * rate(first, last)
}

/// One or two weekdays that hold nearly all of the days, less likely by chance than one in two hundred.
fn weekdays(days: &[NaiveDate]) -> Option<Vec<usize>> {
    let mut counts = [0_usize; 7];
    for day in days {
        counts[day.weekday().num_days_from_monday() as usize] += 1;
    }
    let mut order: Vec<usize> = (0..7).collect();
    order.sort_by_key(|day| (std::cmp::Reverse(counts[*day]), *day));
    let n = days.len();
    for (take, limit) in [(1, 0.005), (2, 0.003)] {
        let hits: usize = order[..take].iter().map(|day| counts[*day]).sum();
        let least = order[..take]
            .iter()
            .map(|day| counts[*day])
            .min()
            .unwrap_or_default();
        if least >= 2 && binomial_tail(n, hits, take as f64 / 7.0) < limit && hits * 5 >= n * 4 {
            let mut on = order[..take].to_vec();
            on.sort_unstable();
            return Some(on);
        }
    }
    None
}

/// The chance of at least `hits` of `n` with probability `p` each.
fn binomial_tail(n: usize, hits: usize, p: f64) -> f64 {
    let mut term = (1.0 - p).powi(i32::try_from(n).unwrap_or(i32::MAX));
    let mut tail = if hits == 0 { term } else { 0.0 };
    for k in 1..=n {
        term *= (n - k + 1) as f64 / k as f64 * p / (1.0 - p);
        if k >= hits {
            tail += term;
        }
    }
    tail
}

fn told(
    stem: &str,
    series: &Series<'_>,
    days: &[NaiveDate],
    weekdays: Option<&[usize]>,
    median: i64,
    missed: f64,
) -> Finding {
    let places: Vec<&Place<'_>> = series.days.values().collect();
    let last = places[places.len() - 1];
    let phrases = say(last);
    let names = weekdays.map_or_else(String::new, |on| {
        let names: Vec<&str> = on
            .iter()
            .map(|day| phrases.long_names[*day].as_str())
            .collect();
        names.join(&format!(" {} ", phrases.and))
    });
    let phrase = match weekdays {
        Some(_) => &phrases.habit_weekday,
        None => &phrases.habit,
    };
    let title = filled(
        phrase,
        &[
            ("label", &label(stem, &places)),
            ("weekdays", &names),
            ("count", &days.len().to_string()),
            ("day", &phrases.day(days[days.len() - 1])),
            ("gap", &median.to_string()),
            ("missed", &format!("{missed:.0}")),
        ],
    );
    Finding {
        kind: "habit_stopped",
        title,
        evidence: places
            .iter()
            .rev()
            .take(5)
            .rev()
            .map(|place| place.entry.id)
            .collect(),
        newest: last.day(),
        matter: BTreeSet::from([stem.to_owned()]),
        weight: 2.8,
        urgency: 0.0,
        is_lasting: true,
        confidence: 0.7,
        details: json!({"times": days.len(), "missed": missed.round()}),
    }
}

/// The word that people write, as most of the sentences have it, with a capital.
pub(super) fn label(stem: &str, places: &[&Place<'_>]) -> String {
    // A stem may end otherwise than its words: potteri, pottery.
    let letters = stem.chars().count();
    let prefix: String = stem
        .chars()
        .take(if letters > 4 { letters - 1 } else { letters })
        .collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for place in places {
        let words = place
            .sentence
            .text
            .split(|c: char| !c.is_alphanumeric() && c != '-' && c != '\'');
        for word in words.filter(|word| fold(word).starts_with(&prefix)) {
            *counts.entry(word).or_default() += 1;
        }
    }
    let word = counts
        .into_iter()
        .max_by_key(|(word, count)| (*count, std::cmp::Reverse(word.len())));
    let word = word.map_or(stem, |(word, _)| word);
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// People who were in the diary again and again, and are no more.
fn quiet(diary: &Diary) -> Vec<Finding> {
    let mut people: BTreeMap<&str, Series<'_>> = BTreeMap::new();
    for place in diary
        .sentences()
        .filter(|place| place.day() <= diary.today && !place.entry.is_assistant)
    {
        for name in place
            .entry
            .people
            .iter()
            .filter(|name| place.sentence.text.contains(name.as_str()))
        {
            let series = people.entry(name).or_insert_with(|| Series {
                days: BTreeMap::new(),
            });
            series.days.entry(place.day()).or_insert(place);
        }
    }
    people
        .into_iter()
        .filter_map(|(name, series)| gone(diary, name, &series))
        .collect()
}

fn gone(diary: &Diary, name: &str, series: &Series<'_>) -> Option<Finding> {
    let days: Vec<NaiveDate> = series.days.keys().copied().collect();
    let (first, last) = (*days.first()?, *days.last()?);
    let silence = (diary.today - last).num_days();
    let span = (last - first).num_days();
    let usual = span / i64::try_from(days.len()).ok()?.max(1);
    if days.len() < 5
        || span < 21
        || silence < 21
        || silence < 4 * usual.max(1)
        || !goes_on(diary, first, last)
    {
        return None;
    }
    let place = series.days.values().next_back()?;
    let phrases = say(place);
    let title = filled(
        &phrases.quiet,
        &[
            ("name", name),
            ("count", &days.len().to_string()),
            ("day", &phrases.day(last)),
            ("gap", &silence.to_string()),
        ],
    );
    Some(Finding {
        kind: "quiet_person",
        title,
        evidence: series
            .days
            .values()
            .rev()
            .take(3)
            .rev()
            .map(|place| place.entry.id)
            .collect(),
        newest: last,
        matter: BTreeSet::from([fold(name)]),
        weight: 2.3,
        urgency: 0.0,
        is_lasting: true,
        confidence: 0.6,
        details: json!({"entries": days.len(), "days": silence}),
    })
}
