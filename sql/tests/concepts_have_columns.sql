-- A concept's column is named after a concept of the same mind, and edges join known concepts.
SELECT 'column' AS what, c.mind_id, c.concept, c.column_id AS other
FROM {{ ref('concepts') }} c
ANTI JOIN {{ ref('concepts') }} f ON f.mind_id = c.mind_id AND f.concept = c.column_id
UNION ALL
SELECT 'edge source', e.mind_id, e.source, e.target
FROM {{ ref('concept_edges') }} e
ANTI JOIN {{ ref('concepts') }} c ON c.mind_id = e.mind_id AND c.concept = e.source
UNION ALL
SELECT 'edge target', e.mind_id, e.target, e.source
FROM {{ ref('concept_edges') }} e
ANTI JOIN {{ ref('concepts') }} c ON c.mind_id = e.mind_id AND c.concept = e.target
