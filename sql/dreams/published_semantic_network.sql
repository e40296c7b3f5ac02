-- One row an edge of the semantic network, as PostgreSQL's dreams.semantic_network shows it (Collins & Loftus 1975).
SELECT
    md5(concat_ws('/', e.mind_id, length(e.source), e.source, e.target)) AS key,
    false AS fluid,
    e.mind_id,
    n.name AS mind,
    left(e.source, 500) AS source,
    left(e.target, 500) AS target,
    e.source_kind,
    e.target_kind,
    left(e.source_column, 500) AS source_column,
    left(e.target_column, 500) AS target_column,
    e.crosses_columns,
    e.memories,
    e.weight,
    e.last_at
FROM {{ ref('semantic_network') }} e
JOIN {{ source('raw', 'minds') }} n ON n.mind_id = e.mind_id
