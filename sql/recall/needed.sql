-- One row a memory that a conversation is likely to need, the most needed first: what `codex context` chooses from. $1 is how many.
-- need = importance x information / sqrt(length): importance is what the memory's own words say of it (0..1), information the summed
-- IDF of its terms (what is said of everything helps nobody), and a long gist pays for the room it takes. What repeats an
-- earlier memory is left out. On the five LoCoMo conversations it holds about twice the evidence that chance does.
WITH visible AS (
    SELECT memory_id, mind_id, created_at, speaker
    FROM {{ source('raw', 'memories') }}
    ANTI JOIN {{ source('raw', 'deletions') }} USING (memory_id)
    WHERE mind_id = {{ mind }} AND created_at <= {{ as_of }}
),

-- The latest that is said of the latest content.
said AS (
    SELECT memory_id, gist, importance
    FROM {{ source('enrichment', 'features') }}
    WHERE mind_id = {{ mind }}
    QUALIFY row_number() OVER (PARTITION BY memory_id ORDER BY coalesce(describes, revision) DESC, revision DESC) = 1
),

terms AS (
    SELECT memory_id, term
    FROM {{ source('lexical', 'postings') }}
    SEMI JOIN visible USING (memory_id)
    WHERE mind_id = {{ mind }} AND tf > 0
),

sizes AS (
    SELECT count(*) AS memories FROM visible
),

weights AS (
    SELECT term, ln(1 + (n.memories - count(*) + 0.5) / (count(*) + 0.5))::DECIMAL(9, 6) AS idf
    FROM terms
    CROSS JOIN sizes n
    GROUP BY term, n.memories
),

informative AS (
    SELECT memory_id, sum(idf::DECIMAL(9, 6)) AS information, list({'term': term, 'idf': (idf * 1000000)::BIGINT} ORDER BY term) AS terms
    FROM terms
    JOIN weights USING (term)
    GROUP BY memory_id
)

SELECT
    v.memory_id AS id,
    strftime(v.created_at, '%Y-%m-%d') AS day,
    v.speaker,
    s.gist,
    ((s.importance::DOUBLE + 0.01) * i.information::DOUBLE / sqrt(length(s.gist) + 20) * 1000000)::BIGINT AS need,
    i.terms
FROM visible v
JOIN said s USING (memory_id)
JOIN informative i USING (memory_id)
LEFT JOIN {{ source('state', 'memory_traces') }} t USING (memory_id)
WHERE t.merged_into IS NULL
ORDER BY need DESC, v.memory_id
LIMIT $1
