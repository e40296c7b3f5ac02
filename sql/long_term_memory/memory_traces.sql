-- One row a memory whose trace the night makes or changes: its strength and stability as of its last event, and its tier.
-- A trace is encoded as strongly as it is likely to be needed (Anderson & Schooler 1991), raised by emotion; each replay or use closes a share of the gap to 1; a reactivation
-- after some forgetting makes the trace more stable than a massed one (spacing, Cepeda et al. 2006).
-- Memory ids are unique over all minds.
WITH touches AS (
    SELECT mind_id, epoch, memory_id, 1 AS replays, NULL::INTEGER AS interleaved, replayed_at AS fired_at, 0 AS uses, 0 AS repeats, false AS deleted, NULL::BIGINT AS revision
    FROM {{ ref('replays') }}
    UNION ALL
    -- An old memory that replay interleaved with new ones; a repetition counts below.
    SELECT h.mind_id, h.epoch, h.source_id, NULL, 1, h.fired_at, 0, 0, false, NULL
    FROM {{ ref('hebbian_updates') }} h
    ANTI JOIN {{ ref('duplicates') }} u
        ON u.epoch = h.epoch AND least(h.source_id, h.target_id) = u.earlier_id AND greatest(h.source_id, h.target_id) = u.memory_id
    WHERE h.kind = 'semantic'
    UNION ALL
    -- Said again: a repetition of the earlier memory, just before the night.
    SELECT mind_id, epoch, earlier_id, NULL, NULL, NULL, 0, 1, false, NULL
    FROM {{ ref('duplicates') }}
    UNION ALL
    SELECT mind_id, epoch, memory_id, NULL, NULL, used_at, (used_at IS NOT NULL)::INTEGER, 0, deleted, revision
    FROM {{ ref('interventions') }}
),

touched AS MATERIALIZED (
    SELECT t.memory_id, d.epoch_end, greatest(count(t.replays), max(t.interleaved)) AS replayed_now,
        greatest(max(t.fired_at), CASE WHEN max(t.repeats) = 1 THEN d.epoch_end - INTERVAL 1 MICROSECOND END) AS fired_at,
        max(t.uses) AS used_now, max(t.repeats) AS repeated_now, bool_or(t.deleted) AS is_deleted, max(t.revision) AS new_revision
    FROM touches t
    JOIN {{ source('cycle', 'due') }} d USING (mind_id, epoch)
    GROUP BY t.memory_id, d.epoch_end
),

before AS MATERIALIZED (
    SELECT
        e.mind_id, e.memory_id, 'new' AS tier, NULL::VARCHAR AS reason, NULL::TIMESTAMP AS settled_at,
        pow(e.salience::DOUBLE, {{ var('encoding_exponent') }})::DECIMAL(9, 6) AS strength,
        {{ encoding_stability('e.salience') }} AS stability,
        e.learned_at AS event_at, e.learned_at, e.epoch, 0 AS nights, NULL::TIMESTAMP AS consolidated_at,
        e.salience, e.surprise, 0 AS replays, 0 AS uses, e.seed, u.earlier_id AS merged_into, e.revision, e.dropped, d.epoch_end
    FROM {{ ref('encodings') }} e
    JOIN {{ source('cycle', 'due') }} d USING (mind_id, epoch)
    LEFT JOIN {{ ref('duplicates') }} u USING (mind_id, epoch, memory_id)
    UNION ALL BY NAME
    SELECT t.*, false AS dropped, d.epoch_end
    FROM {{ source('state', 'memory_traces') }} t
    JOIN {{ source('cycle', 'due') }} d USING (mind_id)
    WHERE t.tier = 'short_term'
    UNION ALL BY NAME
    SELECT t.*, false AS dropped, n.epoch_end
    FROM {{ source('state', 'memory_traces') }} t
    JOIN touched n USING (memory_id)
    WHERE t.tier <> 'short_term'
),

-- A forgotten trace is brought back by use alone, a deleted one by nothing.
retained AS (
    SELECT b.* EXCLUDE (is_deleted, replayed_now, used_now, repeated_now),
        coalesce(is_deleted, false) AS is_deleted,
        CASE WHEN awake THEN coalesce(replayed_now, 0) ELSE 0 END AS replayed_now,
        CASE WHEN awake THEN coalesce(used_now, 0) ELSE 0 END AS used_now,
        CASE WHEN awake THEN coalesce(repeated_now, 0) ELSE 0 END AS repeated_now,
        CASE WHEN awake THEN greatest(b.event_at, coalesce(fired_at, b.event_at)) ELSE b.event_at END AS touched_at,
        {{ retention('b.event_at', 'touched_at', 'b.stability') }} AS retained
    FROM (
        SELECT b.*, t.* EXCLUDE (memory_id, epoch_end),
            NOT (b.tier = 'deleted' OR (b.tier = 'forgotten' AND coalesce(t.used_now, 0) = 0)) AS awake
        FROM before b
        LEFT JOIN touched t USING (memory_id)
    ) b
),

strengthened AS (
    SELECT
        *,
        (1 - (1 - strength * retained)
            * pow(1 - {{ var('replay_gain') }} * (0.5 + salience / 2)::DOUBLE, replayed_now)
            * pow(1 - {{ var('use_gain') }}::DOUBLE, used_now + repeated_now))::DECIMAL(9, 6) AS new_strength,
        least(36500, stability * (1 + {{ var('stability_growth') }} * (1 - retained)))::DECIMAL(12, 6) AS new_stability,
        (new_strength * {{ retention('touched_at', 'epoch_end', 'new_stability') }})::DECIMAL(9, 6) AS strength_tonight
    FROM retained
),

settled AS (
    SELECT
        *,
        CASE
            WHEN is_deleted OR tier = 'deleted' THEN 'deleted'
            WHEN dropped THEN 'forgotten'
            WHEN tier = 'long_term' THEN 'long_term'
            WHEN tier = 'forgotten' AND used_now = 0 THEN 'forgotten'
            WHEN strength_tonight >= {{ var('consolidation_threshold') }} THEN 'long_term'
            WHEN strength_tonight < {{ var('forgetting_floor') }} THEN 'forgotten'
            WHEN tier <> 'forgotten' AND nights + 1 >= {{ var('nights_to_consolidate') }} THEN 'forgotten'
            ELSE 'short_term'
        END AS new_tier
    FROM strengthened
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
    CASE WHEN new_tier = tier THEN settled_at ELSE epoch_end END AS settled_at,
    new_strength AS strength,
    new_stability AS stability,
    touched_at AS event_at,
    learned_at,
    epoch,
    CASE WHEN new_tier <> 'short_term' THEN nights WHEN tier = 'forgotten' THEN 0 ELSE nights + 1 END AS nights,
    CASE WHEN new_tier = 'long_term' THEN coalesce(consolidated_at, epoch_end) END AS consolidated_at,
    salience,
    surprise,
    replays + replayed_now AS replays,
    uses + used_now AS uses,
    seed,
    merged_into,
    coalesce(new_revision, revision) AS revision
FROM settled
