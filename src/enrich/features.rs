//! The features of a memory, as stored. Every number is a [`Milli`], so that stored values are exact decimals.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text::TimeExpression;

/// Thousandths: 375 is 0.375. Feelings and weights are never more exact than that, and sums of them are exact.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Milli(pub i16);

impl Milli {
    /// 0.
    pub const ZERO: Self = Self(0);
    /// 1.
    pub const ONE: Self = Self(1000);

    /// The nearest thousandth to a value in −1..=1; values outside are clamped, NaN is 0.
    pub fn from_signed(value: f64) -> Self {
        // `as` saturates and maps NaN to 0.
        #[allow(clippy::cast_possible_truncation)]
        let thousandths = (value.clamp(-1.0, 1.0) * 1000.0).round() as i16;
        Self(thousandths)
    }

    /// The nearest thousandth to a value in 0..=1; values outside are clamped, NaN is 0.
    pub fn from_unit(value: f64) -> Self {
        Self::from_signed(value.max(0.0))
    }

    /// The value as a float, for computing.
    pub fn value(self) -> f64 {
        f64::from(self.0) / 1000.0
    }
}

impl fmt::Display for Milli {
    /// A decimal literal with three places, as SQL reads it: `-0.375`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:03}", magnitude / 1000, magnitude % 1000)
    }
}

/// What a memory says, as far as its words tell. Lists are in order of first mention unless said otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Features {
    /// The most informative sentence, word for word, cut at 160 characters. Empty only for an empty text.
    pub gist: String,
    /// Everything named: people, places, organisations, products, titles, languages. As written, at most 24.
    pub entities: Vec<String>,
    /// The speaker, then the people named or addressed. At most 16.
    pub people: Vec<String>,
    /// Places named. At most 16.
    pub places: Vec<String>,
    /// What it is about, heaviest first, at most 8.
    pub topics: Vec<Topic>,
    /// Times named, resolved against the local time of the memory.
    pub times: Vec<TimeExpression>,
    /// What is done, by whomever. At most 8.
    pub actions: Vec<Action>,
    /// What the speaker wants to reach, in their words: "learn Portuguese".
    pub goal: Option<String>,
    /// What has to be done, in their words: "call the vet".
    pub task: Option<String>,
    /// What the memory does as an utterance.
    pub act: SpeechAct,
    /// How pleasant: −1 to 1.
    pub valence: Milli,
    /// How stirring: 0 to 1.
    pub arousal: Milli,
    /// The feeling its words name most, if any.
    pub emotion: Option<Emotion>,
    /// How soon it wants something done: 0 to 1.
    pub urgency: Milli,
    /// How much it is worth remembering: 0 to 1.
    pub importance: Milli,
    /// Places relative to the speaker, lower case: "here", "my desk", "next to me". At most 8.
    pub egocentric: Vec<String>,
}

/// A subject of a memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// A noun phrase of 1 to 3 lower-case words; the inflections of a word give one label.
    pub label: String,
    /// Above 0, at most 1; the heaviest of a memory has 1.
    pub weight: Milli,
}

/// Something done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// The verb's base form.
    pub verb: String,
    /// What it is done to, or where to; empty for "slept".
    pub object: String,
}

/// What an utterance does (after Searle's classes, as far as punctuation and word order tell them apart).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpeechAct {
    /// Asks for information.
    Question,
    /// Says how things are.
    #[default]
    Statement,
    /// Asks for an action: "Please call me", "Could you …?".
    Request,
    /// Reacts: "Wow, that's great!"
    Exclamation,
}

/// A closed set: Ekman's six basic emotions, and love and trust (from Plutchik's wheel), which conversations are full of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Emotion {
    Joy,
    Love,
    Trust,
    Surprise,
    Sadness,
    Fear,
    Anger,
    Disgust,
}

impl Emotion {
    /// The name as stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Joy => "joy",
            Self::Love => "love",
            Self::Trust => "trust",
            Self::Surprise => "surprise",
            Self::Sadness => "sadness",
            Self::Fear => "fear",
            Self::Anger => "anger",
            Self::Disgust => "disgust",
        }
    }
}

impl SpeechAct {
    /// The name as stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Question => "question",
            Self::Statement => "statement",
            Self::Request => "request",
            Self::Exclamation => "exclamation",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousandths_are_clamped_rounded_and_printed_as_decimals() {
        for (value, text) in [
            (0.0, "0.000"),
            (0.3756, "0.376"),
            (-0.0456, "-0.046"),
            (-7.0, "-1.000"),
            (1.0, "1.000"),
            (f64::NAN, "0.000"),
            (f64::INFINITY, "1.000"),
        ] {
            assert_eq!(Milli::from_signed(value).to_string(), text);
        }
        assert_eq!(Milli::from_unit(-0.5), Milli::ZERO);
    }

    #[test]
    fn features_come_back_from_json_unchanged() {
        let features = Features {
            gist: "I flew to Rome.".into(),
            emotion: Some(Emotion::Joy),
            valence: Milli(-250),
            topics: vec![Topic {
                label: "flight".into(),
                weight: Milli::ONE,
            }],
            ..Features::default()
        };
        let json = serde_json::to_string(&features).unwrap();
        assert!(
            json.contains(r#""act":"statement""#) && json.contains(r#""valence":-250"#),
            "{json}"
        );
        assert_eq!(serde_json::from_str::<Features>(&json).unwrap(), features);
    }
}
