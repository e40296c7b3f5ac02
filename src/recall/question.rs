//! What a question names: words, a person, times.

use super::filter::{Filter, Presentation};
use super::gathering;
use super::needs::{Need, READ_AS, needs};
use super::reading::Reading;
use super::score::Score;
use super::times::{NamedTime, TimeOrder};
use crate::memory::MindId;
use crate::text;
use chrono::{NaiveDateTime, Timelike};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeSet;
use unicode_segmentation::UnicodeSegmentation;

/// Distinct terms taken from a question; the ranking keeps its rarest.
const MOST_TERMS: usize = 2_000;
/// Bytes of a question in which times are looked for.
const TIMES_WITHIN: usize = 10_000;

/// A question to one mind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The words asked.
    pub text: String,
    /// Whose memories.
    pub mind: MindId,
    /// At most this many results; at least 1.
    pub k: usize,
    /// The moment of asking, UTC: nothing made later comes up.
    pub as_of: NaiveDateTime,
    /// Whether results say why they came up.
    pub explain: bool,
    /// How relevant a memory has to be to be given.
    #[serde(default)]
    pub cut: Cut,
    /// Which memories may come up.
    #[serde(default)]
    pub filter: Filter,
    /// What is done with those that did.
    #[serde(default)]
    pub presentation: Presentation,
}

/// How relevant a memory has to be to be given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// Whatever comes up, best first: for people, who see for themselves.
    #[default]
    Off,
    /// At least `recall_min_relevance`, and not far less than the best: for programs, which take what they get.
    Usual,
    /// At least this relevant, 0..1.
    At(Score),
}

/// A mind as questions to it need it.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) zone: Tz,
    pub(super) speakers: Vec<String>,
    pub(super) memories: usize,
    pub(super) lived_on: bool,
}

/// What a question names, as a row of `asked`.
#[derive(Debug, Serialize)]
pub(super) struct AskedRow {
    pub(super) question: usize,
    pub(super) k: i64,
    pub(super) terms: BTreeSet<String>,
    pub(super) speaker: Option<String>,
    pub(super) gathers: bool,
    pub(super) spans: Vec<AskedSpan>,
    pub(super) time_order: Option<i32>,
    pub(super) needs: Vec<Need>,
    pub(super) cut: bool,
    pub(super) min_relevance: Option<Score>,
}

/// A span of local time, to the second; open where it has no end.
#[derive(Debug, Serialize)]
pub(super) struct AskedSpan {
    #[serde(serialize_with = "as_timestamp")]
    pub(super) start: Option<NaiveDateTime>,
    #[serde(serialize_with = "as_timestamp")]
    pub(super) end: Option<NaiveDateTime>,
}

impl AskedSpan {
    /// Whether it has a beginning and an end.
    pub(super) fn is_closed(&self) -> bool {
        self.start.is_some() && self.end.is_some()
    }

    pub(super) fn microseconds(&self) -> (Option<i64>, Option<i64>) {
        let microseconds = |at: Option<NaiveDateTime>| at.map(|at| at.and_utc().timestamp_micros());
        (microseconds(self.start), microseconds(self.end))
    }
}

fn as_timestamp<S: Serializer>(
    at: &Option<NaiveDateTime>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => serializer.collect_str(&at.format("%Y-%m-%d %H:%M:%S")),
        None => serializer.serialize_none(),
    }
}

impl Question {
    /// A plain question for at most ten results.
    pub fn new(text: &str, mind: MindId, as_of: NaiveDateTime) -> Question {
        Question {
            text: text.to_owned(),
            mind,
            k: 10,
            as_of,
            explain: false,
            cut: Cut::Off,
            filter: Filter::default(),
            presentation: Presentation::default(),
        }
    }

    /// The question as a memory would say it, for models that know meanings: a speaker's own turns say "I" where a question about
    /// them says their name, so `Name's` becomes `my` and `Name` becomes `I` (30 points of recall on LoCoMo).
    pub(super) fn as_spoken(&self, asked: &Asked) -> String {
        let mut names: Vec<Vec<String>> = asked
            .speakers
            .iter()
            .flat_map(|speaker| {
                let words: Vec<String> =
                    speaker.split_whitespace().map(str::to_lowercase).collect();
                let first = words.iter().take(1).cloned().collect();
                [words, first]
            })
            .filter(|name: &Vec<String>| !name.is_empty())
            .collect();
        // The longest first: "Ana Lima" is one person.
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        names.dedup();
        let mut spoken = String::with_capacity(self.text.len());
        let mut end = 0;
        let words: Vec<(usize, &str)> = self.text.unicode_word_indices().collect();
        let mut at = 0;
        while at < words.len() {
            let named = names
                .iter()
                .find_map(|name| named_at(&words[at..], name).map(|own| (name.len(), own)));
            let Some((length, own)) = named else {
                at += 1;
                continue;
            };
            let (start, _) = words[at];
            let (last, word) = words[at + length - 1];
            spoken.push_str(&self.text[end..start]);
            spoken.push_str(if own { "my" } else { "I" });
            end = last + word.len();
            at += length;
        }
        spoken.push_str(&self.text[end..]);
        spoken
    }

    /// What the question names, as a row of `asked`.
    pub(super) fn as_row(&self, number: usize, asked: &Asked, reading: &Reading) -> AskedRow {
        let mut terms = BTreeSet::new();
        text::for_each_term(&self.text, |term| {
            if terms.len() < MOST_TERMS {
                terms.insert(term.to_owned());
            }
        });
        let mut needs = needs(&self.text, &reading.times);
        for alias in &reading.aliases {
            let place = needs
                .iter()
                .find(|n| text::terms(&alias.asked).contains(&n.term))
                .map(|n| n.place);
            for term in text::terms(&alias.name) {
                terms.insert(term.clone());
                needs.extend(place.map(|place| Need::alias(&term, place)));
            }
        }
        for read in &reading.spelling {
            if !terms.remove(&read.asked_term) {
                continue;
            }
            terms.insert(read.term.clone());
            for need in needs.iter_mut().filter(|n| n.term == read.asked_term) {
                need.term.clone_from(&read.term);
                need.weight *= READ_AS;
            }
        }
        let whole = |at: NaiveDateTime| at.with_nanosecond(0).unwrap_or(at);
        let span = |t: &NamedTime| AskedSpan {
            start: t.start.map(whole),
            end: t.end.map(whole),
        };
        AskedRow {
            question: number,
            k: self.limit(),
            speaker: named_speaker(&terms, &asked.speakers).map(str::to_owned),
            terms,
            gathers: gathering::gathers(&self.text),
            spans: reading.times.iter().map(span).collect(),
            time_order: reading.order.map(|order| match order {
                TimeOrder::First => -1,
                TimeOrder::Latest => 1,
            }),
            needs,
            cut: self.cut != Cut::Off,
            min_relevance: match self.cut {
                Cut::At(least) => Some(least),
                Cut::Off | Cut::Usual => None,
            },
        }
    }

    /// The words of a question that is made of stop words alone, at least two of them, with blanks around each.
    pub(super) fn phrase_of_stop_words(&self) -> Option<String> {
        let words: Vec<String> = self
            .text
            .unicode_words()
            .take(32)
            .map(|word| word.to_lowercase().replace('\u{2019}', "'"))
            .collect();
        let only_stop_words = words.iter().all(|word| text::is_stop_word(word));
        (words.len() > 1 && only_stop_words).then(|| format!(" {} ", words.join(" ")))
    }

    /// As much of it as times and people are looked for in.
    pub(super) fn within_limit(&self) -> &str {
        let mut end = self.text.len().min(TIMES_WITHIN);
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        &self.text[..end]
    }

    /// `k`, or so many more that results which are alike can step back.
    pub(super) fn limit(&self) -> i64 {
        let k = match self.presentation.diversity.0 {
            0 => self.k,
            _ => self.k.saturating_mul(super::presentation::CHOICE),
        };
        i64::from(u32::try_from(k).unwrap_or(u32::MAX))
    }
}

/// Whether the words begin with a name, and whether it owns what follows ("Ana's"). A name that is also a plain word of the
/// language ("Will") has to be written as a name.
fn named_at(words: &[(usize, &str)], name: &[String]) -> Option<bool> {
    let mut own = false;
    for (i, part) in name.iter().enumerate() {
        let (_, word) = words.get(i)?;
        let folded = word.to_lowercase().replace('\u{2019}', "'");
        let last = i + 1 == name.len();
        let bare = match folded.strip_suffix("'s") {
            Some(bare) if last => {
                own = true;
                bare.to_owned()
            }
            _ => folded,
        };
        let plain = !word.starts_with(char::is_uppercase) && text::is_stop_word(&bare);
        if bare != *part || plain {
            return None;
        }
    }
    Some(own)
}

/// The one speaker a question names: by the whole name, else by the first word of it. Two of them are none.
fn named_speaker<'a>(terms: &BTreeSet<String>, speakers: &'a [String]) -> Option<&'a str> {
    let names: Vec<(&str, Vec<String>)> = speakers
        .iter()
        .map(|s| (s.as_str(), text::terms(s)))
        .filter(|(s, name)| !name.is_empty() && !s.chars().any(char::is_control))
        .collect();
    let only = |named: Vec<&'a str>| match named[..] {
        [one] => Some(one),
        _ => None,
    };
    let whole: Vec<&str> = names
        .iter()
        .filter(|(_, n)| n.iter().all(|t| terms.contains(t)))
        .map(|(s, _)| *s)
        .collect();
    if !whole.is_empty() {
        return only(whole);
    }
    only(
        names
            .iter()
            .filter(|(_, n)| terms.contains(&n[0]))
            .map(|(s, _)| *s)
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speakers_name_becomes_what_they_would_say_of_themselves() {
        let asked = Asked {
            zone: Tz::UTC,
            speakers: ["Ana Lima", "Will", "assistant"]
                .map(str::to_owned)
                .to_vec(),
            memories: 0,
            lived_on: false,
        };
        for (question, spoken) in [
            (
                "When did Ana go to Ana Lima's school?",
                "When did I go to my school?",
            ),
            (
                "What is ana\u{2019}s dog called, Will?",
                "What is my dog called, I?",
            ),
            (
                "will the assistant remember Banana?",
                "will the I remember Banana?",
            ),
            ("", ""),
        ] {
            let question = Question::new(question, MindId::of("default"), NaiveDateTime::default());
            assert_eq!(question.as_spoken(&asked), spoken);
        }
    }

    #[test]
    fn one_speaker_is_named_or_none() {
        let speakers = ["Ana Lima", "Ana Sousa", "Bento", "\u{1}"].map(str::to_owned);
        for (question, expected) in [
            ("What did Bento's sister say?", Some("Bento")),
            ("Where did Ana Sousa go?", Some("Ana Sousa")),
            ("Where did Ana go?", None),
            ("What do Bento and Ana Lima share?", None),
            ("What is it?", None),
        ] {
            let terms = text::terms(question).into_iter().collect();
            assert_eq!(named_speaker(&terms, &speakers), expected, "{question}");
        }
    }
}
