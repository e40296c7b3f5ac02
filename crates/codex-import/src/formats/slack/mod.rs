//! Slack's workspace export: a folder a channel, a file a day, people and channels beside them.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::json::elements;
use crate::draft::Draft;
use crate::format::{Detected, Format, Head, Items, has};
use crate::input::InputSet;
use crate::input::source::{Context, Source};
use crate::record::{Item, Scope};

pub(crate) struct Slack;

const BESIDE: [&str; 10] = [
    "channels.json",
    "users.json",
    "integration_logs.json",
    "groups.json",
    "dms.json",
    "mpims.json",
    "canvases.json",
    "lists.json",
    "org_users.json",
    "file_conversations.json",
];

impl Format for Slack {
    const NAME: &'static str = "slack";
    const ABOUT: &'static str = "Slack's workspace export: `channel/2024-03-05.json` with `users.json` and `channels.json`, its folder or zip";
    const IDENTITY: &'static str = "channel and time stamp (`ts`)";

    fn detect(&self, head: &Head<'_>, set: &InputSet) -> Detected {
        let in_export = || {
            ["channels.json", "users.json", "dms.json", "groups.json"]
                .iter()
                .any(|name| head.name() != *name && set.beside(head.entry, name).is_some())
        };
        if BESIDE.contains(&head.name()) && in_export() {
            return Detected::Beside;
        }
        let message = |value: &Value| {
            has(value, &["ts", "type"])
                && value["ts"]
                    .as_str()
                    .is_some_and(|ts| ts.len() >= 12 && ts.contains('.'))
        };
        head.json()
            .and_then(Value::as_array)
            .is_some_and(|list| list.iter().take(5).any(message))
            .into()
    }

    fn read(&self, source: Source, set: &InputSet) -> Items {
        let context = source.context();
        let channel = source
            .entry
            .name
            .rsplit('/')
            .nth(1)
            .map(str::to_owned)
            .or_else(|| {
                Some(
                    source
                        .path
                        .parent()?
                        .file_name()?
                        .to_string_lossy()
                        .into_owned(),
                )
            })
            .unwrap_or_default();
        let people = Arc::new(people(&source, set, &context));
        Box::new(elements(
            source,
            Some(Box::new(move |message, line| {
                vec![item(&message, &channel, &people, &context, line)]
            })),
        ))
    }
}

/// Names by id.
fn people(source: &Source, set: &InputSet, context: &Context) -> HashMap<String, String> {
    let read = || {
        let entry = set.beside(&source.entry, "users.json")?;
        let text = Source::open(entry, Arc::clone(&context.settings))
            .ok()?
            .text()
            .ok()?;
        serde_json::from_str::<Vec<Value>>(&text).ok()
    };
    let named = |user: &Value| {
        let names = [
            "/profile/display_name",
            "/profile/real_name",
            "/real_name",
            "/name",
        ];
        let name = names
            .into_iter()
            .find_map(|path| user.pointer(path)?.as_str().filter(|name| !name.is_empty()))?;
        Some((user.get("id")?.as_str()?.to_owned(), name.to_owned()))
    };
    read()
        .unwrap_or_default()
        .iter()
        .filter_map(named)
        .collect()
}

fn item(
    message: &Map<String, Value>,
    channel: &str,
    people: &HashMap<String, String>,
    context: &Context,
    line: usize,
) -> Item {
    let text = |name: &str| message.get(name).and_then(Value::as_str);
    let subtype = text("subtype").unwrap_or("");
    let stamp = text("ts").unwrap_or("");
    let profile = message.get("user_profile").and_then(crate::fields::named);
    let speaker = text("user")
        .map(|id| people.get(id).map(String::as_str).or(profile).unwrap_or(id))
        .or_else(|| text("username"));
    let mut words = plain(text("text").unwrap_or(""), people);
    if words.trim().is_empty() {
        let attachments = message
            .get("attachments")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let pieces: Vec<_> = attachments
            .filter_map(|one| {
                ["text", "fallback"]
                    .into_iter()
                    .find_map(|name| one.get(name)?.as_str().filter(|text| !text.is_empty()))
            })
            .map(|piece| plain(piece, people))
            .collect();
        words = pieces.join("\n");
    }
    let mut draft = Draft {
        key: Some(format!("slack:{channel}/{stamp}")),
        scope: Some(Scope::Everywhere),
        content: words,
        speaker: speaker.map(str::to_owned),
        session: Some(channel.to_owned()),
        kind: match subtype {
            "bot_message" => Some("bots"),
            "tombstone" | "message_deleted" => Some("deleted"),
            "" | "me_message" | "thread_broadcast" | "file_share" | "file_comment"
            | "reply_broadcast" | "huddle_thread" => None,
            _ => Some("notices"),
        },
        ..Draft::default()
    };
    let files: Vec<Value> = message
        .get("files")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|file| file.get("name").or_else(|| file.get("title")).cloned())
        .collect();
    if draft.kind.is_none() && draft.content.trim().is_empty() {
        draft.kind = Some(if files.is_empty() {
            "bookkeeping"
        } else {
            "media"
        });
    }
    match context.clock.text(stamp) {
        Ok(time) => draft.created_at = Some(time),
        Err(reason) if draft.kind.is_none() => {
            return context.reject(line, format!("channel {channel}: `ts`: {reason}"));
        }
        Err(_) => {}
    }
    draft.about("attachments", Value::Array(files));
    draft.about(
        "reply_to",
        text("thread_ts")
            .filter(|thread| *thread != stamp)
            .unwrap_or(""),
    );
    context.finish(draft, line)
}

/// Slack's marks as words: <@U1>, <#C1|general>, <https://…|label>, &amp;.
fn plain(text: &str, people: &HashMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        let Some(end) = rest[start..].find('>') else {
            rest = &rest[start..];
            break;
        };
        let inside = &rest[start + 1..start + end];
        let (target, label) = inside
            .split_once('|')
            .map_or((inside, None), |(target, label)| (target, Some(label)));
        if let Some(id) = target.strip_prefix('@') {
            out.push('@');
            out.push_str(people.get(id).map(String::as_str).or(label).unwrap_or(id));
        } else if let Some(id) = target.strip_prefix('#') {
            out.push('#');
            out.push_str(label.filter(|label| !label.is_empty()).unwrap_or(id));
        } else if let Some(name) = target.strip_prefix('!') {
            out.push('@');
            out.push_str(label.unwrap_or(name).trim_start_matches('@'));
        } else {
            match label.filter(|label| *label != target && !label.is_empty()) {
                Some(label) => out.push_str(&format!("{label} ({target})")),
                None => out.push_str(target),
            }
        }
        rest = &rest[start + end + 1..];
    }
    out.push_str(rest);
    out.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}
