-- depends on {{ ref('meaning_associations') }}: it asks how many memories a concept had before tonight.
-- One row a concept that tonight's consolidated memories are about, or that one of earlier nights is about since it was revised:
-- those are counted on Sunday, but a new concept is there at once. A concept not known before joins the column of its
-- strongest neighbour that has one, ties by name; where none has, the strongest concept of its memory founds a column.
WITH consolidated AS (
    SELECT mind_id, memory_id, strength, revised
    FROM {{ ref('changed_memories') }}
    JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
    WHERE tier = 'long_term' AND merged_into IS NULL
),

mentions AS MATERIALIZED (
    SELECT m.mind_id, m.memory_id, m.concept, m.kind, m.weight, c.strength, c.revised
    FROM {{ ref('memory_concepts') }} m
    JOIN consolidated c USING (memory_id)
),

tonight AS (
    SELECT
        mind_id,
        concept,
        arg_min(kind, (-strength, memory_id)) AS kind,
        count(*)::INTEGER AS memories,
        sum(weight::DECIMAL(4, 3))::DECIMAL(18, 6) AS weight,
        count(*) FILTER (NOT revised)::INTEGER AS more_memories,
        coalesce(sum(weight::DECIMAL(4, 3)) FILTER (NOT revised), 0)::DECIMAL(18, 6) AS more_weight,
        arg_min(memory_id, (-(weight * strength), memory_id)) AS exemplar_id
    FROM mentions
    GROUP BY mind_id, concept
),

placed AS (
    SELECT t.*, k.memories AS known_memories, k.weight AS known_weight, k.first_at, k.column_id, k.kind AS known_kind
    FROM tonight t
    LEFT JOIN {{ source('state', 'concepts') }} k USING (mind_id, concept)
),

edges AS MATERIALIZED (
    SELECT e.mind_id, e.source AS concept, e.target AS neighbour, e.weight
    FROM {{ ref('concept_edges') }} e
    JOIN {{ source('cycle', 'due') }} d ON d.mind_id = e.mind_id AND d.epoch_end = e.last_at
    UNION ALL
    SELECT e.mind_id, e.target, e.source, e.weight
    FROM {{ ref('concept_edges') }} e
    JOIN {{ source('cycle', 'due') }} d ON d.mind_id = e.mind_id AND d.epoch_end = e.last_at
),

adopted AS (
    SELECT e.mind_id, e.concept, arg_min(k.column_id, (-e.weight, e.neighbour, k.exemplar_id)) AS column_id
    FROM edges e
    JOIN placed p ON p.mind_id = e.mind_id AND p.concept = e.concept AND p.column_id IS NULL
    JOIN {{ source('state', 'concepts') }} k ON k.mind_id = e.mind_id AND k.concept = e.neighbour
    GROUP BY e.mind_id, e.concept
),

founders AS (
    SELECT memory_id, arg_min(concept, (-weight, concept)) AS concept FROM mentions GROUP BY memory_id
),

founded AS (
    SELECT m.mind_id, m.concept, arg_min(f.concept, (-(m.weight * m.strength), f.concept, m.memory_id)) AS column_id
    FROM mentions m
    JOIN founders f USING (memory_id)
    GROUP BY m.mind_id, m.concept
)

SELECT
    p.mind_id,
    p.concept,
    coalesce(p.known_kind, p.kind) AS kind,
    coalesce(p.known_memories + p.more_memories, p.memories)::INTEGER AS memories,
    coalesce(p.known_weight + p.more_weight, p.weight)::DECIMAL(18, 6) AS weight,
    coalesce(p.first_at, d.epoch_end) AS first_at,
    d.epoch_end AS last_at,
    p.exemplar_id,
    coalesce(p.column_id, a.column_id, f.column_id, p.concept) AS column_id
FROM placed p
JOIN {{ source('cycle', 'due') }} d USING (mind_id)
LEFT JOIN adopted a USING (mind_id, concept)
LEFT JOIN founded f USING (mind_id, concept)
