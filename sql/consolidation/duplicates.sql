-- One row a memory of the epoch that says again what an earlier one said: candidates share a MinHash band (Broder 1997),
-- and the overlap of their terms decides. Saying it again is a spaced repetition of the earlier one.
WITH terms AS (
    SELECT mind_id, epoch, memory_id, term
    FROM {{ ref('epoch_terms') }}
    JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
),

signatures AS (
    SELECT DISTINCT mind_id, epoch, memory_id, unnest([{{ minhash_bands('term') }}]) AS signature
    FROM terms
    GROUP BY mind_id, epoch, memory_id
    HAVING count(*) >= 3
),

candidates AS (
    SELECT a.mind_id, a.epoch, a.memory_id, b.memory_id AS earlier_id
    FROM signatures a
    JOIN {{ source('state', 'memory_signatures') }} b USING (mind_id, signature)
    UNION
    SELECT a.mind_id, a.epoch, a.memory_id, b.memory_id AS earlier_id
    FROM signatures a
    JOIN signatures b USING (mind_id, epoch, signature)
    WHERE b.memory_id < a.memory_id
),

-- A signature that half a diary shares (a greeting) finds its earliest holders only.
nearest AS (
    SELECT *
    FROM candidates
    QUALIFY row_number() OVER (PARTITION BY memory_id ORDER BY earlier_id) <= 4
),

sizes AS (
    SELECT n.memory_id, n.earlier_id, count(*) AS shared
    FROM nearest n
    JOIN terms a USING (memory_id)
    JOIN {{ source('lexical', 'postings') }} b ON b.memory_id = n.earlier_id AND b.term = a.term AND b.tf > 0
    GROUP BY n.memory_id, n.earlier_id
),

counts AS (
    SELECT memory_id, count(*) AS terms FROM terms GROUP BY memory_id
),

earlier_counts AS (
    SELECT memory_id, count(*) AS terms
    FROM {{ source('lexical', 'postings') }}
    WHERE tf > 0 AND memory_id IN (SELECT earlier_id FROM nearest)
    GROUP BY memory_id
)

SELECT n.mind_id, n.epoch, n.memory_id, n.earlier_id,
    (s.shared / (a.terms + b.terms - s.shared))::DECIMAL(4, 3) AS similarity
FROM nearest n
JOIN sizes s USING (memory_id, earlier_id)
JOIN counts a USING (memory_id)
JOIN earlier_counts b ON b.memory_id = n.earlier_id
WHERE s.shared >= {{ var('duplicate_similarity') }} * (a.terms + b.terms - s.shared)
QUALIFY row_number() OVER (PARTITION BY n.memory_id ORDER BY s.shared / (a.terms + b.terms - s.shared) DESC, n.earlier_id) = 1
ORDER BY n.epoch, n.mind_id, n.memory_id
