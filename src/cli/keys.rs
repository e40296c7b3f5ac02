//! `codex keys`: who may ask over HTTP.

use super::context::Context;
use super::render::{Outcome, Output, Stop, minute, table};
use super::times;
use crate::clock;
use crate::engine::{DEFAULT_MIND, canonical};
use crate::error::{Error, Result};
use crate::service::{FreshKey, KeyRing, MindPattern, NewKey, Scope, StoredKey};
use chrono::Duration;
use clap::{Args, Subcommand};
use serde_json::json;
use std::process::ExitCode;

/// Make, list, rotate and revoke the keys that HTTP asks for
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  codex keys create --name laptop --scope read --mind nora
  codex keys create --name app --scope register --scope write --mind 'app/*'
  codex keys list
  codex keys revoke laptop

A key is shown once. Keys lie beside the store, in FILE.keys.json, as HMAC-SHA-256; they work before the first start.")]
pub(super) enum Keys {
    Create(Create),
    List(List),
    Rotate(Rotate),
    Revoke(Revoke),
}

/// Make a key, and show it once
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex keys create --name laptop --scope read --mind nora
  codex keys create --name notes --scope write --mind nora --mind work --expires 90d
  codex keys create --name app --scope register --scope write --mind 'app/*' --rate 100/s
  codex keys create --name ops --scope admin --json

Scopes: read asks; write also adds, edits, deletes and runs cycles; register makes users and AIs; admin may everything, for every mind.
Without --mind, an admin's key is for every mind and any other for the mind 'default'.")]
pub(super) struct Create {
    /// What it is called: whose it is, or what for
    #[arg(long, value_name = "NAME")]
    name: String,
    /// What it may do: read, write, register or admin; may be repeated
    #[arg(long, value_name = "SCOPE", required = true)]
    scope: Vec<Scope>,
    /// From when on it is none: 90d, 12h
    #[arg(long, value_name = "TIME", value_parser = times::duration)]
    expires: Option<Duration>,
    /// How many requests it may make: 100/s
    #[arg(long, value_name = "N/s", value_parser = rate)]
    rate: Option<u32>,
}

/// The keys there are, with those that were revoked
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex keys list
  codex keys list --json")]
pub(super) struct List {}

/// Replace a key by another one that allows the same
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex keys rotate laptop")]
pub(super) struct Rotate {
    /// Its name or id
    name: String,
}

/// Let a key be none from the next request on
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex keys revoke laptop")]
pub(super) struct Revoke {
    /// Its name or id
    name: String,
}

fn rate(text: &str) -> std::result::Result<u32, String> {
    let number = text.strip_suffix("/s").unwrap_or(text);
    match number.parse() {
        Ok(rate @ 1..) => Ok(rate),
        _ => Err("write requests a second, such as 100/s".to_owned()),
    }
}

fn ring(context: &Context) -> Result<KeyRing> {
    KeyRing::beside(&canonical(&context.config()?.settings.database)?, None)
}

impl Keys {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Outcome {
        let ring = ring(context)?;
        match self {
            Keys::Create(create) => show(&create.make(&ring, context)?, out)?,
            Keys::List(_) => list(&ring.list()?, out)?,
            Keys::Rotate(rotate) => show(&ring.rotate(&rotate.name)?, out)?,
            Keys::Revoke(revoke) => {
                let grant = ring.revoke(&revoke.name)?;
                match out.json {
                    true => {
                        out.document(&json!({"id": grant.id, "name": grant.name, "revoked": true}))?
                    }
                    false => {
                        out.line(format!("the key '{}' lets nobody in any more", grant.name))?
                    }
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Create {
    fn make(self, ring: &KeyRing, context: &Context) -> Result<FreshKey> {
        let is_admin = self.scope.contains(&Scope::Admin);
        let mut names: Vec<&str> = context.minds().iter().map(String::as_str).collect();
        if names.is_empty() && !is_admin {
            names.push(DEFAULT_MIND);
        }
        let expires_at = self.expires.map(|length| {
            clock::now().checked_add_signed(length).ok_or_else(|| {
                Error::usage("--expires lies too far away").hint("write for example 90d")
            })
        });
        ring.create(NewKey {
            name: self.name,
            scopes: self.scope.into_iter().collect(),
            minds: names
                .into_iter()
                .map(MindPattern::new)
                .collect::<Result<_>>()?,
            expires_at: expires_at.transpose()?,
            rate: self.rate,
        })
    }
}

/// The key, at the one moment when it can be seen.
fn show(fresh: &FreshKey, out: &mut Output) -> Result<(), Stop> {
    if out.json {
        return out.document(fresh);
    }
    out.line(&fresh.key)?;
    out.line("")?;
    out.line(format!(
        "The key '{}' is shown this once. Use it as: Authorization: Bearer KEY",
        fresh.grant.name
    ))
}

fn list(keys: &[StoredKey], out: &mut Output) -> Result<(), Stop> {
    if out.json {
        let keys: Vec<_> = keys
            .iter()
            .map(|key| {
                json!({
                    "id": key.grant.id, "name": key.grant.name, "scopes": key.grant.scopes, "minds": key.grant.minds,
                    "rate": key.grant.rate, "created_at": clock::rfc3339(key.created_at),
                    "expires_at": key.grant.expires_at.map(clock::rfc3339), "revoked_at": key.revoked_at.map(clock::rfc3339),
                })
            })
            .collect();
        return out.document(&json!({"keys": keys}));
    }
    if keys.is_empty() {
        return out
            .line("there are no keys; `codex keys create --name laptop --scope read` makes one");
    }
    let mut rows = table(&["name", "scopes", "minds", "made", "state", "id"]);
    for key in keys {
        let scopes: Vec<_> = key
            .grant
            .scopes
            .iter()
            .map(|scope| scope.as_str())
            .collect();
        let minds: Vec<_> = key.grant.minds.iter().map(MindPattern::as_str).collect();
        let state = match (key.revoked_at, key.grant.expires_at) {
            (Some(at), _) => format!("revoked {}", minute(&clock::rfc3339(at))),
            (None, Some(at)) if at <= clock::now() => {
                format!("expired {}", minute(&clock::rfc3339(at)))
            }
            (None, Some(at)) => format!("until {}", minute(&clock::rfc3339(at))),
            (None, None) => "valid".to_owned(),
        };
        rows.add_row([
            key.grant.name.clone(),
            scopes.join(", "),
            if minds.is_empty() {
                "all".to_owned()
            } else {
                minds.join(", ")
            },
            minute(&clock::rfc3339(key.created_at)),
            state,
            key.grant.id.clone(),
        ]);
    }
    out.table(&rows)
}
