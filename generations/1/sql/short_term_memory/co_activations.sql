-- One row a pair of memories that were active together: in one episode, in one attention window, or used together in recall;
-- with their order, distance and lag (contiguity, Kahana 1996). Each memory meets at most k later ones, the nearest:
-- the cost is n times k, never n squared.
WITH neighbours AS (SELECT unnest(range(1, {{ var('co_activation_neighbours') }} + 1)) AS distance),

in_episode AS (
    SELECT mind_id, epoch, memory_id, episode_id AS company, position
    FROM {{ ref('episode_memories') }}
    JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
),

in_window AS (
    SELECT mind_id, epoch, memory_id, attended_window AS company,
        row_number() OVER (PARTITION BY mind_id, epoch, attended_window ORDER BY created_at, memory_id) AS position
    FROM {{ ref('working_memory') }}
    JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
    WHERE NOT dropped
),

used AS (
    SELECT a.mind_id, d.epoch, a.memory_id, a.recall_id AS company, max(a.happened_at) AS fired_at,
        row_number() OVER (PARTITION BY a.mind_id, a.recall_id ORDER BY min(a.arrival), a.memory_id) AS position
    FROM {{ source('raw', 'activations') }} a
    JOIN {{ source('cycle', 'due') }} d ON d.mind_id = a.mind_id AND (a.happened_at >= d.epoch_start OR a.arrival > d.seen_arrival)
        AND a.happened_at < d.epoch_end AND a.arrival <= d.highest_arrival
    WHERE a.kind = 'used'
    GROUP BY a.mind_id, d.epoch, a.memory_id, a.recall_id
),

pairs AS (
    SELECT a.mind_id, a.epoch, a.memory_id AS earlier_id, b.memory_id AS later_id, distance, 'episodic' AS kind, NULL::TIMESTAMP AS fired_at
    FROM in_episode a CROSS JOIN neighbours
    JOIN in_episode b ON b.mind_id = a.mind_id AND b.epoch = a.epoch AND b.company = a.company AND b.position = a.position + distance
    UNION ALL
    SELECT a.mind_id, a.epoch, a.memory_id, b.memory_id, distance, 'episodic', NULL
    FROM in_window a CROSS JOIN neighbours
    JOIN in_window b ON b.mind_id = a.mind_id AND b.epoch = a.epoch AND b.company = a.company AND b.position = a.position + distance
    UNION ALL
    SELECT a.mind_id, a.epoch, a.memory_id, b.memory_id, distance, 'used', greatest(a.fired_at, b.fired_at)
    FROM used a CROSS JOIN neighbours
    JOIN used b ON b.mind_id = a.mind_id AND b.epoch = a.epoch AND b.company = a.company AND b.position = a.position + distance
),

closest AS (
    SELECT mind_id, epoch, earlier_id, later_id, kind, min(distance)::INTEGER AS distance, max(fired_at) AS used_at
    FROM pairs
    GROUP BY mind_id, epoch, earlier_id, later_id, kind
)

SELECT
    c.mind_id,
    c.epoch,
    c.earlier_id,
    c.later_id,
    c.kind,
    c.distance,
    coalesce(greatest(0, epoch_us(b.created_at) - epoch_us(a.created_at)) / 1000000, 0)::DECIMAL(18, 3) AS lag_seconds,
    coalesce(c.used_at, greatest(a.attended_at, b.attended_at)) AS fired_at,
    -- How active the two were, 0..1; being used is full activity.
    coalesce(a.attention, 1)::DECIMAL(4, 3) AS earlier_activity,
    coalesce(b.attention, 1)::DECIMAL(4, 3) AS later_activity
FROM closest c
LEFT JOIN {{ ref('working_memory') }} a ON a.mind_id = c.mind_id AND a.epoch = c.epoch AND a.memory_id = c.earlier_id AND c.kind <> 'used'
LEFT JOIN {{ ref('working_memory') }} b ON b.mind_id = c.mind_id AND b.epoch = c.epoch AND b.memory_id = c.later_id AND c.kind <> 'used'
ORDER BY c.epoch, c.mind_id, c.earlier_id, c.later_id, c.kind
