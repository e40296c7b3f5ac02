//! Embedding and language models: against a server that speaks Ollama's protocol, faults included, and with a real local model.

#[path = "../daemon/house.rs"]
#[allow(
    dead_code,
    reason = "the house of the daemon's tests, of which these need a part"
)]
mod house;
mod server;
#[path = "../cli/test_store.rs"]
#[allow(
    dead_code,
    reason = "the store of the command line's tests, of which these need a part"
)]
mod test_store;
#[path = "../shared/unchecked.rs"]
mod unchecked;

mod answers;
mod budgets;
mod described;
mod faults;
mod meanings;
mod nights;
mod protocol;
mod small_model;
mod stopping;

use serde_json::Value;
use server::Server;
use std::process::Command as Process;
use test_store::{Ran, TestStore, ran};

/// The language model and the embedding model of the settings.
pub const MODELS: [&str; 2] = ["gpt-oss:20b", "nomic-embed-text:latest"];

/// A store beside a server: `codex` in it asks that server and no other.
pub struct Scene {
    pub store: TestStore,
    pub server: Server,
}

impl Scene {
    /// A diary of six memories, and a server that has the models of the settings.
    pub(crate) fn new() -> Scene {
        Scene {
            store: TestStore::with_diary(),
            server: Server::with(&MODELS),
        }
    }

    /// `codex` with these arguments and this environment.
    pub fn run_with(&self, environment: &[(&str, &str)], args: &[&str]) -> Ran {
        let mut codex = self.store.codex();
        codex
            .env("OLLAMA_URL", self.server.url())
            .env_remove("OLLAMA_MODEL")
            .env_remove("EMBEDDING_MODEL")
            .env("OLLAMA_TIMEOUT", "20")
            .envs(environment.iter().copied())
            .args(args);
        ran(&mut codex)
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        self.run_with(&[], args)
    }

    /// It has to go well, and says this as JSON.
    pub fn json_with(&self, environment: &[(&str, &str)], args: &[&str]) -> Value {
        let args = [args, &["--json"]].concat();
        let ran = self.run_with(environment, &args);
        assert_eq!(ran.code, 0, "codex {args:?}\n{}{}", ran.stdout, ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap()
    }

    pub fn json(&self, args: &[&str]) -> Value {
        self.json_with(&[], args)
    }

    /// Everything that is owed.
    pub fn enrich(&self) -> Value {
        self.json(&["enrich"])
    }

    /// A number out of the store.
    pub fn count(&self, sql: &str) -> i64 {
        self.store.count(sql)
    }

    /// A text out of the store.
    pub fn text(&self, sql: &str) -> String {
        let rows = self.store.json(&["sql", sql]);
        let value = rows[0]
            .as_object()
            .unwrap()
            .values()
            .next()
            .unwrap()
            .clone();
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    }

    pub fn state_hash(&self) -> String {
        let verified = self.store.json(&["verify"]);
        assert_eq!(verified["ok"], true, "{verified}");
        verified["state_hash"].as_str().unwrap().to_owned()
    }
}

/// Whether a program is there to be run.
pub fn has_program(program: &str, args: &[&str]) -> bool {
    Process::new(program)
        .args(args)
        .output()
        .is_ok_and(|out| out.status.success())
}
