//! The domain: minds and the append-only raw log of memories, edits, deletions, activations and naps.

mod document;
mod events;
mod export;
mod import;
mod log;
mod manifest;
mod merge;
mod minds;
mod plan;
pub mod postgres;
pub mod readers;
mod restore;
mod staging;

pub use events::{EVENT_TABLES, EventTable, lived_events, moments};
pub use export::{ExportOptions, ExportReport, export};
pub use import::{ImportOptions, ImportReport, import};
pub use log::{
    Activation, ActivationKind, AppendOutcome, Appended, Incoming, Intake, append_activations,
    append_deletion, append_each, append_edit, append_memories, append_nap, highest_arrival,
};
pub use manifest::ExportFormat;
pub use minds::{
    DEFAULT_MIND, Mind, MindId, all_minds, ensure_mind, find_mind, parse_time_zone, to_local,
    zone_name,
};
pub use restore::{FoundExport, RestoreReport, find_export, restore};
