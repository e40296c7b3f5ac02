-- One row an association the night changes or lets go: pairs that fired together grow, pairs of which only the source fired shrink
-- once (long-term depression, Bear & Malenka 1994), and what is too weak by then or has lost an end is let go, with the reason
-- (synaptic down-selection, Tononi & Cirelli 2014). A night looks at what it touched, and once; homeostasis looks at everything.
-- Weight is as of event_at; between events it decays by the retention law. Memory ids are unique over all minds.
WITH fired AS (
    SELECT u.mind_id, u.epoch, u.source_id, u.target_id, u.kind, u.co_activations, u.log_complement, u.fired_at
    FROM {{ ref('hebbian_updates') }} u
    JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
),

gone AS (
    SELECT mind_id, epoch, memory_id, tier
    FROM {{ ref('changed_memories') }}
    JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
    WHERE tier IN ('forgotten', 'deleted')
),

sources AS MATERIALIZED (
    SELECT mind_id, epoch, memory_id, max(fired_at) AS fired_at
    FROM (
        SELECT mind_id, epoch, source_id AS memory_id, fired_at FROM fired
        UNION ALL
        SELECT mind_id, epoch, memory_id, NULL FROM gone
    )
    GROUP BY mind_id, epoch, memory_id
),

known AS MATERIALIZED (
    SELECT a.* EXCLUDE (mind_id, previous_weight), s.mind_id, s.epoch, s.fired_at AS source_fired_at
    FROM {{ source('state', 'associations') }} a
    JOIN sources s ON s.memory_id = a.source_id
    UNION ALL
    SELECT a.* EXCLUDE (mind_id, previous_weight), g.mind_id, g.epoch, NULL
    FROM {{ source('state', 'associations') }} a
    JOIN gone g ON g.memory_id = a.target_id
    ANTI JOIN sources s ON s.memory_id = a.source_id
),

faded AS (
    SELECT
        coalesce(k.mind_id, f.mind_id) AS mind_id,
        coalesce(k.epoch, f.epoch) AS epoch,
        source_id, target_id,
        coalesce(k.kind, f.kind) AS kind,
        coalesce((k.weight * {{ retention('k.event_at', 'coalesce(f.fired_at, k.source_fired_at)', var('association_stability')) }})::DECIMAL(9, 6), 0::DECIMAL(9, 6)) AS faded,
        k.weight, k.event_at, k.born_at, k.co_activations, k.provisional, k.source_fired_at,
        f.log_complement, f.fired_at, f.co_activations AS more_co_activations
    FROM known k
    FULL JOIN fired f USING (source_id, target_id)
),

-- What fired too little to be an association stays as it was, if it was one.
changed AS (
    SELECT mind_id, epoch, source_id, target_id, kind,
        CASE how
            WHEN 'grows' THEN (1 - (1 - faded) * exp(log_complement))::DECIMAL(9, 6)
            WHEN 'shrinks' THEN (faded * (1 - {{ var('hebbian_depression') }}))::DECIMAL(9, 6)
            ELSE weight
        END AS weight,
        faded AS previous_weight,
        CASE how WHEN 'grows' THEN fired_at WHEN 'shrinks' THEN greatest(event_at, source_fired_at) ELSE event_at END AS event_at,
        CASE WHEN how = 'grows' THEN coalesce(born_at, fired_at) ELSE born_at END AS born_at,
        CASE WHEN how = 'grows' THEN coalesce(co_activations, 0) + more_co_activations ELSE co_activations END AS co_activations,
        CASE WHEN how = 'grows' THEN false ELSE provisional END AS provisional,
        how
    FROM (
        SELECT *,
            CASE
                WHEN fired_at IS NULL THEN CASE WHEN source_fired_at IS NULL THEN 'stays' ELSE 'shrinks' END
                WHEN coalesce(co_activations, 0) + more_co_activations > 0
                    AND 1 - (1 - faded) * exp(log_complement) >= {{ var('weak_connection_threshold') }} THEN 'grows'
                WHEN weight IS NOT NULL THEN 'stays'
            END AS how
        FROM faded
    )
    WHERE how IS NOT NULL
),

-- An end that is gone explains more than weakness, and "deleted" comes before "forgotten".
judged AS (
    SELECT c.*,
        CASE
            WHEN coalesce(s.tier, t.tier) IS NOT NULL THEN 'memory ' || least(s.tier, t.tier)
            WHEN c.weight * {{ retention('c.event_at', 'd.epoch_end', var('association_stability')) }} < {{ var('weak_connection_threshold') }} THEN 'weak'
        END AS reason
    FROM changed c
    JOIN {{ source('cycle', 'due') }} d USING (mind_id, epoch)
    LEFT JOIN gone s ON s.memory_id = c.source_id
    LEFT JOIN gone t ON t.memory_id = c.target_id
)

SELECT mind_id, epoch, source_id, target_id, kind, weight, previous_weight, event_at, born_at, co_activations, provisional, reason
FROM judged
WHERE how <> 'stays' OR reason IS NOT NULL
