//! Claude.ai's data export: `conversations.json` with `chat_messages`.

use serde_json::{Map, Value};

use super::json::elements;
use crate::draft::Draft;
use crate::fields::content::{kind_of, text_of};
use crate::fields::conversation::fill_times;
use crate::format::{Detected, Format, Head, Items, has};
use crate::input::InputSet;
use crate::input::source::{Context, Source};
use crate::record::{Item, Scope};

pub(crate) struct ClaudeAi;

const BESIDE: [&str; 4] = [
    "users.json",
    "projects.json",
    "memories.json",
    "artifacts.json",
];

impl Format for ClaudeAi {
    const NAME: &'static str = "claude-ai";
    const ABOUT: &'static str =
        "Claude.ai's data export: `conversations.json` with `chat_messages`, its folder or zip";
    const IDENTITY: &'static str = "conversation uuid and message uuid";

    fn detect(&self, head: &Head<'_>, set: &InputSet) -> Detected {
        if BESIDE.contains(&head.name())
            && head.json().is_some_and(Value::is_array)
            && set.beside(head.entry, "conversations.json").is_some()
        {
            return Detected::Beside;
        }
        (head
            .first()
            .is_some_and(|value| has(value, &["chat_messages"]))
            || head
                .lines()
                .first()
                .is_some_and(|value| has(value, &["chat_messages"])))
        .into()
    }

    fn read(&self, source: Source, _: &InputSet) -> Items {
        let context = source.context();
        Box::new(elements(
            source,
            Some(Box::new(move |conversation, line| {
                conversation_items(&conversation, &context, line)
            })),
        ))
    }
}

fn conversation_items(
    conversation: &Map<String, Value>,
    context: &Context,
    line: usize,
) -> Vec<Item> {
    let text = |name: &str| conversation.get(name).and_then(Value::as_str).unwrap_or("");
    let session = ["uuid", "id"]
        .into_iter()
        .map(text)
        .find(|id| !id.is_empty())
        .unwrap_or("");
    let started = conversation
        .get("created_at")
        .and_then(|value| context.clock.value(value).ok());
    let messages = conversation
        .get("chat_messages")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let mut drafts: Vec<Result<Draft, String>> = messages
        .iter()
        .enumerate()
        .map(|(index, message)| {
            draft(message, context).map_err(|reason| {
                format!(
                    "conversation {session}, message {}: {reason}",
                    message
                        .get("uuid")
                        .and_then(Value::as_str)
                        .map_or_else(|| (index + 1).to_string(), str::to_owned)
                )
            })
        })
        .collect();
    fill_times(
        drafts.iter_mut().filter_map(|draft| draft.as_mut().ok()),
        started,
    );
    drafts
        .into_iter()
        .map(|draft| match draft {
            Ok(mut draft) => {
                draft.session = Some(session.to_owned());
                draft.about("title", text("name"));
                context.finish(draft, line)
            }
            Err(reason) => context.reject(line, reason),
        })
        .collect()
}

fn draft(message: &Value, context: &Context) -> Result<Draft, String> {
    let text = |name: &str| message.get(name).and_then(Value::as_str);
    let blocks = message
        .get("content")
        .filter(|value| value.as_array().is_some_and(|list| !list.is_empty()));
    let read = blocks
        .and_then(text_of)
        .filter(|read| !read.text.trim().is_empty());
    let omitted = blocks.and_then(text_of).unwrap_or_default().omitted;
    let content = read
        .map(|read| read.text)
        .or_else(|| text("text").map(str::to_owned))
        .unwrap_or_default();
    let mut draft = Draft {
        key: text("uuid").map(str::to_owned),
        scope: Some(Scope::Everywhere),
        content,
        created_at: message
            .get("created_at")
            .filter(|value| !value.is_null())
            .map(|value| context.clock.value(value))
            .transpose()?,
        speaker: text("sender").map(|sender| {
            if sender == "human" {
                "user".to_owned()
            } else {
                sender.to_owned()
            }
        }),
        ..Draft::default()
    };
    let files = ["attachments", "files", "files_v2"]
        .into_iter()
        .filter_map(|name| message.get(name)?.as_array())
        .flatten();
    let names: Vec<Value> = files
        .clone()
        .filter_map(|file| {
            file.get("file_name")
                .filter(|name| name.as_str().is_some_and(|name| !name.is_empty()))
                .cloned()
        })
        .collect();
    // What was pasted is what was said, where nothing else was.
    let pasted: Vec<&str> = files
        .filter_map(|file| file.get("extracted_content")?.as_str())
        .filter(|text| !text.trim().is_empty())
        .collect();
    if draft.content.trim().is_empty() {
        if pasted.is_empty() {
            draft.kind = Some(if !names.is_empty() {
                "media"
            } else {
                kind_of(&omitted)
            });
        }
        draft.content = pasted.join("\n\n");
    }
    let mut unique = names;
    unique.dedup();
    draft.about("attachments", Value::Array(unique));
    draft.about(
        "reply_to",
        text("parent_message_uuid")
            .filter(|parent| !parent.starts_with("00000000-0000"))
            .unwrap_or(""),
    );
    Ok(draft)
}
