//! Discord: the data package a person requests, and DiscordChatExporter's JSON.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::json::elements;
use crate::draft::Draft;
use crate::format::{Detected, Format, Head, Items, has};
use crate::input::InputSet;
use crate::input::source::{Context, Source};
use crate::record::{Item, Scope};

pub(crate) struct DiscordExporter;
pub(crate) struct DiscordPackage;

impl Format for DiscordExporter {
    const NAME: &'static str = "discord-exporter";
    const ABOUT: &'static str = "DiscordChatExporter's JSON, a channel a file";
    const IDENTITY: &'static str = "the message's id";

    fn detect(&self, head: &Head<'_>, _: &InputSet) -> Detected {
        head.json()
            .is_some_and(|value| {
                has(value, &["guild", "channel"])
                    && (has(value, &["messages"]) || has(value, &["exportedAt"]))
            })
            .into()
    }

    fn read(&self, source: Source, _: &InputSet) -> Items {
        let context = source.context();
        Box::new(elements(
            source,
            Some(Box::new(move |export, line| {
                exported(export, &context, line)
            })),
        ))
    }
}

fn exported(mut export: Map<String, Value>, context: &Context, line: usize) -> Vec<Item> {
    let Some(Value::Array(messages)) = export.shift_remove("messages") else {
        return Vec::new();
    };
    let name = |path: &str| {
        export
            .get(path)
            .and_then(|place| place.get("name"))
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_owned()
    };
    let (guild, channel) = (name("guild"), name("channel"));
    let ids = |value: &Value, field: &str| {
        value
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_owned()
    };
    messages
        .iter()
        .map(|message| {
            let kind = ids(message, "type");
            let author = message.get("author").cloned().unwrap_or_default();
            let speaker = ["nickname", "name"]
                .into_iter()
                .map(|field| ids(&author, field))
                .find(|name| !name.is_empty());
            let files: Vec<Value> = message
                .get("attachments")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(|file| file.get("fileName").cloned())
                .collect();
            let mut draft = Draft {
                key: Some(format!("discord:{}", ids(message, "id"))),
                scope: Some(Scope::Everywhere),
                content: ids(message, "content"),
                speaker,
                session: Some(channel.clone()),
                ..Draft::default()
            };
            draft.kind = if !matches!(kind.as_str(), "Default" | "Reply" | "0" | "19" | "") {
                Some("notices")
            } else if author.get("isBot") == Some(&Value::Bool(true)) {
                Some("bots")
            } else if draft.content.trim().is_empty() {
                Some("media")
            } else {
                None
            };
            draft.about("guild", guild.clone());
            draft.about("attachments", Value::Array(files));
            draft.about(
                "reply_to",
                message
                    .pointer("/reference/messageId")
                    .cloned()
                    .unwrap_or_default(),
            );
            timed(draft, message.get("timestamp"), context, line)
        })
        .collect()
}

fn timed(mut draft: Draft, time: Option<&Value>, context: &Context, line: usize) -> Item {
    match time.map(|value| context.clock.value(value)) {
        Some(Ok(time)) => draft.created_at = Some(time),
        Some(Err(reason)) if draft.kind.is_none() => {
            return context.reject(
                line,
                format!("message {}: {reason}", draft.key.unwrap_or_default()),
            );
        }
        _ => {}
    }
    context.finish(draft, line)
}

impl Format for DiscordPackage {
    const NAME: &'static str = "discord-package";
    const ABOUT: &'static str =
        "Discord's data package: `messages/c…/messages.json` (or .csv) with `channel.json`";
    const IDENTITY: &'static str = "the message's id";

    fn detect(&self, head: &Head<'_>, set: &InputSet) -> Detected {
        let in_package = || {
            head.entry
                .path
                .iter()
                .any(|folder| folder.eq_ignore_ascii_case("messages"))
                || set.beside(head.entry, "channel.json").is_some()
        };
        if head.name() == "channel.json"
            && head.json().is_some_and(|value| has(value, &["id", "type"]))
            && (set.beside(head.entry, "messages.json").is_some()
                || set.beside(head.entry, "messages.csv").is_some())
        {
            return Detected::Beside;
        }
        if head.name() == "index.json"
            && head
                .entry
                .name
                .to_lowercase()
                .ends_with("messages/index.json")
        {
            return Detected::Beside;
        }
        if head.first_line().trim_start_matches('\u{feff}') == "ID,Timestamp,Contents,Attachments" {
            return Detected::Memories;
        }
        if head
            .first()
            .is_some_and(|value| has(value, &["ID", "Timestamp", "Contents"]))
        {
            return Detected::Memories;
        }
        let other_part = matches!(head.extension.as_str(), "json" | "txt")
            && head.entry.path.iter().any(|folder| folder == "package")
            && !in_package();
        if other_part
            && [
                "account",
                "activity",
                "servers",
                "programs",
                "support_tickets",
                "ads",
            ]
            .iter()
            .any(|folder| {
                head.entry
                    .name
                    .to_lowercase()
                    .contains(&format!("{folder}/"))
            })
        {
            return Detected::Beside;
        }
        Detected::No
    }

    fn read(&self, mut source: Source, set: &InputSet) -> Items {
        let context = source.context();
        let beside = |source: &Source| {
            let entry = set.beside(&source.entry, "channel.json")?;
            let text = Source::open(entry, Arc::clone(&context.settings))
                .ok()?
                .text()
                .ok()?;
            serde_json::from_str::<Value>(&text).ok()
        };
        let channel = beside(&source).unwrap_or_default();
        let named = channel
            .get("name")
            .and_then(Value::as_str)
            .filter(|name| !name.is_empty());
        let folder = source
            .path
            .parent()
            .and_then(|folder| folder.file_name())
            .map(|name| name.to_string_lossy().into_owned());
        let session = named
            .map(str::to_owned)
            .or_else(|| channel.get("id").and_then(Value::as_str).map(str::to_owned))
            .or(folder)
            .unwrap_or_default();
        let guild = channel.pointer("/guild/name").cloned().unwrap_or_default();
        let message = move |message: &Map<String, Value>, context: &Context, line: usize| {
            let text = |name: &str| {
                message
                    .get(name)
                    .map(|value| {
                        value
                            .as_str()
                            .map_or_else(|| value.to_string(), str::to_owned)
                    })
                    .unwrap_or_default()
            };
            let mut draft = Draft {
                key: Some(format!("discord:{}", text("ID"))),
                scope: Some(Scope::Everywhere),
                content: text("Contents"),
                // The package holds what its owner wrote, and nobody else's words.
                speaker: Some("me".to_owned()),
                session: Some(session.clone()),
                ..Draft::default()
            };
            if draft.content.trim().is_empty() {
                draft.kind = Some("media");
            }
            draft.about("guild", guild.clone());
            let files = text("Attachments");
            let names: Vec<Value> = files
                .split_whitespace()
                .map(|url| {
                    url.split('?')
                        .next()
                        .unwrap_or(url)
                        .rsplit('/')
                        .next()
                        .unwrap_or(url)
                        .into()
                })
                .collect();
            draft.about("attachments", Value::Array(names));
            // The package's times are UTC without saying so.
            let stamp = Value::String(format!(
                "{}Z",
                text("Timestamp")
                    .trim_end_matches("+00:00")
                    .trim_end_matches('Z')
            ));
            timed(draft, Some(&stamp), context, line)
        };
        if source
            .prefix(64)
            .is_ok_and(|prefix| !prefix.trim_ascii().starts_with(b"["))
        {
            return Box::new(super::delimited::rows(source).map(move |row| match row {
                Ok((line, row)) => message(&row, &context, line),
                Err(item) => *item,
            }));
        }
        Box::new(elements(
            source,
            Some(Box::new(move |element, line| {
                vec![message(&element, &context, line)]
            })),
        ))
    }
}
