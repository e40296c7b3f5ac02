-- The associations that the night changes or lets go, by key: those it keeps come back changed.
SELECT mind_id, source_id, target_id
FROM {{ ref('changed_associations') }}
JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
