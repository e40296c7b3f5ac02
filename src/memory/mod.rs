//! The domain: minds and the append-only raw log of memories, edits, deletions, activations and naps.

mod import;
mod log;
mod minds;
pub mod readers;

pub use import::{ImportOptions, ImportReport, import};
pub use log::{
    Activation, ActivationKind, Incoming, Intake, append_activations, append_deletion, append_edit,
    append_memories, append_nap, highest_arrival,
};
pub use minds::{
    DEFAULT_MIND, Mind, MindId, all_minds, ensure_mind, find_mind, parse_time_zone, to_local,
};
