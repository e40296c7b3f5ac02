//! One folder a format. A file is held against them in the order of [`FORMATS`]: what one program writes first, what anybody
//! may write last.

mod chat_log;
mod chatgpt;
mod claude_ai;
mod claude_code;
mod codex_cli;
mod delimited;
mod discord;
mod gemini_cli;
mod journals;
mod json;
mod json_lines;
mod logseq;
mod markdown;
mod mbox;
mod memory_systems;
mod open_webui;
mod slack;
mod takeout;
mod telegram;

use crate::format::AnyFormat;

/// All formats.
pub(crate) static FORMATS: &[&dyn AnyFormat] = &[
    &chatgpt::ChatGpt,
    &claude_ai::ClaudeAi,
    &claude_code::ClaudeCode,
    &codex_cli::CodexCli,
    &gemini_cli::GeminiCli,
    &open_webui::OpenWebUi,
    &telegram::Telegram,
    &slack::Slack,
    &discord::DiscordExporter,
    &discord::DiscordPackage,
    &takeout::GoogleChat,
    &takeout::GeminiActivity,
    &takeout::Keep,
    &journals::DayOne,
    &journals::Jrnl,
    &memory_systems::McpMemoryService,
    &memory_systems::Mem0,
    &memory_systems::KnowledgeGraph,
    &memory_systems::Letta,
    &mbox::Mbox,
    &json_lines::JsonLines,
    &json::Json,
    &chat_log::WhatsApp,
    &journals::JrnlText,
    &chat_log::ChatLog,
    &memory_systems::BasicMemory,
    &logseq::Logseq,
    &markdown::Markdown,
    &delimited::Csv,
];
