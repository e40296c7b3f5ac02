-- depends on {{ ref('lapsed_concepts') }}: those have left by now.
-- The edges of concepts that have left the semantic network, by key.
SELECT e.mind_id, e.source, e.target
FROM {{ source('state', 'concept_edges') }} e
JOIN {{ source('cycle', 'due') }} USING (mind_id)
ANTI JOIN {{ source('state', 'concepts') }} a ON a.mind_id = e.mind_id AND a.concept = e.source
UNION
SELECT e.mind_id, e.source, e.target
FROM {{ source('state', 'concept_edges') }} e
JOIN {{ source('cycle', 'due') }} USING (mind_id)
ANTI JOIN {{ source('state', 'concepts') }} a ON a.mind_id = e.mind_id AND a.concept = e.target
