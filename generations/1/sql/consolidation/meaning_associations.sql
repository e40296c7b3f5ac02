-- depends on {{ ref('memory_concepts') }}: what tonight's memories are about is known.
-- One row a directed association between a memory that enters long-term memory tonight and the older one nearest in meaning among
-- those it shares a concept with (semantic priming spreads by meaning, Neely 1977; Landauer & Dumais 1997). Only vectors that had
-- arrived count; most stores have none.
{{ config(skip_if_empty=source('enrichment', 'vectors')) }}
WITH tonight AS (
    SELECT t.mind_id, t.memory_id, coalesce(f.describes, t.revision) AS revision, d.highest_arrival
    FROM {{ ref('memory_traces') }} t
    JOIN {{ source('cycle', 'due') }} d USING (mind_id)
    LEFT JOIN {{ source('enrichment', 'features') }} f ON f.memory_id = t.memory_id AND f.revision = t.revision
    WHERE t.consolidated_at = d.epoch_end AND t.merged_into IS NULL
),

embedded AS (
    SELECT t.mind_id, t.memory_id, t.highest_arrival, v.model, v.vector
    FROM tonight t
    JOIN {{ source('enrichment', 'vectors') }} v ON v.memory_id = t.memory_id AND v.revision = t.revision AND v.arrival <= t.highest_arrival
),

met AS (
    SELECT DISTINCT e.memory_id, o.memory_id AS other_id
    FROM embedded e
    JOIN {{ ref('memory_concepts') }} m ON m.mind_id = e.mind_id AND m.memory_id = e.memory_id
    JOIN {{ source('state', 'concepts') }} k ON k.mind_id = m.mind_id AND k.concept = m.concept AND k.memories <= {{ var('rem_fan_limit') }}
    JOIN {{ ref('memory_concepts') }} o ON o.mind_id = m.mind_id AND o.concept = m.concept AND o.memory_id < e.memory_id
),

near AS (
    SELECT e.mind_id, e.memory_id, t.memory_id AS other_id, max(list_inner_product(e.vector, v.vector)::DECIMAL(9, 6)) AS cosine
    FROM met
    JOIN embedded e ON e.memory_id = met.memory_id
    JOIN {{ ref('memory_traces') }} t ON t.memory_id = met.other_id AND t.tier = 'long_term' AND t.merged_into IS NULL
    LEFT JOIN {{ source('enrichment', 'features') }} f ON f.memory_id = t.memory_id AND f.revision = t.revision
    JOIN {{ source('enrichment', 'vectors') }} v ON v.memory_id = t.memory_id AND v.revision = coalesce(f.describes, t.revision)
        AND v.model = e.model AND v.arrival <= e.highest_arrival
    GROUP BY e.mind_id, e.memory_id, t.memory_id
),

nearest AS (
    SELECT mind_id, memory_id, other_id, cosine
    FROM near
    WHERE cosine >= {{ var('association_similarity') }}
    QUALIFY row_number() OVER (PARTITION BY memory_id ORDER BY cosine DESC, other_id) = 1
),

both_ways AS (
    SELECT mind_id, memory_id AS source_id, other_id AS target_id, cosine FROM nearest
    UNION ALL
    SELECT mind_id, other_id, memory_id, cosine FROM nearest
)

SELECT n.mind_id, n.source_id, n.target_id, 'semantic' AS kind,
    ({{ var('hebbian_learning_rate') }} * n.cosine)::DECIMAL(9, 6) AS weight, 0::DECIMAL(9, 6) AS previous_weight,
    d.epoch_end AS event_at, d.epoch_end AS born_at, 0 AS co_activations, false AS provisional
FROM both_ways n
JOIN {{ source('cycle', 'due') }} d USING (mind_id)
ANTI JOIN {{ source('state', 'associations') }} k ON k.source_id = n.source_id AND k.target_id = n.target_id
-- What fired together tonight is tied by that, and what was let go is not tied again at once.
ANTI JOIN (
    SELECT source_id, target_id FROM {{ ref('changed_associations') }} JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
) c ON c.source_id = n.source_id AND c.target_id = n.target_id
WHERE {{ var('hebbian_learning_rate') }} * n.cosine >= {{ var('weak_connection_threshold') }}
