-- One row an edge of the semantic network that tonight's consolidated memories make or strengthen: two concepts of one memory
-- (Collins & Loftus 1975). Only a memory's strongest concepts are tied, so that an edge means something.
WITH consolidated AS (
    SELECT t.mind_id, t.memory_id
    FROM {{ ref('memory_traces') }} t
    JOIN {{ source('cycle', 'due') }} USING (mind_id)
    WHERE t.consolidated_at = {{ as_of }} AND t.merged_into IS NULL
),

strongest AS (
    SELECT c.mind_id, arg_min({concept: m.concept, weight: m.weight}, (-m.weight, m.concept), {{ var('concepts_per_memory') }}) AS concepts
    FROM {{ ref('memory_concepts') }} m
    JOIN consolidated c USING (memory_id)
    GROUP BY c.mind_id, m.memory_id
),

tied AS (
    SELECT mind_id, a.concept AS source, b.concept AS target, count(*)::INTEGER AS memories,
        sum((a.weight * b.weight)::DECIMAL(18, 6))::DECIMAL(18, 6) AS weight
    FROM (SELECT mind_id, unnest(concepts) AS a, concepts FROM strongest), unnest(concepts) AS other(b)
    WHERE b.concept > a.concept
    GROUP BY mind_id, a.concept, b.concept
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
