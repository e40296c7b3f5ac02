//! Telegram Desktop's export: `result.json` of one chat or of the whole account.

use serde_json::{Map, Value};

use super::json::elements;
use crate::draft::Draft;
use crate::format::{Detected, Format, Head, Items, has};
use crate::input::InputSet;
use crate::input::source::{Context, Source};
use crate::record::{Item, Scope};

pub(crate) struct Telegram;

impl Format for Telegram {
    const NAME: &'static str = "telegram";
    const ABOUT: &'static str =
        "Telegram Desktop's `result.json`, of one chat or the whole account";
    const IDENTITY: &'static str = "chat id and message id";

    fn detect(&self, head: &Head<'_>, _: &InputSet) -> Detected {
        let Some(value) = head.json().filter(|value| value.is_object()) else {
            return Detected::No;
        };
        let one = has(value, &["name", "type", "id", "messages"])
            || (has(value, &["type", "id", "messages"])
                && value.pointer("/messages/0/date_unixtime").is_some());
        let all = has(value, &["about"])
            && (has(value, &["personal_information"])
                || has(value, &["chats"])
                || has(value, &["contacts"])
                || has(value, &["left_chats"]));
        (one || all).into()
    }

    fn read(&self, source: Source, _: &InputSet) -> Items {
        let context = source.context();
        Box::new(elements(
            source,
            Some(Box::new(move |export, line| items(export, &context, line))),
        ))
    }
}

fn items(mut export: Map<String, Value>, context: &Context, line: usize) -> Vec<Item> {
    if export.contains_key("messages") {
        return chat(export, context, line);
    }
    let mut items = Vec::new();
    for group in ["chats", "left_chats"] {
        let Some(Value::Object(mut group)) = export.shift_remove(group) else {
            continue;
        };
        let Some(Value::Array(list)) = group.shift_remove("list") else {
            continue;
        };
        for entry in list {
            if let Value::Object(entry) = entry {
                items.extend(chat(entry, context, line));
            }
        }
    }
    items
}

fn chat(mut chat: Map<String, Value>, context: &Context, line: usize) -> Vec<Item> {
    let Some(Value::Array(messages)) = chat.shift_remove("messages") else {
        return Vec::new();
    };
    let id = chat.get("id").map(ToString::to_string).unwrap_or_default();
    let name = chat
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or("")
        .to_owned();
    let session = if name.is_empty() { id.clone() } else { name };
    messages
        .iter()
        .map(|message| item(message, &id, &session, context, line))
        .collect()
}

fn item(message: &Value, chat: &str, session: &str, context: &Context, line: usize) -> Item {
    let text = |name: &str| message.get(name).and_then(Value::as_str);
    let id = message
        .get("id")
        .map(ToString::to_string)
        .unwrap_or_default();
    let from = ["from", "actor", "from_id"].into_iter().find_map(text);
    let mut draft = Draft {
        // Ids count per chat.
        key: Some(format!("telegram:{chat}/{id}")),
        scope: Some(Scope::Everywhere),
        content: message.get("text").map(words).unwrap_or_default(),
        speaker: from.map(str::to_owned),
        session: Some(session.to_owned()),
        ..Draft::default()
    };
    // Seconds since 1970 need no zone.
    let time = message
        .get("date_unixtime")
        .or_else(|| message.get("date"))
        .filter(|value| !value.is_null());
    let file = ["file_name", "photo", "file"]
        .into_iter()
        .find_map(|name| message.get(name).and_then(Value::as_str))
        .filter(|name| !name.starts_with('('));
    let media = [
        "photo",
        "file",
        "media_type",
        "sticker_emoji",
        "location_information",
        "contact_information",
        "poll",
    ]
    .iter()
    .any(|name| message.get(*name).is_some());
    if draft.content.trim().is_empty() {
        let question = message
            .pointer("/poll/question")
            .map(words)
            .unwrap_or_default();
        draft.content = question;
    }
    if text("type") == Some("service") {
        draft.kind = Some("notices");
    } else if draft.content.trim().is_empty() {
        draft.kind = Some(if media { "media" } else { "bookkeeping" });
    }
    match time.map(|value| context.clock.value(value)) {
        Some(Ok(time)) => draft.created_at = Some(time),
        Some(Err(reason)) if draft.kind.is_none() => {
            return context.reject(
                line,
                format!("chat {session}, message {id}: `date`: {reason}"),
            );
        }
        _ => {}
    }
    draft.about(
        "attachments",
        file.map(|name| {
            Value::Array(vec![Value::String(
                name.rsplit('/').next().unwrap_or(name).to_owned(),
            )])
        })
        .unwrap_or_default(),
    );
    draft.about(
        "reply_to",
        message
            .get("reply_to_message_id")
            .cloned()
            .unwrap_or_default(),
    );
    draft.about("forwarded_from", text("forwarded_from").unwrap_or(""));
    draft.about("edited", message.get("edited").cloned().unwrap_or_default());
    context.finish(draft, line)
}

/// A text, or the pieces of one with their formats.
fn words(text: &Value) -> String {
    match text {
        Value::String(text) => text.clone(),
        Value::Array(pieces) => pieces.iter().map(words).collect(),
        Value::Object(piece) => piece.get("text").map(words).unwrap_or_default(),
        _ => String::new(),
    }
}
