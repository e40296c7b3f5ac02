-- The memories whose content was revised in the epoch after they had been learned, by key: their concepts are taken anew.
SELECT mind_id, memory_id
FROM {{ ref('interventions') }}
JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
WHERE revision IS NOT NULL
