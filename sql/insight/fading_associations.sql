-- One row a pair of memories of different episodes whose association fades: it fired, but not since `since`, or
-- lost weight there, and has lost at least what one stability interval takes (Wixted & Ebbesen 1991; depression, Stent 1973).
-- Pairs share a theme, the rarest concept both are about, and only its strongest is told.
-- confidence = loss / (loss + 0.5) x p / (p + 0.1), loss the share of the peak weight p that is gone.
{% set start = since | default(epoch_start | default("TIMESTAMP '0001-01-01'")) -%}
WITH current AS (
    SELECT a.mind_id, a.source_id, a.target_id, a.kind, a.event_at, a.co_activations,
        greatest(a.weight, a.previous_weight)::DECIMAL(9, 6) AS peak,
        (a.weight * {{ retention('a.event_at', as_of, var('association_stability')) }})::DECIMAL(9, 6) AS weight_now
    FROM {{ ref('associations') }} a
    WHERE NOT a.provisional AND a.co_activations >= 2
      AND (a.event_at < {{ start }} OR a.weight < a.previous_weight) AND a.event_at <= {{ as_of }}
),

faded AS (
    SELECT c.mind_id, least(c.source_id, c.target_id) AS one_id, greatest(c.source_id, c.target_id) AS other_id,
        c.kind, c.peak, c.weight_now, c.event_at, c.co_activations, (1 - c.weight_now / c.peak)::DECIMAL(9, 6) AS loss
    FROM current c
    JOIN {{ ref('live_memories') }} s ON s.memory_id = c.source_id
    JOIN {{ ref('live_memories') }} t ON t.memory_id = c.target_id
    WHERE s.episode_id IS DISTINCT FROM t.episode_id
      AND c.peak >= 0.1 AND c.weight_now <= {{ var('gradual_forgetting_rate') }} * c.peak
    QUALIFY row_number() OVER (PARTITION BY c.mind_id, least(c.source_id, c.target_id), greatest(c.source_id, c.target_id)
        ORDER BY c.weight_now DESC, c.source_id) = 1
),

shared AS (
    SELECT f.one_id, f.other_id, a.concept
    FROM faded f
    JOIN {{ ref('concept_mentions') }} a ON a.memory_id = f.one_id
    JOIN {{ ref('concept_mentions') }} b ON b.memory_id = f.other_id AND b.concept = a.concept
    LEFT JOIN {{ ref('concepts') }} k ON k.mind_id = f.mind_id AND k.concept = a.concept
    QUALIFY row_number() OVER (PARTITION BY f.one_id, f.other_id ORDER BY coalesce(k.memories, 1), a.weight * b.weight DESC, a.concept) = 1
),

judged AS (
    SELECT f.*, s.concept, (f.loss / (f.loss + 0.5) * f.peak / (f.peak + 0.1))::DECIMAL(4, 3) AS confidence
    FROM faded f
    LEFT JOIN shared s ON s.one_id = f.one_id AND s.other_id = f.other_id
    WHERE s.concept IS NOT NULL OR f.kind = 'used'
),

told AS (
    SELECT *
    FROM (
        SELECT *
        FROM judged
        QUALIFY row_number() OVER (PARTITION BY mind_id, coalesce(concept, one_id || '/' || other_id) ORDER BY confidence DESC, one_id, other_id) = 1
    )
    QUALIFY row_number() OVER (PARTITION BY mind_id ORDER BY confidence DESC, peak DESC, one_id, other_id) <= 8
)

SELECT
    j.mind_id,
    'fading_association' AS kind,
    {{ quoted('s.gist') }} || ' and ' || {{ quoted('t.gist') }} || ' have not come up together since ' || {{ day('j.event_at') }}
        || coalesce(' (“' || j.concept || '”: ', ' (') || j.peak::DECIMAL(4, 2) || ' → ' || j.weight_now::DECIMAL(4, 2) || ')' AS title,
    j.confidence,
    [j.one_id, j.other_id] AS evidence,
    json_object('concept', j.concept, 'source', j.one_id, 'target', j.other_id, 'peak', j.peak, 'weight_now', j.weight_now, 'loss', j.loss,
        'last_fired_at', j.event_at::VARCHAR, 'co_activations', j.co_activations)::VARCHAR AS details
FROM told j
JOIN {{ ref('live_memories') }} s ON s.memory_id = j.one_id
JOIN {{ ref('live_memories') }} t ON t.memory_id = j.other_id
ORDER BY j.mind_id, j.confidence DESC, title
