//! The rule-based enrichment: all features of a memory from its words alone.

use chrono::NaiveDateTime;

use super::features::Features;
use super::need::NeedShare;
use super::reading::Reading;
use super::{
    actions, affect, entities, gist, intents, need, salience, space, speech, topics, valence,
};
use crate::text::time_expressions;

/// The version of the rules. A change that alters what they find raises it; stored features carry it.
pub const RULES_VERSION: u32 = 2;

/// Only this many characters of a memory are read: the cost is bounded, and what a text is about it says before.
pub const MAX_CHARACTERS: usize = 20_000;

/// What is to be enriched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject<'a> {
    /// The memory's text; any Unicode, of any length.
    pub content: &'a str,
    /// Who says it, by name or role.
    pub speaker: Option<&'a str>,
    /// When it was said, on the clock of the mind's time zone.
    pub local_time: NaiveDateTime,
}

/// Finds the features of a memory in the first [`MAX_CHARACTERS`] of its content.
///
/// A pure function: the same subject gives the same features, on any machine. Never panics.
pub fn enrich(memory: &Subject<'_>) -> Features {
    let reading = Reading::of(beginning(memory.content));
    let names = entities::names(&reading, memory.speaker);
    let topics = topics::topics(&reading, &names);
    let act = speech::act(&reading);
    let balance = valence::balance(&reading);
    let mut features = Features {
        gist: gist::gist(&reading, &names, &topics, act),
        entities: names.entities.clone(),
        people: names.people.clone(),
        places: names.places.clone(),
        times: time_expressions(reading.text, memory.local_time),
        actions: actions::actions(&reading, &names),
        goal: intents::goal(&reading),
        task: intents::task(&reading),
        valence: balance.valence(),
        arousal: affect::arousal(&reading, &balance),
        emotion: affect::emotion(&reading),
        egocentric: space::egocentric(&reading),
        topics,
        act,
        ..Features::default()
    };
    features.urgency = salience::urgency(&reading, &features);
    let shares = need::shares(&reading, &names, &features, memory.speaker);
    features.importance = need::importance(&shares);
    features
}

/// What makes a memory important, part by part: log odds that sum to those of its importance.
pub fn need_shares(memory: &Subject<'_>) -> Vec<NeedShare> {
    let features = enrich(memory);
    let reading = Reading::of(beginning(memory.content));
    let names = entities::names(&reading, memory.speaker);
    need::shares(&reading, &names, &features, memory.speaker)
}

/// The first [`MAX_CHARACTERS`] of a text.
fn beginning(content: &str) -> &str {
    if content.len() <= MAX_CHARACTERS {
        return content;
    }
    content
        .char_indices()
        .nth(MAX_CHARACTERS)
        .map_or(content, |(end, _)| &content[..end])
}

#[cfg(test)]
mod tests;
