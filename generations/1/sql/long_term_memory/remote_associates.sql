-- depends on {{ ref('associations') }}, {{ ref('meaning_associations') }}: what the night ties by itself is tied by now.
-- One row a pair that a REM cycle of the night may tie: a memory that enters long-term memory tonight and another one of a different
-- column, of middling similarity and not tied yet (remote associates, Mednick 1962; Cai et al. 2009). A hash rolls the dice for each
-- cycle. A memory keeps as many others as a cycle can need when those before it have taken theirs. The cycles share this cache.
WITH cycles AS (
    SELECT unnest(range(2, {{ var('rem_cycles') }} + 2)) AS step
),

seeds AS MATERIALIZED (
    SELECT drawn.mind_id, drawn.epoch, step, drawn.memory_id, drawn.seed
    FROM (
        SELECT step, unnest(arg_min(
            {mind_id: t.mind_id, epoch: d.epoch, memory_id: t.memory_id, seed: t.seed},
            ({{ hash_64("concat_ws('/', t.seed, d.epoch, step)") }}, t.memory_id),
            4 * {{ var('rem_associations') }})) AS drawn
        FROM {{ ref('changed_memories') }} c
        JOIN {{ source('cycle', 'due') }} d USING (mind_id, epoch)
        JOIN {{ ref('memory_traces') }} t ON t.memory_id = c.memory_id AND t.consolidated_at = d.epoch_end, cycles
        WHERE c.tier = 'long_term' AND c.merged_into IS NULL AND {{ var('rem_associations') }} > 0
        GROUP BY t.mind_id, step
    )
),

dreamers AS MATERIALIZED (
    SELECT DISTINCT mind_id, memory_id, seed FROM seeds
),

-- Grouped, though every group is one row: DuckDB then takes these for few, and works from them.
about AS MATERIALIZED (
    SELECT s.mind_id, s.memory_id, s.seed, m.concept, min(m.weight) AS weight, min(k.memories) AS memories, min(k.column_id) AS column_id
    FROM dreamers s
    JOIN {{ ref('memory_concepts') }} m USING (memory_id)
    LEFT JOIN {{ ref('concepts') }} k ON k.mind_id = s.mind_id AND k.concept = m.concept
    GROUP BY s.mind_id, s.memory_id, s.seed, m.concept
),

-- A memory lives in the column of its strongest concept.
homes AS (
    SELECT memory_id, arg_min({column_id: column_id}, (-weight, concept)).column_id AS column_id,
        sqrt(sum((weight * weight)::DECIMAL(18, 6)))::DECIMAL(18, 6) AS norm
    FROM about
    GROUP BY memory_id
),

met AS MATERIALIZED (
    SELECT a.mind_id, a.memory_id, m.memory_id AS other_id, min(a.seed) AS seed, min(h.column_id) AS column_id, min(h.norm) AS norm,
        sum((a.weight * m.weight)::DECIMAL(18, 6)) AS shared
    FROM about a
    JOIN homes h USING (memory_id)
    JOIN {{ ref('memory_concepts') }} m ON m.mind_id = a.mind_id AND m.concept = a.concept AND m.memory_id <> a.memory_id
    WHERE a.memories <= {{ var('rem_fan_limit') }}
    GROUP BY a.mind_id, a.memory_id, m.memory_id
),

at_home AS (
    SELECT m.mind_id, m.memory_id, m.other_id, min(m.seed) AS seed, min(m.column_id) AS column_id, min(m.norm) AS norm, min(m.shared) AS shared,
        arg_min(o.concept, (-o.weight, o.concept)) AS concept, sqrt(sum((o.weight * o.weight)::DECIMAL(18, 6)))::DECIMAL(18, 6) AS other_norm
    FROM met m
    JOIN {{ ref('memory_concepts') }} o ON o.memory_id = m.other_id
    GROUP BY m.mind_id, m.memory_id, m.other_id
),

likely AS MATERIALIZED (
    SELECT m.memory_id, m.other_id, m.seed, (m.shared / greatest(m.norm * m.other_norm, 0.000001))::DECIMAL(9, 6) AS similarity
    FROM at_home m
    JOIN {{ ref('concepts') }} k USING (mind_id, concept)
    WHERE m.column_id <> k.column_id
      AND m.shared / greatest(m.norm * m.other_norm, 0.000001) BETWEEN {{ var('rem_similarity_low') }} AND {{ var('rem_similarity_high') }}
),

-- What tonight's memories are tied to already, in either direction.
tied AS MATERIALIZED (
    SELECT k.source_id, k.target_id
    FROM {{ source('state', 'associations') }} k
    JOIN dreamers s ON s.memory_id = k.source_id
    UNION ALL
    SELECT k.source_id, k.target_id
    FROM {{ source('state', 'associations') }} k
    JOIN dreamers s ON s.memory_id = k.target_id
),

remote AS MATERIALIZED (
    SELECT l.memory_id, l.other_id, l.seed, t.seed AS other_seed, l.similarity
    FROM likely l
    JOIN {{ ref('memory_traces') }} t ON t.memory_id = l.other_id AND t.tier = 'long_term'
    ANTI JOIN tied k ON k.source_id = l.memory_id AND k.target_id = l.other_id
),

drawn AS (
    SELECT s.mind_id, s.epoch, s.step, s.memory_id,
        unnest(arg_min({other_id: r.other_id, dice: r.dice, similarity: r.similarity}, (r.dice, r.other_id),
            1 + {{ var('rem_cycles') }} * {{ var('rem_associations') }})) AS pair
    FROM seeds s
    JOIN (SELECT *, {{ hash_64("concat_ws('/', seed, other_seed, step)") }} AS dice FROM remote, cycles) r USING (memory_id, step)
    GROUP BY s.mind_id, s.epoch, s.step, s.memory_id
)

SELECT d.mind_id, d.epoch, d.step, d.memory_id, d.pair.other_id AS other_id, d.pair.dice AS dice, d.pair.similarity AS similarity,
    k.source_id IS NOT NULL AS tied_back
FROM drawn d
LEFT JOIN (SELECT DISTINCT source_id, target_id FROM tied) k ON k.source_id = d.pair.other_id AND k.target_id = d.memory_id
ORDER BY d.epoch, d.mind_id, d.step, d.memory_id, dice, other_id
