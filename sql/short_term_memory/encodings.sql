-- One row a memory as it is encoded: everything consolidation needs to know of it, gathered once.
SELECT
    e.mind_id,
    e.epoch,
    e.memory_id,
    e.seed,
    e.created_at,
    e.learned_at,
    e.late,
    e.revision,
    w.attention,
    w.salience,
    -- New words surprise where they say something: a cheer in new words is no news.
    (coalesce(s.surprise, 0.5) * least(1, 0.2 + 2 * e.importance))::DECIMAL(4, 3) AS surprise,
    w.dropped
FROM {{ ref('epoch_memories') }} e
JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
JOIN {{ ref('working_memory') }} w USING (mind_id, epoch, memory_id)
LEFT JOIN {{ ref('surprise') }} s USING (mind_id, epoch, memory_id)
ORDER BY e.epoch, e.mind_id, e.memory_id
