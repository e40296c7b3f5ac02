-- One row an association that the week's homeostasis weakens: a memory's outgoing weights are scaled by one factor to a budget,
-- sparing those that fired in the last seven days (Turrigiano 2008; Tononi & Cirelli 2014, who have it every night).
-- Decay only weakens: who is within the budget by the weights that are stored is within it now.
WITH strong AS MATERIALIZED (
    SELECT source_id
    FROM {{ source('state', 'associations') }}
    GROUP BY source_id
    HAVING sum(weight::DECIMAL(9, 6)) > {{ var('homeostasis_budget') }}
),

current AS (
    SELECT a.*, (a.weight * {{ retention('a.event_at', as_of, var('association_stability')) }})::DECIMAL(9, 6) AS weight_now,
        a.event_at > {{ as_of }} - INTERVAL 7 DAY AS spared
    FROM {{ source('state', 'associations') }} a
    JOIN strong USING (source_id)
    JOIN {{ source('cycle', 'due') }} USING (mind_id)
),

totals AS (
    SELECT mind_id, source_id,
        sum(weight_now::DECIMAL(9, 6)) AS total,
        coalesce(sum(weight_now::DECIMAL(9, 6)) FILTER (spared), 0) AS spared_total
    FROM current
    GROUP BY mind_id, source_id
    HAVING sum(weight_now::DECIMAL(9, 6)) > {{ var('homeostasis_budget') }}
)

SELECT
    c.mind_id, c.source_id, c.target_id, c.kind,
    (c.weight_now * greatest(0.1, ({{ var('homeostasis_budget') }} - t.spared_total) / (t.total - t.spared_total)))::DECIMAL(9, 6) AS weight,
    c.weight_now AS previous_weight,
    {{ as_of }} AS event_at,
    c.born_at, c.co_activations, c.provisional
FROM current c
JOIN totals t USING (mind_id, source_id)
WHERE NOT c.spared
