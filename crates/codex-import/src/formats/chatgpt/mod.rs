//! Conversations as ChatGPT exports them: a tree of messages, where editing or regenerating one makes a branch.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::json::elements;
use crate::draft::Draft;
use crate::fields::content::{Text, text_of};
use crate::fields::conversation::fill_times;
use crate::format::{Detected, Format, Head, Items, has};
use crate::input::InputSet;
use crate::input::source::{Context, Source};
use crate::record::{Item, Scope};

/// ChatGPT's data export.
pub(crate) struct ChatGpt;

/// Files of the export beside the conversations.
const BESIDE: [&str; 9] = [
    "message_feedback.json",
    "model_comparisons.json",
    "shared_conversations.json",
    "user.json",
    "user_settings.json",
    "group_chats.json",
    "shopping.json",
    "sora.json",
    "export_manifest.json",
];

impl Format for ChatGpt {
    const NAME: &'static str = "chatgpt";
    const ABOUT: &'static str = "ChatGPT's data export: `conversations.json`, its folder or zip";
    const IDENTITY: &'static str = "conversation id and message id";

    fn detect(&self, head: &Head<'_>, set: &InputSet) -> Detected {
        if BESIDE.contains(&head.name()) && set.beside(head.entry, "conversations.json").is_some() {
            return Detected::Beside;
        }
        let conversation = |value: &Value| {
            has(value, &["mapping"])
                && value["mapping"].is_object()
                && (has(value, &["current_node"])
                    || has(value, &["title"])
                    || has(value, &["create_time"]))
        };
        (head.first().is_some_and(conversation) || head.lines().first().is_some_and(conversation))
            .into()
    }

    fn read(&self, source: Source, _: &InputSet) -> Items {
        let context = source.context();
        Box::new(elements(
            source,
            Some(Box::new(move |conversation, line| {
                items(&conversation, &context, line)
            })),
        ))
    }
}

/// The messages of a conversation, each after the one it answers.
fn items(conversation: &Map<String, Value>, context: &Context, line: usize) -> Vec<Item> {
    let text = |name: &str| conversation.get(name).and_then(Value::as_str);
    let session = text("conversation_id").or_else(|| text("id"));
    let name = session.or_else(|| text("title")).unwrap_or("without an id");
    let Some(mapping) = conversation.get("mapping").and_then(Value::as_object) else {
        return vec![context.reject(
            line,
            format!("conversation {name}: it has no `mapping` of messages"),
        )];
    };
    let started = conversation
        .get("create_time")
        .filter(|value| !value.is_null())
        .and_then(|value| context.clock.value(value).ok());
    let current = branch(mapping, text("current_node"));
    let mut drafts = Vec::new();
    for id in order(mapping) {
        let Some(message) = mapping
            .get(id)
            .and_then(|node| node.get("message"))
            .filter(|message| message.is_object())
        else {
            continue;
        };
        let left = current
            .as_ref()
            .is_some_and(|current| !current.contains(id));
        let draft = draft(conversation, message, id, left);
        let time = match message.get("create_time").filter(|value| !value.is_null()) {
            Some(time) => context.clock.value(time).map(Some),
            None => Ok(None),
        };
        drafts.push(
            time.map(|created_at| Draft {
                created_at,
                session: session.map(str::to_owned),
                ..draft
            })
            .map_err(|reason| {
                format!("conversation {name}, message {id}: `create_time`: {reason}")
            }),
        );
    }
    // Messages without a time are as old as what they answer.
    fill_times(
        drafts.iter_mut().filter_map(|draft| draft.as_mut().ok()),
        started,
    );
    let drafts = drafts
        .into_iter()
        .filter(|draft| draft.as_ref().is_ok_and(|draft| !is_nothing(draft)) || draft.is_err());
    drafts
        .map(|draft| {
            draft.map_or_else(
                |reason| context.reject(line, reason),
                |draft| context.finish(draft, line),
            )
        })
        .collect()
}

/// The root's empty system message and its like.
fn is_nothing(draft: &Draft) -> bool {
    draft.kind == Some("hidden") && draft.content.trim().is_empty()
}

fn draft(conversation: &Map<String, Value>, message: &Value, id: &str, left: bool) -> Draft {
    let text = message_text(message);
    let role = message.pointer("/author/role").and_then(Value::as_str);
    let content_type = message
        .pointer("/content/content_type")
        .and_then(Value::as_str)
        .unwrap_or("text");
    let hidden = message.pointer("/metadata/is_visually_hidden_from_conversation")
        == Some(&Value::Bool(true));
    let recipient = message
        .get("recipient")
        .and_then(Value::as_str)
        .unwrap_or("all");
    let cleaned = without_marks(&text.text);
    let kind = match (content_type, role) {
        ("thoughts" | "reasoning_recap", _) => Some("thinking"),
        ("user_editable_context" | "model_editable_context", _) => Some("hidden"),
        (
            "code"
            | "execution_output"
            | "tether_browsing_display"
            | "tether_quote"
            | "system_error"
            | "computer_output",
            _,
        ) => Some("tools"),
        (_, Some("tool")) => Some("tools"),
        _ if recipient != "all" => Some("tools"),
        (_, Some("system")) => Some("hidden"),
        _ if hidden => Some("hidden"),
        _ if left => Some("branches"),
        _ if cleaned.trim().is_empty() => Some(if text.omitted.is_empty() {
            "bookkeeping"
        } else {
            "media"
        }),
        _ => None,
    };
    let mut draft = Draft {
        key: Some(
            message
                .get("id")
                .and_then(Value::as_str)
                .unwrap_or(id)
                .to_owned(),
        ),
        scope: Some(Scope::Conversation),
        former: (cleaned != text.text).then(|| text.text.clone()),
        content: cleaned,
        speaker: role.map(str::to_owned),
        kind,
        ..Draft::default()
    };
    draft.about(
        "title",
        conversation.get("title").cloned().unwrap_or_default(),
    );
    draft.about(
        "model",
        message
            .pointer("/metadata/model_slug")
            .cloned()
            .unwrap_or_default(),
    );
    draft.about(
        "name",
        message.pointer("/author/name").cloned().unwrap_or_default(),
    );
    if content_type != "text" {
        draft.about("content_type", content_type);
    }
    draft.about("omitted_blocks", json!(text.omitted));
    let names = message
        .pointer("/metadata/attachments")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|file| file.get("name").cloned());
    draft.about("attachments", Value::Array(names.collect()));
    if left {
        draft.about("branch", "left");
    }
    draft
}

fn message_text(message: &Value) -> Text {
    let content = message.get("content").unwrap_or(&Value::Null);
    let parts = ["parts", "text", "content", "result"]
        .into_iter()
        .find_map(|name| content.get(name).filter(|value| !value.is_null()));
    text_of(parts.unwrap_or(content)).unwrap_or_default()
}

/// The text without marks of citations, which readers of the export cannot follow: the private characters around
/// `cite`, `【4†source】`. A mark that stands for a name leaves the name.
fn without_marks(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(['\u{e200}', '【']) {
        let (before, mark) = rest.split_at(start);
        out.push_str(before);
        let close = if mark.starts_with('【') {
            '】'
        } else {
            '\u{e201}'
        };
        let Some(end) = mark.find(close) else {
            rest = mark;
            break;
        };
        let inside = &mark[mark.chars().next().map_or(0, char::len_utf8)..end];
        if close == '】' && !inside.contains('†') {
            out.push_str(&mark[..end + close.len_utf8()]);
        } else if let Some(name) = entity(inside) {
            out.push_str(&name);
        }
        rest = &mark[end + close.len_utf8()..];
    }
    out.push_str(rest);
    out.retain(|c| !matches!(c, '\u{e200}'..='\u{e206}'));
    out
}

/// entity\u{e202}["place","Lisbon","city"] stands for the name.
fn entity(inside: &str) -> Option<String> {
    let (kind, value) = inside.split_once('\u{e202}')?;
    let parts: Vec<Value> = serde_json::from_str(value).ok()?;
    (kind == "entity").then(|| parts.get(1)?.as_str().map(str::to_owned))?
}

/// The nodes from the root to where the conversation ended; `None` when the export does not say.
fn branch<'a>(
    mapping: &'a Map<String, Value>,
    current: Option<&'a str>,
) -> Option<HashSet<&'a str>> {
    let mut nodes = HashSet::new();
    let mut next = current.filter(|id| mapping.contains_key(*id));
    while let Some(id) = next {
        if !nodes.insert(id) {
            break;
        }
        next = mapping
            .get(id)
            .and_then(|node| node.get("parent")?.as_str());
    }
    (!nodes.is_empty()).then_some(nodes)
}

/// Every node once, parents before children, in the order of the file otherwise.
fn order(mapping: &Map<String, Value>) -> Vec<&str> {
    let is_root = |node: &Value| {
        node.get("parent")
            .and_then(Value::as_str)
            .is_none_or(|parent| !mapping.contains_key(parent))
    };
    let roots = mapping.iter().filter(|(_, node)| is_root(node));
    // After the roots, whatever only a broken export leaves unreachable.
    let starts: Vec<&str> = roots
        .chain(mapping.iter())
        .map(|(id, _)| id.as_str())
        .collect();
    let mut seen = HashSet::new();
    let mut ordered = Vec::new();
    let mut stack = Vec::new();
    for start in starts {
        stack.push(start);
        while let Some(id) = stack.pop() {
            if !seen.insert(id) {
                continue;
            }
            ordered.push(id);
            let children = mapping
                .get(id)
                .and_then(|node| node.get("children")?.as_array());
            let children = children
                .into_iter()
                .flatten()
                .rev()
                .filter_map(Value::as_str);
            stack.extend(children.filter(|child| mapping.contains_key(*child)));
        }
    }
    ordered
}
