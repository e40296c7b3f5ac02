-- The one row of a mind as a question needs it: its zone, who speaks in it, how much it holds, and whether it has lived on since as_of.
SELECT
    m.time_zone,
    coalesce(to_json(list(DISTINCT r.speaker ORDER BY r.speaker) FILTER (r.speaker IS NOT NULL)), '[]')::VARCHAR AS speakers,
    count(r.memory_id) AS memories,
    coalesce(max(r.created_at) > {{ as_of }} OR max(p.night_at) > {{ as_of }}, false) AS lived_on
FROM {{ source('raw', 'minds') }} m
LEFT JOIN {{ source('codex', 'progress') }} p USING (mind_id)
LEFT JOIN {{ source('raw', 'memories') }} r USING (mind_id)
WHERE m.mind_id = {{ mind }}
GROUP BY m.time_zone
