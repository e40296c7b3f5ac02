-- One row a memory that has the very words of a question in a row, latest first: for questions of stop words alone ("to be or not to
-- be"), which the index does not hold. $1 are the words in lower case with single blanks around them, $2 is how many rows.
SELECT
    m.memory_id,
    1::DECIMAL(9, 6) AS phrase,
    coalesce(t.tier, 'pending') AS state,
    1::DECIMAL(9, 6) AS score
FROM {{ source('raw', 'memories') }} m
LEFT JOIN {{ source('state', 'memory_traces') }} t ON t.memory_id = m.memory_id
LEFT JOIN (
    SELECT memory_id, arg_max(content, arrival) AS content
    FROM {{ source('raw', 'edits') }}
    WHERE mind_id = {{ mind }} AND happened_at <= {{ as_of }}
    GROUP BY memory_id
) e ON e.memory_id = m.memory_id
ANTI JOIN {{ source('raw', 'deletions') }} d ON d.memory_id = m.memory_id
{%- if filtered %}
SEMI JOIN {{ source('recall', 'allowed') }} f ON f.memory_id = m.memory_id
{%- endif %}
WHERE m.mind_id = {{ mind }} AND m.created_at <= {{ as_of }}
    AND contains(' ' || regexp_replace(lower(coalesce(e.content, m.content)), '[^[:alnum:]'']+', ' ', 'g') || ' ', $1)
ORDER BY m.created_at DESC, m.memory_id DESC
LIMIT $2
