//! JSON Lines: one object a line, one item a line that is not blank.

use serde_json::{Map, Value};

use super::json::conversation;
use crate::fields;
use crate::format::{Detected, Format, Head, Items};
use crate::input::InputSet;
use crate::input::json::parse;
use crate::input::lines::{self, Line, Lines};
use crate::input::source::{Source, unreadable};
use crate::record::Item;

/// JSON Lines of records, or of conversations.
pub(crate) struct JsonLines;

impl Format for JsonLines {
    const NAME: &'static str = "json-lines";
    const ABOUT: &'static str = "a record a line, {\"id\",\"content\",\"created_at\",…}, or a conversation a line with `messages`";
    const IDENTITY: &'static str =
        "`id` or `key` within its file, wherever that goes, else time, speaker and text";

    fn detect(&self, head: &Head<'_>, _: &InputSet) -> Detected {
        // Many programs call their JSON Lines .json.
        (matches!(head.extension.as_str(), "jsonl" | "ndjson") || !head.lines().is_empty()).into()
    }

    fn read(&self, source: Source, _: &InputSet) -> Items {
        let context = source.context();
        Box::new(objects(source).flat_map(move |line| match line {
            Ok((number, object)) => {
                let has = |name: &str| object.get(name).is_some_and(Value::is_array);
                if has("messages") && !object.contains_key("content") {
                    return conversation(object, None, &context, number)
                        .unwrap_or_else(|reason| vec![context.reject(number, reason)]);
                }
                vec![fields::item(object, &context, number, None)]
            }
            Err(item) => vec![*item],
        }))
    }
}

/// The objects of a file with their lines. A broken line is one rejection, and the next line is read.
pub(crate) fn objects(
    source: Source,
) -> impl Iterator<Item = Result<(usize, Map<String, Value>), Box<Item>>> + Send {
    let Source { path, input, .. } = source;
    let mut lines = Lines::new(input);
    let mut failed = false;
    let mut mended = 0;
    std::iter::from_fn(move || {
        loop {
            if failed {
                return None;
            }
            let number = lines.number();
            let line = match lines.next() {
                Ok(Some(line)) => line,
                Ok(None) => {
                    failed = true;
                    let text = format!(
                        "{mended} lines held half characters or numbers out of range, which were replaced"
                    );
                    return (mended > 0).then(|| Err(Box::new(Item::note(&path, None, text))));
                }
                Err(error) => {
                    failed = true;
                    return Some(Err(Box::new(unreadable(&path, number + 1, &error))));
                }
            };
            // A form feed is no JSON, but a line of it alone is blank to everybody.
            if !line.too_long && line.bytes.trim_ascii().is_empty() {
                continue;
            }
            let number = line.number;
            return Some(match object(&line) {
                Ok((object, was_mended)) => {
                    mended += usize::from(was_mended);
                    Ok((number, object))
                }
                Err((column, reason)) => {
                    let mut item = Item::reject(&path, number, column, reason);
                    if let (Item::Rejection(rejection), false) = (&mut item, line.too_long) {
                        rejection.record = Some(String::from_utf8_lossy(line.bytes).into_owned());
                    }
                    Err(Box::new(item))
                }
            });
        }
    })
}

type Problem = (Option<usize>, String);

fn object(line: &Line<'_>) -> Result<(Map<String, Value>, bool), Problem> {
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
    match parse(text.as_bytes()) {
        Ok((Value::Object(object), mended)) => Ok((object, mended)),
        Ok((other, _)) => Err((
            None,
            format!("a line must be a JSON object, not {}", fields::kind(&other)),
        )),
        Err(error) => Err((
            Some(error.column().max(1)),
            format!("broken JSON: {}; correct the line", without_place(&error)),
        )),
    }
}

/// serde's message without " at line 1 column 7", which the rejection says in the file's own terms.
pub(crate) fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
