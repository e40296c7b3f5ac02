-- One row an association the night lets go, with the reason: too weak, or an end that was forgotten or deleted tonight
-- (synaptic down-selection, Tononi & Cirelli 2014). A night looks at what it touched; homeostasis looks at everything.
WITH gone AS (
    SELECT memory_id, tier
    FROM {{ ref('memory_traces') }}
    JOIN {{ source('cycle', 'due') }} USING (mind_id)
    WHERE tier IN ('forgotten', 'deleted') AND settled_at = {{ as_of }}
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

-- Once an association: an end that is gone explains more than weakness, and "deleted" comes before "forgotten".
judged AS (
    SELECT a.mind_id, a.source_id, a.target_id, a.kind, a.weight, a.event_at, least(s.tier, t.tier) AS tier
    FROM {{ ref('associations') }} a
    LEFT JOIN sources s ON s.memory_id = a.source_id
    LEFT JOIN gone t ON t.memory_id = a.target_id
    WHERE s.memory_id IS NOT NULL OR t.memory_id IS NOT NULL
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
