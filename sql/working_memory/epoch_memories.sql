-- One row a memory of an epoch being lived through: the only model that reads the raw memories.
-- A late memory (older than the mind's last night, but arrived after it) belongs to the open epoch and counts from its start.
WITH horizon AS (
    SELECT
        mind_id,
        min(epoch) AS first_epoch,
        min(epoch_start) AS epoch_start,
        max(epoch_end) AS epoch_end,
        min(seen_arrival) AS seen_arrival,
        max(highest_arrival) AS highest_arrival
    FROM {{ source('cycle', 'due') }}
    GROUP BY mind_id
),

on_time AS (
    SELECT m.*, d.epoch, m.created_at AS learned_at, false AS late, d.epoch_end, d.highest_arrival
    FROM {{ source('raw', 'memories') }} m
    ASOF JOIN {{ source('cycle', 'due') }} d ON m.mind_id = d.mind_id AND m.created_at >= d.epoch_start
    WHERE m.created_at >= {{ epoch_start }}
      AND m.created_at < {{ epoch_end }}
      AND m.created_at < d.epoch_end
      AND m.memory_id <= d.highest_arrival
),

late_arrivals AS (
    SELECT m.memory_id
    FROM {{ source('raw', 'memories') }} m
    JOIN horizon h USING (mind_id)
    WHERE m.memory_id > {{ seen_arrival }}
      AND m.memory_id > h.seen_arrival
      AND m.memory_id <= h.highest_arrival
      AND m.created_at < h.epoch_start
    UNION ALL
    SELECT l.memory_id
    FROM {{ source('codex', 'late_memories') }} l
    JOIN horizon h USING (mind_id)
),

late_queue AS (
    SELECT
        m.*,
        h.first_epoch
        + (row_number() OVER (PARTITION BY m.mind_id ORDER BY m.created_at, m.memory_id) - 1) // {{ var('late_per_night') }} AS epoch
    FROM {{ source('raw', 'memories') }} m
    JOIN late_arrivals USING (memory_id)
    JOIN horizon h USING (mind_id)
),

late AS (
    SELECT q.* EXCLUDE (epoch), d.epoch, d.epoch_start AS learned_at, true AS late, d.epoch_end, d.highest_arrival
    FROM late_queue q
    JOIN {{ source('cycle', 'due') }} d ON d.mind_id = q.mind_id AND d.epoch = q.epoch
),

arrived AS (
    SELECT * FROM on_time
    UNION ALL BY NAME
    SELECT * FROM late
),

deleted AS (
    SELECT DISTINCT a.memory_id
    FROM arrived a
    JOIN {{ source('raw', 'deletions') }} x USING (memory_id)
    WHERE x.happened_at < a.epoch_end AND x.arrival <= a.highest_arrival
),

-- What is said of the latest content: by rules, or by a model whose answer had arrived.
described AS (
    SELECT f.*, coalesce(f.describes, f.revision) AS content_revision
    FROM {{ source('enrichment', 'features') }} f
    JOIN arrived a USING (memory_id)
    LEFT JOIN {{ source('raw', 'edits') }} e ON e.arrival = coalesce(f.describes, f.revision)
    WHERE f.revision <= a.highest_arrival
      AND (coalesce(f.describes, f.revision) = f.memory_id OR (e.happened_at < a.epoch_end AND e.arrival <= a.highest_arrival))
    QUALIFY row_number() OVER (PARTITION BY f.memory_id ORDER BY coalesce(f.describes, f.revision) DESC, f.revision DESC) = 1
),

turns AS (
    SELECT a.memory_id, f.act, a.speaker,
        lag(f.act) OVER session AS act_before,
        lag(a.speaker) OVER session AS speaker_before
    FROM arrived a
    LEFT JOIN described f USING (memory_id)
    ANTI JOIN deleted USING (memory_id)
    WINDOW session AS (PARTITION BY a.mind_id, a.epoch, a.session ORDER BY a.created_at, a.memory_id)
),

-- Answers leave out what was asked and say what is wanted.
answers AS (
    SELECT memory_id
    FROM turns
    WHERE act_before = 'question' AND act IS DISTINCT FROM 'question' AND speaker_before IS DISTINCT FROM speaker
)

SELECT
    a.mind_id,
    a.epoch,
    a.memory_id,
    row_number() OVER (PARTITION BY a.mind_id, a.epoch ORDER BY a.created_at, a.memory_id)::INTEGER AS position,
    a.created_at,
    a.learned_at,
    a.late,
    coalesce(a.session, '') AS session,
    a.speaker,
    {{ hash_64("concat_ws('/', a.source, a.key)") }} AS seed,
    coalesce(f.revision, a.memory_id) AS revision,
    coalesce(f.content_revision, a.memory_id) AS content_revision,
    coalesce(f.local_at, a.created_at) AS local_at,
    {{ need('f.importance', 'w.memory_id IS NOT NULL') }} AS importance,
    coalesce(f.urgency, 0)::DECIMAL(4, 3) AS urgency,
    coalesce(f.valence, 0)::DECIMAL(4, 3) AS valence,
    coalesce(f.arousal, 0)::DECIMAL(4, 3) AS arousal,
    ((abs(coalesce(f.valence, 0)) + coalesce(f.arousal, 0)) / 2)::DECIMAL(4, 3) AS emotional_salience,
    a.epoch_end
FROM arrived a
LEFT JOIN described f USING (memory_id)
LEFT JOIN answers w USING (memory_id)
ANTI JOIN deleted USING (memory_id)
ORDER BY a.epoch, a.mind_id, a.created_at, a.memory_id
