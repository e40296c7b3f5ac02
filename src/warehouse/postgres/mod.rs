//! PostgreSQL, as far as it is not about memories: connections, DuckDB's scans of it, and how often to try.
//!
//! # Layout
//!
//! * `client`: connections of codex's own, and what their errors mean
//! * `tls`: how connections are protected
//! * `reader`: a DuckDB of its own that scans PostgreSQL, apart from the store
//! * `breaker`: the circuit breaker that keeps retries polite

mod breaker;
mod client;
mod reader;
mod tls;

pub use breaker::{Breaker, BreakerState};
pub use client::{Limits, Purpose, connect, failure, is_passing};
pub use reader::Reader;

/// A name as PostgreSQL and DuckDB quote it.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
