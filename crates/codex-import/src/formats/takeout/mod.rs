//! Google Takeout: Chat's messages, Gemini's activity, Keep's notes.

use serde_json::{Map, Value, json};

use super::json::elements;
use crate::draft::Draft;
use crate::format::{Detected, Format, Head, Items, has};
use crate::input::InputSet;
use crate::input::source::Source;
use crate::record::Scope;

pub(crate) struct GoogleChat;
pub(crate) struct GeminiActivity;
pub(crate) struct Keep;

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or("")
}

impl Format for GoogleChat {
    const NAME: &'static str = "google-chat";
    const ABOUT: &'static str = "Google Takeout's Chat: `Groups/…/messages.json`";
    const IDENTITY: &'static str = "the message's id";

    fn detect(&self, head: &Head<'_>, _: &InputSet) -> Detected {
        if matches!(head.name(), "group_info.json" | "user_info.json")
            && head
                .entry
                .path
                .iter()
                .any(|folder| folder == "Google Chat" || folder == "Groups" || folder == "Users")
        {
            return Detected::Beside;
        }
        head.json()
            .and_then(|value| value.pointer("/messages/0"))
            .is_some_and(|message| has(message, &["creator", "created_date"]))
            .into()
    }

    fn read(&self, source: Source, _: &InputSet) -> Items {
        let context = source.context();
        let group = source
            .path
            .parent()
            .and_then(|folder| folder.file_name())
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        Box::new(elements(
            source,
            Some(Box::new(move |export, line| {
                let messages = export
                    .get("messages")
                    .and_then(Value::as_array)
                    .cloned()
                    .unwrap_or_default();
                messages
                    .iter()
                    .map(|message| {
                        let creator = message.get("creator").cloned().unwrap_or_default();
                        let mut draft = Draft {
                            key: Some(text(message, "message_id").to_owned())
                                .filter(|id| !id.is_empty()),
                            scope: Some(Scope::Everywhere),
                            content: text(message, "text").to_owned(),
                            speaker: ["name", "email"]
                                .into_iter()
                                .map(|name| text(&creator, name))
                                .find(|name| !name.is_empty())
                                .map(str::to_owned),
                            session: Some(group.clone()),
                            ..Draft::default()
                        };
                        let files = message
                            .get("attached_files")
                            .and_then(Value::as_array)
                            .into_iter()
                            .flatten()
                            .filter_map(|file| {
                                file.get("original_name")
                                    .or_else(|| file.get("export_name"))
                                    .cloned()
                            });
                        draft.about("attachments", Value::Array(files.collect()));
                        draft.about("topic", text(message, "topic_id"));
                        draft.kind = if text(message, "message_state") == "DELETED" {
                            Some("deleted")
                        } else if draft.content.trim().is_empty() {
                            Some("media")
                        } else if text(&creator, "user_type") == "Bot" {
                            Some("bots")
                        } else {
                            None
                        };
                        match context.clock.text(text(message, "created_date")) {
                            Ok(time) => draft.created_at = Some(time),
                            Err(reason) if draft.kind.is_none() => {
                                return context.reject(
                                    line,
                                    format!(
                                        "message {}: `created_date`: {reason}",
                                        draft.key.unwrap_or_default()
                                    ),
                                );
                            }
                            Err(_) => {}
                        }
                        context.finish(draft, line)
                    })
                    .collect()
            })),
        ))
    }
}

impl Format for GeminiActivity {
    const NAME: &'static str = "gemini-activity";
    const ABOUT: &'static str =
        "Google Takeout's activity of Gemini: `My Activity/Gemini Apps/MyActivity.json`";
    const IDENTITY: &'static str = "time and text";

    fn detect(&self, head: &Head<'_>, _: &InputSet) -> Detected {
        head.json()
            .and_then(Value::as_array)
            .and_then(|list| list.first())
            .is_some_and(|value| has(value, &["header", "title", "time"]))
            .into()
    }

    fn read(&self, source: Source, _: &InputSet) -> Items {
        let context = source.context();
        Box::new(elements(
            source,
            Some(Box::new(move |entry: Map<String, Value>, line| {
                let entry = Value::Object(entry);
                let created_at = match context.clock.text(text(&entry, "time")) {
                    Ok(time) => time,
                    Err(reason) => return vec![context.reject(line, format!("`time`: {reason}"))],
                };
                let title = text(&entry, "title");
                let is_gemini = text(&entry, "header").contains("Gemini")
                    || text(&entry, "header").contains("Bard");
                // "Prompted …" in the account's language: what is asked follows the first word.
                let prompt = ["Prompted ", "Said ", "Asked "]
                    .into_iter()
                    .find_map(|verb| title.strip_prefix(verb));
                let answers = entry
                    .get("safeHtmlItem")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .filter_map(|item| item.get("html")?.as_str())
                    .map(without_tags);
                let base = Draft {
                    scope: Some(Scope::Collection),
                    session: Some(format!("Gemini {}", created_at.date())),
                    created_at: Some(created_at),
                    ..Draft::default()
                };
                let kind = (!is_gemini
                    || (prompt.is_none() && entry.get("safeHtmlItem").is_none()))
                .then_some("bookkeeping");
                let mut items = vec![context.finish(
                    Draft {
                        content: prompt.unwrap_or(title).to_owned(),
                        speaker: Some("user".to_owned()),
                        kind,
                        ..base.clone()
                    },
                    line,
                )];
                for answer in answers {
                    items.push(context.finish(
                        Draft {
                            content: answer,
                            speaker: Some("gemini".to_owned()),
                            kind,
                            ..base.clone()
                        },
                        line,
                    ));
                }
                items
            })),
        ))
    }
}

/// The words of simple HTML.
fn without_tags(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        let Some(end) = rest[start..].find('>') else {
            break;
        };
        let tag = rest[start + 1..start + end]
            .trim_start_matches('/')
            .to_ascii_lowercase();
        if ["p", "br", "li", "div", "h1", "h2", "h3", "h4", "tr"]
            .iter()
            .any(|name| tag == *name || tag.starts_with(&format!("{name} ")))
        {
            out.push('\n');
        }
        rest = &rest[start + end + 1..];
    }
    if !rest.starts_with('<') {
        out.push_str(rest);
    }
    let text = out
        .replace("&nbsp;", " ")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&");
    let lines: Vec<_> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("\n")
}

impl Format for Keep {
    const NAME: &'static str = "google-keep";
    const ABOUT: &'static str = "Google Takeout's Keep: a note a JSON file";
    const IDENTITY: &'static str = "the note's time of creation and its text";

    fn detect(&self, head: &Head<'_>, _: &InputSet) -> Detected {
        head.json()
            .is_some_and(|value| {
                value.is_object()
                    && has(value, &["userEditedTimestampUsec"])
                    && (has(value, &["isTrashed"])
                        || has(value, &["textContent"])
                        || has(value, &["listContent"]))
            })
            .into()
    }

    fn read(&self, source: Source, _: &InputSet) -> Items {
        let context = source.context();
        Box::new(elements(
            source,
            Some(Box::new(move |note: Map<String, Value>, line| {
                let note = Value::Object(note);
                let title = text(&note, "title");
                let list = note
                    .get("listContent")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .map(|item| {
                        format!(
                            "- [{}] {}",
                            if item.get("isChecked") == Some(&json!(true)) {
                                "x"
                            } else {
                                " "
                            },
                            text(item, "text")
                        )
                    });
                let body = [text(&note, "textContent").to_owned()]
                    .into_iter()
                    .chain(list)
                    .filter(|part| !part.trim().is_empty())
                    .collect::<Vec<_>>()
                    .join("\n");
                let content = [title, body.as_str()]
                    .into_iter()
                    .filter(|part| !part.trim().is_empty())
                    .collect::<Vec<_>>()
                    .join("\n\n");
                let created = note
                    .get("createdTimestampUsec")
                    .or_else(|| note.get("userEditedTimestampUsec"));
                let mut draft = Draft {
                    // A note has no id, but nobody writes two in one microsecond.
                    key: created.map(|time| format!("keep:{time}")),
                    scope: created.map(|_| Scope::Everywhere),
                    session: Some(if title.is_empty() { "Keep" } else { title }.to_owned()),
                    kind: if note.get("isTrashed") == Some(&json!(true)) {
                        Some("deleted")
                    } else if content.trim().is_empty() {
                        Some("media")
                    } else {
                        None
                    },
                    content,
                    ..Draft::default()
                };
                draft.about(
                    "labels",
                    Value::Array(
                        note.get("labels")
                            .and_then(Value::as_array)
                            .into_iter()
                            .flatten()
                            .filter_map(|label| label.get("name").cloned())
                            .collect(),
                    ),
                );
                match created.map(|time| context.clock.value(time)) {
                    Some(Ok(time)) => draft.created_at = Some(time),
                    Some(Err(reason)) => {
                        return vec![
                            context.reject(line, format!("`createdTimestampUsec`: {reason}")),
                        ];
                    }
                    None => {}
                }
                vec![context.finish(draft, line)]
            })),
        ))
    }
}
