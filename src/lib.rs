//! codex: a memory for AI assistants and people, modelled on the stages of human memory.

pub mod config;
pub mod enrich;
pub mod memory;
pub mod project;
pub mod text;
