-- One row a learned memory with its strength at the clock: what the last event left of it, decayed since by the retention law
-- (Wixted & Ebbesen 1991). Nothing is written by looking.
SELECT
    t.mind_id,
    t.memory_id,
    t.tier,
    t.strength,
    (t.strength * {{ retention('t.event_at', 'c.as_of', 't.stability') }})::DECIMAL(9, 6) AS strength_now,
    t.stability,
    t.event_at,
    c.as_of
FROM {{ ref('memory_traces') }} t
CROSS JOIN {{ ref('clock') }} c
