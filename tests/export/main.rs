//! Everything out and in again: what `codex export` writes, `codex import` makes the same store of.

mod command_line;
mod merging;
mod refusals;
mod round_trip;
mod world;
