-- Every learned memory, and so every long-term one, is in exactly one kept episode.
SELECT t.mind_id, t.memory_id, t.tier, count(e.memory_id) AS episodes
FROM {{ ref('memory_traces') }} t
LEFT JOIN {{ ref('long_term_episode_memories') }} e ON e.memory_id = t.memory_id
GROUP BY t.mind_id, t.memory_id, t.tier
HAVING count(e.memory_id) <> 1
