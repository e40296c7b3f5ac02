//! What other memories of assistants keep: mem0, MCP's knowledge graph, mcp-memory-service, Letta, basic-memory.

mod basic_memory;

pub(crate) use basic_memory::BasicMemory;

use serde_json::{Map, Value};

use super::json::elements;
use super::json_lines::objects;
use crate::draft::Draft;
use crate::fields::content::text_of;
use crate::format::{Detected, Format, Head, Items, has};
use crate::input::InputSet;
use crate::input::source::{Context, Source};
use crate::record::{Item, Scope};

pub(crate) struct Mem0;
pub(crate) struct KnowledgeGraph;
pub(crate) struct McpMemoryService;
pub(crate) struct Letta;

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or("")
}

/// The draft with the first time that can be read, or why none can.
fn timed(mut draft: Draft, value: &Value, names: &[&str], context: &Context, line: usize) -> Item {
    let times = names.iter().filter_map(|name| {
        value
            .get(*name)
            .filter(|value| !value.is_null() && value.as_str() != Some(""))
    });
    let mut problem = None;
    for time in times {
        match context.clock.value(time) {
            Ok(time) => {
                draft.created_at = Some(time);
                return context.finish(draft, line);
            }
            Err(reason) => problem = problem.or(Some(reason)),
        }
    }
    match problem {
        Some(reason) if draft.kind.is_none() && !context.settings.date_from_file => {
            context.reject(line, reason)
        }
        _ => context.finish(draft, line),
    }
}

impl Format for Mem0 {
    const NAME: &'static str = "mem0";
    const ABOUT: &'static str = "mem0's memories, as its API and exports give them: `{\"results\":[{\"id\",\"memory\",…}]}`, a list, or a line each";
    const IDENTITY: &'static str = "the memory's id";

    fn detect(&self, head: &Head<'_>, _: &InputSet) -> Detected {
        let memory = |value: &Value| {
            value.get("memory").is_some_and(Value::is_string)
                && (has(value, &["id"]) || has(value, &["user_id"]) || has(value, &["hash"]))
        };
        let listed = head.json().is_some_and(|value| {
            ["/results/0", "/memories/0", "/0"]
                .iter()
                .any(|path| value.pointer(path).is_some_and(memory))
        });
        (listed || head.lines().first().is_some_and(memory)).into()
    }

    fn read(&self, mut source: Source, _: &InputSet) -> Items {
        let context = source.context();
        if !is_lines(&mut source) {
            return Box::new(elements(
                source,
                Some(Box::new(move |object, line| {
                    let object = Value::Object(object);
                    match ["results", "memories"]
                        .into_iter()
                        .find_map(|name| object.get(name)?.as_array())
                    {
                        Some(list) => list
                            .iter()
                            .map(|memory| mem0(memory, &context, line))
                            .collect(),
                        None => vec![mem0(&object, &context, line)],
                    }
                })),
            ));
        }
        Box::new(objects(source).map(move |line| match line {
            Ok((number, object)) => mem0(&Value::Object(object), &context, number),
            Err(item) => *item,
        }))
    }
}

/// An object a line, and more than one line or none of a list.
fn is_lines(source: &mut Source) -> bool {
    let prefix = source.prefix(1 << 16).unwrap_or_default();
    let mut lines = prefix
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or(&[]);
    first.starts_with(b"{")
        && first.ends_with(b"}")
        && serde_json::from_slice::<Value>(first)
            .is_ok_and(|value| value.get("results").is_none() && value.get("memories").is_none())
}

fn mem0(memory: &Value, context: &Context, line: usize) -> Item {
    let mut draft = Draft {
        key: Some(format!("mem0:{}", text(memory, "id"))).filter(|key| key.len() > "mem0:".len()),
        scope: memory.get("id").map(|_| Scope::Everywhere),
        content: text(memory, "memory").to_owned(),
        speaker: ["user_id", "actor_id", "agent_id"]
            .into_iter()
            .map(|name| text(memory, name))
            .find(|name| !name.is_empty())
            .map(str::to_owned),
        session: Some(text(memory, "run_id").to_owned()),
        metadata: memory
            .get("metadata")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default(),
        ..Draft::default()
    };
    for name in ["categories", "agent_id", "app_id", "updated_at"] {
        draft.about(name, memory.get(name).cloned().unwrap_or_default());
    }
    timed(draft, memory, &["created_at", "updated_at"], context, line)
}

impl Format for KnowledgeGraph {
    const NAME: &'static str = "mcp-memory";
    const ABOUT: &'static str =
        "the MCP memory server's `memory.jsonl`: entities with observations, and relations";
    const IDENTITY: &'static str =
        "the entity and the observation's words; without times, --date-from-file dates them";

    fn detect(&self, head: &Head<'_>, _: &InputSet) -> Detected {
        let is = |value: &Value| {
            (text(value, "type") == "entity" && has(value, &["name", "observations"]))
                || (text(value, "type") == "relation"
                    && has(value, &["from", "to", "relationType"]))
        };
        let one_line =
            || serde_json::from_str::<Value>(head.first_line()).is_ok_and(|value| is(&value));
        (head.lines().first().is_some_and(is) || one_line()).into()
    }

    fn read(&self, source: Source, _: &InputSet) -> Items {
        let context = source.context();
        Box::new(objects(source).flat_map(move |line| match line {
            Ok((number, object)) => graph(&Value::Object(object), &context, number),
            Err(item) => vec![*item],
        }))
    }
}

fn graph(value: &Value, context: &Context, line: usize) -> Vec<Item> {
    let made = |key: String, content: String, about: &[(&str, &str)]| {
        let mut draft = Draft {
            key: Some(key),
            scope: Some(Scope::Everywhere),
            content,
            ..Draft::default()
        };
        for (name, value) in about {
            draft.about(name, *value);
        }
        timed(
            draft,
            value,
            &["createdAt", "created_at", "timestamp"],
            context,
            line,
        )
    };
    if text(value, "type") == "relation" {
        let (from, to, kind) = (
            text(value, "from"),
            text(value, "to"),
            text(value, "relationType"),
        );
        let words = kind.replace('_', " ");
        return vec![made(
            format!("mcp-memory:{from}/{kind}/{to}"),
            format!("{from} {words} {to}"),
            &[("relation", kind)],
        )];
    }
    let name = text(value, "name");
    let observations = value
        .get("observations")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    if observations.is_empty() {
        return vec![context.left_out("blank", line)];
    }
    let words = |observation: &Value| {
        observation.as_str().map(str::to_owned).or_else(|| {
            observation
                .get("content")
                .and_then(Value::as_str)
                .map(str::to_owned)
        })
    };
    observations
        .iter()
        .filter_map(words)
        .map(|words| {
            // An observation says nothing without whom it is about.
            let content = if words.to_lowercase().contains(&name.to_lowercase()) {
                words.clone()
            } else {
                format!("{name}: {words}")
            };
            made(
                format!("mcp-memory:{name}/{words}")
                    .chars()
                    .take(1000)
                    .collect(),
                content,
                &[("entity", name), ("entity_type", text(value, "entityType"))],
            )
        })
        .collect()
}

impl Format for McpMemoryService {
    const NAME: &'static str = "mcp-memory-service";
    const ABOUT: &'static str = "mcp-memory-service's export: `{\"export_metadata\",\"memories\":[{\"content\",\"content_hash\",…}]}`";
    const IDENTITY: &'static str = "the content's hash";

    fn detect(&self, head: &Head<'_>, _: &InputSet) -> Detected {
        head.json()
            .is_some_and(|value| {
                has(value, &["export_metadata", "memories"])
                    || value.pointer("/memories/0/content_hash").is_some()
                    || value.pointer("/0/content_hash").is_some()
            })
            .into()
    }

    fn read(&self, source: Source, _: &InputSet) -> Items {
        let context = source.context();
        let one = move |memory: &Value, line: usize| {
            let tags = match memory.get("tags") {
                Some(Value::String(tags)) => Value::Array(
                    tags.split(',')
                        .map(|tag| tag.trim().into())
                        .filter(|tag: &Value| tag != "")
                        .collect(),
                ),
                Some(tags) => tags.clone(),
                None => Value::Null,
            };
            let metadata = match memory.get("metadata") {
                Some(Value::String(text)) => {
                    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()))
                }
                Some(value) => value.clone(),
                None => Value::Null,
            };
            let hash = text(memory, "content_hash");
            let mut draft = Draft {
                key: Some(format!("mcp-memory-service:{hash}")).filter(|_| !hash.is_empty()),
                scope: (!hash.is_empty()).then_some(Scope::Everywhere),
                content: text(memory, "content").to_owned(),
                metadata: metadata.as_object().cloned().unwrap_or_default(),
                ..Draft::default()
            };
            draft.about("tags", tags);
            draft.about("memory_type", text(memory, "memory_type"));
            timed(
                draft,
                memory,
                &[
                    "created_at_iso",
                    "created_at",
                    "timestamp",
                    "updated_at_iso",
                    "updated_at",
                ],
                &context,
                line,
            )
        };
        Box::new(elements(
            source,
            Some(Box::new(move |export, line| {
                match export.get("memories").and_then(Value::as_array) {
                    Some(list) => list.iter().map(|memory| one(memory, line)).collect(),
                    None => vec![one(&Value::Object(export), line)],
                }
            })),
        ))
    }
}

impl Format for Letta {
    const NAME: &'static str = "letta";
    const ABOUT: &'static str = "Letta's (MemGPT's) agent file: core memory blocks and messages";
    const IDENTITY: &'static str = "the message's id; the agent and the block's label";

    fn detect(&self, head: &Head<'_>, _: &InputSet) -> Detected {
        head.json()
            .is_some_and(|value| {
                value.is_object()
                    && (has(value, &["agent_type"])
                        && (has(value, &["core_memory"]) || has(value, &["messages"]))
                        || has(value, &["agents", "blocks"]))
            })
            .into()
    }

    fn read(&self, source: Source, _: &InputSet) -> Items {
        let context = source.context();
        Box::new(elements(
            source,
            Some(Box::new(move |export, line| letta(&export, &context, line))),
        ))
    }
}

fn letta(export: &Map<String, Value>, context: &Context, line: usize) -> Vec<Item> {
    let list = |value: &Value, name: &str| {
        value
            .get(name)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let export = Value::Object(export.clone());
    let mut agents = list(&export, "agents");
    if agents.is_empty() {
        agents.push(export.clone());
    }
    let mut items = Vec::new();
    for (index, agent) in agents.iter().enumerate() {
        let name = Some(text(agent, "name"))
            .filter(|name| !name.is_empty())
            .unwrap_or("agent")
            .to_owned();
        let mut blocks = list(agent, "core_memory");
        if index == 0 {
            blocks.extend(list(&export, "blocks"));
        }
        for block in &blocks {
            let label = text(block, "label");
            let mut draft = Draft {
                key: Some(format!("letta:{name}/{label}")),
                scope: Some(Scope::Everywhere),
                content: text(block, "value").to_owned(),
                session: Some(name.clone()),
                kind: text(block, "value").trim().is_empty().then_some("blank"),
                ..Draft::default()
            };
            draft.about("block", label);
            items.push(timed(
                draft,
                &with_time(block, agent),
                &["created_at", "updated_at"],
                context,
                line,
            ));
        }
        for message in &list(agent, "messages") {
            let role = text(message, "role");
            let read = message
                .get("content")
                .filter(|value| !value.is_null())
                .and_then(text_of)
                .filter(|read| !read.text.trim().is_empty());
            let mut words = read
                .map(|read| read.text)
                .unwrap_or_else(|| text(message, "text").to_owned());
            let mut kind = match role {
                "system" => Some("hidden"),
                "tool" => Some("tools"),
                _ => None,
            };
            // Letta wraps what was said, and its own notices, in JSON.
            if let Ok(wrapped) = serde_json::from_str::<Value>(&words)
                && wrapped.is_object()
            {
                match text(&wrapped, "type") {
                    "user_message" => words = text(&wrapped, "message").to_owned(),
                    "" => {}
                    _ => kind = kind.or(Some("harness")),
                }
            }
            // An agent speaks by calling a tool.
            for call in list(message, "tool_calls") {
                if call.pointer("/function/name").and_then(Value::as_str) == Some("send_message")
                    && let Some(said) = call
                        .pointer("/function/arguments")
                        .and_then(Value::as_str)
                        .and_then(|text| serde_json::from_str::<Value>(text).ok())
                {
                    words = text(&said, "message").to_owned();
                    kind = None;
                }
            }
            let id = text(message, "id");
            let draft = Draft {
                key: Some(format!("letta:{name}/{id}")).filter(|_| !id.is_empty()),
                scope: (!id.is_empty()).then_some(Scope::Everywhere),
                kind: kind.or_else(|| words.trim().is_empty().then_some("tools")),
                content: words,
                speaker: Some(role.to_owned()),
                session: Some(name.clone()),
                ..Draft::default()
            };
            items.push(timed(draft, message, &["created_at"], context, line));
        }
    }
    items
}

/// A block without a time is as old as its agent.
fn with_time(block: &Value, agent: &Value) -> Value {
    let mut block = block.clone();
    if block.get("created_at").is_none_or(Value::is_null)
        && let (Some(fields), Some(time)) = (block.as_object_mut(), agent.get("created_at"))
    {
        fields.insert("created_at".to_owned(), time.clone());
    }
    block
}
