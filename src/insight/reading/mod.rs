//! What a mind's entries say, sentence by sentence, as far as insights need it: language, mood, words that carry something, days.
//!
//! # Layout
//!
//! * this file: [`Diary`], [`Entry`], [`Sentence`]
//! * `cues`: what is listened for, by language (`config/cues.yaml`); `dates`: the days a sentence names

pub(crate) mod cues;
pub(crate) mod dates;

use crate::text::{fold, sentences};
use chrono::{NaiveDate, NaiveDateTime};
use cues::{Cues, LANGUAGES, Language};
use dates::DateMention;
use regex::Regex;
use rust_stemmers::Stemmer;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

/// An entry as the store has it.
#[derive(Debug, Clone)]
pub(crate) struct RawEntry {
    pub(crate) id: i64,
    /// On the mind's wall clock.
    pub(crate) at: NaiveDateTime,
    pub(crate) speaker: Option<String>,
    pub(crate) content: String,
    pub(crate) people: Vec<String>,
}

/// Everything that is read of a mind, in the order of time.
pub(crate) struct Diary {
    pub(crate) entries: Vec<Entry>,
    /// The day on which it is asked, on the mind's wall clock.
    pub(crate) today: NaiveDate,
    /// In how many entries a stem stands.
    frequency: HashMap<String, usize>,
    /// Whether several people talk, assistants not counted.
    pub(crate) is_group: bool,
}

/// An entry read.
pub(crate) struct Entry {
    pub(crate) id: i64,
    pub(crate) at: NaiveDateTime,
    pub(crate) speaker: Option<String>,
    pub(crate) people: Vec<String>,
    pub(crate) language: Language,
    pub(crate) sentences: Vec<Sentence>,
    /// Said by a program.
    pub(crate) is_assistant: bool,
}

/// A sentence read.
pub(crate) struct Sentence {
    /// As it was written.
    pub(crate) text: String,
    /// Folded, with longer quotations blanked.
    pub(crate) folded: String,
    /// What carries something, once each, in order.
    pub(crate) stems: Vec<String>,
    pub(crate) is_question: bool,
    /// A joke.
    pub(crate) is_joke: bool,
    /// A hypothesis.
    pub(crate) is_hypothetical: bool,
    /// The days it names.
    pub(crate) dates: Vec<DateMention>,
}

/// A sentence with where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) at: usize,
    pub(crate) number: usize,
    pub(crate) entry: &'a Entry,
    pub(crate) sentence: &'a Sentence,
}

impl Place<'_> {
    pub(crate) fn day(&self) -> NaiveDate {
        self.entry.at.date()
    }

    pub(crate) fn cues(&self) -> &'static Cues {
        self.entry.language.cues()
    }

    /// Whether it says that something has been done.
    pub(crate) fn is_done(&self) -> bool {
        let (cues, text) = (self.cues(), &self.sentence.folded);
        let is_done = cues
            .done
            .find_iter(text)
            .any(|hit| !NOT_PAST.contains(&hit.as_str()));
        is_done && !cues.not_done.is_match(text)
    }

    /// Said plainly: neither asked, nor supposed, nor in jest, nor by a program.
    pub(crate) fn is_plain(&self) -> bool {
        !self.sentence.is_question && !self.sentence.is_hypothetical && self.is_meant()
    }

    /// Meant by a person, if only as a possibility.
    pub(crate) fn is_meant(&self) -> bool {
        !self.sentence.is_joke && !self.entry.is_assistant
    }
}

/// Words that end like a past tense.
const NOT_PAST: [&str; 12] = [
    "need", "feed", "speed", "indeed", "breed", "weed", "seed", "bleed", "exceed", "proceed",
    "agreed", "hundred",
];
/// Names that programs go by.
const ASSISTANTS: [&str; 9] = [
    "assistant",
    "ai",
    "bot",
    "chatgpt",
    "claude",
    "gemini",
    "model",
    "system",
    "copilot",
];

static QUOTED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"["“„«][^"”“»\n]{12,}?["”“»]"#).ok());
static WORD: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[\p{L}\p{N}][\p{L}\p{N}'’-]*").ok());
static NUMBER_STOP: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\d\. \p{Ll}").ok());
static SMILE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"😂|🤣|;-?\)").ok());

impl Diary {
    /// Reads entries, which come in the order of time.
    pub(crate) fn read(raw: Vec<RawEntry>, today: NaiveDate) -> Diary {
        let usual = usual_language(&raw);
        let mut entries: Vec<Entry> = raw
            .into_iter()
            .map(|entry| Entry::read(entry, usual))
            .collect();
        hear_assistants(&mut entries);
        let mut frequency: HashMap<String, usize> = HashMap::new();
        for entry in &entries {
            for stem in entry.stems() {
                *frequency.entry(stem.to_owned()).or_default() += 1;
            }
        }
        let speakers: BTreeSet<&str> = entries
            .iter()
            .filter(|entry| !entry.is_assistant)
            .filter_map(|entry| entry.speaker.as_deref())
            .collect();
        Diary {
            is_group: speakers.len() > 1,
            entries,
            today,
            frequency,
        }
    }

    /// All sentences, in order.
    pub(crate) fn sentences(&self) -> impl Iterator<Item = Place<'_>> {
        self.entries.iter().enumerate().flat_map(|(at, entry)| {
            let sentences = entry.sentences.iter().enumerate();
            sentences.map(move |(number, sentence)| Place {
                at,
                number,
                entry,
                sentence,
            })
        })
    }

    /// Those after a sentence, of its own entry too.
    pub(crate) fn after<'a>(&'a self, place: &Place<'_>) -> impl Iterator<Item = Place<'a>> {
        let from = (place.at, place.number);
        self.sentences()
            .filter(move |other| (other.at, other.number) > from)
    }

    /// In how many entries a stem stands.
    pub(crate) fn frequency(&self, stem: &str) -> usize {
        self.frequency.get(stem).copied().unwrap_or_default()
    }

    /// Whether a stem is in few entries.
    pub(crate) fn is_rare(&self, stem: &str) -> bool {
        self.frequency(stem) <= (self.entries.len() / 20).max(4)
    }
}

/// Of two who talk, one who speaks to the other of the other, and is not spoken of so, is an assistant, whatever its name.
fn hear_assistants(entries: &mut [Entry]) {
    let mut said: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for entry in entries.iter() {
        if let Some(speaker) = &entry.speaker {
            let (all, to_you) = said.entry(speaker.clone()).or_default();
            *all += 1;
            let cues = entry.language.cues();
            let is_to_you = entry
                .sentences
                .iter()
                .any(|sentence| cues.second_person.is_match(&sentence.folded));
            *to_you += usize::from(is_to_you);
        }
    }
    let voices: Vec<(&String, f64)> = said
        .iter()
        .filter(|(_, (all, _))| *all >= 5)
        .map(|(speaker, (all, to_you))| (speaker, *to_you as f64 / *all as f64))
        .collect();
    if let [one, other] = voices.as_slice() {
        let (more, less) = if one.1 > other.1 {
            (one, other)
        } else {
            (other, one)
        };
        if more.1 >= 0.3 && more.1 >= 2.0 * less.1 {
            for entry in entries.iter_mut() {
                entry.is_assistant |= entry.speaker.as_ref() == Some(more.0);
            }
        }
    }
}

impl Entry {
    fn read(raw: RawEntry, usual: Language) -> Entry {
        let language = language_of(&raw.content).unwrap_or(usual);
        let written = raw.at.date();
        let stemmer = Stemmer::create(language.stemmer());
        let sentences = spans(&raw.content, language)
            .into_iter()
            .map(|text| Sentence::read(text, written, language, &stemmer))
            .collect();
        let is_assistant = raw.speaker.as_deref().is_some_and(|speaker| {
            let speaker = speaker.to_lowercase();
            ASSISTANTS.contains(&speaker.as_str())
        });
        Entry {
            id: raw.id,
            at: raw.at,
            speaker: raw.speaker,
            people: raw.people,
            language,
            sentences,
            is_assistant,
        }
    }

    /// The stems of all its sentences, once each.
    pub(crate) fn stems(&self) -> BTreeSet<&str> {
        let all = self.sentences.iter().flat_map(|sentence| &sentence.stems);
        all.map(String::as_str).collect()
    }
}

impl Sentence {
    fn read(text: &str, written: NaiveDate, language: Language, stemmer: &Stemmer) -> Sentence {
        let cues = language.cues();
        let unquoted = match &*QUOTED {
            Some(regex) => regex.replace_all(text, " ").into_owned(),
            None => text.to_owned(),
        };
        let folded = fold(&unquoted);
        let is_joke = cues.joke.is_match(&folded) || SMILE.iter().any(|regex| regex.is_match(text));
        let is_task = cues.task.is_match(&folded);
        let dates = match is_heading(&folded, cues) {
            true => Vec::new(),
            false => dates::mentions(&folded, written, language),
        };
        Sentence {
            stems: stems(&folded, language, stemmer),
            is_question: text.trim_end().ends_with(['?', '？']),
            is_joke,
            is_hypothetical: cues.hypothetical.is_match(&folded) && !is_task,
            text: text.split_whitespace().collect::<Vec<_>>().join(" "),
            dates,
            folded,
        }
    }

    /// What it is about, without its days and a cue: the stems that tell it from other sentences.
    pub(crate) fn objects(&self, cue: &Regex, language: Language) -> Vec<String> {
        let mut rest = self.folded.clone();
        for mention in self.dates.iter().rev() {
            if rest.get(mention.start..mention.end).is_some() {
                rest.replace_range(mention.start..mention.end, " ");
            }
        }
        without(cue, &rest, language)
    }

    /// What it is about, without a cue.
    pub(crate) fn without(&self, cue: &Regex, language: Language) -> Vec<String> {
        without(cue, &self.folded, language)
    }
}

fn without(cue: &Regex, folded: &str, language: Language) -> Vec<String> {
    let rest = cue.replace_all(folded, " ");
    stems(&rest, language, &Stemmer::create(language.stemmer()))
}

/// The sentences of a text. A point after a number is an ordinal's in German; elsewhere it ends a sentence in whatever case the next
/// begins.
fn spans(text: &str, language: Language) -> Vec<&str> {
    let found = sentences(text);
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for sentence in &found {
        match spans.last_mut() {
            Some((start, end))
                if language == Language::German && ends_in_ordinal(&text[*start..*end]) =>
            {
                *end = sentence.end
            }
            _ => spans.push((sentence.start, sentence.end)),
        }
    }
    let whole = spans.into_iter().map(|(start, end)| &text[start..end]);
    match language {
        Language::German => whole.collect(),
        _ => whole.flat_map(after_numbers).collect(),
    }
}

fn ends_in_ordinal(text: &str) -> bool {
    let mut last = text.chars().rev();
    last.next() == Some('.') && last.next().is_some_and(|c| c.is_ascii_digit())
}

fn after_numbers(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(hit) = NUMBER_STOP.as_ref().and_then(|regex| regex.find(rest)) {
        parts.push(&rest[..hit.start() + 2]);
        rest = rest[hit.start() + 2..].trim_start();
    }
    parts.push(rest);
    parts
}

/// A weekday that stands alone or before a colon is where the entry stands, not what it says.
fn is_heading(folded: &str, cues: &Cues) -> bool {
    cues.weekday.find(folded).is_some_and(|hit| {
        let rest = folded[hit.end()..].trim_start();
        hit.start() == 0 && (rest.is_empty() || rest.starts_with([':', '.']) && rest.len() < 3)
    })
}

/// The stems of words that carry something, once each, in order.
fn stems(folded: &str, language: Language, stemmer: &Stemmer) -> Vec<String> {
    let stop = language.stop_words();
    let mut found: Vec<String> = Vec::new();
    for word in WORD.iter().flat_map(|regex| regex.find_iter(folded)) {
        let word = word.as_str().trim_end_matches("'s").trim_end_matches("’s");
        let short = word.chars().count() < 3 && !word.chars().all(char::is_numeric);
        if short || stop.contains(word) || word.chars().all(char::is_numeric) {
            continue;
        }
        let stem = stemmer.stem(word).into_owned();
        if !found.contains(&stem) {
            found.push(stem);
        }
    }
    found
}

/// The language whose small words an entry has most; none where they are few.
fn language_of(text: &str) -> Option<Language> {
    let folded = fold(text);
    let words: Vec<&str> = WORD
        .iter()
        .flat_map(|regex| regex.find_iter(&folded))
        .map(|w| w.as_str())
        .collect();
    let count = |language: &Language| {
        words
            .iter()
            .filter(|word| language.stop_words().contains(**word))
            .count()
    };
    let best = LANGUAGES
        .into_iter()
        .max_by_key(|language| (count(language), std::cmp::Reverse(*language)))?;
    (count(&best) >= 3).then_some(best)
}

/// The language of most entries that show one.
fn usual_language(raw: &[RawEntry]) -> Language {
    let mut counts = [0; LANGUAGES.len()];
    for language in raw.iter().filter_map(|entry| language_of(&entry.content)) {
        counts[language as usize] += 1;
    }
    let best = LANGUAGES
        .into_iter()
        .max_by_key(|language| (counts[*language as usize], std::cmp::Reverse(*language)));
    best.unwrap_or(Language::English)
}
