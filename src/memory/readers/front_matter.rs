//! The YAML block at the start of a Markdown file.

use chrono::NaiveDateTime;
use serde_json::{Map, Number, Value};

use super::clock::Clock;
use super::draft::Draft;
use super::fields;

/// What the front matter says about all sections of its file.
#[derive(Debug, Default)]
pub(super) struct FrontMatter {
    /// In UTC; with its time of day if it has one.
    pub created_at: Option<NaiveDateTime>,
    /// The text of the date, for sections that add a time of day.
    pub date: Option<String>,
    /// Speaker, session and mind, and everything else as metadata.
    pub about: Draft,
    /// Where the text begins, in bytes.
    pub end: usize,
}

/// Line, column and reason.
pub(super) type Problem = (usize, Option<usize>, String);

/// The front matter of a text that may begin with `---`. Without a closing line it is a rule, not front matter.
pub(super) fn read(text: &str, clock: Clock) -> Result<FrontMatter, Problem> {
    let Some((yaml, end)) = block(text) else {
        return Ok(FrontMatter::default());
    };
    let value = serde_yaml::from_str::<serde_yaml::Value>(yaml).map_err(|error| {
        let place = error.location();
        // The block begins on the second line.
        let line = place.as_ref().map_or(2, |place| place.line() + 1);
        (
            line,
            place.map(|place| place.column()),
            format!("broken front matter: {error}; correct it, then the file goes in"),
        )
    })?;
    let mut fields = match to_json(value) {
        Value::Object(fields) => fields,
        Value::Null => Map::new(),
        other => {
            return Err((
                2,
                None,
                format!(
                    "front matter must be `name: value` lines, not {}",
                    fields::kind(&other)
                ),
            ));
        }
    };
    // Obsidian, Jekyll and their like say `created` as often as `date`.
    if !fields.contains_key("date")
        && let Some(created) = fields.shift_remove("created")
    {
        fields.insert("date".to_owned(), created);
    }
    let mut about = Draft::default();
    let date = ["created_at", "timestamp", "datetime", "date"]
        .into_iter()
        .find_map(|name| match fields.get(name)? {
            Value::String(text) => Some(text.trim().to_owned()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        });
    let created_at = fields::take_time(&mut fields, clock)
        .map_err(|reason| (line_of_date(yaml), None, reason))?;
    fields::take_names(&mut fields, &mut about)
        .map_err(|reason| (2, None, format!("front matter: {reason}")))?;
    about.metadata = fields;
    Ok(FrontMatter {
        created_at,
        date,
        about,
        end,
    })
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

fn line_of_date(yaml: &str) -> usize {
    let is_date = |line: &str| {
        [
            "created_at:",
            "created:",
            "timestamp:",
            "datetime:",
            "date:",
        ]
        .iter()
        .any(|name| line.starts_with(name))
    };
    yaml.lines().position(is_date).map_or(2, |index| index + 2)
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
