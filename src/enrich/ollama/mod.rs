//! Ollama: a server of language models on this machine or another.
//!
//! # Layout
//!
//! * `client`: the one file that speaks the protocol: requests, time limits, the breaker; `trouble`: what can go wrong
//! * `prompts`: the project's prompt templates, with their versions
//! * `schema`: the answers asked for, as JSON Schema, and as they are read
//! * `evidence`: what of an answer the text bears out
//! * `ask`: one question with its repair, many at once

mod ask;
mod client;
mod evidence;
mod prompts;
mod schema;
mod trouble;

pub use ask::{Asked, Outcome, Question, Reply, ask_all};
pub use client::{Client, Service};
pub use prompts::{Kind, Prompts};
pub use schema::{
    ActionAnswer, Checked, ClusterAnswer, EpisodeAnswer, InsightAnswer, LinkAnswer, MemoryAnswer,
    StepAnswer, TopicAnswer, merge_parts, to_features,
};
pub use trouble::Trouble;

use crate::error::{Error, Result};
use std::future::Future;
use std::time::Duration;

/// How often work on the network looks whether it is still wanted.
const TICK: Duration = Duration::from_millis(50);

/// Runs network work to its end on this thread. Nothing of the store may be locked meanwhile.
///
/// # Errors
/// Failed when the system gives no runtime.
pub fn on_the_network<T>(work: impl Future<Output = T>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Error::failed(format!("the network cannot be used: {e}")))?;
    let done = runtime.block_on(work);
    // A name that is still being looked up holds nobody up.
    runtime.shutdown_background();
    Ok(done)
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
