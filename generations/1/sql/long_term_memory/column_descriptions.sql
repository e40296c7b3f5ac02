-- One row a cortical column that a language model has described: what its memories come to, a principle several of them show, and
-- pairs that cannot both be true, each with its memories. The latest answer counts.
WITH described AS (
    SELECT c.mind_id, c.column_id, c.label, a.model, a.prompt, a.answered_at,
        from_json(a.answer, '{
        "gist": "VARCHAR", "principle": "VARCHAR", "contradictions": [{"from": "BIGINT", "to": "BIGINT", "why": "VARCHAR"}]}') AS said
    FROM {{ ref('cortical_columns') }} c
    JOIN {{ source('raw', 'answers') }} a ON a.mind_id = c.mind_id AND a.kind = 'cluster' AND a.subject = c.column_id
    WHERE a.provider <> 'rules'
    QUALIFY row_number() OVER (PARTITION BY c.mind_id, c.column_id ORDER BY a.arrival DESC) = 1
)

SELECT mind_id, column_id, label, said.gist, said.principle, said.contradictions, model, prompt, answered_at
FROM described
