-- One row a memory in a kept episode.
SELECT mind_id, episode_id, memory_id, position
FROM {{ ref('episode_memories') }}
JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
