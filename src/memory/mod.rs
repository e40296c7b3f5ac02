//! The domain: minds and the append-only raw log of memories, edits, deletions, activations and naps.

mod document;
mod events;
mod export;
mod filings;
mod generation;
mod import;
mod log;
mod manifest;
mod merge;
mod minds;
mod plan;
pub mod postgres;
mod relations;
mod restore;
mod sessions;
mod staging;

pub use events::{EVENT_TABLES, EventTable, lived_events, moments};
pub use export::{ExportOptions, ExportReport, export};
pub use filings::{
    CURRENT_FILINGS, Filing, FilingChange, FilingEvent, SPACES, append_filing, check_space,
    filing_of,
};
pub use generation::{model_generation, set_model_generation, settle_model_generation};
pub use import::{
    DateOrder, FormatInfo, FoundSecret, ImportOptions, ImportReport, KeptEdit, LEFT_OUT_KINDS,
    UndoReport, formats, import, undo,
};
pub use log::{
    Activation, ActivationKind, AppendOutcome, Appended, Feedback, FeedbackKind, Incoming, Intake,
    append_activations, append_deletion, append_each, append_edit, append_feedback,
    append_memories, append_nap, highest_arrival,
};
pub use manifest::ExportFormat;
pub use minds::{
    DEFAULT_MIND, Mind, MindId, all_minds, ensure_mind, find_mind, parse_time_zone, to_local,
    to_utc_time, zone_name,
};
pub use relations::{
    CURRENT_RELATIONS, NewRelation, RelationEvent, append_relation, append_unlink, check_kind,
    is_directed,
};
pub use restore::{FoundExport, RestoreReport, find_export, restore};
pub use sessions::{CURRENT_SESSIONS, SessionChange, append_session};
