//! Vectors of long-term memories, for nearness in meaning: published where the store has some and PostgreSQL has pgvector.

use crate::config::PostgresAddress;
use crate::error::Result;
use crate::warehouse::postgres::{failure, quoted};
use crate::warehouse::text_literal;
use duckdb::{Connection, OptionalExt};
use postgres::Client;

/// Where the store remembers which vectors PostgreSQL takes.
const META: &str = "dreams_vectors";
/// The longest vectors that pgvector's HNSW index holds.
const LONGEST_INDEXED: i64 = 2_000;

/// An embedding model's vectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vectors {
    /// The model, as the store names it.
    pub model: String,
    /// How many numbers a vector has.
    pub dimensions: i64,
}

/// The model that most memories have a vector of; none where there are no vectors.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn vectors(conn: &Connection) -> Result<Option<Vectors>> {
    let there: bool = conn.query_row(
        "SELECT count(*) > 0 FROM duckdb_tables()
         WHERE database_name = current_database() AND schema_name = 'enrichment' AND table_name = 'vectors'",
        [],
        |r| r.get(0),
    )?;
    if !there {
        return Ok(None);
    }
    Ok(conn
        .query_row(
            "SELECT model, len(vector) FROM enrichment.vectors GROUP BY ALL ORDER BY count(*) DESC, model LIMIT 1",
            [],
            |r| {
                Ok(Vectors {
                    model: r.get(0)?,
                    dimensions: r.get(1)?,
                })
            },
        )
        .optional()?)
}

/// Makes room for the vectors in PostgreSQL, where it has pgvector. Returns the model whose vectors it takes.
///
/// # Errors
/// See [`failure`].
pub fn create_vector_tables(
    address: &PostgresAddress,
    client: &mut Client,
    vectors: Option<Vectors>,
) -> Result<Option<String>> {
    let fail = |e| failure(address, e);
    let Some(vectors) = vectors else {
        return Ok(None);
    };
    let installed = client
        .query_opt(
            "SELECT n.nspname::text, string_to_array(e.extversion, '.')::int[] >= ARRAY[0, 5]
             FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'vector'",
            &[],
        )
        .map_err(fail)?;
    let Some(row) = installed else {
        return Ok(None);
    };
    let (schema, has_hnsw): (String, bool) = (quoted(row.get(0)), row.get(1));
    let dimensions = vectors.dimensions;
    let known: Option<i32> = client
        .query_opt(
            "SELECT atttypmod FROM pg_catalog.pg_attribute
             WHERE attrelid = to_regclass('dreams.long_term_memories') AND attname = 'embedding' AND NOT attisdropped",
            &[],
        )
        .map_err(fail)?
        .map(|row| row.get(0));
    if known.map(i64::from) != Some(dimensions) {
        let index = if has_hnsw && dimensions <= LONGEST_INDEXED {
            format!(
                "CREATE INDEX long_term_memories_embedding ON dreams.long_term_memories USING hnsw (embedding {schema}.vector_cosine_ops);"
            )
        } else {
            String::new()
        };
        client
            .batch_execute(&format!(
                "BEGIN;
                 ALTER TABLE dreams.long_term_memories DROP COLUMN IF EXISTS embedding;
                 ALTER TABLE dreams.long_term_memories ADD COLUMN embedding {schema}.vector({dimensions});
                 COMMENT ON COLUMN dreams.long_term_memories.embedding IS
                     'Its content as a vector of an embedding model, for nearness in meaning: ORDER BY embedding <=> ''[…]''; null where there is none yet';
                 {index}
                 COMMIT"
            ))
            .map_err(fail)?;
    }
    Ok(Some(vectors.model))
}

/// Whether PostgreSQL takes other vectors than the store thinks.
///
/// # Errors
/// Failed when the store cannot be read.
pub fn is_news(conn: &Connection, taken: Option<&str>) -> Result<bool> {
    Ok(taken_model(conn)?.as_deref() != taken)
}

/// Notes whose vectors PostgreSQL takes; they travel after the next night.
///
/// # Errors
/// Failed when the store cannot be written.
pub fn note_taken(conn: &Connection, taken: Option<&str>) -> Result<()> {
    conn.execute("DELETE FROM codex.meta WHERE key = ?", [META])?;
    if let Some(model) = taken {
        conn.execute("INSERT INTO codex.meta VALUES (?, ?)", [META, model])?;
    }
    // Compared at once, not after the next night only.
    conn.execute_batch("UPDATE codex.publication SET seen_night = -1")?;
    Ok(())
}

fn taken_model(conn: &Connection) -> Result<Option<String>> {
    Ok(conn.query_row(
        "SELECT max(value) FROM codex.meta WHERE key = ?",
        [META],
        |r| r.get(0),
    )?)
}

/// Long-term memories with their vectors, where PostgreSQL takes them.
pub(super) fn with_vectors(conn: &Connection) -> Result<Option<String>> {
    let Some(model) = taken_model(conn)? else {
        return Ok(None);
    };
    if vectors(conn)?.is_none() {
        return Ok(None);
    }
    Ok(Some(format!(
        "(SELECT d.*, v.vector AS embedding
          FROM dreams.long_term_memories d
          LEFT JOIN (
              SELECT memory_id, first(vector ORDER BY revision DESC, arrival DESC) AS vector
              FROM enrichment.vectors WHERE model = {} GROUP BY memory_id
          ) v ON v.memory_id = d.memory_id)",
        text_literal(&model)
    )))
}
