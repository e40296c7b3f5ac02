//! Codex CLI's rollouts: an item of the conversation a line, with events that repeat what was said.

use serde_json::Value;

use super::json_lines::objects;
use crate::draft::Draft;
use crate::fields::content::text_of;
use crate::format::{Detected, Format, Head, Items};
use crate::input::InputSet;
use crate::input::source::Source;
use crate::record::Scope;

pub(crate) struct CodexCli;

/// What the program tells its model before a person's first words.
const HARNESS: [&str; 6] = [
    "<environment_context>",
    "<user_instructions>",
    "# AGENTS.md instructions",
    "<permissions instructions>",
    "<turn_aborted>",
    "<INSTRUCTIONS>",
];

impl Format for CodexCli {
    const NAME: &'static str = "codex-cli";
    const ABOUT: &'static str = "OpenAI's Codex CLI: `~/.codex/sessions/…/rollout-*.jsonl`";
    const IDENTITY: &'static str = "session id, time, speaker and text";

    fn detect(&self, head: &Head<'_>, _: &InputSet) -> Detected {
        let first = head.lines().first();
        let is = |value: &Value| {
            let kind = value.get("type").and_then(Value::as_str).unwrap_or("");
            matches!(
                kind,
                "session_meta" | "response_item" | "turn_context" | "event_msg"
            ) && value.get("payload").is_some()
                || kind == "message"
                    && value.get("role").is_some()
                    && head.name().starts_with("rollout-")
        };
        (first.is_some_and(is) || head.lines().iter().any(is)).into()
    }

    fn read(&self, source: Source, _: &InputSet) -> Items {
        let context = source.context();
        let mut session = source.stem();
        let mut started = None;
        Box::new(objects(source).map(move |line| {
            let (number, event) = match line {
                Ok(event) => event,
                Err(item) => return *item,
            };
            let event = Value::Object(event);
            let payload = event.get("payload").unwrap_or(&event);
            let text = |value: &Value, name: &str| {
                value
                    .get(name)
                    .and_then(Value::as_str)
                    .unwrap_or("")
                    .to_owned()
            };
            let outer = text(&event, "type");
            let kind = if event.get("payload").is_some() {
                text(payload, "type")
            } else {
                outer.clone()
            };
            if outer == "session_meta"
                || (event.get("payload").is_none() && event.get("instructions").is_some())
            {
                let id = text(payload, "id");
                if !id.is_empty() {
                    session = id;
                }
                started = payload
                    .get("timestamp")
                    .and_then(|value| context.clock.value(value).ok());
                return context.left_out("bookkeeping", number);
            }
            if outer == "event_msg" || outer == "turn_context" {
                return context.left_out("bookkeeping", number);
            }
            let aside = match kind.as_str() {
                "message" => None,
                "reasoning" => Some("thinking"),
                "compacted" | "compaction" => Some("summaries"),
                "" => Some("bookkeeping"),
                _ => Some("tools"),
            };
            let read = payload.get("content").and_then(text_of).unwrap_or_default();
            let role = text(payload, "role");
            let harness = HARNESS
                .iter()
                .any(|mark| read.text.trim_start().starts_with(mark));
            let mut draft = Draft {
                scope: Some(Scope::Collection),
                speaker: Some(role.clone()),
                session: Some(session.clone()),
                kind: match aside {
                    Some(kind) => Some(kind),
                    None if matches!(role.as_str(), "system" | "developer") || harness => {
                        Some("harness")
                    }
                    None if read.text.trim().is_empty() => Some("media"),
                    None => None,
                },
                content: read.text,
                ..Draft::default()
            };
            let stamp = event.get("timestamp").or_else(|| payload.get("timestamp"));
            match stamp.map(|value| context.clock.value(value)) {
                Some(Ok(time)) => draft.created_at = Some(time),
                Some(Err(reason)) if draft.kind.is_none() => {
                    return context.reject(number, format!("`timestamp`: {reason}"));
                }
                _ => {
                    draft.created_at = started;
                    draft.time_from = crate::record::TimeFrom::Conversation;
                }
            }
            context.finish(draft, number)
        }))
    }
}
