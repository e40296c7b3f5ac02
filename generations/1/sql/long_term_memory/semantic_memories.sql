-- One row a long-term memory as it stands at the clock: its gist, what it is about, its column, how old and how firm it is.
-- Abstraction keeps the gist and leads back to the evidence (Winocur & Moscovitch 2011). Recent and remote memories differ in
-- kind, not in age alone (Frankland & Bontempi 2005): see the age_class parameters.
WITH kept AS (
    SELECT t.*, c.as_of,
        (t.strength * {{ retention('t.event_at', 'c.as_of', 't.stability') }})::DECIMAL(9, 6) AS strength_now,
        epoch_us(c.as_of) - epoch_us(t.consolidated_at) AS age_us
    FROM {{ ref('memory_traces') }} t
    CROSS JOIN {{ ref('clock') }} c
    WHERE t.tier = 'long_term'
),

about AS (
    SELECT m.mind_id, m.memory_id,
        list(m.concept ORDER BY m.weight DESC, m.concept) AS concepts,
        -- A memory lives in the column of its strongest concept that the network knows.
        (list(k.column_id ORDER BY m.weight DESC, m.concept) FILTER (k.column_id IS NOT NULL))[1] AS column_id
    FROM {{ ref('memory_concepts') }} m
    SEMI JOIN kept t ON t.memory_id = m.memory_id
    LEFT JOIN {{ ref('concepts') }} k ON k.mind_id = m.mind_id AND k.concept = m.concept
    GROUP BY m.mind_id, m.memory_id
),

repeated AS (
    SELECT merged_into AS memory_id, list(memory_id ORDER BY memory_id) AS repetitions
    FROM {{ ref('memory_traces') }}
    WHERE merged_into IS NOT NULL AND tier <> 'deleted'
    GROUP BY merged_into
)

SELECT
    t.mind_id,
    t.memory_id,
    coalesce(f.gist, '') AS gist,
    coalesce(a.concepts, []) AS concepts,
    a.column_id,
    CASE
        WHEN t.age_us >= {{ var('ancient_after') }} * 86400000000 THEN 'ancient'
        WHEN t.age_us < {{ var('fresh_until') }} * 86400000000 THEN 'fresh'
        WHEN t.stability >= {{ var('stable_stability') }} THEN 'stable'
        ELSE 'consolidating'
    END AS age_class,
    t.strength_now AS strength,
    t.stability,
    t.consolidated_at,
    t.learned_at,
    t.replays,
    t.uses,
    t.merged_into,
    list_prepend(t.memory_id, coalesce(r.repetitions, [])) AS evidence
FROM kept t
LEFT JOIN about a ON a.mind_id = t.mind_id AND a.memory_id = t.memory_id
LEFT JOIN repeated r ON r.memory_id = t.memory_id
LEFT JOIN {{ source('enrichment', 'features') }} f ON f.memory_id = t.memory_id AND f.revision = t.revision
