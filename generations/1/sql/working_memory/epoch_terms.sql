-- One row a term of a memory of the epoch, with what was known of the term before: in how many learned memories it stood
-- at the epoch's start (frozen, so that a tick never changes it), and how often in this epoch before this memory.
WITH mentions AS (
    SELECT e.mind_id, e.epoch, e.memory_id, e.content_revision AS revision, e.position, e.session
    FROM {{ ref('epoch_memories') }} e
    JOIN {{ source('cycle', 'due') }} d USING (mind_id, epoch)
),

-- The words as the epoch knew them: an edit that came later changes nothing here.
occurrences AS (
    SELECT m.* EXCLUDE (revision), p.term, p.tf
    FROM mentions m
    JOIN {{ source('lexical', 'postings') }} p USING (memory_id)
    ANTI JOIN {{ source('lexical', 'former_postings') }} f ON f.memory_id = m.memory_id AND f.revision = m.revision
    WHERE p.tf > 0
    UNION ALL
    SELECT m.* EXCLUDE (revision), f.term, f.tf
    FROM mentions m
    JOIN {{ source('lexical', 'former_postings') }} f ON f.memory_id = m.memory_id AND f.revision = m.revision
    WHERE f.tf > 0
),

sizes AS (
    SELECT mind_id, epoch, count(*) AS memories
    FROM {{ ref('epoch_memories') }}
    JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
    GROUP BY mind_id, epoch
),

known AS (
    -- When several epochs are computed in one pass, earlier ones count as learned.
    SELECT
        s.mind_id,
        s.epoch,
        coalesce(m.memories, 0) + coalesce(sum(s.memories::BIGINT) OVER (
            PARTITION BY s.mind_id ORDER BY s.epoch ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS memories
    FROM sizes s
    LEFT JOIN {{ source('state', 'minds') }} m USING (mind_id)
),

counted AS (
    SELECT
        o.*,
        rank() OVER (PARTITION BY mind_id, term ORDER BY epoch) - 1 AS earlier_epochs,
        count(*) OVER (PARTITION BY mind_id, term, epoch ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS earlier_today
    FROM occurrences o
)

SELECT
    c.mind_id,
    c.epoch,
    c.memory_id,
    c.position,
    c.session,
    c.term,
    c.tf,
    (coalesce(l.memories, 0) + c.earlier_epochs)::INTEGER AS document_frequency,
    c.earlier_today::INTEGER AS earlier_today,
    ln(1 + (k.memories - least(coalesce(l.memories, 0) + c.earlier_epochs, k.memories) + 0.5)
        / (least(coalesce(l.memories, 0) + c.earlier_epochs, k.memories) + 0.5))::DECIMAL(9, 6) AS idf
FROM counted c
JOIN known k USING (mind_id, epoch)
LEFT JOIN {{ source('state', 'lexicon') }} l USING (mind_id, term)
ORDER BY c.epoch, c.mind_id, c.position, c.term
