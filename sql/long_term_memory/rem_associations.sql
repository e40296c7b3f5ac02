-- One row a creative association: two long-term memories of different columns with middling similarity, tied in REM sleep
-- (Cai et al. 2009; Stickgold & Walker 2013). Tonight's memories dream of older ones they share a concept with; a hash rolls the
-- dice. Provisional until something reinforces it.
WITH seeds AS MATERIALIZED (
    SELECT drawn.mind_id, drawn.memory_id, drawn.seed
    FROM (
        SELECT unnest(arg_min(
            {mind_id: t.mind_id, memory_id: t.memory_id, seed: t.seed},
            ({{ hash_64("concat_ws('/', t.seed, d.epoch, " ~ step ~ ")") }}, t.memory_id),
            4 * {{ var('rem_associations') }})) AS drawn
        FROM {{ source('state', 'memory_traces') }} t
        JOIN {{ source('cycle', 'due') }} d USING (mind_id)
        WHERE t.consolidated_at = d.epoch_end AND t.merged_into IS NULL
        GROUP BY t.mind_id
    )
),

about AS MATERIALIZED (
    SELECT s.mind_id, s.memory_id, s.seed, m.concept, m.weight, k.memories, k.column_id
    FROM seeds s
    JOIN {{ source('state', 'memory_concepts') }} m USING (memory_id)
    LEFT JOIN {{ source('state', 'concepts') }} k ON k.mind_id = s.mind_id AND k.concept = m.concept
),

-- A memory lives in the column of its strongest concept.
homes AS (
    SELECT memory_id, arg_min({column_id: column_id}, (-weight, concept)).column_id AS column_id,
        sqrt(sum((weight * weight)::DECIMAL(18, 6)))::DECIMAL(18, 6) AS norm
    FROM about
    GROUP BY memory_id
),

met AS MATERIALIZED (
    SELECT a.mind_id, a.memory_id, m.memory_id AS other_id, min(a.seed) AS seed, min(h.column_id) AS column_id, min(h.norm) AS norm,
        sum((a.weight * m.weight)::DECIMAL(18, 6)) AS shared
    FROM about a
    JOIN homes h USING (memory_id)
    JOIN {{ source('state', 'memory_concepts') }} m ON m.mind_id = a.mind_id AND m.concept = a.concept AND m.memory_id <> a.memory_id
    WHERE a.memories <= {{ var('rem_fan_limit') }}
    GROUP BY a.mind_id, a.memory_id, m.memory_id
),

other_homes AS (
    SELECT m.memory_id, k.column_id, sqrt(m.norm)::DECIMAL(18, 6) AS norm
    FROM (
        SELECT o.mind_id, o.memory_id, arg_min(m.concept, (-m.weight, m.concept)) AS concept, sum((m.weight * m.weight)::DECIMAL(18, 6)) AS norm
        FROM (SELECT DISTINCT mind_id, other_id AS memory_id FROM met) o
        JOIN {{ source('state', 'memory_concepts') }} m USING (memory_id)
        GROUP BY o.mind_id, o.memory_id
    ) m
    JOIN {{ source('state', 'concepts') }} k USING (mind_id, concept)
),

likely AS MATERIALIZED (
    SELECT m.memory_id, m.other_id, m.seed, (m.shared / greatest(m.norm * o.norm, 0.000001))::DECIMAL(9, 6) AS similarity
    FROM met m
    JOIN other_homes o ON o.memory_id = m.other_id
    WHERE m.column_id <> o.column_id
      AND m.shared / greatest(m.norm * o.norm, 0.000001) BETWEEN {{ var('rem_similarity_low') }} AND {{ var('rem_similarity_high') }}
),

-- What tonight's memories are tied to already, in either direction.
tied AS MATERIALIZED (
    SELECT k.source_id, k.target_id
    FROM {{ source('state', 'associations') }} k
    JOIN seeds s ON s.memory_id = k.source_id
    UNION ALL
    SELECT k.source_id, k.target_id
    FROM {{ source('state', 'associations') }} k
    JOIN seeds s ON s.memory_id = k.target_id
),

remote AS (
    SELECT t.mind_id, l.memory_id, l.other_id,
        {{ hash_64("concat_ws('/', l.seed, t.seed, " ~ step ~ ")") }} AS dice,
        l.similarity
    FROM likely l
    JOIN {{ source('state', 'memory_traces') }} t ON t.memory_id = l.other_id AND t.tier = 'long_term'
    ANTI JOIN tied k ON k.source_id = l.memory_id AND k.target_id = l.other_id
),

-- One dream a memory and cycle.
dreams AS (
    SELECT memory_id, arg_min({mind_id: mind_id, other_id: other_id, dice: dice, similarity: similarity}, (dice, other_id)) AS dream
    FROM remote
    GROUP BY memory_id
),

-- Both directions of a pair count as one.
pairs AS (
    SELECT min(memory_id) AS memory_id, arg_min(dream, memory_id) AS dream
    FROM dreams
    GROUP BY least(memory_id, dream.other_id), greatest(memory_id, dream.other_id)
),

kept AS (
    SELECT drawn.memory_id, drawn.dream.mind_id AS mind_id, drawn.dream.other_id AS other_id, drawn.dream.similarity AS similarity
    FROM (
        SELECT unnest(arg_min({memory_id: memory_id, dream: dream}, (dream.dice, memory_id), {{ var('rem_associations') }})) AS drawn
        FROM pairs
        GROUP BY dream.mind_id
    )
)

SELECT mind_id, source_id, target_id, 'rem' AS kind, weight, 0::DECIMAL(9, 6) AS previous_weight,
    d.epoch_end AS event_at, d.epoch_end AS born_at, 0 AS co_activations, true AS provisional
FROM (
    SELECT mind_id, memory_id AS source_id, other_id AS target_id, (similarity * {{ var('rem_creativity_factor') }})::DECIMAL(9, 6) AS weight FROM kept
    UNION ALL
    SELECT mind_id, other_id, memory_id, (similarity * {{ var('rem_creativity_factor') }})::DECIMAL(9, 6) FROM kept
) dreamt
JOIN {{ source('cycle', 'due') }} d USING (mind_id)
-- What fired together keeps its weight, where only one direction was tied before.
ANTI JOIN tied k ON k.source_id = dreamt.source_id AND k.target_id = dreamt.target_id
WHERE weight >= {{ var('weak_connection_threshold') }}
