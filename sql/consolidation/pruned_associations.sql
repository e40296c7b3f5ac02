-- One row an association the night lets go, with the reason: too weak, or an end that was forgotten or deleted tonight
-- (synaptic down-selection, Tononi & Cirelli 2014). A night looks at what it touched; homeostasis looks at everything.
WITH gone AS (
    SELECT memory_id, tier
    FROM {{ ref('changed_memories') }}
    JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
    WHERE tier IN ('forgotten', 'deleted')
),

sources AS (
    SELECT memory_id, min(tier) AS tier
    FROM (
        SELECT source_id AS memory_id, NULL AS tier
        FROM {{ ref('hebbian_updates') }}
        JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
        UNION ALL
        SELECT memory_id, tier FROM gone
    )
    GROUP BY memory_id
),

touched AS (
    SELECT a.*, s.tier FROM {{ ref('associations') }} a JOIN sources s ON s.memory_id = a.source_id
    UNION ALL
    SELECT a.*, g.tier FROM {{ ref('associations') }} a JOIN gone g ON g.memory_id = a.target_id
),

-- Once an association: an end that is gone explains more than weakness, and "deleted" comes before "forgotten".
judged AS (
    SELECT mind_id, source_id, target_id, kind, weight, event_at, min(tier) AS tier
    FROM touched
    GROUP BY mind_id, source_id, target_id, kind, weight, event_at
)

SELECT
    mind_id,
    source_id,
    target_id,
    kind,
    weight,
    {{ as_of }} AS pruned_at,
    CASE WHEN tier IS NOT NULL THEN 'memory ' || tier ELSE 'weak' END AS reason
FROM judged
WHERE tier IS NOT NULL
   OR weight * {{ retention('event_at', as_of, var('association_stability')) }} < {{ var('weak_connection_threshold') }}
