//! codex: a memory for AI assistants and people, modelled on the stages of human memory.

pub mod api;
pub mod cli;
pub mod clock;
pub mod config;
pub mod cycle;
pub mod daemon;
pub mod doors;
pub mod engine;
pub mod enrich;
pub mod error;
pub mod facts;
pub mod graph;
pub mod insight;
pub mod mcp;
pub mod memory;
pub mod project;
pub mod publish;
pub mod recall;
pub mod service;
pub mod template;
pub mod text;
pub mod warehouse;

pub use error::{Error, ErrorCode, ErrorKind, Result};

/// For the whole process: the linker lets it take the place of malloc in libduckdb too.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
