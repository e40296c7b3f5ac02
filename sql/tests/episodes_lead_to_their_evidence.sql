-- An episode holds as many memories as it says, the one its gist is taken from among them, and its steps are said by its own.
WITH members AS (
    SELECT mind_id, episode_id, count(*) AS memories FROM {{ ref('long_term_episode_memories') }} GROUP BY mind_id, episode_id
)

SELECT 'episode' AS what, e.mind_id, e.episode_id
FROM {{ ref('long_term_episodes') }} e
LEFT JOIN members m ON m.mind_id = e.mind_id AND m.episode_id = e.episode_id
LEFT JOIN {{ ref('long_term_episode_memories') }} g ON g.episode_id = e.episode_id AND g.memory_id = e.gist_id
WHERE m.memories IS DISTINCT FROM e.memories OR g.memory_id IS NULL
UNION ALL
SELECT 'member', m.mind_id, m.episode_id
FROM members m
ANTI JOIN {{ ref('long_term_episodes') }} e ON e.mind_id = m.mind_id AND e.episode_id = m.episode_id
UNION ALL
SELECT 'step', s.mind_id, s.episode_id
FROM {{ ref('long_term_episode_steps') }} s
ANTI JOIN {{ ref('long_term_episode_memories') }} m ON m.mind_id = s.mind_id AND m.episode_id = s.episode_id AND m.memory_id = s.memory_id
