//! What a memory's answer says, as features: the parts of a long memory as one, beside what rules say.

use super::schema::{FeelingAnswer, MemoryAnswer, TopicAnswer};
use crate::enrich::features::{Action, Emotion, Features, Milli, Topic};
use std::collections::{BTreeMap, HashSet};

/// The parts of a long memory as one answer.
pub fn merge_parts(parts: Vec<MemoryAnswer>) -> Option<MemoryAnswer> {
    let n = parts.len().max(1) as f64;
    // The part that matters most speaks for the whole.
    let first = parts
        .iter()
        .max_by(|a, b| a.importance.total_cmp(&b.importance))?
        .clone();
    let mut topics: BTreeMap<String, f64> = BTreeMap::new();
    for topic in parts.iter().flat_map(|p| &p.topics) {
        let weight = topics.entry(topic.label.clone()).or_default();
        *weight = weight.max(topic.weight);
    }
    let mut topics: Vec<TopicAnswer> = topics
        .into_iter()
        .map(|(label, weight)| TopicAnswer { label, weight })
        .collect();
    topics.sort_by(|a, b| {
        b.weight
            .total_cmp(&a.weight)
            .then_with(|| a.label.cmp(&b.label))
    });
    topics.truncate(8);
    let all = |of: fn(&MemoryAnswer) -> &Vec<String>, most: usize| {
        let mut seen = HashSet::new();
        let names = parts
            .iter()
            .flat_map(of)
            .filter(|name| seen.insert(name.to_lowercase()));
        names.take(most).cloned().collect::<Vec<_>>()
    };
    Some(MemoryAnswer {
        people: all(|p| &p.people, 16),
        places: all(|p| &p.places, 16),
        entities: all(|p| &p.entities, 24),
        egocentric: all(|p| &p.egocentric, 8),
        topics,
        urgency: parts.iter().map(|p| p.urgency).fold(0.0, f64::max),
        sentiment: parts.iter().map(|p| p.sentiment).sum::<f64>() / n,
        emotional_weight: parts.iter().map(|p| p.emotional_weight).fold(0.0, f64::max),
        goal: parts.iter().find_map(|p| p.goal.clone()),
        task: parts.iter().find_map(|p| p.task.clone()),
        actions: parts
            .iter()
            .flat_map(|p| p.actions.clone())
            .take(8)
            .collect(),
        ..first
    })
}

/// The answer as features; what it leaves open is what rules say.
pub fn to_features(answer: &MemoryAnswer, rules: &Features) -> Features {
    let heaviest = answer.topics.iter().map(|t| t.weight).fold(0.0, f64::max);
    Features {
        gist: match answer.gist.is_empty() {
            true => rules.gist.clone(),
            false => answer.gist.clone(),
        },
        // Rules know who speaks; a model is asked who is spoken of.
        people: union(
            &rules.people[..rules.people.len().min(1)],
            &answer.people,
            16,
        ),
        places: answer.places.clone(),
        entities: union(
            &answer.entities,
            &[answer.people.clone(), answer.places.clone()].concat(),
            24,
        ),
        topics: match answer.topics.is_empty() {
            true => rules.topics.clone(),
            false => answer
                .topics
                .iter()
                .map(|t| Topic {
                    label: t.label.clone(),
                    weight: Milli::from_unit((t.weight / heaviest).max(0.001)),
                })
                .collect(),
        },
        actions: answer
            .actions
            .iter()
            .map(|a| Action {
                verb: a.verb.clone(),
                object: a.object.clone(),
            })
            .collect(),
        goal: answer.goal.clone(),
        task: answer.task.clone(),
        egocentric: answer.egocentric.clone(),
        emotion: match answer.emotion {
            FeelingAnswer::Joy => Some(Emotion::Joy),
            FeelingAnswer::Love => Some(Emotion::Love),
            FeelingAnswer::Trust => Some(Emotion::Trust),
            FeelingAnswer::Surprise => Some(Emotion::Surprise),
            FeelingAnswer::Sadness => Some(Emotion::Sadness),
            FeelingAnswer::Fear => Some(Emotion::Fear),
            FeelingAnswer::Anger => Some(Emotion::Anger),
            FeelingAnswer::Disgust => Some(Emotion::Disgust),
            FeelingAnswer::None => None,
        },
        valence: Milli::from_signed(answer.sentiment),
        arousal: Milli::from_unit(answer.emotional_weight),
        urgency: Milli::from_unit(answer.urgency),
        importance: Milli::from_unit(answer.importance),
        times: rules.times.clone(),
        act: rules.act,
    }
}

fn union(first: &[String], second: &[String], most: usize) -> Vec<String> {
    let mut seen = HashSet::new();
    first
        .iter()
        .chain(second)
        .filter(|name| seen.insert(name.to_lowercase()))
        .take(most)
        .cloned()
        .collect()
}
