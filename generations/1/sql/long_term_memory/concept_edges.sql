-- One row an edge of the semantic network that tonight's consolidated memories make or strengthen: two concepts of one memory
-- (Collins & Loftus 1975). Only a memory's strongest concepts are tied, so that an edge means something. What a revised memory
-- of earlier nights ties is there at once, but strengthens nothing that was tied before.
WITH consolidated AS (
    SELECT mind_id, memory_id, revised
    FROM {{ ref('changed_memories') }}
    JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
    WHERE tier = 'long_term' AND merged_into IS NULL
),

strongest AS (
    SELECT c.mind_id, c.revised, arg_min({concept: m.concept, weight: m.weight}, (-m.weight, m.concept), {{ var('concepts_per_memory') }}) AS concepts
    FROM consolidated c
    JOIN {{ ref('memory_concepts') }} m ON m.memory_id = c.memory_id
    GROUP BY c.mind_id, c.revised, c.memory_id
),

tied AS (
    SELECT mind_id, a.concept AS source, b.concept AS target, count(*)::INTEGER AS memories,
        sum((a.weight * b.weight)::DECIMAL(18, 6))::DECIMAL(18, 6) AS weight,
        count(*) FILTER (NOT revised)::INTEGER AS more_memories,
        coalesce(sum((a.weight * b.weight)::DECIMAL(18, 6)) FILTER (NOT revised), 0)::DECIMAL(18, 6) AS more_weight
    FROM (SELECT mind_id, revised, unnest(concepts) AS a, concepts FROM strongest), unnest(concepts) AS other(b)
    WHERE b.concept > a.concept
    GROUP BY mind_id, a.concept, b.concept
)

SELECT
    t.mind_id,
    t.source,
    t.target,
    coalesce(k.memories + t.more_memories, t.memories)::INTEGER AS memories,
    coalesce(k.weight + t.more_weight, t.weight)::DECIMAL(18, 6) AS weight,
    d.epoch_end AS last_at
FROM tied t
JOIN {{ source('cycle', 'due') }} d USING (mind_id)
LEFT JOIN {{ source('state', 'concept_edges') }} k USING (mind_id, source, target)
