-- One row an episode that says where it was: a named place (allocentric) or a place told from the speaker (egocentric)
-- (O'Keefe & Nadel 1978; Burgess 2006). Only what the texts say; no coordinates are made up.
SELECT
    mind_id,
    episode_id,
    place AS allocentric,
    egocentric,
    started_at,
    ended_at,
    time_of_day,
    people,
    memories,
    gist,
    gist_id
FROM {{ ref('long_term_episodes') }}
WHERE place IS NOT NULL OR egocentric IS NOT NULL
