-- One row a MinHash band of a memory learned tonight, for finding it when it is said again.
SELECT s.mind_id, s.signature, s.memory_id
FROM {{ ref('signatures') }} s
JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
ANTI JOIN {{ ref('duplicates') }} u USING (mind_id, epoch, memory_id)
