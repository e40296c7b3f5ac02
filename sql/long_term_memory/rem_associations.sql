-- One row a creative association: two long-term memories of different columns with middling similarity, tied in REM sleep
-- (Cai et al. 2009; Stickgold & Walker 2013). Tonight's memories dream of older ones they share a concept with; a hash rolls the
-- dice. Provisional until something reinforces it.
WITH seeds AS (
    SELECT t.mind_id, t.memory_id, t.seed
    FROM {{ source('state', 'memory_traces') }} t
    JOIN {{ source('cycle', 'due') }} d USING (mind_id)
    WHERE t.consolidated_at = {{ as_of }} AND t.merged_into IS NULL
    QUALIFY row_number() OVER (PARTITION BY t.mind_id
        ORDER BY md5_number_lower(concat_ws('/', t.seed, d.epoch, {{ step }})), t.memory_id)
        <= 4 * {{ var('rem_associations') }}
),

about AS (
    SELECT s.mind_id, s.memory_id, s.seed, m.concept, m.weight, k.column_id, k.memories
    FROM seeds s
    JOIN {{ source('state', 'memory_concepts') }} m USING (mind_id, memory_id)
    JOIN {{ source('state', 'concepts') }} k USING (mind_id, concept)
),

met AS (
    SELECT a.mind_id, a.memory_id, a.seed, m.memory_id AS other_id,
        sum((a.weight * m.weight)::DECIMAL(18, 6)) AS shared
    FROM about a
    JOIN {{ source('state', 'memory_concepts') }} m ON m.mind_id = a.mind_id AND m.concept = a.concept AND m.memory_id <> a.memory_id
    WHERE a.memories <= {{ var('rem_fan_limit') }}
    GROUP BY a.mind_id, a.memory_id, a.seed, m.memory_id
),

-- A memory lives in the column of its strongest concept.
homes AS (
    SELECT m.mind_id, m.memory_id, k.column_id, sqrt(m.norm)::DECIMAL(18, 6) AS norm
    FROM (
        SELECT m.mind_id, m.memory_id, m.concept,
            sum((m.weight * m.weight)::DECIMAL(18, 6)) OVER (PARTITION BY m.memory_id) AS norm
        FROM {{ source('state', 'memory_concepts') }} m
        WHERE m.memory_id IN (SELECT memory_id FROM seeds UNION SELECT other_id FROM met)
        QUALIFY row_number() OVER (PARTITION BY m.memory_id ORDER BY m.weight DESC, m.concept) = 1
    ) m
    JOIN {{ source('state', 'concepts') }} k USING (mind_id, concept)
),

remote AS (
    SELECT m.mind_id, m.memory_id, m.other_id,
        md5_number_lower(concat_ws('/', m.seed, t.seed, {{ step }})) AS dice,
        (m.shared / greatest(a.norm * b.norm, 0.000001))::DECIMAL(9, 6) AS similarity
    FROM met m
    JOIN homes a ON a.memory_id = m.memory_id
    JOIN homes b ON b.memory_id = m.other_id
    JOIN {{ source('state', 'memory_traces') }} t ON t.mind_id = m.mind_id AND t.memory_id = m.other_id AND t.tier = 'long_term'
    ANTI JOIN {{ source('state', 'associations') }} k ON k.mind_id = m.mind_id AND k.source_id = m.memory_id AND k.target_id = m.other_id
    WHERE a.column_id <> b.column_id
      AND m.shared / greatest(a.norm * b.norm, 0.000001) BETWEEN {{ var('rem_similarity_low') }} AND {{ var('rem_similarity_high') }}
),

dreamt AS (
    SELECT *
    FROM (
        SELECT *
        FROM remote
        -- One dream a memory and cycle; both directions of a pair count as one.
        QUALIFY row_number() OVER (PARTITION BY memory_id
            ORDER BY dice, other_id) = 1
    )
    QUALIFY row_number() OVER (PARTITION BY least(memory_id, other_id), greatest(memory_id, other_id) ORDER BY memory_id) = 1
),

kept AS (
    SELECT *
    FROM dreamt
    QUALIFY row_number() OVER (PARTITION BY mind_id
        ORDER BY dice, memory_id) <= {{ var('rem_associations') }}
)

SELECT mind_id, source_id, target_id, 'rem' AS kind, weight, 0::DECIMAL(9, 6) AS previous_weight,
    {{ as_of }} AS event_at, {{ as_of }} AS born_at, 0 AS co_activations, true AS provisional
FROM (
    SELECT mind_id, memory_id AS source_id, other_id AS target_id, (similarity * {{ var('rem_creativity_factor') }})::DECIMAL(9, 6) AS weight FROM kept
    UNION ALL
    SELECT mind_id, other_id, memory_id, (similarity * {{ var('rem_creativity_factor') }})::DECIMAL(9, 6) FROM kept
)
WHERE weight >= {{ var('weak_connection_threshold') }}
