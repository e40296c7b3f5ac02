-- One row an association with its weight at the clock: what the last event left of it, decayed since by the retention law
-- (Hebb 1949; Wixted & Ebbesen 1991). Nothing is written by looking.
SELECT
    a.mind_id,
    a.source_id,
    a.target_id,
    a.kind,
    (a.weight * {{ retention('a.event_at', 'c.as_of', var('association_stability')) }})::DECIMAL(9, 6) AS weight_now,
    a.weight,
    a.previous_weight,
    a.event_at,
    a.born_at,
    a.co_activations,
    a.provisional
FROM {{ ref('associations') }} a
CROSS JOIN {{ ref('clock') }} c
