-- One row an association the week's homeostasis lets go: faded below the threshold, or dreamt and never reinforced for four weeks.
WITH dreams AS (
    SELECT a.mind_id, a.source_id, a.target_id, a.kind, a.weight, 'dream not reinforced' AS reason
    FROM {{ ref('scaled_associations') }} a
    SEMI JOIN {{ source('cycle', 'due') }} d USING (mind_id)
    WHERE a.provisional AND a.born_at <= {{ as_of }} - INTERVAL 28 DAY
),

-- Weights that would be above the threshold even if they had faded as long as the oldest: the law is worked out below these only.
faint AS (
    SELECT d.mind_id, {{ as_of }} AS now,
        (least(1, {{ var('weak_connection_threshold') }} / greatest({{ retention('oldest_at', as_of, var('association_stability')) }} - 0.000001, 0.000001)) + 0.000001)::DECIMAL(9, 6) AS below
    FROM {{ source('cycle', 'due') }} d, (SELECT min(event_at) AS oldest_at FROM {{ ref('scaled_associations') }})
),

weak AS (
    SELECT a.mind_id, a.source_id, a.target_id, a.kind, a.weight, 'weak' AS reason
    FROM {{ ref('scaled_associations') }} a
    JOIN faint f ON f.mind_id = a.mind_id AND a.weight < f.below
    WHERE NOT (a.provisional AND a.born_at <= {{ as_of }} - INTERVAL 28 DAY)
      AND a.weight * {{ retention('a.event_at', 'f.now', var('association_stability')) }} < {{ var('weak_connection_threshold') }}
)

SELECT mind_id, source_id, target_id, kind, weight, {{ as_of }} AS pruned_at, reason
FROM (FROM dreams UNION ALL FROM weak)
