//! Session logs of coding agents: Claude Code's lines and Gemini CLI's messages, in the plain shape of [`fields`].
//!
//! [`fields`]: super::fields

use serde_json::{Map, Value};

/// An entry of a log: something that was said, or something else, which the text describes.
#[derive(Debug, PartialEq)]
pub(super) enum Entry<T> {
    Message(T),
    Other(String),
}

/// Claude Code's bookkeeping lines: their type, and a field that shows that it is them.
const BOOKKEEPING: [(&str, &str); 3] = [
    ("summary", "leafUuid"),
    ("file-history-snapshot", "snapshot"),
    ("queue-operation", "operation"),
];

/// Rewrites an agent's entry to the documented names; leaves every other object as it is.
///
/// `in_session_log` says that the surrounding conversation is one, for its messages no longer show it themselves.
pub(super) fn plain(
    mut object: Map<String, Value>,
    in_session_log: bool,
) -> Entry<Map<String, Value>> {
    let Some(kind) = object
        .get("type")
        .and_then(Value::as_str)
        .map(str::to_owned)
    else {
        return Entry::Message(object);
    };
    let is_bookkeeping = BOOKKEEPING
        .iter()
        .any(|(name, field)| kind == *name && object.contains_key(*field));
    if is_bookkeeping {
        return Entry::Other(format!(
            "a session log's entry of type {kind}, which holds no message"
        ));
    }
    let message = object.get("message").and_then(Value::as_object);
    let has_message = message
        .is_some_and(|message| message.contains_key("role") && message.contains_key("content"));
    let has_text = ["content", "text", "message"]
        .into_iter()
        .any(|name| object.get(name).is_some_and(|v| !v.is_null()));
    let is_entry =
        in_session_log || object.get("sessionId").is_some_and(Value::is_string) || has_message;
    if !is_entry {
        return Entry::Message(object);
    }
    if !has_text {
        return Entry::Other(format!(
            "a session log's entry of type {kind}, which holds no message"
        ));
    }
    if has_message && let Some(Value::Object(mut message)) = object.shift_remove("message") {
        for name in ["role", "content"] {
            if let Some(value) = message.shift_remove(name) {
                object.insert(name.to_owned(), value);
            }
        }
        // The model, the tokens used and so on.
        if !message.is_empty() {
            object.insert("message".to_owned(), Value::Object(message));
        }
    }
    rename(&mut object, "uuid", "key");
    if !object.contains_key("key")
        && let (Some(Value::String(session)), Some(Value::Number(message))) =
            (object.get("sessionId"), object.get("messageId"))
    {
        // Gemini CLI numbers the messages of a session.
        let key = format!("{session}#{message}");
        object.insert("key".to_owned(), Value::String(key));
    }
    if !has_message {
        rename(&mut object, "type", "role");
    }
    Entry::Message(object)
}

/// Whether the fields around a list of messages are those of a Gemini CLI session.
pub(super) fn is_conversation(fields: &Map<String, Value>) -> bool {
    fields.contains_key("sessionId")
        && (fields.contains_key("projectHash") || fields.contains_key("startTime"))
}

fn rename(object: &mut Map<String, Value>, from: &str, to: &str) {
    if !object.contains_key(to)
        && let Some(value) = object.shift_remove(from)
    {
        object.insert(to.to_owned(), value);
    }
}
