-- One row a memory that is in mind at the clock: attended in the window that ends there, and not displaced since by newer ones
-- (displacement from a full store, Atkinson & Shiffrin 1968; 7±2, Miller 1956). Reads the open epoch's cache, never history.
WITH attended AS (
    SELECT w.mind_id, w.memory_id, w.created_at, w.attended_at, w.attention, w.novelty, w.salience, w.capacity, c.as_of
    FROM {{ ref('working_memory') }} w
    JOIN {{ source('codex', 'progress') }} p ON p.mind_id = w.mind_id AND p.epoch = w.epoch
    CROSS JOIN {{ ref('clock') }} c
    ANTI JOIN {{ source('raw', 'deletions') }} d ON d.memory_id = w.memory_id
    WHERE w.attended_at <= c.as_of
      AND w.attended_at > c.as_of - to_seconds({{ var('short_term_memory_duration') }})
      AND NOT w.dropped
),

held AS (
    SELECT *,
        row_number() OVER newest_first AS place,
        first_value(capacity) OVER newest_first AS room
    FROM attended
    WINDOW newest_first AS (PARTITION BY mind_id ORDER BY attended_at DESC, attention DESC, memory_id)
)

SELECT
    h.mind_id,
    h.memory_id,
    h.place::INTEGER AS place,
    m.content,
    m.speaker,
    h.created_at,
    h.attended_at,
    h.attention,
    h.novelty,
    h.salience,
    h.room AS capacity,
    h.as_of
FROM held h
JOIN {{ source('raw', 'memories') }} m ON m.memory_id = h.memory_id
WHERE h.place <= h.room
ORDER BY h.mind_id, h.place, h.memory_id
