-- The lexicon counts the learned memories that hold a term. Only for minds without edits or deletions: the index follows the
-- current content, the lexicon stays as it was learned.
WITH untouched AS (
    SELECT mind_id FROM {{ source('raw', 'minds') }}
    ANTI JOIN {{ source('raw', 'edits') }} USING (mind_id)
    ANTI JOIN {{ source('raw', 'deletions') }} USING (mind_id)
),

held AS (
    SELECT t.mind_id, p.term, count(*) AS memories
    FROM {{ ref('memory_traces') }} t
    JOIN {{ source('lexical', 'postings') }} p ON p.memory_id = t.memory_id
    WHERE p.tf > 0
    GROUP BY t.mind_id, p.term
)

SELECT mind_id, term, l.memories AS lexicon, h.memories AS learned
FROM {{ ref('lexicon') }} l
FULL JOIN held h USING (mind_id, term)
WHERE mind_id IN (SELECT mind_id FROM untouched) AND l.memories IS DISTINCT FROM h.memories
