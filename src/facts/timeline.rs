//! Facts in time: what readings and statements come to, in the order they were learned.
//!
//! A new value supersedes an earlier one only within one subject and a slot of cardinality one. What was superseded was true; what
//! was retracted never was.

use super::read::Says;
use super::registry::{Cardinality, Registry};
use crate::text::fold::fold;
use chrono::NaiveDateTime;
use std::collections::HashMap;

/// The subject of facts about the mind's own person.
pub const SELF: &str = "self";

/// Where a fact comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The memory; none for what was said by hand.
    pub memory_id: Option<i64>,
    /// The very words.
    pub words: String,
}

/// Something said of a slot, at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// Its own name.
    pub id: String,
    /// When it was learned, UTC, and its order within that moment.
    pub at: (NaiveDateTime, i64, i32),
    /// `self`, or a name.
    pub subject: String,
    /// The slot with its key.
    pub slot: String,
    /// The value.
    pub value: String,
    /// False: it is said not to be so.
    pub positive: bool,
    /// What is said.
    pub act: Act,
    /// UTC.
    pub from: Option<NaiveDateTime>,
    /// UTC.
    pub until: Option<NaiveDateTime>,
    /// Where it comes from.
    pub evidence: Evidence,
    /// How sure the source is, 0..1.
    pub trust: f64,
}

/// What a claim does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// A text says it.
    Says(Says),
    /// It was never so.
    Retracts,
    /// It is so still.
    Confirms,
}

/// A fact.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// Its name.
    pub id: String,
    /// `self`, or a name.
    pub subject: String,
    /// The slot with its key.
    pub slot: String,
    /// The value, as first said.
    pub value: String,
    /// False: it is not so.
    pub positive: bool,
    /// How it was said last: holding, planned or recurring. What is over has `valid_until`.
    pub kind: Kind,
    /// UTC.
    pub valid_from: Option<NaiveDateTime>,
    /// UTC; from then on it is no longer so.
    pub valid_until: Option<NaiveDateTime>,
    /// UTC.
    pub learned_at: NaiveDateTime,
    /// UTC.
    pub last_refreshed_at: NaiveDateTime,
    /// How often it was said again.
    pub refreshes: u32,
    /// The fact that took its place.
    pub superseded_by: Option<String>,
    /// The claim that took it back.
    pub retracted_by: Option<String>,
    /// How sure its source was, 0..1.
    pub trust: f64,
    /// What says so, oldest first.
    pub evidence: Vec<Evidence>,
}

/// What kind of fact it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It is so for a time.
    Holding,
    /// It is to be.
    Planned,
    /// It is so again and again.
    Recurring,
}

impl Fact {
    /// Whether it stands: it was neither superseded nor retracted.
    pub fn stands(&self) -> bool {
        self.superseded_by.is_none() && self.retracted_by.is_none()
    }

    /// `current`, `past`, `planned` or `recurring` at that moment.
    pub fn state(&self, at: NaiveDateTime) -> &'static str {
        let over = self.valid_until.is_some_and(|until| until <= at);
        match self.kind {
            _ if over => "past",
            Kind::Planned => "planned",
            Kind::Recurring => "recurring",
            Kind::Holding if self.valid_from.is_some_and(|from| from > at) => "planned",
            Kind::Holding => "current",
        }
    }

    /// Whether it was so at that moment.
    pub fn held(&self, at: NaiveDateTime) -> bool {
        self.retracted_by.is_none()
            && matches!(self.state(at), "current" | "recurring")
            && self.valid_from.unwrap_or(self.learned_at) <= at
    }

    /// How sure it is at that moment: what its source was, faded by the retention law since it was last said. Each repetition makes
    /// it last half as long again.
    pub fn confidence(&self, at: NaiveDateTime, holds: f64, law: Law) -> f64 {
        let days = (at - self.last_refreshed_at).num_seconds().max(0) as f64 / 86_400.0;
        let stability = holds * (1.0 + 0.5 * f64::from(self.refreshes));
        let factor = law.rate.powf(-1.0 / law.exponent) - 1.0;
        let faded = (1.0 + factor * days / stability).powf(-law.exponent);
        let trust = 1.0 - (1.0 - self.trust) / (1.0 + f64::from(self.refreshes));
        (trust * faded * 1_000.0).round() / 1_000.0
    }
}

/// The parameters of the retention law: R(t) = (1 + F t/S)^-exponent with F = rate^(-1/exponent) - 1.
#[derive(Debug, Clone, Copy)]
pub struct Law {
    /// gradual_forgetting_rate.
    pub rate: f64,
    /// forgetting_exponent.
    pub exponent: f64,
}

/// What the claims come to. They may come in any order; those of later moments than `known_at` are not known yet.
pub fn facts(registry: &Registry, mut claims: Vec<Claim>, known_at: NaiveDateTime) -> Vec<Fact> {
    claims.retain(|claim| claim.at.0 <= known_at);
    claims.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.id.cmp(&b.id)));
    let mut timeline = Timeline::default();
    for claim in claims {
        let cardinality = registry
            .slot(&claim.slot)
            .map_or(Cardinality::Many, |slot| slot.cardinality);
        timeline.take(claim, cardinality);
    }
    timeline.facts
}

#[derive(Default)]
struct Timeline {
    facts: Vec<Fact>,
    /// By subject and slot, folded.
    places: HashMap<(String, String), Vec<usize>>,
}

/// "the Lisbon" and "Lisbon" are one value.
fn same(a: &str, b: &str) -> bool {
    let plain = |text: &str| {
        let folded = fold(text);
        let words: Vec<&str> = folded
            .split(|c: char| !c.is_alphanumeric() && c != '+' && c != '#' && c != '@')
            .filter(|w| !w.is_empty() && !matches!(*w, "the" | "a" | "an"))
            .collect();
        words.join(" ")
    };
    plain(a) == plain(b)
}

/// "Austin" and "Austin, Texas" are one place, said more or less exactly.
fn compatible(a: &str, b: &str) -> bool {
    let first = |text: &str| text.split(',').next().unwrap_or(text).trim().to_owned();
    same(a, b) || (a.contains(',') != b.contains(',')) && same(&first(a), &first(b))
}

impl Timeline {
    fn take(&mut self, claim: Claim, cardinality: Cardinality) {
        let place = (fold(&claim.subject), fold(&claim.slot));
        let known = self.places.get(&place).cloned().unwrap_or_default();
        let open: Vec<usize> = known
            .iter()
            .copied()
            .filter(|i| {
                self.facts[*i].stands() && self.facts[*i].valid_until.is_none_or(|u| u > claim.at.0)
            })
            .collect();
        let of_value = |this: &Timeline, among: &[usize]| {
            among
                .iter()
                .rev()
                .copied()
                .find(|i| compatible(&this.facts[*i].value, &claim.value))
        };
        match claim.act {
            Act::Retracts => {
                let at = of_value(self, &open).or_else(|| {
                    let standing: Vec<usize> = known
                        .iter()
                        .copied()
                        .filter(|i| self.facts[*i].retracted_by.is_none())
                        .collect();
                    of_value(self, &standing)
                });
                if let Some(i) = at {
                    self.retract(i, &claim);
                }
            }
            Act::Confirms => {
                if let Some(i) = of_value(self, &open) {
                    self.refresh(i, &claim);
                }
            }
            Act::Says(says) => self.say(claim, says, cardinality, place, &open),
        }
    }

    fn say(
        &mut self,
        claim: Claim,
        says: Says,
        cardinality: Cardinality,
        place: (String, String),
        open: &[usize],
    ) {
        let at = claim.at.0;
        let same_value: Vec<usize> = open
            .iter()
            .copied()
            .filter(|i| compatible(&self.facts[*i].value, &claim.value))
            .collect();
        match says {
            Says::Ends => {
                let mut ended = false;
                for i in same_value {
                    if self.facts[i].kind == Kind::Planned {
                        self.retract(i, &claim);
                    } else {
                        let until = claim.until.or(claim.from).unwrap_or(at);
                        self.facts[i].valid_until =
                            Some(until.max(self.facts[i].valid_from.unwrap_or(until)));
                        self.facts[i].evidence.push(claim.evidence.clone());
                    }
                    ended = true;
                }
                if !ended && claim.positive {
                    let until = claim.until.unwrap_or(at);
                    self.add(claim, place, Kind::Holding, None, Some(until));
                }
            }
            Says::Was => {
                let until = claim.until.unwrap_or(at);
                let from = claim.from.filter(|from| *from < until);
                self.add(claim, place, Kind::Holding, from, Some(until));
            }
            Says::Plans => match same_value.first() {
                Some(i) => self.refresh(*i, &claim),
                None => {
                    let from = claim.from;
                    self.add(claim, place, Kind::Planned, from, None);
                }
            },
            Says::Holds | Says::Recurs | Says::Corrects => {
                self.hold(claim, says, cardinality, place, open, &same_value);
            }
        }
    }

    fn hold(
        &mut self,
        claim: Claim,
        says: Says,
        cardinality: Cardinality,
        place: (String, String),
        open: &[usize],
        same_value: &[usize],
    ) {
        let kind = if says == Says::Recurs {
            Kind::Recurring
        } else {
            Kind::Holding
        };
        let known = same_value.iter().copied().find(|i| {
            self.facts[*i].positive == claim.positive && self.facts[*i].kind != Kind::Planned
        });
        if let Some(i) = known {
            // Said more exactly: "Austin" becomes "Austin, Texas".
            if claim.value.len() > self.facts[i].value.len() && claim.value.contains(',') {
                self.facts[i].value.clone_from(&claim.value);
            }
            self.refresh(i, &claim);
            return;
        }
        let (until, starts) = (claim.until, claim.from.unwrap_or(claim.at.0));
        let (id, from) = (claim.id.clone(), Some(starts));
        let by = claim.clone();
        self.add(claim, place, kind, from, until);
        for i in open {
            let fact = &self.facts[*i];
            let replaced = match fact.kind {
                // What was planned has come.
                Kind::Planned => same_value.contains(i),
                _ if same_value.contains(i) => fact.positive != by.positive,
                _ => cardinality == Cardinality::One && by.positive && fact.positive,
            };
            if !replaced {
                continue;
            }
            if says == Says::Corrects && fact.kind != Kind::Planned {
                self.retract(*i, &by);
            } else {
                let fact = &mut self.facts[*i];
                fact.superseded_by = Some(id.clone());
                fact.valid_until = Some(starts.max(fact.valid_from.unwrap_or(starts)));
            }
        }
    }

    fn add(
        &mut self,
        claim: Claim,
        place: (String, String),
        kind: Kind,
        valid_from: Option<NaiveDateTime>,
        valid_until: Option<NaiveDateTime>,
    ) {
        self.places.entry(place).or_default().push(self.facts.len());
        self.facts.push(Fact {
            id: claim.id,
            subject: claim.subject,
            slot: claim.slot,
            value: claim.value,
            positive: claim.positive,
            kind,
            valid_from,
            valid_until,
            learned_at: claim.at.0,
            last_refreshed_at: claim.at.0,
            refreshes: 0,
            superseded_by: None,
            retracted_by: None,
            trust: claim.trust,
            evidence: vec![claim.evidence],
        });
    }

    fn refresh(&mut self, i: usize, claim: &Claim) {
        let fact = &mut self.facts[i];
        fact.last_refreshed_at = claim.at.0;
        fact.refreshes += 1;
        fact.trust = fact.trust.max(claim.trust);
        fact.evidence.push(claim.evidence.clone());
        if let Some(from) = claim.from
            && fact.valid_from.is_none_or(|known| from < known)
        {
            fact.valid_from = Some(from);
        }
    }

    fn retract(&mut self, i: usize, claim: &Claim) {
        self.facts[i].retracted_by = Some(claim.id.clone());
        self.facts[i].evidence.push(claim.evidence.clone());
    }
}
