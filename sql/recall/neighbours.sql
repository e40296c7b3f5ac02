-- One row a memory within $2 turns of one of $1 (a JSON list of memory ids) in its session, by distance. Deleted ones and later ones are none.
WITH results AS (
    SELECT memory_id, session
    FROM {{ source('raw', 'memories') }}
    WHERE mind_id = {{ mind }} AND session IS NOT NULL AND memory_id IN (SELECT unnest(from_json($1, '["BIGINT"]')))
),

turns AS (
    SELECT memory_id, session, row_number() OVER (PARTITION BY session ORDER BY created_at, memory_id) AS turn
    FROM {{ source('raw', 'memories') }}
    ANTI JOIN {{ source('raw', 'deletions') }} USING (memory_id)
    WHERE mind_id = {{ mind }} AND created_at <= {{ as_of }} AND session IN (SELECT session FROM results)
)

SELECT of.memory_id AS of_id, near.memory_id, near.turn - of.turn AS distance
FROM results r
JOIN turns of ON of.memory_id = r.memory_id
JOIN turns near ON near.session = of.session AND near.turn BETWEEN of.turn - $2 AND of.turn + $2
WHERE near.memory_id <> of.memory_id
ORDER BY of.memory_id, distance, near.memory_id
