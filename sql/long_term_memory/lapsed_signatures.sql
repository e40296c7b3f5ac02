-- The memories that were forgotten or deleted tonight, by key: what says the same from now on is a memory of its own.
SELECT mind_id, memory_id
FROM {{ ref('memory_traces') }}
JOIN {{ source('cycle', 'due') }} USING (mind_id)
WHERE tier IN ('forgotten', 'deleted') AND settled_at = {{ as_of }}
