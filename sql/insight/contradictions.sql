-- One row a pair of memories that cannot both be true at the same time, as a language model says that has described their column
-- (`codex enrich`); both are quoted, so that a person can judge. Left out is a pair of which either has been edited since, and one
-- whose later memory is older than `since`.
-- confidence = 0.5: nothing is measured, a model says so.
{% set start = since | default(epoch_start | default("TIMESTAMP '0001-01-01'")) -%}
WITH answered AS (
    SELECT mind_id, subject AS column_id, max(arrival) AS arrival
    FROM {{ source('raw', 'answers') }}
    WHERE kind = 'cluster' AND provider <> 'rules'
    GROUP BY mind_id, subject
),

pairs AS (
    SELECT c.mind_id, c.model, a.arrival, unnest(c.contradictions) AS pair
    FROM {{ ref('column_descriptions') }} c
    JOIN answered a ON a.mind_id = c.mind_id AND a.column_id = c.column_id
),

unchanged AS (
    SELECT p.*, p.pair.why AS why, f.memory_id AS from_id, f.content AS from_content, f.created_at AS from_at,
        t.memory_id AS to_id, t.content AS to_content, t.created_at AS to_at
    FROM pairs p
    JOIN {{ ref('live_memories') }} f ON f.memory_id = p.pair."from" AND f.mind_id = p.mind_id
    JOIN {{ ref('live_memories') }} t ON t.memory_id = p.pair."to" AND t.mind_id = p.mind_id
    JOIN {{ source('lexical', 'documents') }} fd ON fd.memory_id = f.memory_id AND fd.revision < p.arrival
    JOIN {{ source('lexical', 'documents') }} td ON td.memory_id = t.memory_id AND td.revision < p.arrival
    WHERE greatest(f.created_at, t.created_at) >= {{ start }} AND greatest(f.created_at, t.created_at) <= {{ as_of }}
    -- Two columns may know of one pair.
    QUALIFY row_number() OVER (PARTITION BY least(f.memory_id, t.memory_id), greatest(f.memory_id, t.memory_id) ORDER BY p.arrival DESC, f.memory_id) = 1
),

told AS (
    SELECT *
    FROM unchanged
    QUALIFY row_number() OVER (PARTITION BY mind_id ORDER BY greatest(from_at, to_at) DESC, from_id, to_id) <= 8
)

SELECT
    mind_id,
    'contradiction' AS kind,
    {{ quoted('from_content', 140) }} || ' (' || {{ day('from_at') }} || ') and ' || {{ quoted('to_content', 140) }} || ' (' || {{ day('to_at') }} || ') cannot both be true'
        || CASE WHEN coalesce(trim(why), '') = '' THEN '' ELSE ': ' || trim(why) END AS title,
    0.5::DECIMAL(4, 3) AS confidence,
    [from_id, to_id] AS evidence,
    json_object('from', from_id, 'to', to_id, 'why', why, 'model', model)::VARCHAR AS details
FROM told
ORDER BY mind_id, confidence DESC, title
