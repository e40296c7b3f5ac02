//! The YAML block at the start of a Markdown file.

use chrono::NaiveDateTime;
use serde_json::{Map, Number, Value};

use crate::draft::Draft;
use crate::fields;
use crate::input::source::Context;
use crate::time::moment;

/// What the front matter says about all sections of its file.
#[derive(Debug, Default)]
pub(crate) struct FrontMatter {
    /// In UTC; with its time of day if it has one.
    pub created_at: Option<NaiveDateTime>,
    /// The text of the date, for sections that add a time of day.
    pub date: Option<String>,
    /// Speaker, session and mind, and everything else as metadata.
    pub about: Draft,
    /// What of it was not understood.
    pub problem: Option<String>,
    /// Where the text begins, in bytes.
    pub end: usize,
}

/// Names under which notes say when they were written, the best first.
const DATES: [&str; 16] = [
    "created_at",
    "timestamp",
    "datetime",
    "date",
    "created",
    "date created",
    "date_created",
    "creation date",
    "creation-date",
    "creation_date",
    "createdAt",
    "day",
    "datum",
    "fecha",
    "data",
    "дата",
];

/// The front matter of a text that may begin with `---`. Without a closing line it is a rule, not front matter. A block that
/// is no YAML is read line by line, for people write `people: [[Ines]], [[Tom]]`. Also returns what to say about it.
pub(crate) fn read(text: &str, context: &Context) -> (FrontMatter, Option<String>) {
    let mut found = FrontMatter::default();
    let mut problems = Vec::new();
    let mut fields = Map::new();
    let mut at = 0;
    // Some programs put a block of their own before the note's.
    while let Some((yaml, length)) = block(&text[at..]) {
        if at > 0
            && !yaml
                .lines()
                .any(|line| line.contains(": ") || line.trim_end().ends_with(':'))
        {
            break;
        }
        for (name, value) in parse(yaml) {
            fields.entry(name).or_insert(value);
        }
        at += length;
        let blank = text[at..].len() - text[at..].trim_start_matches(['\n', '\r', ' ']).len();
        if !text[at + blank..].starts_with("---") {
            break;
        }
        at += blank;
    }
    found.end = at;
    for name in DATES {
        let Some(name) = fields
            .keys()
            .find(|key| key.eq_ignore_ascii_case(name))
            .cloned()
        else {
            continue;
        };
        if found.created_at.is_some() {
            continue;
        }
        let written = match fields.get(&name) {
            Some(Value::String(text)) => {
                text.trim().trim_matches(['[', ']', '"']).trim().to_owned()
            }
            Some(Value::Number(number)) => number.to_string(),
            _ => continue,
        };
        match context.clock.text(&written) {
            Ok(time) => {
                fields.shift_remove(&name);
                found.created_at = Some(time);
                found.date = Some(written);
            }
            Err(reason) if !written.is_empty() => problems.push(format!("`{name}`: {reason}")),
            Err(_) => {}
        }
    }
    let mut about = Draft::default();
    if let Err(reason) = fields::take_names(&mut fields, &mut about) {
        problems.push(reason);
    }
    fields.retain(|_, value| !value.is_null());
    about.metadata = fields;
    found.about = about;
    (found, (!problems.is_empty()).then(|| problems.join("; ")))
}

/// Whether a date's text begins with a day, so that a section's time of day can be put on it.
pub(crate) fn day_of(date: &str) -> Option<moment::Moment> {
    moment::leading(date)
        .ok()
        .flatten()
        .map(|(moment, _)| moment)
}

fn parse(yaml: &str) -> Map<String, Value> {
    match serde_yaml::from_str::<serde_yaml::Value>(yaml).map(to_json) {
        Ok(Value::Object(fields)) => fields,
        Ok(Value::Null) => Map::new(),
        _ => {
            let lines = yaml.lines().filter_map(|line| line.split_once(':'));
            let named = lines
                .filter(|(name, _)| !name.trim().is_empty() && !name.starts_with([' ', '-', '#']));
            named
                .map(|(name, value)| {
                    (
                        name.trim().to_owned(),
                        Value::String(value.trim().to_owned()),
                    )
                })
                .collect()
        }
    }
}

/// The YAML between the fences, and where the text after them begins.
fn block(text: &str) -> Option<(&str, usize)> {
    let mut lines = text.split_inclusive('\n');
    let first = lines
        .next()
        .filter(|line| line.trim_end() == "---" && line.ends_with('\n'))?;
    let mut end = first.len();
    for line in lines {
        let start = end;
        end += line.len();
        if matches!(line.trim_end(), "---" | "...") {
            return Some((&text[first.len()..start], end));
        }
    }
    None
}

fn to_json(value: serde_yaml::Value) -> Value {
    match value {
        serde_yaml::Value::Null => Value::Null,
        serde_yaml::Value::Bool(value) => Value::Bool(value),
        serde_yaml::Value::Number(number) => {
            let exact = number
                .as_i64()
                .map(Number::from)
                .or_else(|| number.as_u64().map(Number::from));
            let number_or_name = exact.or_else(|| Number::from_f64(number.as_f64()?));
            // Infinity and not-a-number are no JSON.
            number_or_name.map_or_else(|| Value::String(number.to_string()), Value::Number)
        }
        serde_yaml::Value::String(text) => Value::String(text),
        serde_yaml::Value::Sequence(values) => {
            Value::Array(values.into_iter().map(to_json).collect())
        }
        serde_yaml::Value::Mapping(fields) => {
            let named = fields.into_iter().map(|(name, value)| match to_json(name) {
                Value::String(name) => (name, to_json(value)),
                name => (name.to_string(), to_json(value)),
            });
            Value::Object(named.collect())
        }
        serde_yaml::Value::Tagged(tagged) => to_json(tagged.value),
    }
}
