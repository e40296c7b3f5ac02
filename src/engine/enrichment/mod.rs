//! What embedding and language models add to memories, as it becomes pending.
//!
//! # Layout
//!
//! * `enrich`: language models, `extraction_batch`: a batch of texts that one is asked about
//! * `embed`: vectors
//! * `clients`: the models that may be asked, `status`: whether they are there

pub(in crate::engine) mod clients;
mod embed;
mod enrich;
mod extraction_batch;
pub(in crate::engine) mod status;

pub use embed::{EmbedProgress, EmbedReport, EmbedRequest};
pub use enrich::{AnswerReport, EnrichProgress, EnrichReport, EnrichRequest, EnrichWhat};
pub use status::{
    ModelFinding, ModelFindings, ModelStatus, ServerFinding, examine_models, pull_on_server,
};
