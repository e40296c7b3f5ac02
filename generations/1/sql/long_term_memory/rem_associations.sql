-- One row a creative association: two long-term memories of different columns with middling similarity, tied in REM sleep
-- (Cai et al. 2009; Stickgold & Walker 2013). Provisional until something reinforces it.
WITH tied AS MATERIALIZED (
    -- What the night's cycles before this one have tied.
    SELECT k.source_id, k.target_id
    FROM {{ source('state', 'associations') }} k
    JOIN {{ source('cycle', 'due') }} d ON d.mind_id = k.mind_id AND d.epoch_end = k.event_at
),

-- One dream a memory and cycle.
dreams AS (
    SELECT r.mind_id, d.epoch_end, r.memory_id,
        arg_min({other_id: r.other_id, dice: r.dice, similarity: r.similarity, tied_back: r.tied_back}, (r.dice, r.other_id)) AS dream
    FROM {{ ref('remote_associates') }} r
    JOIN {{ source('cycle', 'due') }} d USING (mind_id, epoch)
    ANTI JOIN tied k ON k.source_id = r.memory_id AND k.target_id = r.other_id
    WHERE r.step = {{ step }}
    GROUP BY r.mind_id, d.epoch_end, r.memory_id
),

-- Both directions of a pair count as one.
pairs AS (
    SELECT mind_id, epoch_end, min(memory_id) AS memory_id, arg_min(dream, memory_id) AS dream
    FROM dreams
    GROUP BY mind_id, epoch_end, least(memory_id, dream.other_id), greatest(memory_id, dream.other_id)
),

kept AS (
    SELECT mind_id, epoch_end, drawn.memory_id AS memory_id, drawn.dream.other_id AS other_id, drawn.dream.tied_back AS tied_back,
        (drawn.dream.similarity * {{ var('rem_creativity_factor') }})::DECIMAL(9, 6) AS weight
    FROM (
        SELECT mind_id, epoch_end, unnest(arg_min({memory_id: memory_id, dream: dream}, (dream.dice, memory_id), {{ var('rem_associations') }})) AS drawn
        FROM pairs
        GROUP BY mind_id, epoch_end
    )
)

SELECT mind_id, source_id, target_id, 'rem' AS kind, weight, 0::DECIMAL(9, 6) AS previous_weight,
    epoch_end AS event_at, epoch_end AS born_at, 0 AS co_activations, true AS provisional
FROM (
    SELECT mind_id, epoch_end, memory_id AS source_id, other_id AS target_id, weight FROM kept
    UNION ALL
    -- What fired together keeps its weight, where only one direction was tied before.
    SELECT mind_id, epoch_end, other_id, memory_id, weight FROM kept WHERE NOT tied_back
) dreamt
ANTI JOIN tied k ON k.source_id = dreamt.source_id AND k.target_id = dreamt.target_id
WHERE weight >= {{ var('weak_connection_threshold') }}
