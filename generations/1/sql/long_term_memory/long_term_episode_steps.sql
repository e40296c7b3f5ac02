-- One row a goal, task or action of a kept episode.
SELECT mind_id, episode_id, memory_id, level, label, goal_id, task_id
FROM {{ ref('episode_steps') }}
JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
