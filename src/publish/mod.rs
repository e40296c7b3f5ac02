//! Write-back: what codex made of the memories, in PostgreSQL's schema `dreams`, for applications to query.
//!
//! What a cycle changed is noted in the store's change log first, in one transaction with what PostgreSQL will hold then; later
//! the noted changes travel in one transaction of PostgreSQL's that also writes their version. A process killed in between finds
//! by that version what has arrived, and makes up the rest: exactly once in effect.
//!
//! # Layout
//!
//! * `changes`: the change log
//! * `send`: changes into PostgreSQL
//! * `schema`: the schema `dreams` and its versions
//! * `vectors`: vectors for pgvector, where both sides have them
//! * `rights`: the SQL that makes role, schema and trigger, for the person who owns the database

mod changes;
mod rights;
mod schema;
mod send;
mod vectors;

pub use changes::{
    Insights, PendingChanges, acknowledge, forget, is_due, is_known, note, pending_changes,
};
pub use rights::{CHANNEL, rights, trigger, trigger_exists};
pub use schema::{Dreams, create, dreams};
pub use send::{RetentionFunction, Sent, WriteBack, open, send};
pub use vectors::{Vectors, create_vector_tables, is_news, note_taken, vectors};

/// The tables of `dreams` that changes travel into.
pub const RELATIONS: [&str; 6] = [
    "working_memory",
    "short_term_episodes",
    "long_term_memories",
    "semantic_network",
    "memory_insights",
    "processing_metrics",
];

/// The models that fill them; insights are computed when they are asked for.
pub const MODELS: [&str; 5] = [
    "published_working_memory",
    "published_short_term_episodes",
    "published_long_term_memories",
    "published_semantic_network",
    "published_processing_metrics",
];
