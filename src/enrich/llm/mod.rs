//! Ollama: a server of language models on this machine or another.
//!
//! # Layout
//!
//! * `client`: the one file that speaks the protocol: requests, time limits, the breaker; `trouble`: what can go wrong
//! * `prompts`: the project's prompt templates, with their versions
//! * `schema`: the answers asked for, as JSON Schema, and as they are read
//! * `evidence`: what of an answer the text bears out; `features`: what of a memory's becomes features
//! * `ask`: one question with its repair, many at once

mod ask;
mod client;
mod evidence;
mod features;
mod prompts;
mod schema;
mod trouble;

pub use ask::{Asked, Outcome, Question, Reply, ask_all, requests_for};
pub use client::{Client, Service};
pub use evidence::one_line_of;
pub use features::{merge_parts, to_features};
pub use prompts::{Kind, Prompts};
pub use schema::{
    ActionAnswer, Checked, ClusterAnswer, EpisodeAnswer, InsightAnswer, LinkAnswer, MemoryAnswer,
    StepAnswer, TopicAnswer,
};
pub use trouble::Trouble;

use crate::error::{Error, Result};
use std::future::Future;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::runtime::Runtime;

/// How often work on the network looks whether it is still wanted.
const TICK: Duration = Duration::from_millis(50);

/// Runs network work to its end, which this thread waits for. Nothing of the store may be locked meanwhile.
///
/// # Errors
/// Failed when the system gives no runtime.
pub fn on_the_network<T>(work: impl Future<Output = T>) -> Result<T> {
    // One for all: a connection that is kept for the next request belongs to the runtime it was opened in.
    static NETWORK: OnceLock<Runtime> = OnceLock::new();
    let runtime = match NETWORK.get() {
        Some(runtime) => runtime,
        None => {
            let opened = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .thread_name("network")
                .enable_all()
                .build()
                .map_err(|e| Error::failed(format!("the network cannot be used: {e}")))?;
            NETWORK.get_or_init(|| opened)
        }
    };
    Ok(runtime.block_on(work))
}

/// The same, given up once it is `stopped`: none then.
///
/// # Errors
/// Failed when the system gives no runtime.
pub fn on_the_network_unless<T>(
    stopped: &dyn Fn() -> bool,
    work: impl Future<Output = T>,
) -> Result<Option<T>> {
    on_the_network(async {
        tokio::select! {
            done = work => Some(done),
            () = once(stopped) => None,
        }
    })
}

/// Waits until it is so.
async fn once(stopped: &dyn Fn() -> bool) {
    while !stopped() {
        tokio::time::sleep(TICK).await;
    }
}
