//! Conversations as ChatGPT exports them: a tree of messages, where editing or regenerating one makes a branch.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDateTime;
use serde_json::{Map, Value, json};

use super::clock::Clock;
use super::content::{Text, text_of};
use super::draft::Draft;
use super::{Item, Origin};

/// The messages of a conversation, each after the one it answers. All branches are read: everything in them was said.
/// Those that the user has left are marked with `"branch": "left"` in the metadata.
pub(super) fn items(conversation: Map<String, Value>, origin: &Origin, clock: Clock) -> Vec<Item> {
    let text = |name: &str| conversation.get(name).and_then(Value::as_str);
    let Some(mapping) = conversation.get("mapping").and_then(Value::as_object) else {
        return Vec::new();
    };
    let session = text("conversation_id").or_else(|| text("id"));
    let started = conversation
        .get("create_time")
        .filter(|value| !value.is_null());
    let current = branch(mapping, text("current_node"));

    let mut items = Vec::new();
    let mut silent = 0_usize;
    let mut times: HashMap<&str, NaiveDateTime> = HashMap::new();
    for id in order(mapping) {
        let Some(node) = mapping.get(id) else {
            continue;
        };
        let parent = node.get("parent").and_then(Value::as_str);
        let message = node.get("message").unwrap_or(&Value::Null);
        let time = match message.get("create_time").filter(|value| !value.is_null()) {
            Some(time) => clock.value(time).map(Some),
            // Messages without a time are as old as what they answer.
            None => match parent.and_then(|parent| times.get(parent)) {
                Some(time) => Ok(Some(*time)),
                None => started.map(|time| clock.value(time)).transpose(),
            },
        };
        if let Ok(Some(time)) = time {
            times.insert(id, time);
        }
        if message.is_null() {
            continue;
        }
        let text = message_text(message);
        let hidden = message.pointer("/metadata/is_visually_hidden_from_conversation")
            == Some(&Value::Bool(true));
        if hidden || text.text.trim().is_empty() {
            silent += 1;
            continue;
        }
        let item = match time {
            Err(reason) => Item::reject(
                &origin.file,
                origin.line,
                None,
                format!("message {id}: `create_time`: {reason}"),
            ),
            Ok(created_at) => {
                let left = current
                    .as_ref()
                    .is_some_and(|current| !current.contains(id));
                let draft = Draft {
                    key: Some(
                        message
                            .get("id")
                            .and_then(Value::as_str)
                            .unwrap_or(id)
                            .to_owned(),
                    ),
                    content: text.text,
                    created_at,
                    speaker: message
                        .pointer("/author/role")
                        .and_then(Value::as_str)
                        .map(str::to_owned),
                    session: session.map(str::to_owned),
                    mind: None,
                    metadata: metadata(&conversation, message, &text.omitted, left),
                };
                draft.finish(origin.clone())
            }
        };
        items.push(item);
    }
    if silent > 0 {
        let name = text("title").or(session).unwrap_or("without a title");
        let text = format!(
            "conversation \"{name}\": {silent} entries without text (hidden, pictures, tool calls)"
        );
        items.push(Item::note(&origin.file, Some(origin.line), text));
    }
    items
}

fn message_text(message: &Value) -> Text {
    let content = message.get("content").unwrap_or(&Value::Null);
    let parts = content
        .get("parts")
        .or_else(|| content.get("text"))
        .unwrap_or(content);
    text_of(parts).unwrap_or_default()
}

fn metadata(
    conversation: &Map<String, Value>,
    message: &Value,
    omitted: &[String],
    left: bool,
) -> Map<String, Value> {
    let mut metadata = Map::new();
    let mut keep = |name: &str, value: Option<&Value>| {
        if let Some(value) = value.filter(|value| !value.is_null()) {
            metadata.insert(name.to_owned(), value.clone());
        }
    };
    keep("title", conversation.get("title"));
    keep("model", message.pointer("/metadata/model_slug"));
    keep("name", message.pointer("/author/name"));
    keep(
        "content_type",
        message
            .pointer("/content/content_type")
            .filter(|kind| *kind != "text"),
    );
    keep(
        "omitted_blocks",
        (!omitted.is_empty()).then(|| json!(omitted)).as_ref(),
    );
    keep("branch", left.then(|| json!("left")).as_ref());
    metadata
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
