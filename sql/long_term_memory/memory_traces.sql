-- One row a memory whose trace the night makes or changes: its strength and stability as of its last event, and its tier.
-- Encoding depends on attention (Craik & Lockhart 1972); each replay or use closes a share of the gap to 1; a reactivation
-- after some forgetting makes the trace more stable than a massed one (spacing, Cepeda et al. 2006).
WITH reactivations AS (
    SELECT mind_id, memory_id, count(*)::INTEGER AS replays, max(replayed_at) AS at, 0 AS uses, 0 AS repeats
    FROM {{ ref('replays') }}
    JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
    GROUP BY mind_id, memory_id
    UNION ALL
    -- Used in recall: at most once a memory and epoch (testing effect, Roediger & Karpicke 2006).
    SELECT a.mind_id, a.memory_id, 0, max(a.at), 1, 0
    FROM {{ source('raw', 'activations') }} a
    JOIN {{ source('cycle', 'due') }} d ON d.mind_id = a.mind_id AND a.at >= d.epoch_start AND a.at < d.epoch_end AND a.arrival <= d.highest_arrival
    WHERE a.kind = 'used' AND a.at >= {{ epoch_start }}
    GROUP BY a.mind_id, a.memory_id
    UNION ALL
    -- Said again: a repetition of the earlier memory.
    SELECT u.mind_id, u.earlier_id, 0, max(e.learned_at), 0, 1
    FROM {{ ref('duplicates') }} u
    JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
    JOIN {{ ref('epoch_memories') }} e USING (mind_id, epoch, memory_id)
    GROUP BY u.mind_id, u.earlier_id
    UNION ALL
    -- An old memory that replay interleaved with new ones.
    SELECT h.mind_id, h.source_id, 1, max(h.fired_at), 0, 0
    FROM {{ ref('hebbian_updates') }} h
    JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
    ANTI JOIN {{ ref('replays') }} r ON r.mind_id = h.mind_id AND r.epoch = h.epoch AND r.memory_id = h.source_id
    WHERE h.kind = 'semantic'
    GROUP BY h.mind_id, h.source_id
),

reactivated AS (
    SELECT mind_id, memory_id, sum(replays::INTEGER)::INTEGER AS replays, max(at) AS at,
        max(uses) AS uses, max(repeats) AS repeats
    FROM reactivations
    GROUP BY mind_id, memory_id
),

deleted AS (
    SELECT x.mind_id, x.memory_id
    FROM {{ source('raw', 'deletions') }} x
    JOIN {{ source('cycle', 'due') }} d ON d.mind_id = x.mind_id AND x.at < d.epoch_end AND x.arrival <= d.highest_arrival
    GROUP BY x.mind_id, x.memory_id
),

revised AS (
    SELECT x.mind_id, x.memory_id, max(x.arrival) AS revision
    FROM {{ source('raw', 'edits') }} x
    JOIN {{ source('cycle', 'due') }} d ON d.mind_id = x.mind_id AND x.at < d.epoch_end AND x.arrival <= d.highest_arrival
    GROUP BY x.mind_id, x.memory_id
),

fresh AS (
    SELECT
        e.mind_id,
        e.memory_id,
        'new' AS tier,
        NULL::VARCHAR AS reason,
        NULL::TIMESTAMP AS settled_at,
        least(1, {{ var('encoding_base') }} + {{ var('encoding_gain') }} * w.attention)::DECIMAL(9, 6) AS strength,
        {{ var('initial_stability') }}::DECIMAL(12, 6) AS stability,
        e.learned_at AS event_at,
        e.learned_at,
        e.epoch,
        0 AS nights,
        NULL::TIMESTAMP AS consolidated_at,
        w.salience,
        coalesce(s.surprise, 0.5)::DECIMAL(4, 3) AS surprise,
        0 AS replays,
        0 AS uses,
        u.earlier_id AS merged_into,
        e.revision,
        w.dropped
    FROM {{ ref('epoch_memories') }} e
    JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
    JOIN {{ ref('working_memory') }} w USING (mind_id, epoch, memory_id)
    LEFT JOIN {{ ref('surprise') }} s USING (mind_id, epoch, memory_id)
    LEFT JOIN {{ ref('duplicates') }} u USING (mind_id, epoch, memory_id)
),

known AS (
    SELECT t.*, false AS dropped
    FROM {{ source('state', 'memory_traces') }} t
    JOIN {{ source('cycle', 'due') }} d USING (mind_id)
    WHERE t.tier = 'short_term'
       OR t.memory_id IN (SELECT memory_id FROM reactivated)
       OR (t.tier <> 'deleted' AND t.memory_id IN (SELECT memory_id FROM deleted))
       OR t.memory_id IN (SELECT memory_id FROM revised)
),

before AS (
    SELECT * FROM fresh
    UNION ALL BY NAME
    SELECT * FROM known
),

-- A forgotten or deleted trace is brought back by use alone.
touched AS (
    SELECT
        b.*,
        coalesce(r.uses, 0) AS used_now,
        CASE WHEN b.tier IN ('forgotten', 'deleted') AND coalesce(r.uses, 0) = 0 THEN 0 ELSE coalesce(r.replays, 0) END AS replayed_now,
        CASE WHEN b.tier IN ('forgotten', 'deleted') AND coalesce(r.uses, 0) = 0 THEN 0 ELSE coalesce(r.repeats, 0) END AS repeated_now,
        CASE WHEN b.tier IN ('forgotten', 'deleted') AND coalesce(r.uses, 0) = 0 THEN b.event_at
            ELSE greatest(b.event_at, coalesce(r.at, b.event_at)) END AS touched_at,
        coalesce(v.revision, b.revision) AS current_revision,
        x.memory_id IS NOT NULL AS is_deleted
    FROM before b
    LEFT JOIN reactivated r USING (mind_id, memory_id)
    LEFT JOIN revised v USING (mind_id, memory_id)
    LEFT JOIN deleted x USING (mind_id, memory_id)
),

retained AS (
    SELECT *, {{ retention('event_at', 'touched_at', 'stability') }} AS retained_until
    FROM touched
),

strengthened AS (
    SELECT
        *,
        (1 - (1 - strength * retained_until)
            * pow(1 - {{ var('replay_gain') }} * (0.5 + salience / 2)::DOUBLE, replayed_now)
            * pow(1 - {{ var('use_gain') }}::DOUBLE, used_now + repeated_now))::DECIMAL(9, 6) AS new_strength,
        (stability * (1 + {{ var('stability_growth') }} * (1 - retained_until)))::DECIMAL(12, 6) AS new_stability
    FROM retained
),

judged AS (
    SELECT
        *,
        (new_strength * {{ retention('touched_at', as_of, 'new_stability') }})::DECIMAL(9, 6) AS strength_tonight
    FROM strengthened
),

settled AS (
    SELECT
        *,
        CASE
            WHEN is_deleted THEN 'deleted'
            WHEN dropped THEN 'forgotten'
            WHEN tier = 'long_term' THEN 'long_term'
            WHEN tier = 'forgotten' AND used_now = 0 THEN 'forgotten'
            WHEN strength_tonight >= {{ var('consolidation_threshold') }} THEN 'long_term'
            WHEN strength_tonight < {{ var('forgetting_floor') }} THEN 'forgotten'
            WHEN tier <> 'forgotten' AND nights + 1 >= {{ var('nights_to_consolidate') }} THEN 'forgotten'
            ELSE 'short_term'
        END AS new_tier
    FROM judged
)

SELECT
    mind_id,
    memory_id,
    new_tier AS tier,
    CASE
        WHEN new_tier = 'deleted' THEN 'deleted'
        WHEN new_tier <> 'forgotten' THEN NULL
        WHEN tier = 'forgotten' THEN reason
        WHEN dropped THEN 'unattended'
        WHEN strength_tonight < {{ var('forgetting_floor') }} THEN 'too weak'
        ELSE 'not consolidated in time'
    END AS reason,
    CASE WHEN new_tier = tier THEN settled_at ELSE {{ as_of }} END AS settled_at,
    new_strength AS strength,
    new_stability AS stability,
    touched_at AS event_at,
    learned_at,
    epoch,
    CASE WHEN tier = 'forgotten' AND new_tier = 'short_term' THEN 0 WHEN new_tier = 'short_term' THEN nights + 1 ELSE nights END AS nights,
    CASE WHEN new_tier = 'long_term' THEN coalesce(consolidated_at, {{ as_of }}) END AS consolidated_at,
    salience,
    surprise,
    replays + replayed_now AS replays,
    uses + used_now AS uses,
    merged_into,
    current_revision AS revision
FROM settled
