//! Answers become events, and features of the contents they describe.

use super::{Answered, BY_OLLAMA, Commission};
use crate::enrich::features::Features;
use crate::enrich::ollama::{Kind, MemoryAnswer, to_features};
use crate::enrich::pending::{FeatureRow, insert_features};
use crate::enrich::rules::{Subject, enrich};
use crate::error::{Error, Result};
use crate::memory::{highest_arrival, parse_time_zone, to_local};
use crate::warehouse::Warehouse;
use chrono::NaiveDateTime;
use duckdb::params;
use serde_json::Value;

/// Records answers as events, in one transaction; those about memories with the features they come to.
///
/// # Errors
/// Failed when the store cannot be written; then none is recorded.
pub fn append_answers(
    warehouse: &Warehouse,
    commission: &Commission,
    answers: &[Answered],
    now: NaiveDateTime,
) -> Result<()> {
    if answers.is_empty() {
        return Ok(());
    }
    let described: Vec<Option<(NaiveDateTime, Features, String)>> = answers
        .iter()
        .map(|a| described(commission, a))
        .collect::<Result<_>>()?;
    warehouse.transaction(|conn| {
        let base = highest_arrival(conn)? + 1;
        let mut appender = conn.appender_to_db("answers", "raw")?;
        for (i, a) in answers.iter().enumerate() {
            appender.append_row(params![
                base + i as i64,
                a.matter.mind,
                a.matter.memory_id,
                a.matter.revision,
                now,
                commission.kind.as_str(),
                a.matter.subject,
                a.provider,
                commission.model,
                commission.prompt,
                a.hmac,
                a.asked,
                a.repaired,
                a.clamped,
                a.answer.to_string()
            ])?;
        }
        appender.flush()?;
        drop(appender);
        let rows: Vec<FeatureRow<'_>> = answers
            .iter()
            .enumerate()
            .zip(&described)
            .filter_map(|((i, a), described)| {
                let (local_at, features, task_type) = described.as_ref()?;
                Some(FeatureRow {
                    memory_id: a.matter.memory_id,
                    revision: base + i as i64,
                    mind: &a.matter.mind,
                    local_at: *local_at,
                    features,
                    describes: Some(a.matter.revision),
                    task_type: Some(task_type.as_str()),
                })
            })
            .collect();
        insert_features(conn, BY_OLLAMA, 1, &rows)?;
        let mut forget = conn.prepare(
            "DELETE FROM enrichment.retries WHERE kind = ? AND model = ? AND subject = ? AND mind_id = ?::UUID",
        )?;
        for a in answers {
            forget.execute(params![commission.kind.as_str(), commission.model, a.matter.subject, a.matter.mind])?;
        }
        Ok(())
    })
}

/// The features an answer about a memory comes to, with the memory's local time and kind of task.
fn described(
    commission: &Commission,
    answered: &Answered,
) -> Result<Option<(NaiveDateTime, Features, String)>> {
    if commission.kind != Kind::Memory || answered.provider != BY_OLLAMA {
        return Ok(None);
    }
    let answer: MemoryAnswer = serde_json::from_value(answered.answer.clone())
        .map_err(|e| Error::failed(format!("an answer is not what it was: {e}")))?;
    let matter = &answered.matter;
    let zone = parse_time_zone(&matter.zone)?;
    let local_at = to_local(zone, matter.created_at).unwrap_or(matter.created_at);
    let rules = enrich(&Subject {
        content: &matter.text,
        speaker: Some(matter.name.as_str()).filter(|name| !name.is_empty()),
        local_time: local_at,
    });
    let task_type = answered
        .answer
        .get("task_type")
        .and_then(Value::as_str)
        .unwrap_or("other")
        .to_owned();
    Ok(Some((local_at, to_features(&answer, &rules), task_type)))
}
