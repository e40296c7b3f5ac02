//! The text of a message, which is a string in simple formats and a list of blocks in those of language models.

use serde_json::Value;

/// The text of a `content` value, with the kinds of blocks that have none (pictures, tool calls).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    pub text: String,
    /// Such as `tool_use`, in order, each once.
    pub omitted: Vec<String>,
}

/// The text of a string or of a list of strings and blocks with a `text`; `None` for anything else.
pub(super) fn text_of(value: &Value) -> Option<Text> {
    let blocks = match value {
        Value::String(text) => {
            return Some(Text {
                text: text.clone(),
                omitted: Vec::new(),
            });
        }
        Value::Array(blocks) => blocks,
        _ => return None,
    };
    let mut parts = Vec::new();
    let mut omitted: Vec<String> = Vec::new();
    for block in blocks {
        match block {
            Value::String(text) => parts.push(text.as_str()),
            Value::Object(fields) => match fields.get("text") {
                Some(Value::String(text)) => parts.push(text),
                _ => {
                    let kind = ["type", "content_type"]
                        .into_iter()
                        .find_map(|name| fields.get(name)?.as_str());
                    let kind = kind.unwrap_or("untyped block").to_owned();
                    if !omitted.contains(&kind) {
                        omitted.push(kind);
                    }
                }
            },
            _ => return None,
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    Some(Text {
        text: parts.join("\n\n"),
        omitted,
    })
}

/// A text short enough for a message: its first 40 characters, on one line.
pub(super) fn shorten(text: &str) -> String {
    let mut characters = text
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c });
    let mut short: String = characters.by_ref().take(40).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}
