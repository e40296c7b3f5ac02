-- One row a term of $1 (a JSON list) that some memory of the mind has.
SELECT DISTINCT term
FROM {{ source('lexical', 'postings') }}
WHERE mind_id = {{ mind }} AND term IN (SELECT unnest(from_json($1, '["VARCHAR"]')))
ORDER BY term
