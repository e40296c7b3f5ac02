-- One row a MinHash band of a memory of the epoch (Broder 1997); memories of fewer than three terms say too little to compare.
SELECT mind_id, epoch, memory_id, terms, unnest(list_distinct(bands)) AS signature
FROM (
    SELECT t.mind_id, t.epoch, t.memory_id, count(*)::INTEGER AS terms, [{{ minhash_bands('t.term') }}] AS bands
    FROM {{ ref('epoch_terms') }} t
    JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
    GROUP BY t.mind_id, t.epoch, t.memory_id
    HAVING count(*) >= 3
)
ORDER BY epoch, mind_id, memory_id, signature
