//! What holds now, what held, what is planned: facts about people.

use super::{Engine, Mind};
use crate::config::Value;
use crate::error::{Error, Result};
use crate::facts::{
    Fact, Law, SELF, Statement, append_statement, claims, facts, read_pending, registry,
};
use chrono::{NaiveDateTime, SecondsFormat};
use serde::{Deserialize, Serialize};

/// Which facts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FactFilter {
    /// About this person; `self` is the mind's own.
    pub subject: Option<String>,
    /// Of this slot; `favourite` takes all of `favourite:…`.
    pub slot: Option<String>,
    /// What held at this moment, UTC; none: now.
    pub as_of: Option<NaiveDateTime>,
    /// What was known at this moment, UTC; none: all that is known.
    pub known_at: Option<NaiveDateTime>,
    /// What is over, superseded or retracted too.
    pub history: bool,
}

/// A fact as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShownFact {
    /// Its name: the memory and its place there, or the statement by hand.
    pub id: String,
    /// `self`, or the person's name.
    pub subject: String,
    /// The slot.
    pub slot: String,
    /// The value.
    pub value: String,
    /// `positive`; `negative`: it is said not to be so.
    pub polarity: String,
    /// `current`, `past`, `planned`, `recurring`.
    pub state: String,
    /// UTC.
    pub valid_from: Option<String>,
    /// UTC.
    pub valid_until: Option<String>,
    /// When it was first said, UTC.
    pub learned_at: String,
    /// When it was last said, UTC.
    pub last_refreshed_at: String,
    /// The fact that took its place: it was true.
    pub superseded_by: Option<String>,
    /// What took it back: it never was.
    pub retracted_by: Option<String>,
    /// 0..1.
    pub confidence: f64,
    /// Whether an assistant should know it from the start.
    pub essential: bool,
    /// What says so, oldest first.
    pub evidence: Vec<FactEvidence>,
}

/// What says so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FactEvidence {
    /// The memory; none for what was said by hand.
    pub memory_id: Option<i64>,
    /// The very words.
    pub words: String,
}

/// A fact to set by hand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewFact {
    /// `self`, or a name.
    pub subject: String,
    /// A slot of the registry; `favourite` with what it is about: `favourite:tea`.
    pub slot: String,
    /// The value.
    pub value: String,
    /// `current`, `past`, `planned`, `recurring`.
    pub state: String,
    /// UTC.
    pub valid_from: Option<NaiveDateTime>,
    /// UTC.
    pub valid_until: Option<NaiveDateTime>,
}

/// Facts surer than this are essential where their slot is.
const SURE: f64 = 0.5;
/// So many repetitions make any fact essential.
const OFTEN: u32 = 3;

impl Engine {
    /// What holds; with `history`, what held too.
    ///
    /// # Errors
    /// Usage when there is no such slot; failed when the store cannot be read.
    pub fn facts(
        &self,
        mind: &Mind,
        filter: &FactFilter,
        now: NaiveDateTime,
    ) -> Result<Vec<ShownFact>> {
        let registry = registry()?;
        if let Some(slot) = &filter.slot {
            check_slot(slot)?;
        }
        let at = filter.as_of.unwrap_or(now);
        let law = self.retention_law()?;
        let known = self.known_facts(mind, filter.known_at.unwrap_or(NaiveDateTime::MAX))?;
        let mut shown = Vec::new();
        for fact in known {
            let wanted = filter
                .subject
                .as_ref()
                .is_none_or(|s| s.to_lowercase() == fact.subject.to_lowercase())
                && filter.slot.as_ref().is_none_or(|slot| {
                    fact.slot == *slot
                        || fact
                            .slot
                            .split_once(':')
                            .is_some_and(|(base, _)| base == slot)
                });
            let lives = match (filter.history, filter.as_of) {
                (true, _) => true,
                (false, Some(at)) => fact.held(at),
                (false, None) => fact.stands() && fact.state(at) != "past",
            };
            if wanted && lives {
                let holds = registry.slot(&fact.slot).map_or(365.0, |s| s.holds);
                shown.push(show(fact, at, holds, law));
            }
        }
        shown.sort_by(|a, b| {
            (a.subject != SELF, &a.subject, &a.slot, &a.learned_at, &a.id).cmp(&(
                b.subject != SELF,
                &b.subject,
                &b.slot,
                &b.learned_at,
                &b.id,
            ))
        });
        Ok(shown)
    }

    fn known_facts(&self, mind: &Mind, known_at: NaiveDateTime) -> Result<Vec<Fact>> {
        if self.is_writable() && self.writing {
            read_pending(&self.warehouse)?;
        }
        Ok(facts(
            registry()?,
            claims(self.warehouse.conn(), mind)?,
            known_at,
        ))
    }

    fn retention_law(&self) -> Result<Law> {
        let number = |name: &str| {
            self.parameters()
                .get(name)
                .and_then(Value::as_f64)
                .ok_or_else(|| Error::failed(format!("there is no parameter {name}")))
        };
        Ok(Law {
            rate: number("gradual_forgetting_rate")?,
            exponent: number("forgetting_exponent")?,
        })
    }

    /// Says by hand what is so.
    ///
    /// # Errors
    /// Usage when it cannot be said; failed when the store cannot be written.
    pub fn set_fact(
        &self,
        mind: &Mind,
        new: &NewFact,
        author: Option<&str>,
        now: NaiveDateTime,
    ) -> Result<Vec<ShownFact>> {
        check_slot(&new.slot)?;
        for text in [&new.subject, &new.value] {
            if text.trim().is_empty() || text.len() > 1_000 || text.chars().any(char::is_control) {
                return Err(
                    Error::usage(format!("{text:?} cannot be a subject or a value"))
                        .hint("use 1 to 1000 bytes without control characters"),
                );
            }
        }
        if let (Some(from), Some(until)) = (new.valid_from, new.valid_until)
            && until < from
        {
            return Err(Error::usage("it cannot end before it begins"));
        }
        let statement = Statement {
            action: "set",
            subject: new.subject.trim(),
            slot: &new.slot,
            value: new.value.trim(),
            state: &new.state,
            valid_from: new.valid_from,
            valid_until: new.valid_until,
            author,
            reason: None,
        };
        self.warehouse
            .transaction(|conn| append_statement(conn, mind, &statement, now).map(|_| ()))?;
        self.of_slot(mind, &new.subject, &new.slot, now)
    }

    /// Takes a fact back (it never was so), confirms it, or puts another value in its place.
    ///
    /// # Errors
    /// Usage when there is no such fact; failed when the store cannot be written.
    pub fn judge_fact(
        &self,
        mind: &Mind,
        id: &str,
        judgement: &FactJudgement,
        author: Option<&str>,
        now: NaiveDateTime,
    ) -> Result<Vec<ShownFact>> {
        let fact = self
            .known_facts(mind, NaiveDateTime::MAX)?
            .into_iter()
            .find(|fact| fact.id == id)
            .ok_or_else(|| {
                Error::usage(format!("mind '{}' has no fact {id}", mind.name))
                    .hint("`codex facts --history` shows ids")
            })?;
        if fact.retracted_by.is_some() {
            return Err(Error::usage(format!("fact {id} is retracted already")));
        }
        let state = fact.state(now);
        let said = |action, value, reason| Statement {
            action,
            subject: &fact.subject,
            slot: &fact.slot,
            value,
            state,
            valid_from: None,
            valid_until: None,
            author,
            reason,
        };
        self.warehouse.transaction(|conn| {
            match judgement {
                FactJudgement::Confirm => {
                    append_statement(conn, mind, &said("confirm", &fact.value, None), now)?;
                }
                FactJudgement::Retract { reason } => {
                    let reason = reason.as_deref();
                    append_statement(conn, mind, &said("retract", &fact.value, reason), now)?;
                }
                FactJudgement::Correct { value } => {
                    append_statement(conn, mind, &said("retract", &fact.value, None), now)?;
                    let mut set = said("set", value, None);
                    set.valid_from = fact.valid_from;
                    append_statement(conn, mind, &set, now)?;
                }
            }
            Ok(())
        })?;
        self.of_slot(mind, &fact.subject, &fact.slot, now)
    }

    fn of_slot(
        &self,
        mind: &Mind,
        subject: &str,
        slot: &str,
        now: NaiveDateTime,
    ) -> Result<Vec<ShownFact>> {
        let filter = FactFilter {
            subject: Some(subject.to_owned()),
            slot: Some(slot.to_owned()),
            history: true,
            ..FactFilter::default()
        };
        self.facts(mind, &filter, now)
    }
}

/// What is said of a fact by hand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactJudgement {
    /// It is so still.
    Confirm,
    /// It never was so.
    Retract {
        /// Why.
        reason: Option<String>,
    },
    /// It never was so, but this.
    Correct {
        /// The right value.
        value: String,
    },
}

fn check_slot(slot: &str) -> Result<()> {
    let registry = registry()?;
    if registry.slot(slot).is_some() {
        return Ok(());
    }
    let names: Vec<_> = registry.slots().iter().map(|s| s.name.as_str()).collect();
    Err(Error::usage(format!("there is no slot called '{slot}'"))
        .hint(format!("there are: {}", names.join(", "))))
}

fn show(fact: Fact, at: NaiveDateTime, holds: f64, law: Law) -> ShownFact {
    let time = |at: NaiveDateTime| at.and_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true);
    let confidence = fact.confidence(at, holds, law);
    let state = fact.state(at);
    let lasting = registry()
        .ok()
        .and_then(|r| r.slot(&fact.slot))
        .is_some_and(|slot| slot.essential);
    let essential = fact.stands()
        && matches!(state, "current" | "recurring")
        && confidence >= SURE
        && (lasting || fact.refreshes >= OFTEN);
    ShownFact {
        id: fact.id,
        subject: fact.subject,
        slot: fact.slot,
        value: fact.value,
        polarity: if fact.positive {
            "positive"
        } else {
            "negative"
        }
        .to_owned(),
        state: state.to_owned(),
        valid_from: fact.valid_from.map(time),
        valid_until: fact.valid_until.map(time),
        learned_at: time(fact.learned_at),
        last_refreshed_at: time(fact.last_refreshed_at),
        superseded_by: fact.superseded_by,
        retracted_by: fact.retracted_by,
        confidence,
        essential,
        evidence: fact
            .evidence
            .into_iter()
            .map(|e| FactEvidence {
                memory_id: e.memory_id,
                words: e.words,
            })
            .collect(),
    }
}
