-- One row a memory that something other than its own arrival touched in the epoch: used in recall (at most once counts,
-- Roediger & Karpicke 2006), deleted, or edited. What was told only after the last night belongs to the open epoch.
WITH events AS (
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
    SELECT x.mind_id, d.epoch, x.memory_id, NULL, false, x.arrival
    FROM {{ source('raw', 'edits') }} x
    JOIN {{ source('cycle', 'due') }} d ON d.mind_id = x.mind_id AND (x.happened_at >= d.epoch_start OR x.arrival > d.seen_arrival)
        AND x.happened_at < d.epoch_end AND x.arrival <= d.highest_arrival
)

SELECT mind_id, epoch, memory_id, max(used_at) AS used_at, bool_or(deleted) AS deleted, max(revision) AS revision
FROM events
GROUP BY mind_id, epoch, memory_id
ORDER BY epoch, mind_id, memory_id
