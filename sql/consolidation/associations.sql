-- One row a directed association the night changes: pairs that fired together grow, pairs of which only the source fired
-- shrink once (long-term depression, Bear & Malenka 1994). Weight is as of event_at; between events it decays by the retention law.
WITH fired AS (
    SELECT u.*
    FROM {{ ref('hebbian_updates') }} u
    JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
),

active AS (
    SELECT mind_id, source_id, max(fired_at) AS fired_at FROM fired GROUP BY mind_id, source_id
),

known AS (
    SELECT a.*
    FROM {{ source('state', 'associations') }} a
    JOIN active USING (mind_id, source_id)
),

strengthened AS (
    SELECT
        f.mind_id,
        f.source_id,
        f.target_id,
        coalesce(k.kind, f.kind) AS kind,
        coalesce(k.weight * {{ retention('k.event_at', 'f.fired_at', var('association_stability')) }}, 0)::DECIMAL(9, 6) AS previous_weight,
        f.log_complement,
        f.fired_at AS event_at,
        coalesce(k.born_at, f.fired_at) AS born_at,
        coalesce(k.co_activations, 0) + f.co_activations AS co_activations
    FROM fired f
    LEFT JOIN known k USING (mind_id, source_id, target_id)
),

depressed AS (
    SELECT k.*, a.fired_at,
        (k.weight * {{ retention('k.event_at', 'a.fired_at', var('association_stability')) }})::DECIMAL(9, 6) AS faded
    FROM known k
    JOIN active a USING (mind_id, source_id)
    ANTI JOIN fired f USING (mind_id, source_id, target_id)
)

SELECT
    mind_id, source_id, target_id, kind,
    (1 - (1 - previous_weight) * exp(log_complement))::DECIMAL(9, 6) AS weight,
    previous_weight,
    event_at, born_at, co_activations,
    false AS provisional
FROM strengthened
WHERE co_activations > 0
  AND (1 - (1 - previous_weight) * exp(log_complement)) >= {{ var('weak_connection_threshold') }}
UNION ALL
SELECT
    mind_id, source_id, target_id, kind,
    (faded * (1 - {{ var('hebbian_depression') }}))::DECIMAL(9, 6) AS weight,
    faded AS previous_weight,
    greatest(event_at, fired_at) AS event_at, born_at, co_activations,
    provisional
FROM depressed
