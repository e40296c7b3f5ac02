//! Answers become events, and features of the contents they describe.

use super::{BY_OLLAMA, ExtractionResult, ExtractionSpec};
use crate::enrich::features::Features;
use crate::enrich::llm::{Kind, MemoryAnswer, to_features};
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
    spec: &ExtractionSpec,
    answers: &[ExtractionResult],
    now: NaiveDateTime,
) -> Result<()> {
    if answers.is_empty() {
        return Ok(());
    }
    let described: Vec<Option<(NaiveDateTime, Features, String)>> = answers
        .iter()
        .map(|a| described(spec, a))
        .collect::<Result<_>>()?;
    warehouse.transaction(|conn| {
        let base = highest_arrival(conn)? + 1;
        let mut appender = conn.appender_to_db("answers", "raw")?;
        for (i, a) in answers.iter().enumerate() {
            appender.append_row(params![
                base + i as i64,
                a.task.mind,
                a.task.memory_id,
                a.task.revision,
                now,
                spec.kind.as_str(),
                a.task.subject,
                a.provider,
                spec.model,
                spec.prompt,
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
                    memory_id: a.task.memory_id,
                    revision: base + i as i64,
                    mind: &a.task.mind,
                    local_at: *local_at,
                    features,
                    describes: Some(a.task.revision),
                    task_type: Some(task_type.as_str()),
                })
            })
            .collect();
        insert_features(conn, BY_OLLAMA, 1, &rows)?;
        let mut forget = conn.prepare(
            "DELETE FROM enrichment.retries WHERE kind = ? AND model = ? AND subject = ? AND mind_id = ?::UUID",
        )?;
        for a in answers {
            forget.execute(params![spec.kind.as_str(), spec.model, a.task.subject, a.task.mind])?;
        }
        Ok(())
    })
}

/// The features an answer about a memory comes to, with the memory's local time and kind of task.
fn described(
    spec: &ExtractionSpec,
    result: &ExtractionResult,
) -> Result<Option<(NaiveDateTime, Features, String)>> {
    if spec.kind != Kind::Memory || result.provider != BY_OLLAMA {
        return Ok(None);
    }
    let answer: MemoryAnswer = serde_json::from_value(result.answer.clone())
        .map_err(|e| Error::failed(format!("an answer is not what it was: {e}")))?;
    let task = &result.task;
    let zone = parse_time_zone(&task.zone)?;
    let local_at = to_local(zone, task.created_at).unwrap_or(task.created_at);
    let rules = enrich(&Subject {
        content: &task.text,
        speaker: Some(task.name.as_str()).filter(|name| !name.is_empty()),
        local_time: local_at,
    });
    let task_type = result
        .answer
        .get("task_type")
        .and_then(Value::as_str)
        .unwrap_or("other")
        .to_owned();
    Ok(Some((local_at, to_features(&answer, &rules), task_type)))
}
