-- One row a memory that passes the filter $1 (JSON): made in a span, in a state, of a session, of a kind, by a speaker, with values in its
-- metadata, at least so strong at as_of.
WITH filter AS (
    SELECT unnest(from_json($1, '{"since": "TIMESTAMP", "until": "TIMESTAMP", "tier": "VARCHAR", "session": "VARCHAR", "kind": "VARCHAR",
        "speaker": "VARCHAR", "fields": [{"path": "VARCHAR", "value": "VARCHAR"}], "min_strength": "DOUBLE", "id": "BIGINT"}'))
),

fields AS (
    SELECT unnest(fields, recursive := true) FROM filter
),

edited AS (
    SELECT memory_id, arg_max(metadata, arrival) AS metadata
    FROM {{ source('raw', 'edits') }}
    WHERE mind_id = {{ mind }} AND metadata IS NOT NULL AND EXISTS (FROM fields)
    GROUP BY memory_id
),

kinds AS (
    SELECT memory_id, first(kind ORDER BY arrival DESC) AS kind
    FROM {{ source('raw', 'filings') }}
    WHERE mind_id = {{ mind }}
    GROUP BY memory_id
)

SELECT m.memory_id
FROM {{ source('raw', 'memories') }} m
CROSS JOIN filter f
LEFT JOIN {{ source('state', 'memory_traces') }} t ON t.mind_id = {{ mind }} AND t.memory_id = m.memory_id
LEFT JOIN {{ source('lexical', 'documents') }} d ON d.memory_id = m.memory_id
LEFT JOIN {{ source('enrichment', 'features') }} x ON x.mind_id = {{ mind }} AND x.revision = d.revision AND x.provider = 'rules'
LEFT JOIN kinds k ON k.memory_id = m.memory_id
LEFT JOIN edited e ON e.memory_id = m.memory_id
WHERE m.mind_id = {{ mind }}
    AND coalesce(m.memory_id = f.id, true)
    AND coalesce(m.created_at >= f.since, true)
    AND coalesce(m.created_at < f.until, true)
    AND (f.tier IS NULL OR coalesce(t.tier, 'pending') = f.tier)
    AND (f.session IS NULL OR m.session IS NOT DISTINCT FROM f.session)
    AND (f.speaker IS NULL OR lower(m.speaker) IS NOT DISTINCT FROM lower(f.speaker))
    AND (f.kind IS NULL OR k.kind IS NOT DISTINCT FROM f.kind)
    AND (f.min_strength IS NULL
        OR coalesce(t.strength, pow(coalesce(x.importance, 0)::DOUBLE, {{ var('encoding_exponent') }}))
            * {{ retention('coalesce(t.event_at, m.created_at)', as_of, 'coalesce(t.stability, ' ~ var('initial_stability') ~ ')') }} >= f.min_strength)
    AND NOT EXISTS (
        FROM fields w WHERE json_extract_string(coalesce(e.metadata, m.metadata), w.path) IS DISTINCT FROM w.value
    )
ORDER BY m.memory_id
