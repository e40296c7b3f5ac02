//! `codex memory sessions`.

use super::super::context::Context;
use super::super::render::{Output, Stop, minute, one_line, table};
use super::super::times;
use crate::clock;
use crate::engine::SessionChange;
use crate::engine::request::{ListSessions, SaveSession};
use chrono::NaiveDateTime;
use clap::Args;
use serde_json::json;

/// The conversations that memories belong to; with a name, what is said about one
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex memory sessions
  codex memory sessions vet --title \"Check-up of the cat\" --with Nora
  codex memory sessions vet --ended 2026-03-14T10:00:00Z")]
pub(in crate::cli) struct Sessions {
    /// Say something about this one
    session: Option<String>,
    /// Its title
    #[arg(long, value_name = "TEXT", requires = "session")]
    title: Option<String>,
    /// Whom it is with
    #[arg(long, value_name = "NAME", requires = "session")]
    with: Option<String>,
    /// When it ended
    #[arg(long, value_name = "TIME", requires = "session", value_parser = times::moment)]
    ended: Option<NaiveDateTime>,
    /// Who says so
    #[arg(long, value_name = "NAME", requires = "session")]
    by: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    /// Leave out so many
    #[arg(long, default_value_t = 0, value_name = "N")]
    offset: u64,
}

impl Sessions {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Result<(), Stop> {
        let mind = context.mind();
        if let Some(session) = self.session {
            let saved = context.ask(SaveSession {
                mind,
                session,
                change: SessionChange {
                    title: self.title,
                    person: self.with,
                    ended_at: self.ended,
                },
                author: self.by,
                now: clock::now(),
            })?;
            if out.json {
                return out.document(&saved);
            }
            return out.line(format!(
                "session {}: {} memories{}",
                one_line(&saved.id),
                saved.memories,
                saved
                    .title
                    .as_ref()
                    .map(|title| format!(", \"{}\"", one_line(title)))
                    .unwrap_or_default()
            ));
        }
        let sessions = context.ask(ListSessions {
            mind: mind.clone(),
            limit: self.limit,
            offset: self.offset,
        })?;
        if out.json {
            return out.document(&json!({"mind": mind, "sessions": sessions}));
        }
        let mut rows = table(&["session", "started", "last", ">memories", "with", "title"]);
        for session in &sessions {
            let with = session
                .user
                .clone()
                .unwrap_or_else(|| session.speakers.join(", "));
            rows.add_row([
                one_line(&session.id),
                minute(&session.started),
                minute(&session.last),
                session.memories.to_string(),
                one_line(&with),
                one_line(session.title.as_deref().unwrap_or("")),
            ]);
        }
        out.table(&rows)
    }
}
