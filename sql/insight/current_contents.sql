-- One row a memory as raw.memories has it, but with its words and metadata as they are now: those of its latest edit, else those it
-- arrived with. An edit that names no metadata leaves it as it was.
WITH edits AS (
    SELECT memory_id,
        first(content ORDER BY arrival DESC) AS content,
        first(metadata ORDER BY arrival DESC) FILTER (metadata IS NOT NULL) AS metadata
    FROM {{ source('raw', 'edits') }}
    GROUP BY memory_id
)

SELECT
    m.* EXCLUDE (content, metadata),
    coalesce(e.content, m.content) AS content,
    coalesce(e.metadata, m.metadata) AS metadata,
    e.memory_id IS NOT NULL AS edited
FROM {{ source('raw', 'memories') }} m
LEFT JOIN edits e ON e.memory_id = m.memory_id
