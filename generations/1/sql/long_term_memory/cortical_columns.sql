-- One row a cortical column: a community of concepts, the memories that live in it and what is strongest there.
-- The column (Mountcastle 1997) is a metaphor; a memory lives in the column of its strongest concept.
WITH ranked AS (
    SELECT *, row_number() OVER (PARTITION BY mind_id, column_id ORDER BY memories DESC, weight DESC, concept) AS place
    FROM {{ ref('concepts') }}
),

communities AS (
    SELECT
        mind_id,
        column_id,
        (list(concept ORDER BY place))[1] AS label,
        count(*) AS concepts,
        list(concept ORDER BY place) FILTER (place <= 5) AS strongest_concepts,
        (list(exemplar_id ORDER BY place))[1] AS exemplar_id,
        min(first_at) AS first_at,
        max(last_at) AS last_at
    FROM ranked
    GROUP BY mind_id, column_id
),

homes AS (
    SELECT m.mind_id, m.memory_id, k.column_id
    FROM {{ ref('memory_concepts') }} m
    JOIN {{ ref('concepts') }} k ON k.mind_id = m.mind_id AND k.concept = m.concept
    JOIN {{ ref('memory_traces') }} t ON t.memory_id = m.memory_id
    WHERE t.tier = 'long_term'
    QUALIFY row_number() OVER (PARTITION BY m.memory_id ORDER BY m.weight DESC, m.concept) = 1
),

inhabited AS (
    SELECT mind_id, column_id, count(*) AS memories FROM homes GROUP BY mind_id, column_id
)

SELECT
    c.mind_id,
    c.column_id,
    c.label,
    c.concepts,
    coalesce(i.memories, 0) AS memories,
    c.strongest_concepts,
    c.exemplar_id,
    coalesce(f.gist, '') AS exemplar,
    c.first_at,
    c.last_at
FROM communities c
LEFT JOIN inhabited i ON i.mind_id = c.mind_id AND i.column_id = c.column_id
LEFT JOIN {{ ref('memory_traces') }} t ON t.memory_id = c.exemplar_id
LEFT JOIN {{ source('enrichment', 'features') }} f ON f.memory_id = t.memory_id AND f.revision = t.revision
