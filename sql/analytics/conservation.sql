-- One row a mind: its memories, how many are in each state, and whether every one is accounted for (DESIGN.md, invariant 3).
-- Balanced: the states sum to the raw memories, no night passed a memory over, and no trace was lost or doubled.
WITH counted AS (
    SELECT
        n.mind_id,
        n.name AS mind,
        count(s.memory_id) AS states,
        count(*) FILTER (s.state = 'erased') AS erased,
        count(*) FILTER (s.state = 'deleted') AS deleted,
        count(*) FILTER (s.state = 'forgotten') AS forgotten,
        count(*) FILTER (s.state = 'long_term') AS long_term,
        count(*) FILTER (s.state = 'short_term') AS short_term,
        count(*) FILTER (s.state = 'working') AS working,
        count(*) FILTER (s.state = 'pending') AS pending
    FROM {{ source('raw', 'minds') }} n
    LEFT JOIN {{ ref('memory_states') }} s ON s.mind_id = n.mind_id
    GROUP BY n.mind_id, n.name
),

-- Older than a night that had seen it arrive, and yet without a trace or a place in the queue of late ones.
passed_over AS (
    SELECT m.mind_id, count(*) AS passed_over
    FROM {{ source('raw', 'memories') }} m
    JOIN {{ source('codex', 'progress') }} p ON p.mind_id = m.mind_id AND m.created_at < p.epoch_start AND m.memory_id <= p.seen_arrival
    ANTI JOIN {{ ref('memory_traces') }} t ON t.memory_id = m.memory_id
    ANTI JOIN {{ source('raw', 'deletions') }} d ON d.memory_id = m.memory_id
    ANTI JOIN {{ source('codex', 'late_memories') }} l ON l.memory_id = m.memory_id
    GROUP BY m.mind_id
),

raw_memories AS (
    SELECT mind_id, count(*) AS memories FROM {{ source('raw', 'memories') }} GROUP BY mind_id
),

traces AS (
    SELECT mind_id, count(*) AS traces FROM {{ ref('memory_traces') }} GROUP BY mind_id
)

SELECT
    c.mind_id,
    c.mind,
    coalesce(r.memories, 0) AS memories,
    c.* EXCLUDE (mind_id, mind, states),
    coalesce(t.traces, 0) AS traces,
    coalesce(s.memories, 0) AS learned,
    coalesce(p.passed_over, 0) AS passed_over,
    coalesce(r.memories, 0) = c.states
        AND c.states = c.erased + c.deleted + c.forgotten + c.long_term + c.short_term + c.working + c.pending
        AND coalesce(p.passed_over, 0) = 0
        AND coalesce(t.traces, 0) = coalesce(s.memories, 0) AS balanced
FROM counted c
LEFT JOIN raw_memories r ON r.mind_id = c.mind_id
LEFT JOIN passed_over p ON p.mind_id = c.mind_id
LEFT JOIN traces t ON t.mind_id = c.mind_id
LEFT JOIN {{ ref('minds') }} s ON s.mind_id = c.mind_id
