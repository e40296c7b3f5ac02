//! The names a field goes by, and an object of named fields as a record.
//!
//! The documented names are `id`/`key`, `content`, `created_at`, `speaker`/`role`, `session`, `mind` and `metadata`. The
//! aliases are what other programs call the same thing. A documented name wins over an alias, an earlier alias over a
//! later one; whatever is not used goes into the metadata.

pub(crate) mod content;
pub(crate) mod conversation;
mod headers;

use serde_json::{Map, Value};

use crate::draft::Draft;
use crate::input::source::Context;
use crate::record::Item;
use crate::time::clock::Clock;
use crate::time::moment;
use content::{shorten, text_of};
use conversation::Conversation;

/// A field's names: the documented ones and the aliases, in order of preference.
struct Names {
    documented: &'static [&'static str],
    aliases: &'static [&'static str],
}

// Where a row has both, it is most likely codex's own output: there `id` is codex's and `key` the source's.
const KEY: Names = Names {
    documented: &["key", "id"],
    aliases: &["_id", "uuid", "guid", "message_id", "messageId"],
};
const CONTENT: Names = Names {
    documented: &["content"],
    aliases: &[
        "text", "message", "body", "parts", "memory", "note", "entry",
    ],
};
const CREATED_AT: Names = Names {
    documented: &["created_at"],
    aliases: &[
        "timestamp",
        "datetime",
        "date",
        "createdAt",
        "created",
        "create_time",
        "creationDate",
        "creation_date",
        "date_time",
        "dateTime",
        "sent_at",
        "sentAt",
        "ts",
        "timestamp_ms",
        "time",
    ],
};
const SPEAKER: Names = Names {
    documented: &["speaker", "role"],
    aliases: &["author", "sender", "user", "name", "from", "username"],
};
const SESSION: Names = Names {
    documented: &["session"],
    aliases: &[
        "session_id",
        "sessionId",
        "conversation_id",
        "conversationId",
        "conversation",
        "thread",
        "thread_id",
        "chat_id",
        "chatId",
        "channel",
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
        match self.take(object, |value| {
            value.is_string() || value.is_number() || named(value).is_some()
        }) {
            None => Ok(None),
            Some((_, Value::String(text))) => Ok(Some(text)),
            Some((_, value)) if named(&value).is_some() => Ok(named(&value).map(str::to_owned)),
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

/// The name in an object that stands for somebody or something: {"name": "Ines", "id": 7}, {"$oid": "65e7…"}.
pub(crate) fn named(value: &Value) -> Option<&str> {
    let fields = value.as_object()?;
    let names = [
        "display_name",
        "displayName",
        "real_name",
        "full_name",
        "name",
        "username",
        "nickname",
        "role",
        "$oid",
        "title",
        "id",
    ];
    names.into_iter().find_map(|name| {
        fields
            .get(name)?
            .as_str()
            .filter(|text| !text.trim().is_empty())
    })
}

/// Whether a CSV column or an object's field of this name is taken as content.
pub(crate) fn is_content(name: &str) -> bool {
    CONTENT.all().any(|known| known == name)
}

/// Whether a column or field of this name is taken as the time.
pub(crate) fn is_time(name: &str) -> bool {
    CREATED_AT.all().any(|known| known == name)
}

/// The known spelling of a column's name: a known one in another case, or what spreadsheets in other languages call it.
pub(crate) fn known_name(name: &str) -> Option<&'static str> {
    let fields = [
        &KEY,
        &CONTENT,
        &CREATED_AT,
        &SPEAKER,
        &SESSION,
        &MIND,
        &METADATA,
    ];
    let known = fields
        .into_iter()
        .flat_map(Names::all)
        .find(|known| known.eq_ignore_ascii_case(name));
    known.or_else(|| headers::translated(name))
}

/// One object as one item.
pub(crate) fn item(
    object: Map<String, Value>,
    context: &Context,
    line: usize,
    within: Option<&Conversation>,
) -> Item {
    match draft(object.clone(), context, within) {
        Ok(draft) => context.finish(draft, line),
        Err(reason) => {
            let mut item = context.reject(line, reason);
            if let Item::Rejection(rejection) = &mut item {
                rejection.record = Some(Value::Object(object).to_string());
            }
            item
        }
    }
}

/// Gives fields the names that `--map` states.
pub(crate) fn renamed(object: &mut Map<String, Value>, map: &[(String, String)]) {
    for (theirs, ours) in map {
        if let Some(value) = object.shift_remove(theirs) {
            object.insert(ours.clone(), value);
        }
    }
}

/// An object of named fields as a draft.
pub(crate) fn draft(
    mut object: Map<String, Value>,
    context: &Context,
    within: Option<&Conversation>,
) -> Result<Draft, String> {
    renamed(&mut object, &context.settings.map);
    let mut metadata = take_metadata(&mut object)?;
    let mut draft = Draft {
        metadata_counts: within.is_none(),
        ..Draft::default()
    };
    let usable = |value: &Value| value.is_string() || value.is_array();
    let content = match CONTENT.take(&mut object, usable) {
        Some((name, value)) => text_of(&value).ok_or_else(|| {
            format!(
                "`{name}` must be a string or a list of text blocks, not {}",
                kind(&value)
            )
        })?,
        None if object.contains_key("tool_calls") => {
            draft.kind = Some("tools");
            Default::default()
        }
        None if object.get("content").is_some_and(Value::is_string) => Default::default(),
        None => {
            return Err("there is no `content` (nor `text`, `message`, `body`); add it, or name the field with --map FIELD=content".to_owned());
        }
    };
    if !content.omitted.is_empty() {
        if content.text.is_empty() {
            draft.kind = Some(content::kind_of(&content.omitted));
        }
        let omitted = content.omitted.into_iter().map(Value::String).collect();
        add(
            &mut metadata,
            "omitted_blocks".to_owned(),
            Value::Array(omitted),
        );
    }
    draft.content = content.text;
    draft.created_at = take_time(&mut object, context.clock)?;
    draft.key = KEY.take_name(&mut object)?;
    take_names(&mut object, &mut draft)?;
    if within.is_some() {
        match draft.speaker.as_deref() {
            Some("system" | "developer") => draft.kind = Some("hidden"),
            Some("tool" | "function") => draft.kind = Some("tools"),
            _ => {}
        }
    }
    draft.metadata = metadata;
    object.retain(|name, value| {
        known_name(name).is_none() || !value.is_null() && value.as_str() != Some("")
    });
    for (name, value) in object {
        add(&mut draft.metadata, name, value);
    }
    if let Some(conversation) = within {
        conversation.complete(&mut draft);
    }
    Ok(draft)
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
pub(crate) fn take_time(
    object: &mut Map<String, Value>,
    clock: Clock,
) -> Result<Option<chrono::NaiveDateTime>, String> {
    let usable =
        |value: &Value| value.is_string() || value.is_number() || value.get("$date").is_some();
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
pub(crate) fn take_names(object: &mut Map<String, Value>, draft: &mut Draft) -> Result<(), String> {
    draft.speaker = SPEAKER.take_name(object)?;
    draft.session = SESSION.take_name(object)?;
    draft.mind = MIND.take_name(object)?;
    Ok(())
}

/// Adds a value under a free name, so that nothing is overwritten: `name`, `name_2`, `name_3`, …
pub(crate) fn add(map: &mut Map<String, Value>, name: String, value: Value) {
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
pub(crate) fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the text \"{}\"", shorten(text)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
