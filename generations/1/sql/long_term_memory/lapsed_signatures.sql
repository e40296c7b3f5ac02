-- The memories that were forgotten or deleted tonight, by key: what says the same from now on is a memory of its own.
SELECT mind_id, memory_id
FROM {{ ref('changed_memories') }}
JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
WHERE tier IN ('forgotten', 'deleted')
