//! The text of a message, which is a string in simple formats and a list of blocks in those of language models.

use serde_json::Value;

/// The text of a `content` value, with the kinds of blocks that have none (pictures, tool calls).
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Text {
    pub text: String,
    /// Such as `tool_use`, in order, each once.
    pub omitted: Vec<String>,
}

/// The text of a string or of a list of strings and blocks with a `text`; `None` for anything else.
pub(crate) fn text_of(value: &Value) -> Option<Text> {
    let blocks = match value {
        Value::String(text) => {
            return Some(Text {
                text: text.clone(),
                omitted: Vec::new(),
            });
        }
        Value::Array(blocks) => blocks,
        // ChatGPT and Gemini wrap the list once more.
        Value::Object(fields) => match fields.get("parts").or_else(|| fields.get("text")) {
            Some(inner @ (Value::Array(_) | Value::String(_))) => return text_of(inner),
            _ => return None,
        },
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
pub(crate) fn shorten(text: &str) -> String {
    let mut characters = text
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c });
    let mut short: String = characters.by_ref().take(40).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}

/// What blocks without words are ([`crate::LEFT_OUT_KINDS`]).
pub(crate) fn kind_of(omitted: &[String]) -> &'static str {
    let any = |parts: &[&str]| {
        omitted
            .iter()
            .any(|kind| parts.iter().any(|part| kind.contains(part)))
    };
    if any(&["tool", "function"]) {
        "tools"
    } else if any(&["thinking", "thought", "reasoning"]) {
        "thinking"
    } else if any(&[
        "image", "audio", "video", "file", "document", "media", "inline",
    ]) {
        "media"
    } else {
        "bookkeeping"
    }
}
