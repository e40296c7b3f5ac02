//! How a mind is read from the store and brought up to date.

use super::index::{Memory, MindIndex, Posting, TIERS, Trace};
use crate::error::{Error, Result};
use crate::memory::{MindId, parse_time_zone};
use duckdb::Connection;
use std::collections::{HashMap, HashSet};

/// In which state the store is, as far as a ranking of a mind sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::recall) struct Marker {
    pub(super) memories: i64,
    last_memory: i64,
    documents: i64,
    terms: i64,
    last_revision: i64,
    features: i64,
    /// Deletions, filings, ledger, traces: whatever changes memories that are there.
    changes: String,
    /// Microseconds: the last memory, and the last night.
    pub(in crate::recall) last_at: i64,
    pub(in crate::recall) night_at: Option<i64>,
}

/// Counts and highest numbers only: they are told by a table's statistics or a column of integers.
const MARKER: &str = "
    SELECT m.memories, m.last_memory, m.last_at, d.documents, d.terms, d.last_revision,
        (SELECT count(*) FROM enrichment.features) AS features,
        concat_ws(' ', x.n, x.last, f.n, f.last, l.n, l.last, e.n, e.last, (SELECT count(*) FROM state.memory_traces)) AS changes,
        (SELECT epoch_us(max(night_at)) FROM codex.progress WHERE mind_id = $1::UUID) AS night_at
    FROM (SELECT count(*) AS memories, coalesce(max(memory_id), 0) AS last_memory, epoch_us(max(created_at)) AS last_at
          FROM raw.memories WHERE mind_id = $1::UUID) m,
        (SELECT count(*) AS documents, coalesce(sum(terms + header_terms), 0)::BIGINT AS terms, coalesce(max(revision), 0) AS last_revision
         FROM lexical.documents WHERE mind_id = $1::UUID) d,
        (SELECT count(*) AS n, max(arrival) AS last FROM raw.deletions) x,
        (SELECT count(*) AS n, max(arrival) AS last FROM raw.filings) f,
        (SELECT count(*) AS n, max(started_at) AS last FROM codex.ledger WHERE transition) l,
        (SELECT count(*) AS n, max(arrival) AS last FROM raw.edits) e";

impl Marker {
    /// None where the mind has no memory.
    pub(super) fn of(conn: &Connection, mind: MindId) -> Result<Option<Marker>> {
        let mut statement = conn.prepare(MARKER)?;
        let mut rows = statement.query([mind.to_string()])?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        let Some(last_at) = row.get::<_, Option<i64>>("last_at")? else {
            return Ok(None);
        };
        Ok(Some(Marker {
            memories: row.get("memories")?,
            last_memory: row.get("last_memory")?,
            documents: row.get("documents")?,
            terms: row.get("terms")?,
            last_revision: row.get("last_revision")?,
            features: row.get("features")?,
            changes: row.get("changes")?,
            last_at,
            night_at: row.get("night_at")?,
        }))
    }

    /// Whether memories may have come in since, and nothing else.
    pub(super) fn only_adds_to(&self, before: &Marker) -> bool {
        self.changes == before.changes
            && self.memories > before.memories
            && before.memories == before.documents
            && self.documents - before.documents == self.memories - before.memories
            && self.last_revision >= before.last_revision
            && self.night_at == before.night_at
    }
}

/// Reads the whole mind.
pub(super) fn whole(conn: &Connection, mind: MindId, marker: Marker) -> Result<MindIndex> {
    let zone: String = conn.query_row(
        "SELECT time_zone FROM raw.minds WHERE mind_id = ?::UUID",
        [mind.to_string()],
        |r| r.get(0),
    )?;
    let mut index = MindIndex {
        marker: marker.clone(),
        memories: Vec::new(),
        places: HashMap::new(),
        postings: HashMap::new(),
        speakers: Vec::new(),
        sessions: HashMap::new(),
        turns: Vec::new(),
        loose: Vec::new(),
        documents: 0,
        lengths: 0,
        squares: 0,
        zone: parse_time_zone(&zone)?,
    };
    read_after(conn, mind, &mut index, 0)?;
    index.arrange();
    Ok(index)
}

/// Adds what came in. False where it is not what the marker says: then the mind has to be read anew.
pub(super) fn append(
    conn: &Connection,
    mind: MindId,
    index: &mut MindIndex,
    marker: &Marker,
) -> Result<bool> {
    let (before, after) = (index.marker.memories, index.marker.last_memory);
    read_after(conn, mind, index, after)?;
    let fits = index.memories.len() as i64 == before + (marker.memories - before);
    index.marker = marker.clone();
    index.arrange();
    Ok(fits)
}

fn read_after(conn: &Connection, mind: MindId, index: &mut MindIndex, after: i64) -> Result<()> {
    read_memories(conn, mind, index, after)?;
    read_postings(conn, mind, index, after)?;
    let mut statement = conn.prepare(
        "SELECT memory_id FROM raw.deletions WHERE mind_id = $1::UUID AND memory_id > $2
         UNION ALL
         SELECT memory_id FROM raw.filings WHERE mind_id = $1::UUID AND memory_id > $2 GROUP BY memory_id HAVING arg_max(archived, arrival)",
    )?;
    let rows = statement.query_map(duckdb::params![mind.to_string(), after], |r| r.get(0))?;
    let hidden: HashSet<i64> = rows.collect::<std::result::Result<_, _>>()?;
    index.hide(&hidden);
    Ok(())
}

fn read_memories(conn: &Connection, mind: MindId, index: &mut MindIndex, after: i64) -> Result<()> {
    let mut statement = conn.prepare(
        "SELECT m.memory_id, epoch_us(m.created_at) AS created_at, m.speaker, m.session, d.terms + d.header_terms AS length,
             epoch_us(f.local_at) AS local_at, (f.importance * 1000)::BIGINT AS importance, coalesce(f.act = 'question', false) AS asks,
             t.tier, (t.strength * 1000000)::BIGINT AS strength, (t.stability * 1000000)::BIGINT AS stability, epoch_us(t.event_at) AS event_at
         FROM raw.memories m
         LEFT JOIN lexical.documents d ON d.memory_id = m.memory_id
         LEFT JOIN enrichment.features f ON f.mind_id = m.mind_id AND f.revision = d.revision AND f.provider = 'rules'
         LEFT JOIN state.memory_traces t ON t.mind_id = m.mind_id AND t.memory_id = m.memory_id
         WHERE m.mind_id = $1::UUID AND m.memory_id > $2
         ORDER BY m.memory_id",
    )?;
    let mut speakers: HashMap<String, u32> = index.speakers.iter().cloned().zip(0..).collect();
    let mut rows = statement.query(duckdb::params![mind.to_string(), after])?;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get("memory_id")?;
        let speaker = row.get::<_, Option<String>>("speaker")?.map(|name| {
            let next = speakers.len() as u32;
            *speakers.entry(name.clone()).or_insert_with(|| {
                index.speakers.push(name);
                next
            })
        });
        let session = row.get::<_, Option<String>>("session")?.map(|name| {
            let next = index.sessions.len() as u32;
            *index.sessions.entry(name).or_insert(next)
        });
        let tier: Option<String> = row.get("tier")?;
        let trace = match tier {
            Some(tier) => Some(Trace {
                tier: TIERS
                    .iter()
                    .position(|known| *known == tier)
                    .and_then(|at| u8::try_from(at).ok())
                    .ok_or_else(|| Error::failed(format!("{tier} is no tier")))?,
                strength: row.get("strength")?,
                stability: row.get("stability")?,
                event_at: row.get("event_at")?,
            }),
            None => None,
        };
        index.places.insert(id, index.memories.len() as u32);
        index.memories.push(Memory {
            id,
            created_at: row.get("created_at")?,
            speaker,
            session,
            visible: true,
            length: row
                .get::<_, Option<i32>>("length")?
                .and_then(|n| u32::try_from(n).ok()),
            local_at: row.get("local_at")?,
            importance: row.get("importance")?,
            asks: row.get("asks")?,
            trace,
        });
    }
    Ok(())
}

fn read_postings(conn: &Connection, mind: MindId, index: &mut MindIndex, after: i64) -> Result<()> {
    let mut statement = conn.prepare(
        "SELECT memory_id, term, (tf + header_tf)::INTEGER AS tf, tf > 0 AS in_content
         FROM lexical.postings
         WHERE mind_id = $1::UUID AND memory_id > $2",
    )?;
    let mut rows = statement.query(duckdb::params![mind.to_string(), after])?;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        let Some(&place) = index.places.get(&id) else {
            continue;
        };
        let posting = Posting {
            place,
            tf: row.get(2)?,
            in_content: row.get(3)?,
        };
        let term = row.get_ref(1)?;
        let term = term.as_str().map_err(|e| Error::failed(e.to_string()))?;
        match index.postings.get_mut(term) {
            Some(list) => list.push(posting),
            None => {
                index.postings.insert(term.into(), vec![posting]);
            }
        }
    }
    Ok(())
}
