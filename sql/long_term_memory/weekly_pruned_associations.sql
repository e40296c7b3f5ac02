-- One row an association the week's homeostasis lets go: faded below the threshold, or dreamt and never reinforced for four weeks.
SELECT a.mind_id, a.source_id, a.target_id, a.kind, a.weight, {{ as_of }} AS pruned_at,
    CASE WHEN a.provisional AND a.born_at <= {{ as_of }} - INTERVAL 28 DAY THEN 'dream not reinforced' ELSE 'weak' END AS reason
FROM {{ ref('scaled_associations') }} a
JOIN {{ source('cycle', 'due') }} USING (mind_id)
WHERE (a.provisional AND a.born_at <= {{ as_of }} - INTERVAL 28 DAY)
   OR a.weight * {{ retention('a.event_at', as_of, var('association_stability')) }} < {{ var('weak_connection_threshold') }}
