//! The names a field goes by, and an object of named fields as a record.
//!
//! The documented names are `id`/`key`, `content`, `created_at`, `speaker`/`role`, `session`, `mind` and `metadata`. The
//! aliases are what other programs call the same thing. A documented name wins over an alias, an earlier alias over a
//! later one; whatever is not used goes into the metadata.

use serde_json::{Map, Value};

use super::clock::Clock;
use super::content::{shorten, text_of};
use super::conversation::Conversation;
use super::draft::Draft;
use super::moment;
use super::session_log::{self, Entry};
use super::{Item, Origin};

/// A field's names: the documented ones and the aliases, in order of preference.
struct Names {
    documented: &'static [&'static str],
    aliases: &'static [&'static str],
}

// Where a row has both, it is most likely codex's own output: there `id` is codex's and `key` the source's.
const KEY: Names = Names {
    documented: &["key", "id"],
    aliases: &[],
};
const CONTENT: Names = Names {
    documented: &["content"],
    aliases: &["text", "message", "body", "parts"],
};
const CREATED_AT: Names = Names {
    documented: &["created_at"],
    aliases: &["timestamp", "datetime", "date", "time"],
};
const SPEAKER: Names = Names {
    documented: &["speaker", "role"],
    aliases: &["author", "user", "name", "from"],
};
const SESSION: Names = Names {
    documented: &["session"],
    aliases: &[
        "session_id",
        "sessionId",
        "conversation",
        "thread",
        "chat_id",
    ],
};
const MIND: Names = Names {
    documented: &["mind"],
    aliases: &[],
};
const METADATA: Names = Names {
    documented: &["metadata"],
    aliases: &[],
};

impl Names {
    fn all(&self) -> impl Iterator<Item = &'static str> {
        self.documented.iter().chain(self.aliases).copied()
    }

    /// Takes the best value out of an object. A documented name's value is taken whatever it is; an alias's only when
    /// `usable`, for `user` may well be an object that is somebody's own business. Nulls are absent.
    fn take(
        &self,
        object: &mut Map<String, Value>,
        usable: fn(&Value) -> bool,
    ) -> Option<(&'static str, Value)> {
        let documented =
            |name: &&str, value: &Value| self.documented.contains(name) || usable(value);
        let absent = |value: &Value| value.is_null() || value.as_str().is_some_and(str::is_empty);
        let name = self.all().find(|name| {
            object
                .get(*name)
                .is_some_and(|value| !absent(value) && documented(name, value))
        })?;
        let value = object.shift_remove(name)?;
        Some((name, value))
    }

    fn take_name(&self, object: &mut Map<String, Value>) -> Result<Option<String>, String> {
        match self.take(object, |value| value.is_string() || value.is_number()) {
            None => Ok(None),
            Some((_, Value::String(text))) => Ok(Some(text)),
            Some((name, Value::Number(number))) => {
                // A larger number has been rounded, and two ids may have become one.
                let exact = !number.is_f64()
                    || number
                        .as_f64()
                        .is_some_and(|float| float.abs() < 9_007_199_254_740_992.0);
                if exact {
                    Ok(Some(number.to_string()))
                } else {
                    Err(format!(
                        "`{name}` is a number too large to be kept exactly ({number}); put it in quotes"
                    ))
                }
            }
            Some((name, other)) => Err(format!(
                "`{name}` must be a string or a number, not {}",
                kind(&other)
            )),
        }
    }
}

/// Whether a CSV column or an object's field of this name is taken as content.
pub(super) fn is_content(name: &str) -> bool {
    CONTENT.all().any(|known| known == name)
}

/// The known spelling of a column's name, if it is a known one in another case.
pub(super) fn known_name(name: &str) -> Option<&'static str> {
    let fields = [
        &KEY,
        &CONTENT,
        &CREATED_AT,
        &SPEAKER,
        &SESSION,
        &MIND,
        &METADATA,
    ];
    fields
        .into_iter()
        .flat_map(Names::all)
        .find(|known| known.eq_ignore_ascii_case(name))
}

/// One object as one item: a record, a rejection, or a note where a session log's entry holds no message.
pub(super) fn item(
    object: Map<String, Value>,
    origin: Origin,
    clock: Clock,
    within: Option<&Conversation>,
) -> Item {
    let in_session_log = within.is_some_and(|conversation| conversation.is_session_log);
    let object = match session_log::plain(object, in_session_log) {
        Entry::Message(object) => object,
        Entry::Other(what) => return Item::note(&origin.file, Some(origin.line), what),
    };
    match draft(object, clock, within) {
        Ok(Entry::Message(draft)) => draft.finish(origin),
        Ok(Entry::Other(what)) => Item::note(&origin.file, Some(origin.line), what),
        Err(reason) => Item::reject(&origin.file, origin.line, None, reason),
    }
}

fn draft(
    mut object: Map<String, Value>,
    clock: Clock,
    within: Option<&Conversation>,
) -> Result<Entry<Draft>, String> {
    let mut metadata = take_metadata(&mut object)?;
    let content = match CONTENT.take(&mut object, |value| value.is_string() || value.is_array()) {
        Some((name, value)) => text_of(&value).ok_or_else(|| {
            format!(
                "`{name}` must be a string or a list of text blocks, not {}",
                kind(&value)
            )
        })?,
        None if object.contains_key("tool_calls") => {
            return Ok(Entry::Other("a tool call without text".to_owned()));
        }
        None if object.get("content").is_some_and(Value::is_string) => Default::default(),
        None => {
            return Err("there is no `content` (nor `text`, `message`, `body`); add it".to_owned());
        }
    };
    if !content.omitted.is_empty() {
        if content.text.is_empty() {
            return Ok(Entry::Other(format!(
                "a message without text ({})",
                content.omitted.join(", ")
            )));
        }
        let omitted = content.omitted.into_iter().map(Value::String).collect();
        add(
            &mut metadata,
            "omitted_blocks".to_owned(),
            Value::Array(omitted),
        );
    }
    let mut draft = Draft {
        content: content.text,
        created_at: take_time(&mut object, clock)?,
        key: KEY.take_name(&mut object)?,
        speaker: SPEAKER.take_name(&mut object)?,
        session: SESSION.take_name(&mut object)?,
        mind: MIND.take_name(&mut object)?,
        metadata,
    };
    object.retain(|name, value| {
        known_name(name).is_none() || !value.is_null() && value.as_str() != Some("")
    });
    for (name, value) in object {
        add(&mut draft.metadata, name, value);
    }
    if let Some(conversation) = within {
        conversation.complete(&mut draft);
    }
    Ok(Entry::Message(draft))
}

fn take_metadata(object: &mut Map<String, Value>) -> Result<Map<String, Value>, String> {
    match METADATA.take(object, Value::is_object) {
        None => Ok(Map::new()),
        Some((_, Value::Object(metadata))) => Ok(metadata),
        Some((_, other)) => Err(format!(
            "`metadata` must be an object, not {}; write {{\"name\": value, …}}",
            kind(&other)
        )),
    }
}

/// The time under its best name. A `date` without a time of day is completed by a `time` that is only that.
pub(super) fn take_time(
    object: &mut Map<String, Value>,
    clock: Clock,
) -> Result<Option<chrono::NaiveDateTime>, String> {
    let usable = |value: &Value| value.is_string() || value.is_number();
    if let (Some(Value::String(date)), Some(Value::String(time))) =
        (object.get("date"), object.get("time"))
        && let Ok(Some((_, ""))) = moment::leading_time(time.trim())
        && let Ok(Some((day, ""))) = moment::leading(date.trim())
        && day.time.is_none()
    {
        let both = format!("{} {}", date.trim(), time.trim());
        object.shift_remove("time");
        object.insert("date".to_owned(), Value::String(both));
    }
    match CREATED_AT.take(object, usable) {
        None => Ok(None),
        Some((name, value)) => clock
            .value(&value)
            .map(Some)
            .map_err(|reason| format!("`{name}`: {reason}")),
    }
}

/// Takes speaker, session and mind.
pub(super) fn take_names(object: &mut Map<String, Value>, draft: &mut Draft) -> Result<(), String> {
    draft.speaker = SPEAKER.take_name(object)?;
    draft.session = SESSION.take_name(object)?;
    draft.mind = MIND.take_name(object)?;
    Ok(())
}

/// Adds a value under a free name, so that nothing is overwritten: `name`, `name_2`, `name_3`, …
pub(super) fn add(map: &mut Map<String, Value>, name: String, value: Value) {
    if map.get(&name).is_some_and(|present| *present == value) {
        return;
    }
    let mut free = name.clone();
    let mut count = 1;
    while map.contains_key(&free) {
        count += 1;
        free = format!("{name}_{count}");
    }
    map.insert(free, value);
}

/// What a value is, for a sentence.
pub(super) fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the text \"{}\"", shorten(text)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
