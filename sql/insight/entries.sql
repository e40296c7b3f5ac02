-- One row a memory as insights read it: those of the last 400 days before the clock, at most 5,000 a mind, the newest first kept.
SELECT
    l.mind_id,
    l.memory_id,
    l.local_at,
    l.speaker,
    l.content,
    l.people
FROM {{ ref('live_memories') }} l
WHERE l.created_at <= {{ as_of }} AND l.created_at > {{ as_of }} - INTERVAL 400 DAY
QUALIFY row_number() OVER (PARTITION BY l.mind_id ORDER BY l.created_at DESC, l.memory_id DESC) <= 5000
ORDER BY l.mind_id, l.local_at, l.memory_id
