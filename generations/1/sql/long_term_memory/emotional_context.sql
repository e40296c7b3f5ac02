-- One row an episode and how it felt: valence and arousal (circumplex, Russell 1980), the feeling named most, and salience,
-- the mean of |valence| and arousal, which makes it easier to keep (LaBar & Cabeza 2006).
SELECT
    mind_id,
    episode_id,
    started_at,
    ended_at,
    session,
    valence,
    arousal,
    ((abs(valence) + arousal) / 2)::DECIMAL(4, 3) AS salience,
    emotion,
    people,
    memories,
    gist,
    gist_id
FROM {{ ref('long_term_episodes') }}
