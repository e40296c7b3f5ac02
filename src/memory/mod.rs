//! The domain: raw log, minds, activations, edits, import, export.

pub mod readers;
