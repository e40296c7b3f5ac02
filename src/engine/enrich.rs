//! What embedding and language models add. Nothing waits for them: memories flow with what rules read, and what a model says later
//! is recorded as an event. No transaction is open while a model is asked.

use super::Engine;
use super::embed::{EmbedReport, EmbedRequest};
use crate::error::Result;
use serde::{Deserialize, Serialize};

/// One kind of what models add.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnrichWhat {
    /// Vectors.
    Vectors,
}

/// What is to be enriched.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct EnrichRequest {
    /// At most this many of each kind.
    pub limit: Option<u64>,
    /// Only this kind.
    pub only: Option<EnrichWhat>,
}

/// What enriching did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EnrichReport {
    /// Vectors.
    pub vectors: EmbedReport,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrichAdvance {
    /// With what.
    pub what: EnrichWhat,
    /// Done.
    pub done: u64,
    /// There are.
    pub total: u64,
}

impl Engine {
    /// Makes up what is owed; `heard` is told how far it is.
    ///
    /// # Errors
    /// What was asked for by name and is not there: unavailable for a service, usage for a local model; failed when the store cannot
    /// be written. What was done before stays done.
    pub fn enrich_owed(
        &self,
        request: &EnrichRequest,
        mut heard: impl FnMut(EnrichAdvance),
    ) -> Result<EnrichReport> {
        let mut report = EnrichReport::default();
        let wanted = |what| request.only.is_none_or(|only| only == what);
        if wanted(EnrichWhat::Vectors) {
            let order = EmbedRequest {
                limit: request.limit,
            };
            report.vectors = self.embed(&order, |advance| {
                heard(EnrichAdvance {
                    what: EnrichWhat::Vectors,
                    done: advance.done,
                    total: advance.total,
                });
            })?;
        }
        Ok(report)
    }
}
