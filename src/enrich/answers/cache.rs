//! What was said before of the same words, found without keeping the words.

use super::{BY_OLLAMA, ExtractionSpec};
use crate::error::{Error, Result};
use crate::warehouse::{Warehouse, text_literal};
use duckdb::{Connection, OptionalExt, params};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

/// The store's key for hashes of contents, made when it is first needed.
///
/// # Errors
/// Failed when the store cannot be written.
pub fn answer_key(warehouse: &Warehouse) -> Result<String> {
    if let Some(key) = known_answer_key(warehouse.conn())? {
        return Ok(key);
    }
    // Each state is seeded by the system's randomness.
    let key: String = (0..4u64)
        .map(|i| {
            let mut hasher = RandomState::new().build_hasher();
            hasher.write_u64(i);
            format!("{:016x}", hasher.finish())
        })
        .collect();
    warehouse
        .conn()
        .execute("INSERT INTO codex.meta VALUES ('answer_key', ?)", [&key])?;
    Ok(key)
}

/// The same, where it has been made.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn known_answer_key(conn: &Connection) -> Result<Option<String>> {
    let key = conn.query_row(
        "SELECT value FROM codex.meta WHERE key = 'answer_key'",
        [],
        |r| r.get(0),
    );
    Ok(key.optional()?)
}

/// An HMAC (RFC 2104, SHA-256) of texts, in hex: who does not have the store cannot test whether it holds certain words.
///
/// # Errors
/// Failed when the key is none.
pub fn content_hmac(key: &str, texts: &[&str]) -> Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes())
        .map_err(|e| Error::failed(format!("the store's key for answers: {e}")))?;
    for text in texts {
        mac.update(&(text.len() as u64).to_le_bytes());
        mac.update(text.as_bytes());
    }
    let bytes = mac.finalize().into_bytes();
    Ok(bytes.iter().map(|b| format!("{b:02x}")).collect())
}

/// What the model said before of the same words in the same mind, by mind and HMAC.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn said_before(
    conn: &Connection,
    spec: &ExtractionSpec,
    hmacs: &[String],
) -> Result<HashMap<(String, String), (Value, u32)>> {
    if hmacs.is_empty() {
        return Ok(HashMap::new());
    }
    let list: Vec<String> = hmacs.iter().map(|h| text_literal(h)).collect();
    let mut statement = conn.prepare(&format!(
        "SELECT mind_id::VARCHAR, content_hmac, arg_max(answer, arrival), arg_max(clamped, arrival) FROM raw.answers
         WHERE kind = ? AND model = ? AND prompt = ? AND provider = '{BY_OLLAMA}' AND content_hmac IN ({})
         GROUP BY ALL",
        list.join(", ")
    ))?;
    let rows = statement.query_map(params![spec.kind.as_str(), spec.model, spec.prompt], |r| {
        Ok((
            r.get::<_, String>(0)?,
            r.get::<_, String>(1)?,
            r.get::<_, String>(2)?,
            r.get::<_, i64>(3)?,
        ))
    })?;
    rows.map(|row| {
        let (mind, hmac, answer, clamped) = row?;
        let answer = serde_json::from_str(&answer)
            .map_err(|e| Error::failed(format!("a recorded answer is no JSON: {e}")))?;
        Ok(((mind, hmac), (answer, u32::try_from(clamped).unwrap_or(0))))
    })
    .collect()
}
