-- One row an episode of the epoch that ends tonight, kept for good: the autobiographical frame memories are recalled in (Conway 2001).
SELECT mind_id, episode_id, epoch, started_at, ended_at, session, boundary, memories, goal, tasks, actions, place, egocentric, people, time_of_day, valence, arousal, emotion, gist, gist_id
FROM {{ ref('episodes') }}
JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
