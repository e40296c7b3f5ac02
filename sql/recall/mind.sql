-- The one row of a mind as a question needs it: its zone, who speaks in it, how much it holds, and whether it has lived on since as_of.
SELECT
    m.time_zone,
    coalesce(to_json(list(s.speaker ORDER BY s.speaker) FILTER (s.speaker IS NOT NULL)), '[]')::VARCHAR AS speakers,
    coalesce(sum(s.memories), 0)::BIGINT AS memories,
    coalesce(max(s.last_at) > {{ as_of }} OR max(p.night_at) > {{ as_of }}, false) AS lived_on
FROM {{ source('raw', 'minds') }} m
LEFT JOIN {{ source('codex', 'progress') }} p USING (mind_id)
LEFT JOIN (
    SELECT mind_id, speaker, count(*) AS memories, max(created_at) AS last_at
    FROM {{ source('raw', 'memories') }}
    WHERE mind_id = {{ mind }}
    GROUP BY mind_id, speaker
) s USING (mind_id)
WHERE m.mind_id = {{ mind }}
GROUP BY m.time_zone
