-- One row a memory of $1 (a JSON list of memory ids), as it reads today: the latest edit's words and metadata, else its own.
WITH wanted AS (
    SELECT unnest(from_json($1, '["BIGINT"]')) AS memory_id
),

edited AS (
    -- An edit that names no metadata leaves it as it was.
    SELECT memory_id,
        first(content ORDER BY arrival DESC) FILTER (content IS NOT NULL) AS content,
        first(metadata ORDER BY arrival DESC) FILTER (metadata IS NOT NULL) AS metadata
    FROM {{ source('raw', 'edits') }}
    SEMI JOIN wanted USING (memory_id)
    GROUP BY memory_id
)

SELECT m.memory_id, m.key, m.created_at, m.speaker, m.session,
    coalesce(e.content, m.content) AS content, coalesce(e.metadata, m.metadata) AS metadata
FROM {{ source('raw', 'memories') }} m
JOIN wanted USING (memory_id)
LEFT JOIN edited e USING (memory_id)
