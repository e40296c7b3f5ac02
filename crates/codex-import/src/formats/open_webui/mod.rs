//! Open WebUI's export of chats: a tree of messages a chat.

use serde_json::{Map, Value};

use super::json::elements;
use crate::draft::Draft;
use crate::fields::content::text_of;
use crate::fields::conversation::fill_times;
use crate::format::{Detected, Format, Head, Items, has};
use crate::input::InputSet;
use crate::input::source::{Context, Source};
use crate::record::{Item, Scope};

pub(crate) struct OpenWebUi;

impl Format for OpenWebUi {
    const NAME: &'static str = "open-webui";
    const ABOUT: &'static str = "Open WebUI's exported chats (`chat-export-….json`)";
    const IDENTITY: &'static str = "chat id and message id";

    fn detect(&self, head: &Head<'_>, _: &InputSet) -> Detected {
        let chat = |value: &Value| {
            value
                .get("chat")
                .is_some_and(|chat| has(chat, &["history"]) || has(chat, &["messages"]))
                || value.pointer("/history/messages").is_some()
        };
        head.first().is_some_and(chat).into()
    }

    fn read(&self, source: Source, _: &InputSet) -> Items {
        let context = source.context();
        Box::new(elements(
            source,
            Some(Box::new(move |chat, line| items(&chat, &context, line))),
        ))
    }
}

fn items(entry: &Map<String, Value>, context: &Context, line: usize) -> Vec<Item> {
    let entry = Value::Object(entry.clone());
    let chat = entry
        .get("chat")
        .filter(|chat| chat.is_object())
        .unwrap_or(&entry);
    let session = ["/id", "/chat/id", "/chat_id"]
        .into_iter()
        .find_map(|path| entry.pointer(path)?.as_str().filter(|id| !id.is_empty()))
        .unwrap_or("")
        .to_owned();
    let title = ["/title", "/chat/title"]
        .into_iter()
        .find_map(|path| entry.pointer(path)?.as_str())
        .unwrap_or("")
        .to_owned();
    let started = ["/created_at", "/chat/timestamp"]
        .into_iter()
        .find_map(|path| context.clock.value(entry.pointer(path)?).ok());
    let tree = chat.pointer("/history/messages").and_then(Value::as_object);
    let current = chat.pointer("/history/currentId").and_then(Value::as_str);
    let (messages, on_branch): (Vec<(String, Value)>, Option<Vec<String>>) = match tree {
        Some(tree) if !tree.is_empty() => {
            let mut branch = Vec::new();
            let mut next = current.map(str::to_owned);
            while let Some(id) = next.filter(|id| tree.contains_key(id) && !branch.contains(id)) {
                next = tree
                    .get(&id)
                    .and_then(|message| message.get("parentId")?.as_str())
                    .map(str::to_owned);
                branch.push(id);
            }
            (
                tree.iter()
                    .map(|(id, message)| (id.clone(), message.clone()))
                    .collect(),
                (!branch.is_empty()).then_some(branch),
            )
        }
        _ => {
            let list = chat
                .get("messages")
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default();
            (
                list.into_iter()
                    .map(|message| {
                        (
                            message
                                .get("id")
                                .and_then(Value::as_str)
                                .unwrap_or("")
                                .to_owned(),
                            message,
                        )
                    })
                    .collect(),
                None,
            )
        }
    };
    let mut drafts = Vec::new();
    for (id, message) in &messages {
        let role = message.get("role").and_then(Value::as_str).unwrap_or("");
        let read = message.get("content").and_then(text_of).unwrap_or_default();
        let created_at = match message
            .get("timestamp")
            .filter(|value| !value.is_null())
            .map(|value| context.clock.value(value))
        {
            Some(Err(reason)) => {
                drafts.push(Err(format!(
                    "chat {session}, message {id}: `timestamp`: {reason}"
                )));
                continue;
            }
            Some(Ok(time)) => Some(time),
            None => None,
        };
        let content = without_details(&read.text);
        let mut draft = Draft {
            key: Some(id.clone()).filter(|id| !id.is_empty()),
            scope: Some(Scope::Conversation),
            speaker: Some(role.to_owned()),
            session: Some(session.clone()),
            created_at,
            kind: match role {
                "system" => Some("hidden"),
                "tool" => Some("tools"),
                _ if on_branch
                    .as_ref()
                    .is_some_and(|branch| !branch.contains(id)) =>
                {
                    Some("branches")
                }
                _ if content.trim().is_empty() => Some("media"),
                _ => None,
            },
            content,
            ..Draft::default()
        };
        draft.about("title", title.clone());
        draft.about("model", message.get("model").cloned().unwrap_or_default());
        draft.about(
            "reply_to",
            message.get("parentId").cloned().unwrap_or_default(),
        );
        let files = message
            .get("files")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|file| file.get("name").cloned());
        draft.about("attachments", Value::Array(files.collect()));
        drafts.push(Ok(draft));
    }
    fill_times(
        drafts.iter_mut().filter_map(|draft| draft.as_mut().ok()),
        started,
    );
    drafts
        .into_iter()
        .map(|draft| {
            draft.map_or_else(
                |reason| context.reject(line, reason),
                |draft| context.finish(draft, line),
            )
        })
        .collect()
}

/// The answer without the thoughts and tool calls that are folded into it.
fn without_details(text: &str) -> String {
    let mut rest = text.to_owned();
    while let (Some(start), Some(end)) = (rest.find("<details type="), rest.find("</details>")) {
        if end < start {
            break;
        }
        rest.replace_range(start..end + "</details>".len(), "");
    }
    if rest.len() == text.len() {
        rest
    } else {
        rest.trim().to_owned()
    }
}
