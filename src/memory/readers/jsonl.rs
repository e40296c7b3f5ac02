//! JSON Lines: one object a line, one item a line that is not blank.

use serde_json::Value;

use super::lines::{self, Line, Lines};
use super::source::{Source, unreadable};
use super::{Item, Origin, fields};

/// The items of a JSON Lines file. A broken line is one rejection, and the next line is read.
pub(super) fn read(source: Source) -> impl Iterator<Item = Item> + Send {
    let Source {
        path, input, clock, ..
    } = source;
    let mut lines = Lines::new(input);
    let mut failed = false;
    std::iter::from_fn(move || {
        loop {
            if failed {
                return None;
            }
            let number = lines.number();
            let line = match lines.next() {
                Ok(line) => line?,
                Err(error) => {
                    failed = true;
                    return Some(unreadable(&path, number + 1, &error));
                }
            };
            // A form feed is no JSON, but a line of it alone is blank to everybody.
            if !line.too_long && line.bytes.trim_ascii().is_empty() {
                continue;
            }
            return Some(match object(&line) {
                Ok(object) => fields::item(
                    object,
                    Origin {
                        file: path.clone(),
                        line: line.number,
                    },
                    clock,
                    None,
                ),
                Err((column, reason)) => Item::reject(&path, line.number, column, reason),
            });
        }
    })
}

type Problem = (Option<usize>, String);

fn object(line: &Line<'_>) -> Result<serde_json::Map<String, Value>, Problem> {
    if line.too_long {
        return Err((None, lines::too_long("line")));
    }
    let text =
        lines::utf8(line.bytes, line.offset).map_err(|(column, reason)| (Some(column), reason))?;
    if let Some(at) = text.find('\0') {
        return Err((
            Some(at + 1),
            "there is a NUL byte in the line; remove it".to_owned(),
        ));
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => conversation_free(object),
        Ok(other) => Err((
            None,
            format!("a line must be a JSON object, not {}", fields::kind(&other)),
        )),
        Err(error) => Err((
            Some(error.column().max(1)),
            format!("broken JSON: {}; correct the line", without_place(&error)),
        )),
    }
}

/// A line is one memory; a whole conversation on it belongs into a JSON file, where it may be many.
fn conversation_free(
    object: serde_json::Map<String, Value>,
) -> Result<serde_json::Map<String, Value>, Problem> {
    let is_conversation = !object.contains_key("content")
        && (object.get("messages").is_some_and(Value::is_array)
            || object.get("mapping").is_some_and(Value::is_object));
    if is_conversation {
        let reason = "the line is a whole conversation, and JSON Lines have one memory a line; put such objects into a .json array";
        return Err((None, reason.to_owned()));
    }
    Ok(object)
}

/// serde's message without " at line 1 column 7", which the rejection says in the file's own terms.
pub(super) fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
