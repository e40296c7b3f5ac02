-- One row an edge of the semantic network that tonight's consolidated memories make or strengthen: two concepts of one memory
-- (Collins & Loftus 1975). Only a memory's strongest concepts are tied, so that an edge means something.
WITH consolidated AS (
    SELECT t.mind_id, t.memory_id
    FROM {{ ref('memory_traces') }} t
    JOIN {{ source('cycle', 'due') }} USING (mind_id)
    WHERE t.consolidated_at = {{ as_of }} AND t.merged_into IS NULL
),

strongest AS (
    SELECT m.mind_id, m.memory_id, m.concept, m.weight
    FROM {{ ref('memory_concepts') }} m
    JOIN consolidated USING (mind_id, memory_id)
    QUALIFY row_number() OVER (PARTITION BY m.memory_id ORDER BY m.weight DESC, m.concept) <= {{ var('concepts_per_memory') }}
),

tied AS (
    SELECT a.mind_id, a.concept AS source, b.concept AS target, count(*)::INTEGER AS memories,
        sum((a.weight * b.weight)::DECIMAL(18, 6))::DECIMAL(18, 6) AS weight
    FROM strongest a
    JOIN strongest b ON b.memory_id = a.memory_id AND b.concept > a.concept
    GROUP BY a.mind_id, a.concept, b.concept
)

SELECT
    t.mind_id,
    t.source,
    t.target,
    (t.memories + coalesce(k.memories, 0))::INTEGER AS memories,
    (t.weight + coalesce(k.weight, 0))::DECIMAL(18, 6) AS weight,
    {{ as_of }} AS last_at
FROM tied t
LEFT JOIN {{ source('state', 'concept_edges') }} k USING (mind_id, source, target)
