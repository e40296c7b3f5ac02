//! Cycles: what is due, running it, the ledger, verification and replay.
//!
//! By day, ticks fill caches of the open epoch; by night, a chain of steps (deep sleep, REM, homeostasis) changes the state,
//! each step in one transaction with one ledger row. DESIGN: *the result depends only on which events had arrived when each
//! night ran.*

mod ahead;
mod by_hand;
mod consolidate;
mod due;
mod execute;
mod ledger;
mod nights;
mod pipeline;
mod plan;
mod progress;
mod rebuild;
mod replay;
mod store;
mod ticks;
mod upcoming;
mod verify;

pub use ahead::{MindAhead, minds_ahead, take_back};
pub use by_hand::{ByHand, asks_what_is_due, mark_changed, prepare_by_hand};
pub use consolidate::{
    ConsolidateOptions, ConsolidateReport, CycleProgress, GenerationChange, consolidate,
};
pub use due::EpochWindow;
pub use execute::model_failed;
pub use ledger::ModelRun;
pub use nights::{Sleep, next_sleep, to_utc};
pub use pipeline::{Pipeline, fingerprint};
pub use replay::{Replay, copy_log, replay};
pub use store::{prepare_store, ready_connection};
pub use upcoming::{Overdue, next_due, next_night, overdue};
pub use verify::{Check, STATES, Verification, state_counts, state_hash, verify};
