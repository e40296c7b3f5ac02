//! How it stands, and why.
//!
//! # Layout
//!
//! * `clock_checks`: the checks of health that depend on what time it is
//! * `overview`: status, health, metrics
//! * `doctor`: what codex needs from outside
//! * `lineage`: where a memory comes from and what became of it

mod clock_checks;
mod doctor;
mod lineage;
mod overview;

pub use doctor::{Finding, Level, examine, health_findings, remembered};
pub use lineage::{
    ConceptPlace, EpisodePlace, ImportanceShare, Lineage, Link, NightOfMemory, Trace,
};
pub use overview::{
    CycleMetrics, HealthCheck, Metrics, MindStatus, ModelMetrics, StageMetrics, Status,
};
