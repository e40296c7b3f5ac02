-- One row a raw memory and the one state it is in: deleted, then what the last night made of it, then how far the open epoch
-- has got with it, else pending. The tiers are the stages of Atkinson & Shiffrin (1968). Ids are unique in the store, so joins
-- need no mind; nothing is erased yet, so that state stays empty.
WITH tombstones AS (
    SELECT memory_id, reason
    FROM {{ source('raw', 'deletions') }}
    QUALIFY row_number() OVER (PARTITION BY memory_id ORDER BY arrival) = 1
),

in_episodes AS (
    SELECT c.memory_id
    FROM {{ ref('episode_memories') }} c
    JOIN {{ source('codex', 'progress') }} p ON p.mind_id = c.mind_id AND p.epoch = c.epoch
),

attended AS (
    SELECT c.memory_id
    FROM {{ ref('working_memory') }} c
    JOIN {{ source('codex', 'progress') }} p ON p.mind_id = c.mind_id AND p.epoch = c.epoch
    CROSS JOIN {{ ref('clock') }}
    WHERE c.attended_at <= as_of AND NOT c.dropped
),

waiting AS (
    SELECT DISTINCT memory_id FROM {{ source('codex', 'late_memories') }}
)

SELECT
    m.mind_id,
    m.memory_id,
    CASE
        WHEN d.memory_id IS NOT NULL THEN 'deleted'
        WHEN t.tier IS NOT NULL THEN t.tier
        WHEN e.memory_id IS NOT NULL THEN 'short_term'
        WHEN a.memory_id IS NOT NULL THEN 'working'
        ELSE 'pending'
    END AS state,
    CASE
        WHEN d.memory_id IS NOT NULL THEN d.reason
        WHEN t.tier IS NOT NULL THEN t.reason
        WHEN w.memory_id IS NOT NULL AND e.memory_id IS NULL AND a.memory_id IS NULL THEN 'late: waits for a later night'
    END AS reason
FROM {{ source('raw', 'memories') }} m
LEFT JOIN {{ ref('memory_traces') }} t ON t.memory_id = m.memory_id
LEFT JOIN tombstones d ON d.memory_id = m.memory_id
LEFT JOIN in_episodes e ON e.memory_id = m.memory_id
LEFT JOIN attended a ON a.memory_id = m.memory_id
LEFT JOIN waiting w ON w.memory_id = m.memory_id
