-- One row a goal, task or action said in an episode, with the goal and task it serves: the nearest stated before it in the
-- episode (plans as goal hierarchies, Miller, Galanter & Pribram 1960). Only what a memory says; nothing is made up.
WITH said AS (
    SELECT m.mind_id, m.epoch, m.episode_id, m.memory_id, m.position, f.goal, f.task, f.actions
    FROM {{ ref('episode_memories') }} m
    JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
    JOIN {{ ref('epoch_memories') }} e USING (mind_id, epoch, memory_id)
    JOIN {{ source('enrichment', 'features') }} f ON f.memory_id = m.memory_id AND f.revision = e.revision
),

steps AS (
    SELECT mind_id, epoch, episode_id, memory_id, position, 0 AS depth, 'goal' AS level, goal AS label FROM said WHERE goal IS NOT NULL
    UNION ALL
    SELECT mind_id, epoch, episode_id, memory_id, position, 1, 'task', task FROM said WHERE task IS NOT NULL
    UNION ALL
    SELECT mind_id, epoch, episode_id, memory_id, position, 2, 'action', trim(concat_ws(' ', action.verb, action.object))
    FROM (SELECT * EXCLUDE (actions), unnest(actions) AS action FROM said)
)

SELECT
    mind_id,
    epoch,
    episode_id,
    memory_id,
    level,
    label,
    CASE WHEN depth > 0 THEN
        last_value(CASE WHEN depth = 0 THEN memory_id END IGNORE NULLS) OVER sequence
    END AS goal_id,
    CASE WHEN depth > 1 THEN
        last_value(CASE WHEN depth = 1 THEN memory_id END IGNORE NULLS) OVER sequence
    END AS task_id
FROM steps
WHERE label <> ''
WINDOW sequence AS (PARTITION BY mind_id, epoch, episode_id ORDER BY position, depth, label, memory_id ROWS UNBOUNDED PRECEDING)
ORDER BY epoch, mind_id, episode_id, memory_id, level, label
