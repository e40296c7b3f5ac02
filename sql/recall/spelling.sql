-- One row a word of $1 (a JSON list of {"term", "edits"}) that no memory of the mind has: the term of the mind nearest to it in spelling, at
-- most `edits` insertions, deletions, replacements and exchanges of neighbours away (Damerau 1964), with the same first letter. Of several, the
-- nearest, then the commonest.
WITH unknown AS (
    SELECT unnest(from_json($1, '[{"term": "VARCHAR", "edits": "INTEGER"}]'), recursive := true)
),

vocabulary AS (
    SELECT term, count(*) AS memories
    FROM {{ source('lexical', 'postings') }}
    WHERE mind_id = {{ mind }} AND tf > 0
        AND length(term) BETWEEN (SELECT min(length(term) - edits) FROM unknown) AND (SELECT max(length(term) + edits) FROM unknown)
        AND left(term, 1) IN (SELECT left(term, 1) FROM unknown)
    GROUP BY term
),

close AS (
    SELECT u.term AS asked, v.term AS term, v.memories, damerau_levenshtein(v.term, u.term) AS distance
    FROM unknown u
    JOIN vocabulary v ON left(v.term, 1) = left(u.term, 1) AND abs(length(v.term) - length(u.term)) <= u.edits
        AND damerau_levenshtein(v.term, u.term) <= u.edits
)

SELECT asked, term
FROM close
QUALIFY row_number() OVER (PARTITION BY asked ORDER BY distance, memories DESC, term) = 1
ORDER BY asked, term
