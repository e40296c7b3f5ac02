-- One row a concept whose cortical column, count or exemplar the week's homeostasis changes. Columns are communities of the
-- concept graph by label propagation (Raghavan et al. 2007), each concept keeping half a vote for itself so that labels settle;
-- a new community takes the name of the old column it overlaps most. "Column" is a metaphor (Mountcastle 1997).
-- Where there are vectors, concepts whose exemplars mean much the same are tied as if a memory were about both.
WITH nodes AS MATERIALIZED (
    -- Numbered by name: numbers are joined and compared faster than names.
    SELECT k.*, row_number() OVER (ORDER BY k.mind_id, k.concept) AS node
    FROM {{ source('state', 'concepts') }} k
    SEMI JOIN {{ source('cycle', 'due') }} d USING (mind_id)
),

-- Counts afresh from the memories themselves, so that edits and deletions show.
counted AS (
    SELECT m.mind_id, m.concept, count(*)::INTEGER AS memories, sum(m.weight::DECIMAL(4, 3))::DECIMAL(18, 6) AS weight
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

exemplars AS MATERIALIZED (
    SELECT n.mind_id, n.concept, n.exemplar_id
    FROM nodes n
    JOIN about_exemplars m ON m.mind_id = n.mind_id AND m.concept = n.concept AND m.memory_id = n.exemplar_id
),

-- An exemplar that is gone has a successor.
successors AS (
    SELECT m.mind_id, m.concept, arg_min(m.memory_id, (-(m.weight * t.strength), m.memory_id)) AS exemplar_id
    FROM {{ source('state', 'memory_concepts') }} m
    JOIN (SELECT mind_id, concept FROM nodes ANTI JOIN exemplars USING (mind_id, concept)) o USING (mind_id, concept)
    JOIN {{ source('state', 'memory_traces') }} t USING (memory_id)
    WHERE t.tier = 'long_term' AND t.merged_into IS NULL
    GROUP BY m.mind_id, m.concept
),

-- The concepts that stand for most, by vectors of their exemplars that had arrived.
meant AS (
    SELECT n.mind_id, n.node, n.exemplar_id, v.model, v.vector
    FROM (SELECT * FROM nodes QUALIFY row_number() OVER (PARTITION BY mind_id ORDER BY memories DESC, concept) <= {{ var('column_meanings') }}) n
    SEMI JOIN {{ source('enrichment', 'vectors') }} any_vector ON any_vector.memory_id = n.exemplar_id
    JOIN {{ source('cycle', 'due') }} d USING (mind_id)
    JOIN {{ source('state', 'memory_traces') }} t ON t.memory_id = n.exemplar_id
    LEFT JOIN (
        FROM {{ source('enrichment', 'features') }} f SEMI JOIN {{ source('enrichment', 'vectors') }} v ON v.memory_id = f.memory_id
    ) f ON f.memory_id = t.memory_id AND f.revision = t.revision
    JOIN {{ source('enrichment', 'vectors') }} v ON v.memory_id = t.memory_id AND v.revision = coalesce(f.describes, t.revision) AND v.arrival <= d.highest_arrival
),

akin AS (
    SELECT a.node, b.node AS neighbour, max(list_inner_product(a.vector, b.vector)::DECIMAL(9, 6))::DECIMAL(18, 6) AS weight
    FROM meant a
    JOIN meant b ON b.mind_id = a.mind_id AND b.model = a.model AND b.exemplar_id <> a.exemplar_id
    GROUP BY a.node, b.node
    HAVING max(list_inner_product(a.vector, b.vector)::DECIMAL(9, 6)) >= {{ var('column_similarity') }}
),

tied AS MATERIALIZED (
    SELECT a.node AS source, b.node AS target, e.weight
    FROM {{ source('state', 'concept_edges') }} e
    JOIN nodes a ON a.mind_id = e.mind_id AND a.concept = e.source
    JOIN nodes b ON b.mind_id = e.mind_id AND b.concept = e.target
),

both_ways AS (
    SELECT node, neighbour, weight FROM akin
    UNION ALL
    SELECT source AS node, target AS neighbour, weight FROM tied
    UNION ALL
    SELECT target, source, weight FROM tied
),

-- The weight of a node's last neighbour, found among weights alone: these are compared much faster than pairs with a name.
least_near AS (
    SELECT node, max(weight, {{ var('column_neighbours') }})[-1] AS weight FROM both_ways GROUP BY node
),

edges AS MATERIALIZED (
    SELECT node, near.neighbour, near.weight
    FROM (
        SELECT b.node, unnest(arg_min({neighbour: b.neighbour, weight: b.weight}, (-b.weight, b.neighbour), {{ var('column_neighbours') }})) AS near
        FROM both_ways b
        JOIN least_near l ON l.node = b.node AND b.weight >= l.weight
        GROUP BY b.node
    )
),

round_0 AS (SELECT node, node AS label FROM nodes),
{% for round in range(var('column_rounds')) %}
round_{{ round + 1 }} AS (
    SELECT node, arg_min(label, (-votes, label)) AS label
    FROM (
        SELECT v.node, v.label, sum(v.weight::DECIMAL(18, 6)) AS votes
        FROM (
            SELECT e.node, r.label, e.weight
            FROM edges e JOIN round_{{ round }} r ON r.node = e.neighbour
            UNION ALL
            SELECT node, label, 0.5::DECIMAL(18, 6) FROM round_{{ round }}
        ) v
        GROUP BY v.node, v.label
    )
    GROUP BY node
),
{% endfor %}
labelled AS MATERIALIZED (
    SELECT n.*, r.label FROM nodes n JOIN round_{{ var('column_rounds') }} r USING (node)
),

overlap AS (
    SELECT mind_id, label, column_id, count(*) AS shared FROM labelled GROUP BY mind_id, label, column_id
),

inherited AS (
    SELECT heir.label AS label, arg_min(column_id, (-heir.shared, column_id)) AS column_id
    FROM (
        SELECT mind_id, column_id, arg_min({label: label, shared: shared}, (-shared, label)) AS heir
        FROM overlap
        GROUP BY mind_id, column_id
    )
    GROUP BY heir.label
),

-- A community without an heir is named after the concept its label is.
settled AS (
    SELECT l.mind_id, l.concept, l.kind, l.first_at, l.last_at,
        coalesce(c.memories, 0) AS memories, l.memories AS known_memories,
        coalesce(c.weight, 0)::DECIMAL(18, 6) AS weight, l.weight AS known_weight,
        coalesce(x.exemplar_id, s.exemplar_id, l.exemplar_id) AS exemplar_id, l.exemplar_id AS known_exemplar_id,
        coalesce(i.column_id, f.concept) AS column_id, l.column_id AS known_column_id
    FROM labelled l
    JOIN nodes f ON f.node = l.label
    LEFT JOIN inherited i ON i.label = l.label
    LEFT JOIN counted c ON c.mind_id = l.mind_id AND c.concept = l.concept
    LEFT JOIN exemplars x ON x.mind_id = l.mind_id AND x.concept = l.concept
    LEFT JOIN successors s ON s.mind_id = l.mind_id AND s.concept = l.concept
)

SELECT mind_id, concept, kind, memories, weight, first_at, last_at, exemplar_id, column_id
FROM settled
WHERE column_id <> known_column_id OR memories <> known_memories OR weight <> known_weight OR exemplar_id <> known_exemplar_id
