//! PostgreSQL beside the store.
//!
//! # Layout
//!
//! * `exchange`: intake and write-back; `rhythms`: the same by itself
//! * `health`: what is wrong with either
//! * `setup`: what they need there
//! * `listener`: hearing at once that PostgreSQL changed

mod exchange;
mod health;
mod listener;
mod rhythms;
mod setup;

pub(in crate::engine) use exchange::Server;
pub use exchange::{CycleOutcome, Exchange, IntakeReport};
pub use health::PostgresHealth;
pub use listener::{Listener, NotificationDebouncer};
pub use setup::{Prepared, prepare, rights};
