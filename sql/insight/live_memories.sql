-- One row a memory that is not deleted, with what insights need of it: its day on the mind's wall clock, its episode (kept, or
-- of the open epoch's cache), and what it says and feels in the words it has now.
WITH placed AS (
    SELECT memory_id, episode_id FROM {{ ref('long_term_episode_memories') }}
    UNION ALL
    SELECT c.memory_id, c.episode_id
    FROM {{ ref('episode_memories') }} c
    JOIN {{ source('codex', 'progress') }} p ON p.mind_id = c.mind_id AND p.epoch = c.epoch
),

-- The latest that is said of each content.
described AS (
    SELECT *, coalesce(describes, revision) AS content_revision
    FROM {{ source('enrichment', 'features') }}
    QUALIFY row_number() OVER (PARTITION BY memory_id, coalesce(describes, revision) ORDER BY revision DESC) = 1
)

SELECT
    m.mind_id,
    m.memory_id,
    m.created_at,
    coalesce(f.local_at, m.created_at) AS local_at,
    coalesce(f.local_at, m.created_at)::DATE AS day,
    m.speaker,
    m.content,
    m.edited,
    e.episode_id,
    coalesce(f.gist, left(m.content, 160)) AS gist,
    coalesce(f.valence, 0)::DECIMAL(4, 3) AS valence,
    coalesce(f.arousal, 0)::DECIMAL(4, 3) AS arousal,
    coalesce(f.act, 'statement') AS act,
    coalesce(f.actions, []) AS actions,
    f.goal,
    f.task,
    coalesce(f.people, []) AS people,
    list_concat(f.people, f.places, f.entities) AS names,
    -- Under the labels that concepts have.
    list_concat(list_transform(list_concat(f.people, f.places, f.entities), lambda n: strip_accents(lower(n))),
        list_transform(f.topics, lambda t: t.label)) AS subjects
FROM {{ ref('current_contents') }} m
LEFT JOIN {{ source('lexical', 'documents') }} d ON d.memory_id = m.memory_id
LEFT JOIN described f ON f.memory_id = m.memory_id AND f.content_revision = coalesce(d.revision, m.memory_id)
LEFT JOIN placed e ON e.memory_id = m.memory_id
ANTI JOIN {{ source('raw', 'deletions') }} x ON x.memory_id = m.memory_id
