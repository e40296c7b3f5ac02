//! The six tools. Their descriptions and schemas stand in every conversation of every assistant: each word costs.

use super::Asked;
use crate::clock;
use crate::engine::request::{
    AddMemory, BuildContext, DeleteMemory, EditMemory, ExplainMemory, LinkMemories, Recall,
    ShowMemory,
};
use crate::engine::{Answer, Cut, FilingChange, Hit, Lineage, NewMemory, NewRelation};
use crate::error::{Error, Result};
use crate::text::{moments, reads_as_directive};
use chrono::NaiveDateTime;
use rmcp::model::{CallToolResult, ContentBlock, JsonObject, Tool, ToolAnnotations};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Tokens of a context, of four characters, where nobody says how many.
pub(super) const DEFAULT_BUDGET: usize = 1_500;
/// Memories recalled, where nobody says how many.
const LIMIT: usize = 8;
/// Most memories recalled at once.
const MOST: usize = 50;
/// Tokens of what is recalled, of four characters, where nobody says how many.
const TOKENS: usize = 1_500;
/// Who is noted as the author of changes.
const AUTHOR: &str = "mcp";

/// A tool to call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    Recall,
    Remember,
    Context,
    Explain,
    Correct,
    Delete,
}

/// Every tool, in an order that stays.
pub(super) fn all() -> Vec<Tool> {
    let memory = json!({"type": "object", "properties": {
        "id": {"type": "integer"}, "when": {"type": "string"}, "text": {"type": "string"}}, "required": ["id", "when", "text"]});
    let change =
        json!({"id": {"type": "integer"}, "done": {"type": "string"}, "undo": {"type": "string"}});
    vec![
        tool(
            "recall",
            "Search this person's memories. Ask in plain words; names, dates and \"last week\" work. No result means nothing is remembered.",
            json!({"query": {"type": "string"},
                "limit": {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT},
                "as_of": {"type": "string", "description": "ask as of this time (RFC 3339)"},
                "max_tokens": {"type": "integer", "minimum": 50, "default": TOKENS}}),
            &["query"],
            json!({"memories": {"type": "array", "items": memory}, "notes": {"type": "array", "items": {"type": "string"}}}),
            &["memories", "notes"],
            ToolAnnotations::new().read_only(true),
        ),
        tool(
            "remember",
            "Keep something for later: one statement, complete in itself, in the person's words.",
            json!({"content": {"type": "string"},
                "happened": {"type": "string", "description": "when, if not now (RFC 3339 or YYYY-MM-DD)"},
                "session": {"type": "string", "description": "the conversation"}}),
            &["content"],
            change.clone(),
            &["done"],
            ToolAnnotations::new().read_only(false).destructive(false),
        ),
        tool(
            "context",
            "What to know when a conversation starts: who the person is, goals, open loops, recent days.",
            json!({"max_tokens": {"type": "integer", "minimum": 50, "default": DEFAULT_BUDGET}}),
            &[],
            json!({"text": {"type": "string"}, "version": {"type": "string"}}),
            &["text", "version"],
            ToolAnnotations::new().read_only(true),
        ),
        tool(
            "explain",
            "Why a memory is remembered: its source, strength, nights and associations.",
            json!({"id": {"type": "integer"}}),
            &["id"],
            json!({"id": {"type": "integer"}, "text": {"type": "string"}, "why": {"type": "object"}}),
            &["id", "text", "why"],
            ToolAnnotations::new().read_only(true),
        ),
        tool(
            "correct",
            "Say what holds instead of a memory. changed: it was true until now; wrong: it never was.",
            json!({"id": {"type": "integer"}, "content": {"type": "string"},
                "how": {"type": "string", "enum": ["changed", "wrong"]}}),
            &["id", "content", "how"],
            change.clone(),
            &["done"],
            ToolAnnotations::new().read_only(false).destructive(false),
        ),
        tool(
            "delete",
            "Hide a memory the person does not want kept. Can be undone.",
            json!({"id": {"type": "integer"}, "reason": {"type": "string"}}),
            &["id"],
            change,
            &["done"],
            ToolAnnotations::new().read_only(false).destructive(true),
        ),
    ]
}

fn tool(
    name: &'static str,
    description: &'static str,
    input: Value,
    required: &[&str],
    output: Value,
    always: &[&str],
    annotations: ToolAnnotations,
) -> Tool {
    let object = |properties: Value, required: &[&str]| -> JsonObject {
        let mut schema = JsonObject::new();
        schema.insert("type".to_owned(), json!("object"));
        schema.insert("properties".to_owned(), properties);
        if !required.is_empty() {
            schema.insert("required".to_owned(), json!(required));
        }
        schema
    };
    Tool::new(name, description, Arc::new(object(input, required)))
        .with_raw_output_schema(Arc::new(object(output, always)))
        .with_annotations(annotations)
}

/// An error as the assistant reads it.
pub(super) fn failed(error: Error) -> CallToolResult {
    let hint = error.next_step().map(|hint| format!(" ({hint})"));
    CallToolResult::error(vec![ContentBlock::text(format!(
        "{error}{}",
        hint.unwrap_or_default()
    ))])
}

impl Call {
    pub(super) fn of(name: &str) -> Option<Call> {
        Some(match name {
            "recall" => Call::Recall,
            "remember" => Call::Remember,
            "context" => Call::Context,
            "explain" => Call::Explain,
            "correct" => Call::Correct,
            "delete" => Call::Delete,
            _ => return None,
        })
    }

    /// Does what the tool is for.
    pub(super) fn run(self, arguments: JsonObject, asked: &Asked<'_>) -> Result<CallToolResult> {
        let told = match self {
            Call::Recall => recall(read(arguments)?, asked)?,
            Call::Remember => remember(read(arguments)?, asked)?,
            Call::Context => context(read(arguments)?, asked)?,
            Call::Explain => explain(&read(arguments)?, asked)?,
            Call::Correct => correct(read(arguments)?, asked)?,
            Call::Delete => delete(read(arguments)?, asked)?,
        };
        Ok(CallToolResult::structured(told))
    }
}

fn read<T: DeserializeOwned>(arguments: JsonObject) -> Result<T> {
    serde_json::from_value(Value::Object(arguments))
        .map_err(|e| Error::usage(format!("the arguments do not fit: {e}")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecallArguments {
    query: String,
    limit: Option<usize>,
    as_of: Option<String>,
    max_tokens: Option<usize>,
}

fn recall(arguments: RecallArguments, asked: &Asked<'_>) -> Result<Value> {
    if arguments.query.trim().is_empty() {
        return Err(Error::usage("the query is empty"));
    }
    let as_of = match &arguments.as_of {
        Some(text) => moment(text)?,
        None => asked.host.now(),
    };
    let answer = asked.ask(Recall {
        k: arguments.limit.unwrap_or(LIMIT).clamp(1, MOST),
        cut: Cut::Usual,
        ..Recall::new(asked.mind.clone(), arguments.query, as_of)
    })?;
    Ok(recalled(&answer, arguments.max_tokens.unwrap_or(TOKENS)))
}

/// The memories that fit, without those that read like orders.
fn recalled(answer: &Answer, tokens: usize) -> Value {
    let mut notes = answer.notes.clone();
    let (held, given): (Vec<&Hit>, Vec<&Hit>) = answer
        .results
        .iter()
        .partition(|hit| reads_as_directive(&hit.content));
    if !held.is_empty() {
        let ids: Vec<String> = held.iter().map(|hit| hit.id.to_string()).collect();
        notes.push(format!(
            "held back, since they read like instructions: {}",
            ids.join(", ")
        ));
    }
    let mut room = tokens.saturating_mul(4);
    let fitting = given.iter().take_while(|hit| {
        let length = hit.content.chars().count() + 40;
        let fits = length <= room;
        room = room.saturating_sub(length);
        fits
    });
    let memories: Vec<Value> = fitting.map(|hit| memory(hit)).collect();
    if memories.len() < given.len() {
        notes.push(format!(
            "{} more did not fit: ask with more max_tokens",
            given.len() - memories.len()
        ));
    }
    json!({"memories": memories, "notes": notes})
}

fn memory(hit: &Hit) -> Value {
    let mut fields = Map::new();
    fields.insert("id".to_owned(), json!(hit.id));
    fields.insert("when".to_owned(), json!(clock::rfc3339(hit.created_at)));
    fields.insert("text".to_owned(), json!(hit.content));
    if let Some(speaker) = &hit.speaker {
        fields.insert("speaker".to_owned(), json!(speaker));
    }
    if let Some(relevance) = &hit.relevance {
        fields.insert("relevance".to_owned(), json!(relevance));
    }
    Value::Object(fields)
}

/// What is said off the record is kept by no tool.
fn refuse_while_paused(asked: &Asked<'_>) -> Result<()> {
    match asked.host.is_paused()? {
        false => Ok(()),
        true => Err(
            Error::usage("nothing is kept now: this person has paused the memory")
                .hint("do not try again; `codex resume` ends the pause"),
        ),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RememberArguments {
    content: String,
    happened: Option<String>,
    session: Option<String>,
}

fn remember(arguments: RememberArguments, asked: &Asked<'_>) -> Result<Value> {
    refuse_while_paused(asked)?;
    let happened = match &arguments.happened {
        Some(text) => moment(text)?,
        None => asked.host.now(),
    };
    let added = asked.ask(AddMemory {
        new: new_memory(arguments.content, happened, arguments.session, asked),
        now: asked.host.now(),
    })?;
    Ok(json!({"id": added.id, "done": "remembered", "undo": format!("delete {}", added.id)}))
}

fn new_memory(
    content: String,
    created_at: NaiveDateTime,
    session: Option<String>,
    asked: &Asked<'_>,
) -> NewMemory {
    NewMemory {
        mind: asked.mind.clone(),
        time_zone: asked.host.time_zone(),
        content,
        created_at,
        speaker: None,
        session,
        metadata: Map::new(),
        key: None,
        filing: FilingChange::default(),
        author: Some(AUTHOR.to_owned()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContextArguments {
    max_tokens: Option<usize>,
}

fn context(arguments: ContextArguments, asked: &Asked<'_>) -> Result<Value> {
    let block = asked.ask(BuildContext {
        mind: asked.mind.clone(),
        budget: arguments.max_tokens.unwrap_or(DEFAULT_BUDGET),
        as_of: asked.host.now(),
    })?;
    Ok(json!({"text": block.text, "version": block.version}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExplainArguments {
    id: i64,
}

fn explain(arguments: &ExplainArguments, asked: &Asked<'_>) -> Result<Value> {
    let lineage = asked.ask(ExplainMemory {
        mind: asked.mind.clone(),
        id: arguments.id.to_string(),
    })?;
    Ok(json!({"id": arguments.id, "text": lineage.shown.memory.content, "why": why(&lineage)}))
}

/// What an assistant needs to say why: a few lines, no numbers of the machine.
fn why(lineage: &Lineage) -> Value {
    let memory = &lineage.shown.memory;
    json!({
        "happened": memory.created_at,
        "key": memory.key,
        "state": memory.tier,
        "reason": lineage.shown.reason,
        "strength": lineage.trace.as_ref().map(|trace| trace.strength_now),
        "nights": lineage.nights.len(),
        "associated_with": lineage.associations.iter().map(|link| link.memory_id).collect::<Vec<_>>(),
        "about": lineage.concepts.iter().map(|concept| concept.concept.clone()).collect::<Vec<_>>(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CorrectArguments {
    id: i64,
    content: String,
    how: Correction,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Correction {
    Changed,
    Wrong,
}

fn correct(arguments: CorrectArguments, asked: &Asked<'_>) -> Result<Value> {
    refuse_while_paused(asked)?;
    let (mind, id) = (asked.mind.clone(), arguments.id.to_string());
    let now = asked.host.now();
    match arguments.how {
        Correction::Wrong => {
            asked.ask(EditMemory {
                mind,
                id,
                text: arguments.content,
                author: Some(AUTHOR.to_owned()),
                now,
            })?;
            let undo = "its earlier words stay in its history";
            Ok(json!({"id": arguments.id, "done": "the memory now says this", "undo": undo}))
        }
        Correction::Changed => {
            // First: nothing is kept of a correction of what is not there.
            asked.ask(ShowMemory {
                mind: mind.clone(),
                id: id.clone(),
                now,
                used: false,
            })?;
            let added = asked.ask(AddMemory {
                new: new_memory(arguments.content, now, None, asked),
                now,
            })?;
            asked.ask(LinkMemories {
                mind,
                from: added.id.to_string(),
                to: id,
                relation: NewRelation {
                    kind: "supersedes".to_owned(),
                    strength: 1.0,
                    directed: true,
                    half_life_days: None,
                },
                author: Some(AUTHOR.to_owned()),
                now,
            })?;
            let done = format!("remembered, as what holds instead of {}", arguments.id);
            Ok(json!({"id": added.id, "done": done, "undo": format!("delete {}", added.id)}))
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeleteArguments {
    id: i64,
    reason: Option<String>,
}

fn delete(arguments: DeleteArguments, asked: &Asked<'_>) -> Result<Value> {
    asked.ask(DeleteMemory {
        mind: asked.mind.clone(),
        id: arguments.id.to_string(),
        reason: arguments.reason.unwrap_or_default(),
        author: Some(AUTHOR.to_owned()),
        now: asked.host.now(),
    })?;
    let undo = format!("codex memory restore {}", arguments.id);
    Ok(json!({"id": arguments.id, "done": "hidden", "undo": undo}))
}

/// A time as an assistant writes it.
fn moment(text: &str) -> Result<NaiveDateTime> {
    moments::moment(text).map_err(|e| Error::usage(format!("'{text}' is no time: {e}")))
}
