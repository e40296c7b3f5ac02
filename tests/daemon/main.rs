//! The daemon as its users meet it: real processes on real stores; and weeks of its rhythms by a clock of the test's own.
//!
//! `CODEX_SOAK=1` kills ten times as often; `CODEX_SEED` draws other moments.

#[path = "../cli/test_store.rs"]
mod test_store;

mod crash;
mod house;
mod life;
mod logs;
mod schedule;
mod service;
mod sharing;
mod soak;
mod upgrade;
mod watching;
