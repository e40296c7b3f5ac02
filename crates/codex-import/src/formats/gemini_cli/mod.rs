//! Gemini CLI's sessions: an event log a session, older ones a document; `logs.json` repeats the prompts.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::json::elements;
use super::json_lines::objects;
use crate::draft::Draft;
use crate::fields::content::text_of;
use crate::format::{Detected, Format, Head, Items, has};
use crate::input::InputSet;
use crate::input::source::{Context, Source};
use crate::record::{Item, Scope};

pub(crate) struct GeminiCli;

impl Format for GeminiCli {
    const NAME: &'static str = "gemini-cli";
    const ABOUT: &'static str =
        "Gemini CLI's sessions: `~/.gemini/tmp/…/chats/session-*.jsonl` and `.json`";
    const IDENTITY: &'static str = "session id and message id";

    fn detect(&self, head: &Head<'_>, set: &InputSet) -> Detected {
        if head.name() == "logs.json"
            && head
                .first()
                .is_some_and(|value| has(value, &["sessionId", "messageId", "message"]))
        {
            // The prompts of the sessions beside it, once more. Alone it is all there is.
            let folder = head
                .entry
                .name
                .rsplit_once('/')
                .map_or("", |(folder, _)| folder);
            let has_chats = set.entries.iter().any(|other| {
                other.root == head.entry.root
                    && other.name.starts_with(folder)
                    && other.name.contains("chats/")
            });
            let on_disk = head
                .entry
                .path
                .parent()
                .is_some_and(|folder| folder.join("chats").is_dir());
            return if has_chats || on_disk {
                Detected::Beside
            } else {
                Detected::Memories
            };
        }
        if head.name() == "checkpoint.json"
            || head.name().starts_with("checkpoint-")
                && head.extension == "json"
                && head
                    .first()
                    .is_some_and(|value| has(value, &["role", "parts"]))
        {
            return Detected::Beside;
        }
        let session = |value: &Value| {
            has(value, &["sessionId"])
                && (has(value, &["projectHash"]) || has(value, &["startTime"]))
        };
        (head.lines().first().is_some_and(session)
            || head
                .json()
                .is_some_and(|value| session(value) && value.is_object()))
        .into()
    }

    fn read(&self, mut source: Source, _: &InputSet) -> Items {
        let context = source.context();
        let is_document = source.prefix(1 << 16).is_ok_and(|prefix| {
            let first = prefix
                .split(|byte| *byte == b'\n')
                .find(|line| !line.trim_ascii().is_empty())
                .unwrap_or(&[]);
            serde_json::from_slice::<Value>(first).is_err()
                || serde_json::from_slice::<Value>(&prefix)
                    .is_ok_and(|value| has(&value, &["messages"]))
        });
        if is_document {
            return Box::new(elements(
                source,
                Some(Box::new(move |document, line| {
                    document_items(document, &context, line)
                })),
            ));
        }
        Box::new(log(source, &context).into_iter())
    }
}

fn document_items(mut document: Map<String, Value>, context: &Context, line: usize) -> Vec<Item> {
    if let Some(Value::Array(messages)) = document.shift_remove("messages") {
        let session = document
            .get("sessionId")
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_owned();
        return messages
            .iter()
            .map(|message| item(message, &session, context, line))
            .collect();
    }
    // A line of logs.json.
    let session = document
        .get("sessionId")
        .and_then(Value::as_str)
        .unwrap_or("")
        .to_owned();
    let number = document.get("messageId").cloned().unwrap_or_default();
    document.insert(
        "id".to_owned(),
        Value::String(format!("{session}#{number}")),
    );
    let words = document.shift_remove("message").unwrap_or_default();
    document.insert("content".to_owned(), words);
    vec![item(&Value::Object(document), &session, context, line)]
}

/// The conversation as it ended: later events replace messages, take some back, or set all of them.
fn log(source: Source, context: &Context) -> Vec<Item> {
    let mut items = Vec::new();
    let mut session = String::new();
    let mut messages: Vec<(String, Value, usize)> = Vec::new();
    let mut place: HashMap<String, usize> = HashMap::new();
    let put = |messages: &mut Vec<(String, Value, usize)>,
               place: &mut HashMap<String, usize>,
               message: Value,
               line: usize| {
        let id = message
            .get("id")
            .and_then(Value::as_str)
            .map_or_else(|| format!("line-{line}"), str::to_owned);
        match place.get(&id) {
            Some(at) => messages[*at] = (id, message, line),
            None => {
                place.insert(id.clone(), messages.len());
                messages.push((id, message, line));
            }
        }
    };
    for event in objects(source) {
        let (line, event) = match event {
            Ok(event) => event,
            Err(item) => {
                items.push(*item);
                continue;
            }
        };
        if let Some(id) = event.get("sessionId").and_then(Value::as_str) {
            session = id.to_owned();
        }
        if let Some(id) = event.get("$rewindTo").and_then(Value::as_str) {
            // The message itself goes too: it is written anew.
            let at = place.get(id).copied().unwrap_or(messages.len());
            for (id, _, line) in messages.drain(at..) {
                place.remove(&id);
                items.push(context.left_out("branches", line));
            }
        } else if let Some(set) = event.get("$set") {
            if let Some(list) = set.get("messages").and_then(Value::as_array) {
                for message in list {
                    put(&mut messages, &mut place, message.clone(), line);
                }
            }
        } else if event.contains_key("type") {
            put(&mut messages, &mut place, Value::Object(event), line);
        }
    }
    items.extend(
        messages
            .iter()
            .map(|(_, message, line)| item(message, &session, context, *line)),
    );
    items
}

fn item(message: &Value, session: &str, context: &Context, line: usize) -> Item {
    let text = |name: &str| message.get(name).and_then(Value::as_str);
    let kind = text("type").unwrap_or("");
    let read = message
        .get("content")
        .or_else(|| message.get("message"))
        .and_then(text_of)
        .unwrap_or_default();
    let mut draft = Draft {
        key: text("id").map(str::to_owned),
        scope: Some(Scope::Conversation),
        content: read.text,
        speaker: Some(match kind {
            "gemini" | "model" | "assistant" => "gemini".to_owned(),
            other => other.to_owned(),
        }),
        session: Some(session.to_owned()),
        ..Draft::default()
    };
    draft.kind = match kind {
        "user"
            if draft.content.trim_start().starts_with('/')
                && draft.content.split_whitespace().count() == 1 =>
        {
            Some("harness")
        }
        "user" | "gemini" | "model" | "assistant" if !draft.content.trim().is_empty() => None,
        "gemini" | "model" | "assistant" => Some("tools"),
        "user" => Some("media"),
        "tool" | "tool_group" => Some("tools"),
        _ => Some("harness"),
    };
    match message
        .get("timestamp")
        .map(|value| context.clock.value(value))
    {
        Some(Ok(time)) => draft.created_at = Some(time),
        Some(Err(reason)) if draft.kind.is_none() => {
            return context.reject(
                line,
                format!(
                    "session {session}, message {}: `timestamp`: {reason}",
                    text("id").unwrap_or("?")
                ),
            );
        }
        _ => {}
    }
    draft.about("model", text("model").unwrap_or(""));
    context.finish(draft, line)
}
