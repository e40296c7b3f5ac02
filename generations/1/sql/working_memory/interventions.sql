-- One row a memory that something other than its own arrival touched in the epoch: used in recall (at most once counts,
-- Roediger & Karpicke 2006), deleted, edited, or described by a model after it had been learned. What was told only after the last
-- night belongs to the open epoch; an answer has no other time than its arrival, so the first night after it takes it up.
WITH late_answers AS MATERIALIZED (
    SELECT f.mind_id, d.epoch, f.memory_id, f.revision, f.describes, d.highest_arrival
    FROM {{ source('enrichment', 'features') }} f
    JOIN {{ source('cycle', 'due') }} d ON d.mind_id = f.mind_id AND f.revision > d.seen_arrival AND f.revision <= d.highest_arrival
    JOIN {{ source('raw', 'memories') }} m ON m.memory_id = f.memory_id AND m.memory_id <= d.seen_arrival AND m.created_at < d.epoch_start
    WHERE f.revision > {{ seen_arrival }} AND f.describes IS NOT NULL
      AND f.memory_id NOT IN (SELECT memory_id FROM {{ source('codex', 'late_memories') }})
),

events AS (
    SELECT a.mind_id, d.epoch, a.memory_id, a.happened_at AS used_at, false AS deleted, NULL::BIGINT AS revision
    FROM {{ source('raw', 'activations') }} a
    JOIN {{ source('cycle', 'due') }} d ON d.mind_id = a.mind_id AND (a.happened_at >= d.epoch_start OR a.arrival > d.seen_arrival)
        AND a.happened_at < d.epoch_end AND a.arrival <= d.highest_arrival
    WHERE a.kind = 'used'
    UNION ALL
    SELECT x.mind_id, d.epoch, x.memory_id, NULL, true, NULL
    FROM {{ source('raw', 'deletions') }} x
    JOIN {{ source('cycle', 'due') }} d ON d.mind_id = x.mind_id AND (x.happened_at >= d.epoch_start OR x.arrival > d.seen_arrival)
        AND x.happened_at < d.epoch_end AND x.arrival <= d.highest_arrival
    UNION ALL
    -- The latest words as rules read them, or as a model's answer does that had arrived. What has not happened yet is learned with them.
    SELECT x.mind_id, d.epoch, x.memory_id, NULL, false, max({edit: x.arrival, revision: coalesce(f.revision, x.arrival)}).revision
    FROM {{ source('raw', 'edits') }} x
    JOIN {{ source('cycle', 'due') }} d ON d.mind_id = x.mind_id AND (x.happened_at >= d.epoch_start OR x.arrival > d.seen_arrival)
        AND x.happened_at < d.epoch_end AND x.arrival <= d.highest_arrival
    JOIN {{ source('raw', 'memories') }} m ON m.memory_id = x.memory_id AND m.created_at < d.epoch_end
    LEFT JOIN {{ source('enrichment', 'features') }} f ON f.memory_id = x.memory_id AND f.describes = x.arrival AND f.revision <= d.highest_arrival
    GROUP BY x.mind_id, d.epoch, x.memory_id
    UNION ALL
    SELECT a.mind_id, a.epoch, a.memory_id, NULL, false, a.revision
    FROM late_answers a
    -- Words that an edit has replaced are no longer described.
    LEFT JOIN {{ source('raw', 'edits') }} e ON e.memory_id = a.memory_id AND e.arrival > a.describes AND e.arrival <= a.highest_arrival
    LEFT JOIN {{ source('raw', 'deletions') }} x ON x.memory_id = a.memory_id AND x.arrival <= a.highest_arrival
    WHERE e.memory_id IS NULL AND x.memory_id IS NULL
)

SELECT mind_id, epoch, memory_id, max(used_at) AS used_at, bool_or(deleted) AS deleted, max(revision) AS revision
FROM events
GROUP BY mind_id, epoch, memory_id
ORDER BY epoch, mind_id, memory_id
