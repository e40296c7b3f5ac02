-- One row a memory that activation reaches from the results $1 (a JSON list of memory ids), over one association or two; the most activated
-- first, $2 at most (spreading activation, Collins & Loftus 1975). `path` leads from a result to it.
WITH results AS (
    SELECT unnest(from_json($1, '["BIGINT"]')) AS memory_id
),

hidden AS (
    SELECT memory_id FROM {{ source('raw', 'memories') }} WHERE mind_id = {{ mind }} AND created_at > {{ as_of }}
    UNION ALL
    SELECT memory_id FROM {{ source('raw', 'deletions') }} WHERE mind_id = {{ mind }}
    UNION ALL
    SELECT memory_id
    FROM (
        SELECT memory_id, arg_max(archived, arrival) AS archived FROM {{ source('raw', 'filings') }} WHERE mind_id = {{ mind }} GROUP BY memory_id
    )
    WHERE archived
),

synapses AS (
    SELECT source_id, target_id, least(1, weight * {{ retention('event_at', as_of, var('association_stability')) }})::DECIMAL(9, 6) AS weight
    FROM {{ source('state', 'associations') }}
    WHERE mind_id = {{ mind }} AND target_id NOT IN (SELECT memory_id FROM hidden)
),

first_step AS (
    SELECT target_id, weight, [source_id, target_id] AS path
    FROM synapses
    WHERE source_id IN (SELECT memory_id FROM results)
    QUALIFY row_number() OVER (PARTITION BY target_id ORDER BY weight DESC, source_id) = 1
),

reached AS (
    SELECT target_id, weight, path, path[1] AS via_id FROM first_step
    UNION ALL
    SELECT s.target_id, (f.weight * s.weight)::DECIMAL(9, 6), list_append(f.path, s.target_id), f.target_id
    FROM first_step f
    JOIN synapses s ON s.source_id = f.target_id
    WHERE NOT list_contains(f.path, s.target_id)
)

SELECT target_id AS memory_id, weight::DOUBLE AS activation, to_json(path)::VARCHAR AS path
FROM reached
WHERE target_id NOT IN (SELECT memory_id FROM results)
QUALIFY row_number() OVER (PARTITION BY target_id ORDER BY weight DESC, len(path), via_id) = 1
ORDER BY weight DESC, target_id
LIMIT $2
