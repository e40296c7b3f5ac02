-- One row a concept whose cortical column, count or exemplar the week's homeostasis changes. Columns are communities of the
-- concept graph by label propagation (Raghavan et al. 2007), each concept keeping half a vote for itself so that labels settle;
-- a new community takes the name of the old column it overlaps most. "Column" is a metaphor (Mountcastle 1997).
-- Where there are vectors, concepts whose exemplars mean much the same are tied as if a memory were about both.
WITH nodes AS (
    SELECT k.*
    FROM {{ source('state', 'concepts') }} k
    JOIN {{ source('cycle', 'due') }} USING (mind_id)
),

-- Counts afresh from the memories themselves, so that edits and deletions show; an exemplar that is gone has a successor.
counted AS (
    SELECT m.mind_id, m.concept, count(*)::INTEGER AS memories, sum(m.weight::DECIMAL(4, 3))::DECIMAL(18, 6) AS weight,
        arg_min(m.memory_id, (-(m.weight * t.strength), m.memory_id)) AS next_exemplar_id
    FROM {{ source('state', 'memory_concepts') }} m
    JOIN {{ source('state', 'memory_traces') }} t USING (memory_id)
    SEMI JOIN {{ source('cycle', 'due') }} d ON d.mind_id = t.mind_id
    WHERE t.tier = 'long_term' AND t.merged_into IS NULL
    GROUP BY m.mind_id, m.concept
),

about_exemplars AS MATERIALIZED (
    SELECT m.mind_id, m.memory_id, m.concept
    FROM {{ source('state', 'memory_concepts') }} m
    JOIN (
        SELECT t.memory_id
        FROM {{ source('state', 'memory_traces') }} t
        SEMI JOIN nodes n ON n.exemplar_id = t.memory_id
        WHERE t.tier = 'long_term' AND t.merged_into IS NULL
    ) USING (memory_id)
),

exemplars AS (
    SELECT n.mind_id, n.concept, n.exemplar_id
    FROM nodes n
    JOIN about_exemplars m ON m.mind_id = n.mind_id AND m.concept = n.concept AND m.memory_id = n.exemplar_id
),

-- The concepts that stand for most, by vectors of their exemplars that had arrived.
meant AS (
    SELECT n.mind_id, n.concept, n.exemplar_id, v.model, v.vector
    FROM (SELECT * FROM nodes QUALIFY row_number() OVER (PARTITION BY mind_id ORDER BY memories DESC, concept) <= {{ var('column_meanings') }}) n
    SEMI JOIN {{ source('enrichment', 'vectors') }} any_vector ON any_vector.memory_id = n.exemplar_id
    JOIN {{ source('cycle', 'due') }} d USING (mind_id)
    JOIN {{ source('state', 'memory_traces') }} t ON t.memory_id = n.exemplar_id
    LEFT JOIN {{ source('enrichment', 'features') }} f ON f.memory_id = t.memory_id AND f.revision = t.revision
    JOIN {{ source('enrichment', 'vectors') }} v ON v.memory_id = t.memory_id AND v.revision = coalesce(f.describes, t.revision) AND v.arrival <= d.highest_arrival
),

akin AS (
    SELECT a.mind_id, a.concept, b.concept AS neighbour, max(list_inner_product(a.vector, b.vector)::DECIMAL(9, 6))::DECIMAL(18, 6) AS weight
    FROM meant a
    JOIN meant b ON b.mind_id = a.mind_id AND b.model = a.model AND b.exemplar_id <> a.exemplar_id
    GROUP BY a.mind_id, a.concept, b.concept
    HAVING max(list_inner_product(a.vector, b.vector)::DECIMAL(9, 6)) >= {{ var('column_similarity') }}
),

both_ways AS (
    SELECT mind_id, concept, neighbour, weight FROM akin
    UNION ALL
    SELECT mind_id, source AS concept, target AS neighbour, weight FROM {{ source('state', 'concept_edges') }} JOIN {{ source('cycle', 'due') }} USING (mind_id)
    UNION ALL
    SELECT mind_id, target, source, weight FROM {{ source('state', 'concept_edges') }} JOIN {{ source('cycle', 'due') }} USING (mind_id)
),

edges AS MATERIALIZED (
    SELECT mind_id, concept, near.neighbour, near.weight
    FROM (
        SELECT mind_id, concept, unnest(arg_min({neighbour: neighbour, weight: weight}, (-weight, neighbour), {{ var('column_neighbours') }})) AS near
        FROM both_ways
        GROUP BY mind_id, concept
    )
),

round_0 AS (SELECT mind_id, concept, concept AS label FROM nodes),
{% for round in range(var('column_rounds')) %}
round_{{ round + 1 }} AS (
    SELECT mind_id, concept, arg_min(label, (-votes, label)) AS label
    FROM (
        SELECT v.mind_id, v.concept, v.label, sum(v.weight::DECIMAL(18, 6)) AS votes
        FROM (
            SELECT e.mind_id, e.concept, r.label, e.weight
            FROM edges e JOIN round_{{ round }} r ON r.mind_id = e.mind_id AND r.concept = e.neighbour
            UNION ALL
            SELECT mind_id, concept, label, 0.5::DECIMAL(18, 6) FROM round_{{ round }}
        ) v
        GROUP BY v.mind_id, v.concept, v.label
    )
    GROUP BY mind_id, concept
),
{% endfor %}
overlap AS (
    SELECT r.mind_id, r.label, n.column_id, count(*) AS shared
    FROM round_{{ var('column_rounds') }} r
    JOIN nodes n USING (mind_id, concept)
    GROUP BY r.mind_id, r.label, n.column_id
),

inherited AS (
    SELECT mind_id, heir.label, arg_min(column_id, (-heir.shared, column_id)) AS column_id
    FROM (
        SELECT mind_id, column_id, arg_min({label: label, shared: shared}, (-shared, label)) AS heir
        FROM overlap
        GROUP BY mind_id, column_id
    )
    GROUP BY mind_id, heir.label
)

SELECT
    n.mind_id, n.concept, n.kind,
    coalesce(c.memories, 0) AS memories,
    coalesce(c.weight, 0)::DECIMAL(18, 6) AS weight,
    n.first_at, n.last_at, coalesce(x.exemplar_id, c.next_exemplar_id, n.exemplar_id) AS exemplar_id,
    coalesce(i.column_id, r.label) AS column_id
FROM nodes n
JOIN round_{{ var('column_rounds') }} r USING (mind_id, concept)
LEFT JOIN inherited i ON i.mind_id = r.mind_id AND i.label = r.label
LEFT JOIN counted c ON c.mind_id = n.mind_id AND c.concept = n.concept
LEFT JOIN exemplars x ON x.mind_id = n.mind_id AND x.concept = n.concept
WHERE coalesce(i.column_id, r.label) <> n.column_id
   OR coalesce(c.memories, 0) <> n.memories
   OR coalesce(c.weight, 0) <> n.weight
   OR coalesce(x.exemplar_id, c.next_exemplar_id, n.exemplar_id) <> n.exemplar_id
