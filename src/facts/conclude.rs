//! From a phrase that was found to what it says: how it holds, from when, and values that stand beside it.

use super::read::{Match, Reader, Reading, Says};
use super::registry::{Cardinality, Slot, ValueKind};
use super::value::{self, Taken};
use super::words::Gap;
use crate::enrich::is_given_name;
use crate::text::{TimeExpression, time_expressions};
use chrono::NaiveDateTime;

impl Reader<'_> {
    pub(super) fn conclude(
        &self,
        slot: &Slot,
        start: usize,
        matched: Match,
        found: &mut Vec<Reading>,
    ) {
        let Some(taken) = matched.value.filter(|taken| !taken.text.is_empty()) else {
            return;
        };
        let mood = matched.mood;
        // "when I turned ten, dad …": a story, not news.
        if mood.event
            && start > 0
            && matches!(
                self.words[start - 1].word.as_str(),
                "when" | "as" | "after" | "before" | "until" | "while"
            )
        {
            return;
        }
        // "I love the colour": of something at hand.
        let taste = matches!(
            slot.name.as_str(),
            "likes" | "dislikes" | "preference" | "hobby"
        );
        if taste
            && (mood.past && !mood.event
                || mood.future
                || self.words[taken.start - 1].word == "the")
        {
            return;
        }
        // "I joined Dave", "I left Anna": people are no employers.
        if matches!(slot.name.as_str(), "employer" | "education" | "team")
            && taken.end == taken.start + 1
            && is_given_name(&self.words[taken.start].word)
        {
            return;
        }
        let rest = &self.words[taken.end.min(self.words.len())..];
        let mut no_longer = mood.no_longer;
        if mood.negative
            && rest
                .iter()
                .take(3)
                .any(|w| matches!(w.word.as_str(), "anymore" | "longer"))
        {
            no_longer = true;
        }
        let times = time_expressions(&self.text[self.words[start].start..], self.now);
        let future = times.iter().any(|t| t.start > self.now);
        let corrects = self.corrects(start);
        let says = if no_longer || mood.used_to {
            Says::Ends
        } else if mood.negative {
            if !(slot.negatable || mood.future) {
                // "I do not live in X": it ends where it was so, and says nothing else.
                Says::Ends
            } else {
                Says::Holds
            }
        } else if mood.past_phrase {
            Says::Ends
        } else if mood.future || slot.planned {
            Says::Plans
        } else if mood.past && !mood.event {
            Says::Was
        } else if slot.recurring {
            Says::Recurs
        } else if corrects {
            Says::Corrects
        } else {
            Says::Holds
        };
        if mood.negative && mood.future
            || slot.name == "plan"
                && !future
                && !self
                    .words
                    .iter()
                    .any(|w| matches!(w.word.as_str(), "plan" | "planning"))
        {
            return;
        }
        let (from, until) = self.span(says, &times, future);
        let key = matched.key.map(|key| format!("{}:{key}", slot.name));
        let end = self.words[taken.end.clamp(1, self.words.len()) - 1].end;
        let words = self.text[self.words[start].start..end].to_owned();
        let (others, whole) = self.others(slot, &taken);
        for value in std::iter::once(whole.unwrap_or(taken.text)).chain(others) {
            found.push(Reading {
                subject: matched.subject.clone(),
                slot: key.clone().unwrap_or_else(|| slot.name.clone()),
                value,
                positive: !(mood.negative && says == Says::Holds),
                says,
                from,
                until,
                words: words.clone(),
            });
        }
    }

    /// "peanuts and shellfish": a second value where a slot has many.
    fn others(&self, slot: &Slot, taken: &Taken) -> (Vec<String>, Option<String>) {
        let mut others = Vec::new();
        let mut at = taken.end;
        while slot.value != ValueKind::Clause
            && slot.cardinality == Cardinality::Many
            && at + 1 < self.words.len()
        {
            let joins = matches!(
                self.words[at].word.as_str(),
                "and" | "und" | "y" | "et" | "e"
            );
            let begin = if joins {
                at + 1
            } else if self.words[at].gap == Gap::Comma {
                at
            } else {
                break;
            };
            let Some(next) = value::take(self.words, begin, slot.value, self.text) else {
                break;
            };
            let long = next.end - begin > 2;
            let ends = next.end >= self.words.len()
                || self.words[next.end].gap != Gap::Blank
                || self.words[next.end].word == "and";
            if long || !ends {
                break;
            }
            // "action and sci-fi movies" are one thing.
            if joins
                && others.is_empty()
                && next.end - begin > 1
                && taken.end - taken.start == 1
                && slot.value == ValueKind::Phrase
            {
                let (from, to) = (self.words[taken.start].start, self.words[next.end - 1].end);
                return (others, Some(self.text[from..to].to_owned()));
            }
            others.push(next.text);
            at = next.end;
        }
        (others, None)
    }

    /// "No, actually …": what was said before was wrong.
    fn corrects(&self, start: usize) -> bool {
        let first = self.words[0].word.as_str();
        let before: Vec<&str> = self.words[..start]
            .iter()
            .map(|w| w.word.as_str())
            .collect();
        (matches!(
            first,
            "no" | "sorry"
                | "wait"
                | "correction"
                | "oops"
                | "nein"
                | "non"
                | "nao"
                | "perdon"
                | "pardon"
        ) && (before.contains(&"actually")
            || before.contains(&"correction")
            || self.words.iter().any(|w| w.word == "actually")))
            || before.windows(2).any(|two| two == ["i", "meant"])
            || first == "correction"
    }

    fn span(
        &self,
        says: Says,
        times: &[TimeExpression],
        future: bool,
    ) -> (Option<NaiveDateTime>, Option<NaiveDateTime>) {
        let Some(time) = times.first() else {
            return (None, None);
        };
        let word = |w: &str| self.words.iter().any(|found| found.word == w);
        match says {
            Says::Plans => (future.then_some(time.start), None),
            Says::Ends | Says::Was if word("until") || word("till") => (None, Some(time.end)),
            Says::Was if times.len() > 1 => (Some(time.start), Some(times[1].end)),
            Says::Ends => (None, (time.start <= self.now).then_some(time.start)),
            Says::Was => (
                Some(time.start).filter(|t| *t <= self.now),
                Some(time.end).filter(|t| *t <= self.now),
            ),
            _ if word("until") || word("till") => (None, Some(time.end)),
            _ => (Some(time.start).filter(|t| *t <= self.now), None),
        }
    }
}

/// What one sentence says twice counts once; a plan that a slot of its own holds is no other plan.
pub(super) fn settle(found: &mut Vec<Reading>, from: usize) {
    let mut kept: Vec<Reading> = Vec::new();
    for reading in found.drain(from..) {
        let known = kept.iter().any(|k| {
            k.subject == reading.subject && k.slot == reading.slot && k.value == reading.value
        });
        if !known {
            kept.push(reading);
        }
    }
    if kept
        .iter()
        .any(|k| k.says == Says::Plans && k.slot != "plan")
    {
        kept.retain(|k| k.slot != "plan");
    }
    found.extend(kept);
}

/// Of readings of one subject and slot that begin at one place, the longest value counts.
pub(super) fn dedup(found: &mut Vec<Reading>, from: usize) {
    let mut kept: Vec<Reading> = Vec::new();
    for reading in found.drain(from..).collect::<Vec<_>>() {
        let same = kept.iter_mut().find(|k| {
            k.subject == reading.subject
                && k.slot == reading.slot
                && (k.value == reading.value
                    || k.words.starts_with(&reading.words)
                    || reading.words.starts_with(&k.words))
                && (k.words != reading.words || k.value == reading.value)
        });
        match same {
            Some(known) if reading.words.len() > known.words.len() => *known = reading,
            Some(_) => {}
            None => kept.push(reading),
        }
    }
    found.extend(kept);
}
