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

-- A signature that half a diary shares (a greeting) finds its earliest holders only. Those of other minds fall out below: DuckDB
-- looks through the table with a Bloom filter where it is asked for one column, and for what a filter is said to have left.
holders AS (
    SELECT mind_id, signature, unnest(min(memory_id, 4)) AS earlier_id
    FROM (
        SELECT mind_id, signature, memory_id FROM {{ source('state', 'memory_signatures') }} SEMI JOIN (FROM signatures WHERE signature IS NOT NULL) s USING (signature)
        UNION ALL
        SELECT mind_id, signature, memory_id FROM signatures
    ) b
    ANTI JOIN gone USING (memory_id)
    GROUP BY mind_id, signature
),

candidates AS MATERIALIZED (
    SELECT mind_id, epoch, memory_id, terms, unnest(min(earlier_id, 4)) AS earlier_id
    FROM (
        SELECT DISTINCT a.mind_id, a.epoch, a.memory_id, a.terms, h.earlier_id
        FROM signatures a
        JOIN holders h ON h.mind_id = a.mind_id AND h.signature = a.signature AND h.earlier_id < a.memory_id
    )
    GROUP BY mind_id, epoch, memory_id, terms
),

-- Earlier ones whose words an edit has replaced since they were learned or last revised: what they said then counts.
replaced AS MATERIALIZED (
    SELECT p.memory_id, p.revision
    FROM {{ source('lexical', 'former_postings') }} p
    SEMI JOIN candidates c ON c.earlier_id = p.memory_id
    LEFT JOIN {{ source('state', 'memory_traces') }} t ON t.memory_id = p.memory_id
    LEFT JOIN {{ source('enrichment', 'features') }} f ON f.memory_id = p.memory_id AND f.revision = t.revision
    LEFT JOIN (
        SELECT memory_id, content_revision AS revision FROM {{ ref('epoch_memories') }} JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
    ) e ON e.memory_id = p.memory_id
    -- Each version has one row with the empty term.
    WHERE p.term = '' AND p.revision = coalesce(f.describes, t.revision, e.revision)
),

words AS MATERIALIZED (
    SELECT p.memory_id AS earlier_id, p.term
    FROM {{ source('lexical', 'postings') }} p
    JOIN (SELECT DISTINCT earlier_id FROM candidates) c ON c.earlier_id = p.memory_id
    ANTI JOIN replaced USING (memory_id)
    WHERE p.tf > 0
    UNION ALL
    SELECT f.memory_id, f.term
    FROM {{ source('lexical', 'former_postings') }} f
    JOIN replaced USING (memory_id, revision)
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
