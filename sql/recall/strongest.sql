-- One row a memory, strongest and most recent first: the answer to a question that names nothing a mind remembers.
-- $1 is how many. Retrieval strength is the trace's, by the retention law; what no night has seen yet has its encoding strength.
WITH archived AS (
    -- What its owner has put into the archive does not come up.
    SELECT memory_id
    FROM (
        SELECT memory_id, arg_max(archived, arrival) AS archived FROM {{ source('raw', 'filings') }} WHERE mind_id = {{ mind }} GROUP BY memory_id
    )
    WHERE archived
),

visible AS (
    SELECT memory_id, created_at
    FROM {{ source('raw', 'memories') }}
    ANTI JOIN {{ source('raw', 'deletions') }} USING (memory_id)
    ANTI JOIN archived USING (memory_id)
    {%- if filtered %}
    SEMI JOIN {{ source('recall', 'allowed') }} USING (memory_id)
    {%- endif %}
    WHERE mind_id = {{ mind }} AND created_at <= {{ as_of }}
),

components AS (
    SELECT
        v.memory_id,
        (coalesce(t.strength, pow(coalesce(f.importance, 0)::DOUBLE, {{ var('encoding_exponent') }}))
            * {{ retention('coalesce(t.event_at, v.created_at)', as_of, 'coalesce(t.stability, ' ~ var('initial_stability') ~ ')') }})::DECIMAL(9, 6) AS strength,
        {{ retention('v.created_at', as_of, var('recall_recency_stability')) }}::DECIMAL(9, 6) AS recency,
        coalesce(t.tier, 'pending') AS state
    FROM visible v
    LEFT JOIN {{ source('lexical', 'documents') }} d USING (memory_id)
    LEFT JOIN {{ source('enrichment', 'features') }} f ON f.mind_id = {{ mind }} AND f.revision = d.revision AND f.provider = 'rules'
    LEFT JOIN {{ source('state', 'memory_traces') }} t ON t.memory_id = v.memory_id
)

SELECT *, strength + recency AS score
FROM components
ORDER BY score DESC, memory_id
LIMIT $1
