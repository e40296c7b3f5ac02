-- One row an episode, as PostgreSQL's dreams.short_term_episodes shows it: those of the open epoch, which may still change by
-- day, and those that nights have kept (Tulving 1983: what, where, when).
WITH episodes AS (
    SELECT true AS fluid, e.mind_id, e.episode_id, e.started_at, e.ended_at, e.session, e.boundary, e.memories, e.goal, e.tasks,
        e.actions, e.place, e.egocentric, e.people, e.time_of_day, e.valence, e.arousal, e.emotion, e.gist,
        list(m.memory_id ORDER BY m.position, m.memory_id) AS memory_ids
    FROM {{ ref('episodes') }} e
    JOIN {{ source('codex', 'progress') }} p ON p.mind_id = e.mind_id AND p.epoch = e.epoch
    JOIN {{ ref('episode_memories') }} m ON m.mind_id = e.mind_id AND m.epoch = e.epoch AND m.episode_id = e.episode_id
    GROUP BY ALL
    UNION ALL
    SELECT false, e.mind_id, e.episode_id, e.started_at, e.ended_at, e.session, e.boundary, e.memories, e.goal, e.tasks,
        e.actions, e.place, e.egocentric, e.people, e.time_of_day, e.valence, e.arousal, e.emotion, e.gist,
        list(m.memory_id ORDER BY m.position, m.memory_id)
    FROM {{ ref('long_term_episodes') }} e
    JOIN {{ ref('long_term_episode_memories') }} m ON m.mind_id = e.mind_id AND m.episode_id = e.episode_id
    GROUP BY ALL
)

SELECT
    e.episode_id::VARCHAR AS key,
    e.fluid,
    e.mind_id,
    n.name AS mind,
    e.* EXCLUDE (fluid, mind_id),
    NOT e.fluid AS settled
FROM episodes e
JOIN {{ source('raw', 'minds') }} n ON n.mind_id = e.mind_id
