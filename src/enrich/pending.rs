//! Bringing every revision of a memory its features and its place in the lexical index.
//!
//! Revisions are taken in the order they arrived, a batch a transaction, so the highest one done says where to go on.
//! Features are stored as answers: a later version of the rules never changes what an earlier one said.

use super::rules::enrich_by;
use super::{Features, Subject};
use crate::error::Result;
use crate::memory::{parse_time_zone, settle_model_generation, to_local};
use crate::text;
use crate::warehouse::Warehouse;
use chrono::NaiveDateTime;
use chrono_tz::Tz;
use duckdb::{Connection, params};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

/// Revisions a transaction takes.
const BATCH: usize = 5_000;

/// Enriches and indexes what is not yet; `progress` hears how many revisions are done. Returns how many there were.
///
/// # Errors
/// Failed when the store cannot be read or written; the batches before the failure stay.
pub fn enrich_pending(warehouse: &Warehouse, mut progress: impl FnMut(u64)) -> Result<u64> {
    let mut done = 0;
    loop {
        let batch = pending(warehouse.conn())?;
        if batch.is_empty() {
            return Ok(done);
        }
        // A store's generation has the rules of its number.
        let version = settle_model_generation(warehouse.conn())?.number();
        let described = describe(&batch, version);
        warehouse.transaction(|conn| store(conn, &batch, &described, version))?;
        done += batch.len() as u64;
        progress(done);
    }
}

/// A content version that has no features yet.
struct Revision {
    memory_id: i64,
    revision: i64,
    mind: String,
    content: String,
    speaker: Option<String>,
    created_at: NaiveDateTime,
    zone: Tz,
}

struct Described {
    local_at: NaiveDateTime,
    features: Features,
    /// Term → (in the content, in the header).
    terms: BTreeMap<String, (u32, u32)>,
}

fn pending(conn: &Connection) -> Result<Vec<Revision>> {
    let mut statement = conn.prepare(
        "WITH done AS (SELECT coalesce(max(revision), 0) AS revision FROM enrichment.features WHERE provider = 'rules'),
         revisions AS (
             SELECT memory_id, memory_id AS revision, mind_id, content, speaker, created_at
             FROM raw.memories WHERE memory_id > (SELECT revision FROM done)
             UNION ALL
             SELECT e.memory_id, e.arrival, e.mind_id, e.content, m.speaker, m.created_at
             FROM raw.edits e JOIN raw.memories m USING (memory_id)
             WHERE e.arrival > (SELECT revision FROM done)
         )
         SELECT r.memory_id, r.revision, r.mind_id::VARCHAR, r.content, r.speaker, r.created_at, m.time_zone
         FROM revisions r JOIN raw.minds m USING (mind_id)
         ORDER BY r.revision
         LIMIT ?",
    )?;
    let mut zones: HashMap<String, Tz> = HashMap::new();
    let rows = statement.query_map([BATCH as i64], |r| {
        Ok((
            Revision {
                memory_id: r.get(0)?,
                revision: r.get(1)?,
                mind: r.get(2)?,
                content: r.get(3)?,
                speaker: r.get(4)?,
                created_at: r.get(5)?,
                zone: Tz::UTC,
            },
            r.get::<_, String>(6)?,
        ))
    })?;
    rows.map(|row| {
        let (mut revision, zone) = row?;
        revision.zone = match zones.get(&zone) {
            Some(found) => *found,
            None => {
                let found = parse_time_zone(&zone)?;
                *zones.entry(zone).or_insert(found)
            }
        };
        Ok(revision)
    })
    .collect()
}

/// Pure work on every revision, on all cores; the order is the batch's.
fn describe(batch: &[Revision], version: u32) -> Vec<Described> {
    let workers = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(batch.len() / 64 + 1);
    let share = batch.len().div_ceil(workers);
    std::thread::scope(|scope| {
        let parts: Vec<_> = batch
            .chunks(share)
            .map(|part| {
                scope.spawn(move || {
                    part.iter()
                        .map(|revision| describe_one(revision, version))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        parts
            .into_iter()
            .flat_map(|part| {
                part.join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    })
}

fn describe_one(revision: &Revision, version: u32) -> Described {
    let local_at = to_local(revision.zone, revision.created_at).unwrap_or(revision.created_at);
    let subject = Subject {
        content: &revision.content,
        speaker: revision.speaker.as_deref(),
        local_time: local_at,
    };
    let features = enrich_by(version, &subject);
    let mut terms: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    text::for_each_term(&revision.content, |term| count(&mut terms, term).0 += 1);
    for term in text::header_terms(local_at) {
        count(&mut terms, &term).1 += 1;
    }
    text::for_each_term(revision.speaker.as_deref().unwrap_or(""), |term| {
        count(&mut terms, term).1 += 1
    });
    Described {
        local_at,
        features,
        terms,
    }
}

fn count<'a>(terms: &'a mut BTreeMap<String, (u32, u32)>, term: &str) -> &'a mut (u32, u32) {
    terms.entry(term.to_owned()).or_default()
}

fn store(
    conn: &Connection,
    batch: &[Revision],
    described: &[Described],
    version: u32,
) -> Result<()> {
    store_features(conn, batch, described, version)?;
    store_index(conn, batch, described)
}

fn store_features(
    conn: &Connection,
    batch: &[Revision],
    described: &[Described],
    version: u32,
) -> Result<()> {
    let rows: Vec<FeatureRow<'_>> = batch
        .iter()
        .zip(described)
        .map(|(revision, d)| FeatureRow {
            memory_id: revision.memory_id,
            revision: revision.revision,
            mind: &revision.mind,
            local_at: d.local_at,
            features: &d.features,
            describes: None,
            task_type: None,
        })
        .collect();
    insert_features(conn, "rules", version, &rows)
}

/// Features to store.
pub(super) struct FeatureRow<'a> {
    pub memory_id: i64,
    /// Arrival of the content, or of the answer that describes it.
    pub revision: i64,
    pub mind: &'a str,
    pub local_at: NaiveDateTime,
    pub features: &'a Features,
    /// Arrival of the content, where `revision` is an answer's.
    pub describes: Option<i64>,
    pub task_type: Option<&'a str>,
}

/// Stores features in the caller's transaction.
pub(super) fn insert_features(
    conn: &Connection,
    provider: &str,
    version: u32,
    rows: &[FeatureRow<'_>],
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    conn.execute_batch(
        "CREATE OR REPLACE TEMP TABLE described (
            memory_id BIGINT, revision BIGINT, mind_id VARCHAR, local_at TIMESTAMP, features VARCHAR, describes BIGINT, task_type VARCHAR)",
    )?;
    {
        let mut appender = conn.appender_to_catalog_and_db("described", "temp", "main")?;
        for row in rows {
            appender.append_row(params![
                row.memory_id,
                row.revision,
                row.mind,
                row.local_at,
                as_json(row.features).to_string(),
                row.describes,
                row.task_type
            ])?;
        }
        appender.flush()?;
    }
    conn.execute(
        "INSERT INTO enrichment.features BY NAME
         SELECT memory_id, revision, mind_id::UUID AS mind_id, ? AS provider, ?::INTEGER AS version, local_at, describes, task_type, unnest(f)
         FROM (
             SELECT *, from_json(features, '{
                 \"gist\": \"VARCHAR\", \"entities\": [\"VARCHAR\"], \"people\": [\"VARCHAR\"], \"places\": [\"VARCHAR\"],
                 \"topics\": [{\"label\": \"VARCHAR\", \"weight\": \"DECIMAL(4,3)\"}],
                 \"times\": [{\"text\": \"VARCHAR\", \"start\": \"TIMESTAMP\", \"end\": \"TIMESTAMP\"}],
                 \"actions\": [{\"verb\": \"VARCHAR\", \"object\": \"VARCHAR\"}],
                 \"goal\": \"VARCHAR\", \"task\": \"VARCHAR\", \"act\": \"VARCHAR\", \"emotion\": \"VARCHAR\",
                 \"egocentric\": [\"VARCHAR\"], \"valence\": \"DECIMAL(4,3)\", \"arousal\": \"DECIMAL(4,3)\",
                 \"urgency\": \"DECIMAL(4,3)\", \"importance\": \"DECIMAL(4,3)\"}') AS f
             FROM described
         )
         ORDER BY revision",
        params![provider, version],
    )?;
    conn.execute_batch("DROP TABLE temp.described")?;
    Ok(())
}

fn store_index(conn: &Connection, batch: &[Revision], described: &[Described]) -> Result<()> {
    // Only a memory's latest revision is searched.
    let latest: HashMap<i64, usize> = batch
        .iter()
        .enumerate()
        .map(|(i, r)| (r.memory_id, i))
        .collect();
    let edited: Vec<String> = batch
        .iter()
        .filter(|r| r.revision != r.memory_id)
        .map(|r| r.memory_id.to_string())
        .collect();
    if !edited.is_empty() {
        // What was computed from the words before an edit has to find them again.
        let ids = edited.join(", ");
        conn.execute_batch(&format!(
            "INSERT INTO lexical.former_postings
             SELECT p.mind_id, p.memory_id, d.revision, p.term, p.tf
             FROM lexical.postings p JOIN lexical.documents d USING (memory_id)
             WHERE p.memory_id IN ({ids}) AND p.tf > 0
             UNION ALL
             SELECT mind_id, memory_id, revision, '', 0 FROM lexical.documents WHERE memory_id IN ({ids});
             DELETE FROM lexical.postings WHERE memory_id IN ({ids});
             DELETE FROM lexical.documents WHERE memory_id IN ({ids})"
        ))?;
    }
    let mut postings = conn.appender_to_db("postings", "lexical")?;
    let mut documents = conn.appender_to_db("documents", "lexical")?;
    let mut former = conn.appender_to_db("former_postings", "lexical")?;
    for (i, (revision, d)) in batch.iter().zip(described).enumerate() {
        if latest[&revision.memory_id] != i {
            let words = d.terms.iter().map(|(term, (tf, _))| (term.as_str(), *tf));
            for (term, tf) in words.filter(|(_, tf)| *tf > 0).chain([("", 0)]) {
                former.append_row(params![
                    revision.mind,
                    revision.memory_id,
                    revision.revision,
                    term,
                    i16::try_from(tf).unwrap_or(i16::MAX)
                ])?;
            }
            continue;
        }
        let (mut content, mut header) = (0u32, 0u32);
        for (term, (tf, header_tf)) in &d.terms {
            content += tf;
            header += header_tf;
            postings.append_row(params![
                revision.mind,
                revision.memory_id,
                term,
                i16::try_from(*tf).unwrap_or(i16::MAX),
                i16::try_from(*header_tf).unwrap_or(i16::MAX)
            ])?;
        }
        documents.append_row(params![
            revision.mind,
            revision.memory_id,
            revision.revision,
            content,
            header
        ])?;
    }
    postings.flush()?;
    documents.flush()?;
    former.flush()?;
    Ok(())
}

fn as_json(f: &Features) -> Value {
    let time = |at: NaiveDateTime| at.format("%Y-%m-%d %H:%M:%S").to_string();
    json!({
        "gist": f.gist,
        "entities": f.entities,
        "people": f.people,
        "places": f.places,
        "topics": f.topics.iter().map(|t| json!({"label": t.label, "weight": t.weight.value()})).collect::<Vec<_>>(),
        "times": f.times.iter().map(|t| json!({"text": t.text, "start": time(t.start), "end": time(t.end)})).collect::<Vec<_>>(),
        "actions": f.actions.iter().map(|a| json!({"verb": a.verb, "object": a.object})).collect::<Vec<_>>(),
        "goal": f.goal,
        "task": f.task,
        "act": f.act.as_str(),
        "emotion": f.emotion.map(super::Emotion::as_str),
        "egocentric": f.egocentric,
        "valence": f.valence.value(),
        "arousal": f.arousal.value(),
        "urgency": f.urgency.value(),
        "importance": f.importance.value(),
    })
}
