-- memory_states has exactly one row a raw memory, under its own mind.
SELECT m.mind_id, m.memory_id, count(s.memory_id) AS states
FROM {{ source('raw', 'memories') }} m
LEFT JOIN {{ ref('memory_states') }} s ON s.memory_id = m.memory_id AND s.mind_id = m.mind_id
GROUP BY m.mind_id, m.memory_id
HAVING count(s.memory_id) <> 1
