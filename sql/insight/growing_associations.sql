-- One row a theme along which memories of different episodes grow together since `since` (Hebb 1949): the concept
-- the two share, or use in one recall. A single word in common is no theme: two pairs or two concepts are. Neighbours within an episode are left out: that they belong together is no news.
-- growth = weight now - weight before (0 for associations born in the period); confidence = g / (g + 0.25) x c / (c + 2) of the
-- strongest pair, g its growth and c how often it fired.
{% set start = since | default(epoch_start | default("TIMESTAMP '0001-01-01'")) -%}
WITH current AS (
    SELECT a.mind_id, a.source_id, a.target_id, a.kind, a.co_activations,
        CASE WHEN a.born_at >= {{ start }} THEN 0 ELSE a.previous_weight END::DECIMAL(9, 6) AS weight_before,
        (a.weight * {{ retention('a.event_at', as_of, var('association_stability')) }})::DECIMAL(9, 6) AS weight_now
    FROM {{ ref('associations') }} a
    WHERE a.event_at >= {{ start }} AND a.event_at <= {{ as_of }}
      AND NOT a.provisional AND a.co_activations >= 2 AND a.weight > a.previous_weight
),

grown AS (
    SELECT c.mind_id, least(c.source_id, c.target_id) AS one_id, greatest(c.source_id, c.target_id) AS other_id,
        c.kind, c.weight_before, c.weight_now, c.co_activations, (c.weight_now - c.weight_before)::DECIMAL(9, 6) AS growth
    FROM current c
    JOIN {{ ref('live_memories') }} s ON s.memory_id = c.source_id
    JOIN {{ ref('live_memories') }} t ON t.memory_id = c.target_id
    WHERE s.episode_id IS DISTINCT FROM t.episode_id AND c.weight_now - c.weight_before >= 0.05
    -- Both directions of a pair are one insight.
    QUALIFY row_number() OVER (PARTITION BY c.mind_id, least(c.source_id, c.target_id), greatest(c.source_id, c.target_id)
        ORDER BY c.weight_now - c.weight_before DESC, c.source_id) = 1
),

-- The rarest concept both are about.
shared AS (
    SELECT g.mind_id, g.one_id, g.other_id, a.concept, count(*) OVER (PARTITION BY g.one_id, g.other_id) AS concepts
    FROM grown g
    JOIN {{ ref('concept_mentions') }} a ON a.memory_id = g.one_id
    JOIN {{ ref('concept_mentions') }} b ON b.memory_id = g.other_id AND b.concept = a.concept
    LEFT JOIN {{ ref('concepts') }} k ON k.mind_id = g.mind_id AND k.concept = a.concept
    QUALIFY row_number() OVER (PARTITION BY g.one_id, g.other_id ORDER BY coalesce(k.memories, 1), a.weight * b.weight DESC, a.concept) = 1
),

themed AS (
    SELECT g.*, s.concept, s.concepts, coalesce(s.concept, g.one_id || '/' || g.other_id) AS theme
    FROM grown g
    LEFT JOIN shared s ON s.one_id = g.one_id AND s.other_id = g.other_id
    -- Without a common concept only use together counts: the rest was replay's own choice.
    WHERE s.concept IS NOT NULL OR g.kind = 'used'
),

ranked AS (
    SELECT *,
        row_number() OVER (PARTITION BY mind_id, theme ORDER BY growth DESC, one_id, other_id) AS place,
        count(*) OVER (PARTITION BY mind_id, theme) AS pairs,
        sum(growth::DECIMAL(9, 6)) OVER (PARTITION BY mind_id, theme)::DECIMAL(12, 3) AS total_growth
    FROM themed
),

evidence AS (
    SELECT mind_id, theme, list(memory_id ORDER BY memory_id) AS evidence
    FROM (SELECT DISTINCT mind_id, theme, unnest([one_id, other_id]) AS memory_id FROM ranked WHERE place <= 5)
    GROUP BY mind_id, theme
),

judged AS (
    SELECT *, (growth / (growth + 0.25) * co_activations / (co_activations + 2.0))::DECIMAL(4, 3) AS confidence
    FROM ranked
    WHERE place = 1 AND (pairs >= 2 OR concepts >= 2 OR kind = 'used')
    QUALIFY row_number() OVER (PARTITION BY mind_id ORDER BY confidence DESC, total_growth DESC, theme) <= 8
)

SELECT
    j.mind_id,
    'growing_association' AS kind,
    {{ quoted('s.gist') }} || ' and ' || {{ quoted('t.gist') }} || ' belong together more and more' || coalesce(' (“' || j.concept || '”', ' (')
        || CASE WHEN j.concept IS NULL THEN '' ELSE ': ' END || j.weight_before::DECIMAL(4, 2) || ' → ' || j.weight_now::DECIMAL(4, 2)
        || CASE WHEN j.pairs > 1 THEN ', with ' || (j.pairs - 1) || ' more' ELSE '' END || ')' AS title,
    j.confidence,
    e.evidence,
    json_object('concept', j.concept, 'source', j.one_id, 'target', j.other_id, 'weight_before', j.weight_before, 'weight_now', j.weight_now,
        'growth', j.growth, 'co_activations', j.co_activations, 'associations', j.pairs, 'total_growth', j.total_growth)::VARCHAR AS details
FROM judged j
JOIN evidence e ON e.mind_id = j.mind_id AND e.theme = j.theme
JOIN {{ ref('live_memories') }} s ON s.memory_id = j.one_id
JOIN {{ ref('live_memories') }} t ON t.memory_id = j.other_id
ORDER BY j.mind_id, j.confidence DESC, title
