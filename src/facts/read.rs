//! What a text itself says: subject, slot, value, polarity and time, by the phrases of the registry.
//!
//! Only what somebody states of themselves or of a named person counts. A sentence that asks, quotes, supposes, doubts or jokes
//! gives nothing: a fact that is missed is said again, a wrong one is believed.

use super::conclude::{dedup, settle};
use super::gate::{asserts, takes_back};
use super::inflect::forms;
use super::mood::Mood;
use super::registry::{Part, Phrase, Registry, Slot, ValueKind};
use super::value::{self, Taken};
use super::words::{Gap, Word, without_quotes, words};
use crate::enrich::is_given_name;
use crate::text::sentences;
use chrono::NaiveDateTime;

/// How a text says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// It is so.
    Holds,
    /// It was so.
    Was,
    /// It is no longer so.
    Ends,
    /// It is to be so.
    Plans,
    /// It is so, again and again.
    Recurs,
    /// It is so, and what was said before was wrong.
    Corrects,
}

impl Says {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Says::Holds => "holds",
            Says::Was => "was",
            Says::Ends => "ends",
            Says::Plans => "plans",
            Says::Recurs => "recurs",
            Says::Corrects => "corrects",
        }
    }

    /// As read from the store.
    pub fn parse(text: &str) -> Says {
        match text {
            "was" => Says::Was,
            "ends" => Says::Ends,
            "plans" => Says::Plans,
            "recurs" => Says::Recurs,
            "corrects" => Says::Corrects,
            _ => Says::Holds,
        }
    }
}

/// One fact that a text states.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// A named person; none: whoever speaks.
    pub subject: Option<String>,
    /// The slot, with its key: `favourite:tea`.
    pub slot: String,
    /// The value as the text has it.
    pub value: String,
    /// False: it is said not to be so.
    pub positive: bool,
    /// How it is said.
    pub says: Says,
    /// From when, local time, where the text says so.
    pub from: Option<NaiveDateTime>,
    /// Until when, local time, where the text says so.
    pub until: Option<NaiveDateTime>,
    /// The very words.
    pub words: String,
}

/// Longer texts are documents, not something said of oneself.
const LONGEST: usize = 20_000;

/// The facts that `content`, said at the local time `now`, states.
pub fn read(registry: &Registry, content: &str, now: NaiveDateTime) -> Vec<Reading> {
    let mut found = Vec::new();
    if content.len() > LONGEST {
        return found;
    }
    let unquoted = without_quotes(content);
    let all = sentences(&unquoted);
    for (i, sentence) in all.iter().enumerate() {
        let words = words(sentence.text);
        if words.len() < 2
            || !asserts(sentence.text, &words)
            || all.get(i + 1).is_some_and(|next| takes_back(next.text))
        {
            continue;
        }
        let reader = Reader {
            registry,
            text: sentence.text,
            words: &words,
            now,
        };
        reader.sentence(&mut found);
    }
    found
}

pub(super) struct Reader<'a> {
    pub(super) registry: &'a Registry,
    pub(super) text: &'a str,
    pub(super) words: &'a [Word<'a>],
    pub(super) now: NaiveDateTime,
}

/// Where a match stands.
pub(super) struct Match {
    /// The word after it.
    pub(super) at: usize,
    pub(super) subject: Option<String>,
    pub(super) mood: Mood,
    pub(super) key: Option<String>,
    pub(super) value: Option<Taken>,
}

impl Reader<'_> {
    fn sentence(&self, found: &mut Vec<Reading>) {
        let (mut at, first) = (0, found.len());
        while at < self.words.len() {
            let before = found.len();
            for (subject, next) in self.subjects(at) {
                if let Some(phrases) = self.registry.phrases.get("i") {
                    for phrase in phrases
                        .iter()
                        .filter(|p| p.parts.first() == Some(&Part::Subject))
                    {
                        self.phrase(phrase, at, next, subject.clone(), found);
                    }
                }
            }
            if let Some(phrases) = self.registry.phrases.get(&self.words[at].word) {
                for phrase in phrases
                    .iter()
                    .filter(|p| p.parts.first() != Some(&Part::Subject))
                {
                    self.phrase(phrase, at, at, None, found);
                }
            }
            // Of several that begin here, each slot counts once, by its longest value.
            dedup(found, before);
            at += 1;
        }
        settle(found, first);
    }

    /// Whom a fact can be about that begins at `at`, and the word after them.
    fn subjects(&self, at: usize) -> Vec<(Option<String>, usize)> {
        let word = &self.words[at];
        if matches!(word.word.as_str(), "i" | "we") {
            return vec![(None, at + 1)];
        }
        // A name that begins a clause, or follows "my sister".
        let named = word.capital() && is_given_name(&word.word);
        let begins = at == 0
            || word.gap != Gap::Blank
            || matches!(
                self.words[at - 1].word.as_str(),
                "and" | "but" | "because" | "so" | "that"
            )
            || at >= 2 && self.words[at - 2].word == "my"
            || at >= 3 && self.words[at - 3].word == "my";
        let related =
            at >= 2 && self.words[at - 2].word == "my" && word.capital() && word.gap == Gap::Blank;
        if !(named && begins || related) {
            return Vec::new();
        }
        let mut end = at + 1;
        while end < self.words.len()
            && end < at + 3
            && self.words[end].gap == Gap::Blank
            && self.words[end].capital()
            && self.words[end].word != "i"
        {
            end += 1;
        }
        let name = self.text[word.start..self.words[end - 1].end].to_owned();
        vec![(Some(name), end)]
    }

    fn phrase(
        &self,
        phrase: &Phrase,
        start: usize,
        at: usize,
        subject: Option<String>,
        found: &mut Vec<Reading>,
    ) {
        let state = Match {
            at,
            subject,
            mood: Mood {
                past_phrase: phrase.past,
                ..Mood::default()
            },
            key: None,
            value: None,
        };
        let parts = match phrase.parts.first() {
            Some(Part::Subject) => &phrase.parts[1..],
            _ => &phrase.parts[..],
        };
        let slot = &self.registry.slots[phrase.slot];
        // "losing my job was hard", "a job I enjoy every day": no clause of their own.
        let states = parts.iter().any(|p| matches!(p, Part::Verb { .. }));
        let begins = self.begins_clause(start);
        if !begins && (self.words[start].word == "my" && states || slot.value == ValueKind::Clause)
        {
            return;
        }
        if let Some(matched) = self.follow(parts, slot, state) {
            self.conclude(slot, start, matched, found);
        }
    }

    fn follow(&self, parts: &[Part], slot: &Slot, mut state: Match) -> Option<Match> {
        let Some((part, rest)) = parts.split_first() else {
            return Some(state);
        };
        match part {
            Part::Subject => None,
            Part::Words(choices) => {
                let mut choices: Vec<_> = choices.iter().collect();
                choices.sort_by_key(|choice| std::cmp::Reverse(choice.len()));
                let choice = choices.into_iter().find(|c| self.stands(state.at, c))?;
                state.at += choice.len();
                self.follow(rest, slot, state)
            }
            Part::Verb { base, event } => {
                for (end, mut mood) in self.verb(state.at, base, *event) {
                    mood.past_phrase = state.mood.past_phrase;
                    mood.event = *event;
                    let next = Match {
                        at: end,
                        subject: state.subject.clone(),
                        mood,
                        key: state.key.clone(),
                        value: None,
                    };
                    if let Some(matched) = self.follow(rest, slot, next) {
                        return Some(matched);
                    }
                }
                None
            }
            Part::Value => {
                let follows = rest.first().and_then(|part| match part {
                    Part::Words(choices) => choices.first().and_then(|c| c.first()),
                    _ => None,
                });
                let mut taken =
                    value::take_until(self.words, state.at, slot.value, self.text, follows)?;
                if rest.is_empty() {
                    taken.trim(self.words, self.text);
                }
                state.at = taken.end;
                state.value = Some(taken);
                self.follow(rest, slot, state)
            }
            Part::Listed(list) => {
                let taken = self.listed(list, state.at, rest.is_empty())?;
                state.at = taken.end;
                state.value = Some(taken);
                self.follow(rest, slot, state)
            }
            Part::Key(before) => {
                let word = self.words.get(state.at)?;
                let key = word.word.strip_prefix(before.as_str())?;
                // "favourite kind of tea" and "favourite ice cream": up to the verb.
                let mut key = key.to_owned();
                let mut at = state.at + 1;
                while at < self.words.len() && at < state.at + 4 && !self.begins(rest, at) {
                    if self.words[at].gap != Gap::Blank {
                        return None;
                    }
                    key = format!("{key} {}", self.words[at].word);
                    at += 1;
                }
                let vague = |word: &str| {
                    value::is_stop(word) || matches!(word, "one" | "to" | "part" | "thing" | "kind")
                };
                if key.is_empty() || key.split(' ').any(vague) {
                    return None;
                }
                state.key = Some(key);
                state.at = at;
                self.follow(rest, slot, state)
            }
        }
    }

    fn begins_clause(&self, at: usize) -> bool {
        at == 0
            || self.words[at].gap != Gap::Blank
            || [
                "and", "but", "so", "because", "then", "now", "well", "oh", "yes", "yeah", "hi",
                "hey", "no", "that", "since", "plus", "btw", "actually",
            ]
            .contains(&self.words[at - 1].word.as_str())
    }

    fn begins(&self, rest: &[Part], at: usize) -> bool {
        match rest.first() {
            Some(Part::Words(choices)) => choices.iter().any(|c| self.stands(at, c)),
            Some(Part::Verb { base, .. }) => !forms(base, &self.words[at].word).is_empty(),
            _ => true,
        }
    }

    pub(super) fn stands(&self, at: usize, words: &[String]) -> bool {
        words.iter().enumerate().all(|(i, word)| {
            self.words
                .get(at + i)
                .is_some_and(|w| w.word == *word && (i == 0 || w.gap == Gap::Blank))
        })
    }

    fn listed(&self, list: &str, at: usize, last: bool) -> Option<Taken> {
        if list == "number" {
            return value::take(self.words, at, ValueKind::Number, self.text);
        }
        let items = self.registry.lists.get(list)?;
        let reach = if list == "role" { 3 } else { 0 };
        for begin in at..=at + reach {
            if begin > at {
                let modifier = self.words.get(begin - 1)?;
                if !value::MODIFIERS.contains(&modifier.word.as_str()) {
                    return None;
                }
            }
            let item = items.iter().find(|item| self.stands(begin, item));
            if let Some(item) = item {
                let end = begin + item.len();
                // "a dog groomer" is no dog.
                if last
                    && self
                        .words
                        .get(end)
                        .is_some_and(|w| w.gap == Gap::Blank && !value::is_stop(&w.word))
                {
                    return None;
                }
                return Some(value::taken(self.words, at, end, self.text));
            }
        }
        None
    }
}
