//! Prospective memory (Einstein & McDaniel 1990): what was meant to be done or to take place on a day that comes near or has passed, and
//! questions that nobody has answered.
//!
//! Speaks where a sentence names a day and has a task, a deadline or an appointment; is silent where a later sentence says that it
//! is done, called off or moved, where it is supposed, quoted or said in jest, and of what happens every week.

use super::{Finding, quote, rare, say, shared};
use crate::insight::reading::cues::filled;
use crate::insight::reading::dates::DateMention;
use crate::insight::reading::{Diary, Place};
use crate::text::fold;
use chrono::{Duration, NaiveDate};
use serde_json::json;
use std::collections::BTreeSet;

/// Days ahead that are told.
const AHEAD: i64 = 21;
/// Days since a deadline within which it is still told.
const PAST: i64 = 45;
/// Days after which a question counts as left open, and until when.
const OPEN: std::ops::RangeInclusive<i64> = 3..=60;

/// Tasks and appointments.
pub(in crate::insight) fn find(diary: &Diary) -> Vec<Finding> {
    let oldest = diary.today - Duration::days(240);
    let places = diary.sentences().filter(|place| {
        place.is_meant()
            && !place.sentence.is_question
            && place.day() >= oldest
            && place.day() <= diary.today
    });
    places.filter_map(|place| told(diary, &place)).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Task,
    Appointment,
}

/// What a day is to a sentence; none where it is said of every week, called off, or merely supposed.
fn what(place: &Place<'_>, mention: &DateMention) -> Option<What> {
    let (cues, text) = (place.cues(), &place.sentence.folded);
    if cues.always.is_match(text) || cues.cancelled.is_match(text) {
        return None;
    }
    let is_deadline = is_deadline(place, mention);
    if place.sentence.is_hypothetical && !is_deadline {
        return None;
    }
    if cues.task.is_match(text) || is_deadline && !cues.appointment.is_match(text) {
        return Some(What::Task);
    }
    // A date in full that lies ahead is one to come, whatever it is called.
    let lies_ahead = mention.is_explicit && (mention.day - place.day()).num_days() >= 2;
    (cues.appointment.is_match(text) || lies_ahead).then_some(What::Appointment)
}

/// Whether the day is one by which, beside a cue that says so.
fn is_deadline(place: &Place<'_>, mention: &DateMention) -> bool {
    let cues = place.cues().deadline.find_iter(&place.sentence.folded);
    let mut cues = cues.filter(|hit| hit.start() < mention.end && hit.end() + 12 >= mention.start);
    cues.next().is_some()
}

fn told(diary: &Diary, place: &Place<'_>) -> Option<Finding> {
    let mut mentions = place.sentence.dates.iter();
    let (mention, what) = mentions.find_map(|mention| {
        let what = what(place, mention)?;
        may_be_meant(place, mention, what).then_some((mention, what))
    })?;
    let days = (mention.day - diary.today).num_days();
    let is_overdue = days < 0;
    let is_in_time = match is_overdue {
        true => {
            what == What::Task
                && is_deadline(place, mention)
                && days >= -PAST
                && mention.day > place.day()
        }
        false => days <= AHEAD,
    };
    if !is_in_time {
        return None;
    }
    let objects = objects(place);
    let is_over = is_settled(diary, place, &objects, mention.day)
        || is_overdue && is_taken_up(diary, place, &objects);
    if objects.is_empty() || is_over {
        return None;
    }
    Some(finding(diary, place, what, mention.day, &objects))
}

/// Whether something later speaks of it at all: of what is past, silence alone says that it was left.
fn is_taken_up(diary: &Diary, place: &Place<'_>, objects: &[String]) -> bool {
    // Whom it is promised to is spoken of for other reasons too.
    let people: Vec<String> = place.entry.people.iter().map(|name| fold(name)).collect();
    let is_person = |stem: &str| {
        let mut words = people.iter().flat_map(|name| name.split(' '));
        words.any(|word| word.starts_with(stem))
    };
    let uncommon = rare(diary, objects.iter().filter(|stem| !is_person(stem)));
    let mut later = diary
        .after(place)
        .filter(|later| later.at > place.at && later.is_meant());
    later.any(|later| !shared(&uncommon, &later.sentence.stems).is_empty())
}

/// A weekday in a sentence about what has happened lies in the past; a date before the entry does too.
fn may_be_meant(place: &Place<'_>, mention: &DateMention, what: What) -> bool {
    let is_past_week = !mention.is_explicit && what == What::Appointment && place.is_done();
    mention.day >= place.day()
        && !is_past_week
        && (mention.is_explicit || mention.day > place.day() || what == What::Task)
}

/// What a task is about: its sentence without day and cue, else the sentence before it.
fn objects(place: &Place<'_>) -> Vec<String> {
    let language = place.entry.language;
    let own = place.sentence.objects(&language.cues().task, language);
    if !own.is_empty() || place.number == 0 {
        return own;
    }
    let before = &place.entry.sentences[place.number - 1];
    before.objects(&language.cues().task, language)
}

/// Whether something said later says that it is done, called off or moved to another day.
fn is_settled(diary: &Diary, place: &Place<'_>, objects: &[String], day: NaiveDate) -> bool {
    let wanted: BTreeSet<&str> = objects.iter().map(String::as_str).collect();
    let uncommon = rare(diary, objects);
    diary
        .after(place)
        .filter(|later| later.day() <= diary.today && later.is_plain())
        .any(|later| {
            let cues = later.cues();
            let common = shared(&wanted, &later.sentence.stems);
            let is_rare = common.iter().any(|stem| uncommon.contains(stem));
            let is_moved = later
                .sentence
                .dates
                .iter()
                .any(|other| other.day != day && other.day > later.day());
            // "Moved it. The check-up is now on Wednesday."
            let says_moved = later
                .entry
                .sentences
                .iter()
                .any(|sentence| cues.moved.is_match(&sentence.folded));
            if is_moved && says_moved && is_rare {
                return true;
            }
            let is_about_it = common.len() >= 2 || is_rare && common.len() * 10 >= wanted.len() * 3;
            if !is_about_it {
                return false;
            }
            let is_off = cues.cancelled.is_match(&later.sentence.folded);
            is_off || later.is_done() || is_moved || is_same_again(&later, day)
        })
}

/// The same task told anew: the newer telling speaks.
fn is_same_again(later: &Place<'_>, day: NaiveDate) -> bool {
    let mut dates = later.sentence.dates.iter();
    dates.any(|other| other.day == day && what(later, other).is_some())
}

fn finding(
    diary: &Diary,
    place: &Place<'_>,
    what: What,
    day: NaiveDate,
    objects: &[String],
) -> Finding {
    let days = (day - diary.today).num_days();
    let (kind, phrase, weight, confidence) = match (what, days < 0) {
        (_, true) => ("overdue", &say(place).overdue, 2.6, 0.6),
        (What::Task, false) => ("due", &say(place).due, 3.0, 0.9),
        (What::Appointment, false) => ("appointment", &say(place).appointment, 2.4, 0.8),
    };
    let title = filled(
        phrase,
        &[
            ("day", &say(place).day(day)),
            ("when", &say(place).distance(days)),
            ("quote", &quote(place)),
            ("noted", &say(place).day(place.day())),
        ],
    );
    Finding {
        kind,
        title,
        evidence: vec![place.entry.id],
        newest: place.day(),
        matter: objects.iter().cloned().collect(),
        weight,
        urgency: if days < 0 {
            0.6
        } else {
            1.0 - days as f64 / (AHEAD + 1) as f64
        },
        is_lasting: true,
        confidence,
        details: json!({"day": day, "days": days}),
    }
}

/// Days after which a task without a day counts as left open, and until when.
const UNDATED: std::ops::RangeInclusive<i64> = 4..=60;

/// Promises and tasks without a day that nothing later takes up.
pub(in crate::insight) fn open(diary: &Diary) -> Vec<Finding> {
    let places = diary.sentences().filter(|place| {
        let age = (diary.today - place.day()).num_days();
        let text = &place.sentence.folded;
        place.is_plain()
            && UNDATED.contains(&age)
            && place.sentence.dates.is_empty()
            && place.cues().promise.is_match(text)
            && !place.cues().cancelled.is_match(text)
    });
    let open = places.filter_map(|place| {
        let objects = objects(&place);
        let is_told = !rare(diary, &objects).is_empty() && !is_taken_up(diary, &place, &objects);
        is_told.then(|| undated(&place, &objects))
    });
    open.collect()
}

fn undated(place: &Place<'_>, objects: &[String]) -> Finding {
    let noted = say(place).day(place.day());
    Finding {
        kind: "open",
        title: filled(
            &say(place).open,
            &[("noted", &noted), ("quote", &quote(place))],
        ),
        evidence: vec![place.entry.id],
        newest: place.day(),
        matter: objects.iter().cloned().collect(),
        weight: 2.4,
        urgency: 0.0,
        is_lasting: false,
        confidence: 0.6,
        details: json!({}),
    }
}

/// Questions of a diary to itself that nothing later answers. One to an assistant or to others has been answered where it was asked.
pub(in crate::insight) fn questions(diary: &Diary) -> Vec<Finding> {
    let is_chat = diary.is_group || diary.entries.iter().any(|entry| entry.is_assistant);
    if is_chat {
        return Vec::new();
    }
    let asked = diary.sentences().filter(|place| {
        let age = (diary.today - place.day()).num_days();
        place.sentence.is_question
            && OPEN.contains(&age)
            && place.cues().who.is_match(&place.sentence.folded)
            && place.sentence.stems.len() >= 2
    });
    asked
        .filter(|place| !is_answered(diary, place))
        .map(|place| question(&place))
        .collect()
}

fn is_answered(diary: &Diary, place: &Place<'_>) -> bool {
    let uncommon = rare(diary, &place.sentence.stems);
    diary.after(place).any(|later| {
        later.day() <= diary.today && !shared(&uncommon, &later.sentence.stems).is_empty()
    })
}

fn question(place: &Place<'_>) -> Finding {
    let noted = say(place).day(place.day());
    Finding {
        kind: "question",
        title: filled(
            &say(place).question,
            &[("noted", &noted), ("quote", &quote(place))],
        ),
        evidence: vec![place.entry.id],
        newest: place.day(),
        matter: place.sentence.stems.iter().cloned().collect(),
        weight: 2.2,
        urgency: 0.0,
        is_lasting: false,
        confidence: 0.5,
        details: json!({}),
    }
}
