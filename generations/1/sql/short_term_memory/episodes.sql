-- One row an episode: what happened, to what end, where, with whom, when and how it felt (Tulving 1983: what, where, when).
-- The gist is its most central memory's own words: the one most alike to the rest of the episode, the earliest of equals.
WITH said AS (
    SELECT m.mind_id, m.epoch, m.episode_id, m.memory_id, m.position, m.created_at, m.boundary, e.session,
        e.valence, e.arousal, e.local_at, w.attention,
        f.goal, f.task, f.actions, f.people, f.places, f.egocentric, f.emotion, f.gist
    FROM {{ ref('episode_memories') }} m
    JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
    JOIN {{ ref('epoch_memories') }} e USING (mind_id, epoch, memory_id)
    LEFT JOIN {{ ref('working_memory') }} w USING (mind_id, epoch, memory_id)
    LEFT JOIN {{ source('enrichment', 'features') }} f ON f.memory_id = m.memory_id AND f.revision = e.revision
),

shared_terms AS (
    -- How much of a memory's vocabulary the rest of the episode shares.
    SELECT episode_id, memory_id, sum(((holders - 1) * idf)::DECIMAL(18, 6)) AS shared
    FROM (
        SELECT m.episode_id, t.memory_id, t.idf, count(*) OVER (PARTITION BY m.episode_id, t.term) AS holders
        FROM {{ ref('epoch_terms') }} t
        JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
        JOIN {{ ref('episode_memories') }} m USING (mind_id, epoch, memory_id)
    )
    GROUP BY episode_id, memory_id
),

centre AS (
    SELECT s.episode_id, s.memory_id AS gist_id, s.gist
    FROM said s
    LEFT JOIN shared_terms c USING (episode_id, memory_id)
    QUALIFY row_number() OVER (
        PARTITION BY s.episode_id
        ORDER BY (coalesce(c.shared, 0) * (0.5 + coalesce(s.attention, 0)))::DECIMAL(18, 6) DESC, s.position, s.memory_id) = 1
),

feelings AS (
    SELECT episode_id, emotion
    FROM said
    WHERE emotion IS NOT NULL
    GROUP BY episode_id, emotion
    QUALIFY row_number() OVER (PARTITION BY episode_id ORDER BY count(*) DESC, max(arousal) DESC, emotion) = 1
),

gathered AS (
    SELECT
        mind_id,
        epoch,
        episode_id,
        min(created_at) AS started_at,
        max(created_at) AS ended_at,
        min(nullif(session, '')) AS session,
        max(boundary) AS boundary,
        count(*)::INTEGER AS memories,
        list(goal ORDER BY position) FILTER (goal IS NOT NULL) AS goals,
        coalesce(list(task ORDER BY position) FILTER (task IS NOT NULL), []) AS tasks,
        flatten(coalesce(list(list_transform(actions, lambda a: trim(concat_ws(' ', a.verb, a.object))) ORDER BY position) FILTER (len(actions) > 0), [])) AS actions,
        flatten(coalesce(list(places ORDER BY position) FILTER (len(places) > 0), [])) AS places,
        flatten(coalesce(list(egocentric ORDER BY position) FILTER (len(egocentric) > 0), [])) AS egocentric,
        flatten(coalesce(list(people ORDER BY position) FILTER (len(people) > 0), [])) AS people,
        min(local_at) AS local_at,
        avg(valence::DECIMAL(4, 3))::DECIMAL(4, 3) AS valence,
        max(arousal) AS arousal
    FROM said
    GROUP BY mind_id, epoch, episode_id
)

SELECT
    g.mind_id,
    g.epoch,
    g.episode_id,
    g.started_at,
    g.ended_at,
    g.session,
    g.boundary,
    g.memories,
    g.goals[1] AS goal,
    g.tasks,
    g.actions[:20] AS actions,
    g.places[1] AS place,
    g.egocentric[1] AS egocentric,
    list_sort(list_distinct(g.people)) AS people,
    CASE
        WHEN hour(g.local_at) BETWEEN 5 AND 11 THEN 'morning'
        WHEN hour(g.local_at) BETWEEN 12 AND 16 THEN 'afternoon'
        WHEN hour(g.local_at) BETWEEN 17 AND 21 THEN 'evening'
        ELSE 'night'
    END AS time_of_day,
    g.valence,
    g.arousal,
    f.emotion,
    coalesce(c.gist, '') AS gist,
    c.gist_id
FROM gathered g
JOIN centre c USING (episode_id)
LEFT JOIN feelings f USING (episode_id)
ORDER BY g.epoch, g.mind_id, g.episode_id
