-- The memories whose content was revised in the epoch after they had been learned, by key: their concepts are taken anew.
SELECT DISTINCT m.mind_id, m.memory_id
FROM {{ source('state', 'memory_concepts') }} m
JOIN {{ ref('revisions') }} USING (mind_id, memory_id)
