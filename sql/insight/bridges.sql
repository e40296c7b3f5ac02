-- One row a concept that connects columns: its neighbours in the semantic network lie in at least two others than the one it is
-- most at home in. A stand-in for betweenness (Freeman 1977) that costs one pass: the participation coefficient
-- P = 1 - sum of squared weight shares over columns (Guimera & Amaral 2005). Only concepts met since `since`, mentioned in 3 memories.
-- confidence = P x w / (w + 1) x m / (m + 3), w the weight to foreign columns, m its memories.
{% set start = since | default(epoch_start | default("TIMESTAMP '0001-01-01'")) -%}
WITH both_ways AS (
    SELECT mind_id, source AS concept, target AS neighbour, target_column AS column_id, weight FROM {{ ref('semantic_network') }}
    UNION ALL
    SELECT mind_id, target, source, source_column, weight FROM {{ ref('semantic_network') }}
),

-- Narrators are no bridges: they are in everything (see concept_mentions).
told AS (
    SELECT mind_id, concept, count(*) AS memories, count(DISTINCT episode_id) AS episodes
    FROM {{ ref('concept_mentions') }}
    WHERE created_at <= {{ as_of }}
    GROUP BY mind_id, concept
),

-- A column with one concept is no circle of its own. The concepts it is known by are named while a memory still speaks of them.
columns AS (
    SELECT c.mind_id, c.column_id, f.concept AS founder, t.concept AS label
    FROM {{ ref('cortical_columns') }} c
    LEFT JOIN told t ON t.mind_id = c.mind_id AND t.concept = c.label
    LEFT JOIN told f ON f.mind_id = c.mind_id AND f.concept = c.column_id
    WHERE c.concepts >= 3
),

ties AS (
    SELECT b.mind_id, b.concept, b.column_id, c.founder, c.label, sum(b.weight::DECIMAL(18, 6)) AS weight,
        list(b.neighbour ORDER BY b.weight DESC, b.neighbour)[:3] AS neighbours
    FROM both_ways b
    JOIN told t ON t.mind_id = b.mind_id AND t.concept = b.concept AND t.memories >= 3 AND t.episodes >= 3
    JOIN told n ON n.mind_id = b.mind_id AND n.concept = b.neighbour
    JOIN columns c ON c.mind_id = b.mind_id AND c.column_id = b.column_id
    JOIN {{ ref('concepts') }} k ON k.mind_id = b.mind_id AND k.concept = b.concept
    WHERE k.last_at >= {{ start }} AND k.last_at <= {{ as_of }}
    GROUP BY b.mind_id, b.concept, b.column_id, c.founder, c.label
),

placed AS (
    SELECT t.*, k.column_id = t.column_id AS home, k.memories,
        sum(t.weight) OVER (PARTITION BY t.mind_id, t.concept) AS total,
        row_number() OVER (PARTITION BY t.mind_id, t.concept ORDER BY t.weight DESC, t.column_id) AS place
    FROM ties t
    JOIN {{ ref('concepts') }} k ON k.mind_id = t.mind_id AND k.concept = t.concept
),

measured AS (
    SELECT mind_id, concept, max(memories) AS memories, count(*) AS columns,
        1 - sum(((weight / total) * (weight / total))::DECIMAL(18, 9)) AS participation,
        coalesce(sum(weight) FILTER (NOT home), 0)::DECIMAL(18, 6) AS foreign_weight,
        -- The circles as a person knows them: what they have in common with the concept.
        string_agg('“' || array_to_string(neighbours, ', ') || '”', ' with ' ORDER BY place) FILTER (place <= 3) AS circles,
        to_json(list({'column': founder, 'label': label, 'neighbours': neighbours, 'weight': weight} ORDER BY place)) AS ties
    FROM placed
    GROUP BY mind_id, concept
    HAVING count(*) >= 2 AND count(*) FILTER (NOT home) >= 2
),

judged AS (
    SELECT *, (participation * foreign_weight / (foreign_weight + 1) * memories / (memories + 3.0))::DECIMAL(4, 3) AS confidence
    FROM measured
    QUALIFY row_number() OVER (PARTITION BY mind_id ORDER BY confidence DESC, memories DESC, concept) <= 8
),

-- For each circle the strongest memories about the concept and one of its neighbours there.
evidence AS (
    SELECT mind_id, concept, list(memory_id ORDER BY memory_id) AS evidence
    FROM (
        SELECT mind_id, concept, memory_id
        FROM (
            SELECT j.mind_id, j.concept, p.place, a.memory_id, max(a.weight * b.weight) AS strength
            FROM judged j
            JOIN placed p ON p.mind_id = j.mind_id AND p.concept = j.concept AND p.place <= 4
            JOIN {{ ref('concept_mentions') }} a ON a.mind_id = j.mind_id AND a.concept = j.concept
            JOIN {{ ref('concept_mentions') }} b ON b.memory_id = a.memory_id AND list_contains(p.neighbours, b.concept)
            GROUP BY j.mind_id, j.concept, p.place, a.memory_id
        )
        QUALIFY row_number() OVER (PARTITION BY mind_id, concept, place ORDER BY strength DESC, memory_id) <= 2
    )
    GROUP BY mind_id, concept
)

SELECT
    j.mind_id,
    'bridge' AS kind,
    '“' || j.concept || '” connects ' || j.circles AS title,
    j.confidence,
    list_sort(list_distinct(e.evidence))[:10] AS evidence,
    json_object('concept', j.concept, 'memories', j.memories, 'columns', j.columns, 'participation', j.participation::DECIMAL(4, 3),
        'foreign_weight', j.foreign_weight, 'ties', j.ties)::VARCHAR AS details
FROM judged j
JOIN evidence e ON e.mind_id = j.mind_id AND e.concept = j.concept
ORDER BY j.mind_id, j.confidence DESC, title
