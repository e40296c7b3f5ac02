//! Vectors of what memories mean, made up as they are owed.

use crate::clock;
use crate::engine::Engine;
use crate::enrich::embeddings::{
    self, Choice, Embedded, Purpose, Standing, Vector, append_vectors, choose, count_pending,
    pending_texts, settle_model, standing, vector_counts,
};
use crate::error::Result;
use chrono::{Duration, NaiveDateTime};
use duckdb::params;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What is said of work that somebody stopped.
pub(in crate::engine) const STOPPED: &str = "stopped";

/// What is to be embedded.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct EmbedRequest {
    /// At most this many contents.
    pub limit: Option<u64>,
}

/// What embedding did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EmbedReport {
    /// The model; none where there is none.
    pub model: Option<String>,
    /// Why there is none, or why it stopped early.
    pub note: Option<String>,
    /// Vectors that came.
    pub embedded: u64,
    /// Contents that could not be embedded; they are tried again later.
    pub failed: u64,
    /// Contents that still wait.
    pub owed: u64,
    /// Whether questions are asked with this model now.
    pub active: bool,
}

/// How far embedding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmbedProgress {
    /// Contents done.
    pub done: u64,
    /// Contents there are.
    pub total: u64,
}

/// How the reason of a failure begins that was the service's.
const OF_SERVICE: &str = "nothing was answered: ";

impl Engine {
    /// Embeds what is owed, the newest first, with the model the settings come to. `on_progress` is called with how far it is.
    ///
    /// # Errors
    /// What was asked for by name and is not there: unavailable for Ollama, usage for a local model; failed when the store cannot be
    /// written. What was done before stays done.
    pub fn embed(
        &mut self,
        request: &EmbedRequest,
        mut on_progress: impl FnMut(EmbedProgress),
    ) -> Result<EmbedReport> {
        self.enrich_in_turn()?;
        let model_clients = Arc::clone(&self.model_clients);
        let embedder = match choose(model_clients.settings()?, &model_clients.client()?)? {
            Choice::Model(embedder) => embedder,
            Choice::Nothing(why) => {
                return Ok(EmbedReport {
                    note: Some(why),
                    ..EmbedReport::default()
                });
            }
        };
        let model = embedder.name().to_owned();
        let owed = count_pending(self.warehouse.conn(), &model, Some(clock::now()))?;
        let total = owed.min(request.limit.unwrap_or(u64::MAX));
        let mut report = EmbedReport {
            model: Some(model.clone()),
            ..EmbedReport::default()
        };
        let stopped = self.stopped();
        let mut done = 0;
        while done < total {
            let most = embedder
                .batch()
                .min(usize::try_from(total - done).unwrap_or(usize::MAX));
            if stopped() {
                break;
            }
            let owed = pending_texts(self.warehouse.conn(), &model, clock::now(), most)?;
            if owed.is_empty() {
                break;
            }
            let texts: Vec<String> = owed.iter().map(|o| o.content.clone()).collect();
            let results = match embedder.embed_unless(&texts, Purpose::Memory, &stopped) {
                Ok(Some(results)) => results,
                Ok(None) => break,
                // What came before stays; the rest is owed.
                Err(e) if report.embedded > 0 => {
                    report.note = Some(e.to_string());
                    break;
                }
                Err(e) => return Err(e),
            };
            let expected = embeddings::dimension(self.warehouse.conn(), &model)?;
            let (mut vectors, mut failures) = (Vec::new(), Vec::new());
            for (text, result) in owed.into_iter().zip(results) {
                let known = expected.or(vectors.first().map(|v: &Vector| v.values.len()));
                match result {
                    Ok(values) if known.is_none_or(|d| d == values.len()) => vectors.push(Vector {
                        mind: text.mind,
                        memory_id: text.memory_id,
                        revision: text.revision,
                        values,
                    }),
                    Ok(values) => failures.push((
                        text,
                        format!(
                            "a vector of {} numbers where the others have {}",
                            values.len(),
                            known.unwrap_or(0)
                        ),
                    )),
                    Err(why) => failures.push((text, why)),
                }
            }
            done += (vectors.len() + failures.len()) as u64;
            self.recording("enrich", |engine| {
                append_vectors(&engine.warehouse, &model, &vectors)?;
                for (text, why) in &failures {
                    let about = RetryKey {
                        mind: &text.mind,
                        memory_id: text.memory_id,
                        revision: text.revision,
                        kind: "vector",
                        subject: "",
                        model: &model,
                    };
                    engine.note_retry(&about, why, clock::now(), false)?;
                }
                Ok(())
            })?;
            report.embedded += vectors.len() as u64;
            report.failed += failures.len() as u64;
            on_progress(EmbedProgress { done, total });
        }
        if stopped() {
            report.note = Some(STOPPED.to_owned());
            report.owed = owed.saturating_sub(report.embedded);
            return Ok(report);
        }
        report.owed = count_pending(self.warehouse.conn(), &model, None)?;
        report.active = match standing(self.warehouse.conn(), &model)? {
            Standing::Ready => {
                self.writing("enrich", |engine| settle_model(&engine.warehouse, &model))?
            }
            standing => standing == Standing::Asked,
        };
        tracing::info!(
            model,
            embedded = report.embedded,
            owed = report.owed,
            "embedded"
        );
        Ok(report)
    }

    /// The models there are vectors of.
    ///
    /// # Errors
    /// Failed when the store cannot be read.
    pub fn vectors(&self) -> Result<Vec<Embedded>> {
        vector_counts(self.warehouse.conn())
    }

    /// Notes a failure and when to try again: after 1, 2, 4 … minutes, at most a day, or an hour where the `service` is to blame.
    /// Returns how many there were; what was the service's fault before does not count against the subject.
    pub(in crate::engine) fn note_retry(
        &self,
        about: &RetryKey<'_>,
        why: &str,
        now: NaiveDateTime,
        service: bool,
    ) -> Result<i64> {
        self.warehouse.transaction(|conn| {
            let key = params![
                about.memory_id,
                about.revision,
                about.kind,
                about.subject,
                about.model
            ];
            let known = "memory_id = ? AND revision = ? AND kind = ? AND subject = ? AND model = ?";
            let before: i64 = conn.query_row(
                &format!(
                    "SELECT coalesce(max(attempts) FILTER ({service} OR NOT starts_with(reason, '{OF_SERVICE}')), 0)
                     FROM enrichment.retries WHERE {known}"
                ),
                key,
                |r| r.get(0),
            )?;
            conn.execute(
                &format!("DELETE FROM enrichment.retries WHERE {known}"),
                key,
            )?;
            let (longest, why) = match service {
                true => (Duration::hours(1), format!("{OF_SERVICE}{why}")),
                false => (Duration::days(1), why.to_owned()),
            };
            let wait = Duration::minutes(1 << before.min(11)).min(longest);
            conn.execute(
                "INSERT INTO enrichment.retries VALUES (?::UUID, ?, ?, ?, ?, ?, ?, ?, ?)",
                params![
                    about.mind,
                    about.memory_id,
                    about.revision,
                    about.kind,
                    about.subject,
                    about.model,
                    before + 1,
                    now + wait,
                    why
                ],
            )?;
            Ok(before + 1)
        })
    }
}

/// Something a model owes.
pub(in crate::engine) struct RetryKey<'a> {
    pub mind: &'a str,
    pub memory_id: i64,
    pub revision: i64,
    pub kind: &'a str,
    pub subject: &'a str,
    pub model: &'a str,
}
