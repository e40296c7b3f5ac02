-- Both ends of an association are raw memories (evidence, invariant 9).
SELECT a.mind_id, a.source_id, a.target_id
FROM {{ ref('associations') }} a
LEFT JOIN {{ source('raw', 'memories') }} s ON s.memory_id = a.source_id
LEFT JOIN {{ source('raw', 'memories') }} t ON t.memory_id = a.target_id
WHERE s.memory_id IS NULL OR t.memory_id IS NULL OR a.source_id = a.target_id
