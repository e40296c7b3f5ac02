-- One row a memory of the epoch that says again what an earlier one said: candidates share a MinHash band (Broder 1997),
-- and the overlap of their terms decides. Saying it again is a spaced repetition of the earlier one.
WITH signatures AS (
    SELECT s.mind_id, s.epoch, s.memory_id, s.signature, s.terms
    FROM {{ ref('signatures') }} s
    JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
),

gone AS (
    SELECT memory_id FROM {{ ref('interventions') }} JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch) WHERE deleted
),

-- A signature that half a diary shares (a greeting) finds its earliest holders only.
holders AS (
    SELECT a.mind_id, a.epoch, a.memory_id, a.terms, unnest(min(b.memory_id, 4)) AS earlier_id
    FROM signatures a
    JOIN (
        SELECT mind_id, signature, memory_id FROM {{ source('state', 'memory_signatures') }}
        UNION ALL
        SELECT mind_id, signature, memory_id FROM signatures
    ) b ON b.mind_id = a.mind_id AND b.signature = a.signature AND b.memory_id < a.memory_id
    ANTI JOIN gone g ON g.memory_id = b.memory_id
    GROUP BY a.mind_id, a.epoch, a.memory_id, a.terms, a.signature
),

candidates AS (
    SELECT mind_id, epoch, memory_id, terms, unnest(min(earlier_id, 4)) AS earlier_id
    FROM (SELECT DISTINCT * FROM holders)
    GROUP BY mind_id, epoch, memory_id, terms
),

-- What the earlier one said when it was learned or last revised; an edit that came later changes nothing here.
earlier AS (
    SELECT DISTINCT c.earlier_id, coalesce(f.describes, t.revision, e.revision) AS revision
    FROM candidates c
    LEFT JOIN {{ source('state', 'memory_traces') }} t ON t.memory_id = c.earlier_id
    LEFT JOIN {{ source('enrichment', 'features') }} f ON f.memory_id = c.earlier_id AND f.revision = t.revision
    LEFT JOIN (
        SELECT memory_id, content_revision AS revision FROM {{ ref('epoch_memories') }} JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
    ) e ON e.memory_id = c.earlier_id
),

words AS MATERIALIZED (
    SELECT e.earlier_id, p.term
    FROM earlier e
    JOIN {{ source('lexical', 'postings') }} p ON p.memory_id = e.earlier_id
    ANTI JOIN {{ source('lexical', 'former_postings') }} f ON f.memory_id = e.earlier_id AND f.revision = e.revision
    WHERE p.tf > 0
    UNION ALL
    SELECT e.earlier_id, f.term
    FROM earlier e
    JOIN {{ source('lexical', 'former_postings') }} f ON f.memory_id = e.earlier_id AND f.revision = e.revision
    WHERE f.tf > 0
),

tonight AS (
    SELECT memory_id, term
    FROM {{ ref('epoch_terms') }}
    JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
),

compared AS (
    SELECT c.mind_id, c.epoch, c.memory_id, c.earlier_id, c.terms,
        count(*) AS earlier_terms,
        count(t.term) AS shared
    FROM candidates c
    JOIN words p ON p.earlier_id = c.earlier_id
    LEFT JOIN tonight t ON t.memory_id = c.memory_id AND t.term = p.term
    GROUP BY c.mind_id, c.epoch, c.memory_id, c.earlier_id, c.terms
)

SELECT mind_id, epoch, memory_id, nearest.earlier_id, nearest.similarity::DECIMAL(4, 3) AS similarity
FROM (
    SELECT mind_id, epoch, memory_id, arg_min({earlier_id: earlier_id, similarity: similarity}, (-similarity, earlier_id)) AS nearest
    FROM (SELECT *, shared / (terms + earlier_terms - shared) AS similarity FROM compared)
    WHERE shared >= {{ var('duplicate_similarity') }} * (terms + earlier_terms - shared)
    GROUP BY mind_id, epoch, memory_id
)
ORDER BY epoch, mind_id, memory_id
