-- One row a MinHash band of a memory learned tonight, for finding it when it is said again.
SELECT mind_id, signature, memory_id
FROM (
    SELECT DISTINCT t.mind_id, t.memory_id, unnest([{{ minhash_bands('t.term') }}]) AS signature
    FROM {{ ref('epoch_terms') }} t
    JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
    ANTI JOIN {{ ref('duplicates') }} u USING (mind_id, epoch, memory_id)
    GROUP BY t.mind_id, t.memory_id
    HAVING count(*) >= 3
)
ORDER BY memory_id, signature
