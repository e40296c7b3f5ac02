-- One row a recent episode, or a recent memory that no episode holds yet; the latest first. $1 is how many.
WITH episodes AS (
    SELECT episode_id, gist_id AS id, ended_at AS at_time, gist, memories
    FROM {{ ref('long_term_episodes') }}
    WHERE mind_id = {{ mind }}
    UNION ALL
    SELECT e.episode_id, e.gist_id, e.ended_at, e.gist, e.memories
    FROM {{ ref('episodes') }} e
    JOIN {{ source('codex', 'progress') }} p ON p.mind_id = e.mind_id AND p.epoch = e.epoch
    WHERE e.mind_id = {{ mind }}
),

held AS (
    SELECT memory_id FROM {{ ref('long_term_episode_memories') }} WHERE mind_id = {{ mind }}
    UNION ALL
    SELECT c.memory_id
    FROM {{ ref('episode_memories') }} c
    JOIN {{ source('codex', 'progress') }} p ON p.mind_id = c.mind_id AND p.epoch = c.epoch
    WHERE c.mind_id = {{ mind }}
),

said AS (
    SELECT memory_id, gist
    FROM {{ source('enrichment', 'features') }}
    WHERE mind_id = {{ mind }}
    QUALIFY row_number() OVER (PARTITION BY memory_id ORDER BY coalesce(describes, revision) DESC, revision DESC) = 1
),

loose AS (
    SELECT m.memory_id AS id, m.created_at AS at_time, s.gist, 1 AS memories
    FROM {{ source('raw', 'memories') }} m
    ANTI JOIN held h ON h.memory_id = m.memory_id
    JOIN said s ON s.memory_id = m.memory_id
    WHERE m.mind_id = {{ mind }}
),

recent AS (
    -- An episode is told by its gist's memory, in the words that memory has now.
    SELECT e.id, e.at_time, s.gist, e.memories FROM episodes e JOIN said s ON s.memory_id = e.id
    UNION ALL
    SELECT * FROM loose
)

SELECT r.id, strftime(r.at_time, '%Y-%m-%d') AS day, m.speaker, r.gist, r.memories
FROM recent r
JOIN {{ source('raw', 'memories') }} m ON m.memory_id = r.id
ANTI JOIN {{ source('raw', 'deletions') }} x ON x.memory_id = r.id
WHERE r.at_time <= {{ as_of }}
ORDER BY r.at_time DESC, r.id DESC
LIMIT $1
