//! The answers asked for, as JSON Schema and as they are read, and what a text bears out of them.

use super::evidence::{Evidence, clamp, one_line_of};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// An answer after it was checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked<T> {
    /// What is left of it.
    pub answer: T,
    /// Values out of range, names not in the text, ids that do not exist: set right or left out.
    pub clamped: u32,
}

/// What a memory says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct MemoryAnswer {
    pub gist: String,
    #[serde(default)]
    pub people: Vec<String>,
    #[serde(default)]
    pub places: Vec<String>,
    #[serde(default)]
    pub entities: Vec<String>,
    #[serde(default)]
    pub topics: Vec<TopicAnswer>,
    #[schemars(range(min = 0, max = 1))]
    pub importance: f64,
    #[schemars(range(min = 0, max = 1))]
    pub urgency: f64,
    #[schemars(range(min = -1, max = 1))]
    pub sentiment: f64,
    #[schemars(range(min = 0, max = 1))]
    pub emotional_weight: f64,
    #[serde(default, deserialize_with = "known")]
    pub emotion: FeelingAnswer,
    #[serde(default, deserialize_with = "known")]
    pub task_type: TaskTypeAnswer,
    #[serde(default)]
    pub goal: Option<String>,
    #[serde(default)]
    pub task: Option<String>,
    #[serde(default)]
    pub actions: Vec<ActionAnswer>,
    #[serde(default)]
    pub egocentric: Vec<String>,
}

/// A subject of a memory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct TopicAnswer {
    pub label: String,
    #[schemars(range(min = 0, max = 1))]
    pub weight: f64,
}

/// Something done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct ActionAnswer {
    pub verb: String,
    #[serde(default)]
    pub object: String,
}

/// The feeling a memory shows most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum FeelingAnswer {
    Joy,
    Love,
    Trust,
    Surprise,
    Sadness,
    Fear,
    Anger,
    Disgust,
    #[default]
    None,
}

/// What kind of thing a memory is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum TaskTypeAnswer {
    Planning,
    Doing,
    Deciding,
    ProblemSolving,
    Learning,
    Communicating,
    Organising,
    Creating,
    Caring,
    Leisure,
    Reflecting,
    #[default]
    Other,
}

/// What an episode was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct EpisodeAnswer {
    pub title: String,
    pub gist: String,
    #[serde(default)]
    pub goal: Option<String>,
    #[serde(default)]
    pub steps: Vec<StepAnswer>,
    #[serde(default)]
    pub causes: Vec<LinkAnswer>,
    #[serde(default)]
    pub place: Option<String>,
    #[serde(default)]
    pub spatial: Vec<String>,
}

/// A task or action of an episode, with the memory that says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct StepAnswer {
    #[serde(default, deserialize_with = "known")]
    pub level: LevelAnswer,
    pub label: String,
    pub memory: i64,
}

/// Where a step stands between goal and hand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum LevelAnswer {
    Task,
    #[default]
    Action,
}

/// One memory brought about another, or cannot be true beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct LinkAnswer {
    pub from: i64,
    pub to: i64,
    #[serde(default)]
    pub why: String,
}

/// What the memories of a column come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct ClusterAnswer {
    pub gist: String,
    #[serde(default)]
    pub principle: Option<String>,
    #[serde(default)]
    pub contradictions: Vec<LinkAnswer>,
}

/// An insight in a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct InsightAnswer {
    pub sentence: String,
}

/// A word of a closed list; any other counts as the list's default, since a model that says "content" has still read the memory.
fn known<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + for<'a> Deserialize<'a>,
{
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

impl MemoryAnswer {
    /// What the text bears out: names that are in it (or the speaker's), wishes and deeds that share a word with it, numbers in
    /// their range.
    pub fn checked(self, evidence: &Evidence) -> Checked<MemoryAnswer> {
        let mut n = 0;
        let answer = MemoryAnswer {
            gist: match one_line_of(&self.gist, 160) {
                gist if gist.is_empty() || !evidence.bears(&gist) => {
                    n += 1;
                    String::new()
                }
                gist => gist,
            },
            people: evidence.names(self.people, 16, &mut n),
            places: evidence.names(self.places, 16, &mut n),
            entities: evidence.names(self.entities, 24, &mut n),
            topics: topics(self.topics, &mut n),
            importance: clamp(self.importance, 0.0, &mut n),
            urgency: clamp(self.urgency, 0.0, &mut n),
            sentiment: clamp(self.sentiment, -1.0, &mut n),
            emotional_weight: clamp(self.emotional_weight, 0.0, &mut n),
            emotion: self.emotion,
            task_type: self.task_type,
            goal: evidence.phrase(self.goal, &mut n),
            task: evidence.phrase(self.task, &mut n),
            actions: {
                let (mut kept, before) = (self.actions, &mut n);
                kept.retain(|a| {
                    let said = evidence.bears(&format!("{} {}", a.verb, a.object));
                    *before += u32::from(!said);
                    said
                });
                kept.truncate(8);
                kept.into_iter()
                    .map(|a| ActionAnswer {
                        verb: one_line_of(&a.verb.to_lowercase(), 40),
                        object: one_line_of(&a.object, 80),
                    })
                    .collect()
            },
            egocentric: {
                let mut kept = Vec::new();
                for place in self.egocentric {
                    match evidence.phrase(Some(place), &mut n) {
                        Some(place) if kept.len() < 8 => kept.push(place.to_lowercase()),
                        _ => {}
                    }
                }
                kept
            },
        };
        Checked { answer, clamped: n }
    }
}

fn topics(answers: Vec<TopicAnswer>, clamped: &mut u32) -> Vec<TopicAnswer> {
    let mut kept: Vec<TopicAnswer> = Vec::new();
    for topic in answers {
        let label = one_line_of(&topic.label.to_lowercase(), 60);
        let words = label.split(' ').count();
        if label.chars().count() < 2 || words > 4 || kept.iter().any(|t| t.label == label) {
            *clamped += 1;
            continue;
        }
        let weight = clamp(topic.weight, 0.0, clamped);
        if weight >= 0.001 && kept.len() < 8 {
            kept.push(TopicAnswer { label, weight });
        }
    }
    kept.sort_by(|a, b| {
        b.weight
            .total_cmp(&a.weight)
            .then_with(|| a.label.cmp(&b.label))
    });
    kept
}

impl LinkAnswer {
    fn short(self) -> LinkAnswer {
        LinkAnswer {
            why: one_line_of(&self.why, 160),
            ..self
        }
    }
}

impl EpisodeAnswer {
    /// What the episode bears out: `ids` are its memories in their order.
    pub fn checked(self, evidence: &Evidence, ids: &[i64]) -> Checked<EpisodeAnswer> {
        let mut n = 0;
        let place_of = |id: i64| ids.iter().position(|known| *known == id);
        let answer = EpisodeAnswer {
            title: evidence.sentence(&self.title, 80, &mut n),
            gist: evidence.sentence(&self.gist, 400, &mut n),
            goal: evidence.phrase(self.goal, &mut n),
            steps: keep(self.steps, 24, &mut n, |step| {
                place_of(step.memory).is_some() && evidence.bears(&step.label)
            })
            .into_iter()
            .map(|step| StepAnswer {
                label: one_line_of(&step.label, 160),
                ..step
            })
            .collect(),
            // A cause comes before its effect.
            causes: keep(
                self.causes,
                24,
                &mut n,
                |link| matches!((place_of(link.from), place_of(link.to)), (Some(a), Some(b)) if a < b),
            )
            .into_iter()
            .map(LinkAnswer::short)
            .collect(),
            place: self
                .place
                .and_then(|place| evidence.names(vec![place], 1, &mut n).pop()),
            spatial: keep(self.spatial, 8, &mut n, |words| evidence.bears(words))
                .iter()
                .map(|words| one_line_of(words, 160))
                .collect(),
        };
        Checked { answer, clamped: n }
    }
}

impl ClusterAnswer {
    /// What the memories bear out: `ids` are theirs.
    pub fn checked(self, evidence: &Evidence, ids: &[i64]) -> Checked<ClusterAnswer> {
        let mut n = 0;
        let answer = ClusterAnswer {
            gist: evidence.sentence(&self.gist, 400, &mut n),
            principle: evidence.phrase(self.principle, &mut n),
            contradictions: keep(self.contradictions, 12, &mut n, |link| {
                link.from != link.to && ids.contains(&link.from) && ids.contains(&link.to)
            })
            .into_iter()
            .map(LinkAnswer::short)
            .collect(),
        };
        Checked { answer, clamped: n }
    }
}

fn keep<T>(values: Vec<T>, most: usize, clamped: &mut u32, good: impl Fn(&T) -> bool) -> Vec<T> {
    let before = values.len();
    let mut kept: Vec<T> = values.into_iter().filter(good).collect();
    *clamped += u32::try_from(before - kept.len()).unwrap_or(u32::MAX);
    kept.truncate(most);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_and_gists_bring_no_words_or_numbers_of_their_own() {
        let evidence = Evidence::of(["[1] Nora: Bolota ate half a bowl in 2026.\n"]);
        let episode = |title: &str, gist: &str| EpisodeAnswer {
            title: title.into(),
            gist: gist.into(),
            goal: None,
            steps: vec![StepAnswer {
                level: LevelAnswer::Task,
                label: format!("feed Bolota\n{}", "x ".repeat(400)),
                memory: 1,
            }],
            causes: Vec::new(),
            place: None,
            spatial: vec![format!("beside the bowl {}", "y ".repeat(400))],
        };
        let made_up =
            episode("Napoleon invades Russia", "Bolota ate 4711 bowls.").checked(&evidence, &[1]);
        assert_eq!(
            (made_up.answer.title.as_str(), made_up.answer.gist.as_str()),
            ("", "")
        );
        assert_eq!(made_up.clamped, 2);
        let borne_out = episode("Bolota eats", "Bolota ate half a bowl.").checked(&evidence, &[1]);
        assert_eq!(borne_out.answer.title, "Bolota eats");
        assert_eq!(borne_out.clamped, 0);
        let long = [
            &borne_out.answer.steps[0].label,
            &borne_out.answer.spatial[0],
        ];
        assert!(
            long.iter()
                .all(|words| words.chars().count() <= 160 && !words.contains('\n')),
            "{long:?}"
        );
        let cluster = ClusterAnswer {
            gist: "Something about Paris.".into(),
            principle: None,
            contradictions: vec![LinkAnswer {
                from: 1,
                to: 2,
                why: "z ".repeat(400),
            }],
        }
        .checked(&evidence, &[1, 2]);
        assert_eq!(cluster.answer.gist, "");
        assert!(cluster.answer.contradictions[0].why.chars().count() <= 160);
    }
}
