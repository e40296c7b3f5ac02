//! `codex connect` and `codex disconnect`: telling an assistant about codex, in that program's own configuration.

use super::context::Context;
use super::render::{Outcome, Output, Stop};
use crate::error::{Error, Result};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use toml_edit::{Array, DocumentMut, Item, Table, value};

/// The name that codex goes by in other programs' files.
const NAME: &str = "codex-memory";

/// A program that codex can be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Program {
    ClaudeCode,
    ClaudeDesktop,
    Gemini,
    CodexCli,
    Cursor,
    OpenWebui,
}

/// Tell an assistant about codex: shows what would be written into its configuration, and writes it with --yes
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex connect claude-code
  codex connect claude-code --mind nora --yes
  codex connect codex-cli --yes
  codex connect open-webui

What was in the file stays; a copy of it is kept beside it. `codex disconnect PROGRAM` takes codex out again. The assistant gets the tools
of `codex mcp` and, where it has hooks, `codex hook`.")]
pub(super) struct Connect {
    /// The program
    #[arg(value_enum)]
    program: Program,
    /// Write it
    #[arg(long)]
    yes: bool,
}

/// Take codex out of an assistant's configuration; shows what would go, and takes it with --yes
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex disconnect claude-code
  codex disconnect claude-code --yes")]
pub(super) struct Disconnect {
    /// The program
    #[arg(value_enum)]
    program: Program,
    /// Do it
    #[arg(long)]
    yes: bool,
}

impl Connect {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let Some(files) = self.program.files()? else {
            return by_hand(out);
        };
        let command = Launch::of(context)?;
        let edits = files
            .iter()
            .map(|file| file.edited(|kind, text| kind.with(text, &command, &file.path)));
        carry_out(edits.collect::<Result<_>>()?, self.yes, out)
    }
}

impl Disconnect {
    pub(super) fn run(self, out: &mut Output) -> Outcome {
        let Some(files) = self.program.files()? else {
            out.line("remove the connection in Open WebUI's settings; codex wrote nothing there")?;
            return Ok(ExitCode::SUCCESS);
        };
        let edits = files
            .iter()
            .map(|file| file.edited(|kind, text| kind.without(text, &file.path)));
        carry_out(edits.collect::<Result<_>>()?, self.yes, out)
    }
}

/// How an assistant starts codex.
struct Launch {
    program: String,
    arguments: Vec<String>,
}

impl Launch {
    /// This program, with the store and mind that were named: assistants start it from any directory.
    fn of(context: &Context) -> Result<Launch> {
        let program = std::env::current_exe()
            .map_err(|e| Error::failed(format!("codex does not find itself: {e}")))?;
        let program = program.to_str().ok_or_else(|| {
            Error::usage("codex lies in a directory whose name is no text")
                .hint("install it somewhere else: make install PREFIX=DIR")
        })?;
        let database = crate::engine::canonical(&context.config()?.settings.database)?;
        let database = database.to_str().ok_or_else(|| {
            Error::usage("the store lies in a directory whose name is no text")
                .hint("name another with --db PATH")
        })?;
        let mut arguments = vec!["--db".to_owned(), database.to_owned()];
        if let Some(mind) = context.mind_name() {
            arguments.extend(["--mind".to_owned(), mind.to_owned()]);
        }
        Ok(Launch {
            program: program.to_owned(),
            arguments,
        })
    }

    fn arguments(&self, command: &[&str]) -> Vec<String> {
        let more = command.iter().map(|word| (*word).to_owned());
        self.arguments.iter().cloned().chain(more).collect()
    }

    /// As a shell reads it.
    fn line(&self, command: &[&str]) -> String {
        let words = std::iter::once(self.program.clone()).chain(self.arguments(command));
        words
            .map(|word| quoted(&word))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// What stands in a file, and how it is written.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// A JSON object with `mcpServers`.
    Servers,
    /// A JSON object with `hooks`, each event a list.
    Hooks(&'static [(&'static str, &'static str)]),
    /// TOML with `[mcp_servers.NAME]`.
    Toml,
}

/// A file of another program's.
struct ProgramFile {
    path: PathBuf,
    kinds: &'static [Kind],
}

/// What a file says now, and what it would say.
struct FileEdit {
    path: PathBuf,
    before: Option<String>,
    after: String,
}

const CLAUDE_HOOKS: &[(&str, &str)] = &[
    ("SessionStart", "context"),
    ("UserPromptSubmit", "prompt"),
    ("Stop", "stop"),
];
const GEMINI_HOOKS: &[(&str, &str)] = &[
    ("SessionStart", "context"),
    ("BeforeAgent", "prompt"),
    ("AfterAgent", "stop"),
];

impl Program {
    /// The files that are edited; none where a program has no file for it.
    fn files(self) -> Result<Option<Vec<ProgramFile>>> {
        let home = std::env::var_os("HOME")
            .map(PathBuf::from)
            .filter(|home| home.is_absolute());
        let home = home.ok_or_else(|| {
            Error::usage("HOME names no directory")
                .hint("set it to the one whose programs are meant")
        })?;
        let file = |path: &str, kinds| ProgramFile {
            path: home.join(path),
            kinds,
        };
        let desktop = match cfg!(target_os = "macos") {
            true => "Library/Application Support/Claude/claude_desktop_config.json",
            false => ".config/Claude/claude_desktop_config.json",
        };
        const SERVERS: &[Kind] = &[Kind::Servers];
        Ok(Some(match self {
            Program::ClaudeCode => vec![
                file(".claude.json", SERVERS),
                file(".claude/settings.json", &[Kind::Hooks(CLAUDE_HOOKS)]),
            ],
            Program::ClaudeDesktop => vec![file(desktop, SERVERS)],
            Program::Gemini => vec![file(
                ".gemini/settings.json",
                &[Kind::Servers, Kind::Hooks(GEMINI_HOOKS)],
            )],
            Program::CodexCli => vec![file(".codex/config.toml", &[Kind::Toml])],
            Program::Cursor => vec![file(".cursor/mcp.json", SERVERS)],
            Program::OpenWebui => return Ok(None),
        }))
    }
}

/// Open WebUI keeps its connections in a database of its own.
fn by_hand(out: &mut Output) -> Outcome {
    out.line("Open WebUI is told in its own settings:")?;
    out.line("  1. codex keys create --name open-webui --scope write --mind NAME")?;
    out.line("  2. codex serve")?;
    out.line("  3. Admin Settings, External Tools, add an MCP (streamable HTTP) server: URL http://127.0.0.1:8080/mcp, Bearer, the key")?;
    Ok(ExitCode::SUCCESS)
}

impl ProgramFile {
    fn edited(&self, edit: impl Fn(Kind, &str) -> Result<String>) -> Result<FileEdit> {
        let before = match fs::read_to_string(&self.path) {
            Ok(text) => Some(text),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
            Err(e) => {
                return Err(Error::failed(format!(
                    "cannot read {}: {e}",
                    self.path.display()
                )));
            }
        };
        let start = before.clone().unwrap_or_default();
        let after = self
            .kinds
            .iter()
            .try_fold(start, |text, kind| edit(*kind, &text))?;
        Ok(FileEdit {
            path: self.path.clone(),
            after,
            before,
        })
    }
}

impl Kind {
    /// The file with codex in it.
    fn with(self, text: &str, launch: &Launch, path: &Path) -> Result<String> {
        match self {
            Kind::Servers => {
                let mut document = object(text, path)?;
                let server = json!({"command": launch.program, "args": launch.arguments(&["mcp"])});
                part(&mut document, "mcpServers", path)?.insert(NAME.to_owned(), server);
                pretty(document)
            }
            Kind::Hooks(hooks) => {
                let mut document = without_hooks(object(text, path)?);
                let events = part(&mut document, "hooks", path)?;
                for (event, hook) in hooks {
                    let command = launch.line(&["hook", hook]);
                    let entry = json!({"hooks": [{"type": "command", "command": command}]});
                    match events.entry(*event).or_insert_with(|| json!([])) {
                        Value::Array(list) => list.push(entry),
                        _ => return Err(unexpected(path, &format!("hooks.{event} is no list"))),
                    }
                }
                pretty(document)
            }
            Kind::Toml => {
                let mut document = toml(text, path)?;
                let servers = document
                    .entry("mcp_servers")
                    .or_insert(Item::Table(Table::new()));
                let servers = servers
                    .as_table_like_mut()
                    .ok_or_else(|| unexpected(path, "mcp_servers is no table"))?;
                let mut server = Table::new();
                server["command"] = value(&launch.program);
                server["args"] = value(launch.arguments(&["mcp"]).into_iter().collect::<Array>());
                servers.insert(NAME, Item::Table(server));
                if let Some(table) = document["mcp_servers"].as_table_mut() {
                    table.set_implicit(true);
                }
                Ok(document.to_string())
            }
        }
    }

    /// The file without codex; what else stands in it stays.
    fn without(self, text: &str, path: &Path) -> Result<String> {
        if text.trim().is_empty() {
            return Ok(text.to_owned());
        }
        match self {
            Kind::Servers => {
                let mut document = object(text, path)?;
                if let Some(Value::Object(servers)) = document.get_mut("mcpServers") {
                    servers.shift_remove(NAME);
                }
                pretty(document)
            }
            Kind::Hooks(_) => pretty(without_hooks(object(text, path)?)),
            Kind::Toml => {
                let mut document = toml(text, path)?;
                if let Some(servers) = document
                    .get_mut("mcp_servers")
                    .and_then(Item::as_table_like_mut)
                {
                    servers.remove(NAME);
                }
                Ok(document.to_string())
            }
        }
    }
}

/// The hooks that are not codex's, and no event without one.
fn without_hooks(mut document: Map<String, Value>) -> Map<String, Value> {
    if let Some(Value::Object(events)) = document.get_mut("hooks") {
        for list in events.values_mut() {
            if let Value::Array(entries) = list {
                entries.retain(|entry| !is_ours(entry));
            }
        }
        events.retain(|_, list| list.as_array().is_none_or(|entries| !entries.is_empty()));
    }
    document
}

fn is_ours(entry: &Value) -> bool {
    let hooks = entry["hooks"].as_array().into_iter().flatten();
    let mut commands = hooks.filter_map(|hook| hook["command"].as_str());
    commands.any(|command| {
        ["context", "prompt", "stop"]
            .iter()
            .any(|hook| command.ends_with(&format!(" hook {hook}")) && command.contains("codex"))
    })
}

fn object(text: &str, path: &Path) -> Result<Map<String, Value>> {
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_str(text).map_err(|e| unexpected(path, &e.to_string()))
}

fn toml(text: &str, path: &Path) -> Result<DocumentMut> {
    text.parse()
        .map_err(|e: toml_edit::TomlError| unexpected(path, &e.to_string()))
}

fn unexpected(path: &Path, what: &str) -> Error {
    Error::usage(format!("{} cannot be edited: {what}", path.display()))
        .hint("nothing was written; mend the file, or add codex by hand (docs/assistants.md)")
}

/// A part of a document that is an object; made where it is missing.
fn part<'a>(
    document: &'a mut Map<String, Value>,
    name: &str,
    path: &Path,
) -> Result<&'a mut Map<String, Value>> {
    match document.entry(name).or_insert_with(|| json!({})) {
        Value::Object(part) => Ok(part),
        _ => Err(unexpected(path, &format!("{name} is no object"))),
    }
}

fn pretty(document: Map<String, Value>) -> Result<String> {
    let text = serde_json::to_string_pretty(&Value::Object(document))
        .map_err(|e| Error::failed(e.to_string()))?;
    Ok(text + "\n")
}

/// Shows what changes, and makes it so.
fn carry_out(edits: Vec<FileEdit>, yes: bool, out: &mut Output) -> Outcome {
    let changed: Vec<&FileEdit> = edits
        .iter()
        .filter(|edit| edit.before.as_deref().unwrap_or_default() != edit.after)
        .collect();
    if changed.is_empty() {
        out.line("nothing to change")?;
        return Ok(ExitCode::SUCCESS);
    }
    for edit in &changed {
        match yes {
            true => write(edit, out)?,
            false => show(edit, out)?,
        }
    }
    if !yes {
        out.line("")?;
        out.line("nothing was written; --yes writes it")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn show(edit: &FileEdit, out: &mut Output) -> Result<(), Stop> {
    out.line(format!("{}:", edit.path.display()))?;
    let before: Vec<&str> = edit.before.iter().flat_map(|text| text.lines()).collect();
    let after: Vec<&str> = edit.after.lines().collect();
    let same_start = before
        .iter()
        .zip(&after)
        .take_while(|(a, b)| a == b)
        .count();
    let rest = before.len().min(after.len()) - same_start;
    let same_end = before
        .iter()
        .rev()
        .zip(after.iter().rev())
        .take(rest)
        .take_while(|(a, b)| a == b)
        .count();
    for line in &before[same_start..before.len() - same_end] {
        out.line(format!("- {line}"))?;
    }
    for line in &after[same_start..after.len() - same_end] {
        out.line(format!("+ {line}"))?;
    }
    Ok(())
}

/// Writes the file beside the old one and puts it in its place; a copy of the old one stays.
fn write(edit: &FileEdit, out: &mut Output) -> Result<(), Stop> {
    // A link to a file kept elsewhere stays a link.
    let path = &edit
        .path
        .canonicalize()
        .unwrap_or_else(|_| edit.path.clone());
    let failed = |e: std::io::Error| Error::failed(format!("cannot write {}: {e}", path.display()));
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).map_err(failed)?;
    }
    let mut copy = path.clone().into_os_string();
    copy.push(".before-codex");
    let copy = PathBuf::from(copy);
    // The first copy is the one without codex: it stays.
    if let (Some(before), false) = (&edit.before, copy.exists()) {
        fs::write(&copy, before).map_err(failed)?;
    }
    let dir = path.parent().unwrap_or(Path::new("."));
    let mut fresh = tempfile::NamedTempFile::new_in(dir).map_err(failed)?;
    std::io::Write::write_all(&mut fresh, edit.after.as_bytes()).map_err(failed)?;
    if let Ok(known) = fs::metadata(path) {
        let _ = fs::set_permissions(fresh.path(), known.permissions());
    }
    fresh.persist(path).map_err(|e| failed(e.error))?;
    out.line(format!("written: {}", edit.path.display()))
}
