//! Intake and write-back as the daemon does them: nobody reads an answer, so what the person should know is logged.

use crate::engine::Engine;
use crate::error::Result;
use crate::memory::postgres::{IntakeRequest, Mode, SourceReport};
use crate::publish;

impl Engine {
    /// Takes in, if the circuit breaker lets it, and says what came; nothing when nothing had changed.
    ///
    /// # Errors
    /// See [`take_in`](Self::take_in).
    pub fn take_in_by_rhythm(&mut self) -> Result<Option<String>> {
        if self.postgres.is_none() || self.is_left_alone()? {
            return Ok(None);
        }
        self.take_in_and_tell(IntakeRequest::default())
    }

    /// Takes in, whatever the circuit breaker says, logs what the person should know, and says what came.
    ///
    /// # Errors
    /// See [`take_in`](Self::take_in).
    pub fn take_in_and_tell(&mut self, request: IntakeRequest) -> Result<Option<String>> {
        let report = self.take_in(request)?.unwrap_or_default();
        let changes: Vec<String> = report.sources.iter().filter_map(describe).collect();
        Ok((!changes.is_empty()).then(|| changes.join("; ")))
    }

    /// Publishes, if the circuit breaker lets it and anything is owed, and says what; PostgreSQL is not asked when nothing is.
    ///
    /// # Errors
    /// See [`write_back`](Self::write_back).
    pub fn write_back_by_rhythm(&mut self) -> Result<Option<String>> {
        if self.postgres.is_none() || self.is_left_alone()? {
            return Ok(None);
        }
        let conn = self.warehouse.conn();
        let arrived = publish::pending_changes(conn)?
            .is_some_and(|owed| owed.changes == 0 && owed.acknowledged == owed.version);
        if arrived && !publish::is_due(conn)? {
            return Ok(None);
        }
        let done = self.write_back(false)?.unwrap_or_default();
        for row in &done.refused {
            tracing::warn!("PostgreSQL cannot hold {row}");
        }
        let mut said = format!("{} rows written, {} removed", done.written, done.removed);
        if !done.refused.is_empty() {
            said = format!("{said}, {} refused", done.refused.len());
        }
        let any = done.written + done.removed > 0 || !done.refused.is_empty();
        Ok(any.then_some(said))
    }
}

/// What came from a table, in a line; nothing where nothing did. What the person should know is logged.
fn describe(source: &SourceReport) -> Option<String> {
    let table = &source.table;
    if let Some(error) = &source.error {
        tracing::warn!(table, "{error}");
    }
    // A look that read nothing repeats only what is known.
    if source.mode != Mode::Nothing {
        for note in &source.notes {
            tracing::warn!(table, "{note}");
        }
    }
    for row in &source.rejections {
        tracing::warn!(table, id = row.id, "a row was rejected: {}", row.reason);
    }
    let counts = [
        (source.added, "added"),
        (source.edited, "edited"),
        (source.deleted, "deleted"),
        (source.rejected, "rejected"),
        (u64::from(source.error.is_some()), "failed"),
    ];
    let (came, odd) = counts.split_at(3);
    let said: Vec<String> = came
        .iter()
        .chain(odd.iter().filter(|(n, _)| *n > 0))
        .map(|(n, what)| format!("{n} {what}"))
        .collect();
    let any = counts.iter().any(|(n, _)| *n > 0);
    any.then(|| format!("{table}: {}", said.join(", ")))
}
