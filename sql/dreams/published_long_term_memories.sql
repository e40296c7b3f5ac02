-- One row a long-term memory, as PostgreSQL's dreams.long_term_memories shows it. Strength is as of event_at: what is left of it
-- at any later time is computed there, by the same retention law, so that no row travels because time passes.
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
    m.content,
    m.metadata::JSON AS metadata,
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
JOIN {{ ref('current_contents') }} m ON m.memory_id = s.memory_id
JOIN {{ source('raw', 'minds') }} n ON n.mind_id = s.mind_id
ANTI JOIN {{ source('raw', 'deletions') }} d ON d.memory_id = s.memory_id
