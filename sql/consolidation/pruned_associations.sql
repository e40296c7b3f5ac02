-- One row an association the night lets go, with the reason: too weak, or an end that was forgotten or deleted tonight
-- (synaptic down-selection, Tononi & Cirelli 2014). A night looks at what it touched; homeostasis looks at everything.
WITH gone AS (
    SELECT mind_id, memory_id, tier
    FROM {{ ref('memory_traces') }}
    JOIN {{ source('cycle', 'due') }} USING (mind_id)
    WHERE tier IN ('forgotten', 'deleted') AND settled_at = {{ as_of }}
),

fired AS (
    SELECT DISTINCT mind_id, source_id
    FROM {{ ref('hebbian_updates') }}
    JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
),

touched AS (
    SELECT a.*, NULL AS tier
    FROM {{ ref('associations') }} a
    JOIN fired USING (mind_id, source_id)
    UNION ALL
    SELECT a.*, g.tier FROM {{ ref('associations') }} a JOIN gone g ON g.mind_id = a.mind_id AND g.memory_id = a.source_id
    UNION ALL
    SELECT a.*, g.tier FROM {{ ref('associations') }} a JOIN gone g ON g.mind_id = a.mind_id AND g.memory_id = a.target_id
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
