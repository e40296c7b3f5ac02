-- depends on {{ ref('concept_columns') }}: it has counted how many memories are about each concept.
-- The concepts that no long-term memory is about any more, since their memories were edited or deleted, by key.
SELECT mind_id, concept
FROM {{ source('state', 'concepts') }}
JOIN {{ source('cycle', 'due') }} USING (mind_id)
WHERE memories = 0
