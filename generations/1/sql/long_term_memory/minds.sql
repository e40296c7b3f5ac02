-- One row a mind that slept tonight: its nights and learned memories so far.
SELECT d.mind_id, (coalesce(max(m.nights), 0) + 1)::INTEGER AS nights,
    (coalesce(max(m.memories), 0) + count(e.memory_id))::INTEGER AS memories
FROM {{ source('cycle', 'due') }} d
LEFT JOIN {{ ref('epoch_memories') }} e USING (mind_id, epoch)
LEFT JOIN {{ source('state', 'minds') }} m ON m.mind_id = d.mind_id
GROUP BY d.mind_id
