-- One row a long-term memory, as PostgreSQL's dreams.long_term_memories shows it. Strength is as of event_at: what is left of it
-- at any later time is computed there, by the same retention law, so that no row travels because time passes.
WITH words AS (
    SELECT memory_id,
        first(content ORDER BY arrival DESC) AS content,
        first(metadata ORDER BY arrival DESC) FILTER (metadata IS NOT NULL) AS metadata
    FROM {{ source('raw', 'edits') }}
    GROUP BY memory_id
)

SELECT
    s.memory_id::VARCHAR AS key,
    false AS fluid,
    s.mind_id,
    n.name AS mind,
    s.memory_id,
    m.source,
    {{ source_id('m') }} AS source_id,
    m.session,
    m.speaker,
    m.created_at,
    coalesce(w.content, m.content) AS content,
    coalesce(w.metadata, m.metadata)::JSON AS metadata,
    s.gist,
    s.concepts,
    s.column_id AS cortical_column,
    s.age_class,
    t.strength,
    t.stability,
    t.event_at,
    s.consolidated_at,
    s.learned_at,
    s.replays,
    s.uses,
    s.merged_into,
    s.evidence
FROM {{ ref('semantic_memories') }} s
JOIN {{ ref('memory_traces') }} t ON t.memory_id = s.memory_id
JOIN {{ source('raw', 'memories') }} m ON m.memory_id = s.memory_id
JOIN {{ source('raw', 'minds') }} n ON n.mind_id = s.mind_id
LEFT JOIN words w ON w.memory_id = s.memory_id
ANTI JOIN {{ source('raw', 'deletions') }} d ON d.memory_id = s.memory_id
