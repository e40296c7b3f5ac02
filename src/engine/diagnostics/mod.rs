//! How it stands, and why.
//!
//! # Layout
//!
//! * `overview`: status, health, metrics
//! * `doctor`: what codex needs from outside
//! * `lineage`: where a memory comes from and what became of it

mod doctor;
mod lineage;
mod overview;

pub use doctor::{Finding, Level, examine, remembered};
pub use lineage::{
    ConceptPlace, EpisodePlace, ImportanceShare, Lineage, Link, NightOfMemory, Trace,
};
pub use overview::{
    CycleMetrics, HealthCheck, Metrics, MindStatus, ModelMetrics, StageMetrics, Status,
};
