-- Whatever the nights wrote about a memory stands under that memory's own mind.
WITH written AS (
    SELECT 'association source' AS what, mind_id, source_id AS memory_id FROM {{ ref('associations') }}
    UNION ALL
    SELECT 'association target', mind_id, target_id FROM {{ ref('associations') }}
    UNION ALL
    SELECT 'trace', mind_id, memory_id FROM {{ ref('memory_traces') }}
    UNION ALL
    SELECT 'episode', mind_id, memory_id FROM {{ ref('long_term_episode_memories') }}
    UNION ALL
    SELECT 'step', mind_id, memory_id FROM {{ ref('long_term_episode_steps') }}
    UNION ALL
    SELECT 'concept', mind_id, memory_id FROM {{ ref('memory_concepts') }}
    UNION ALL
    SELECT 'exemplar', mind_id, exemplar_id FROM {{ ref('concepts') }}
    UNION ALL
    SELECT 'merged into', mind_id, merged_into FROM {{ ref('memory_traces') }} WHERE merged_into IS NOT NULL
)

SELECT w.what, w.mind_id, w.memory_id
FROM written w
LEFT JOIN {{ source('raw', 'memories') }} m ON m.memory_id = w.memory_id
WHERE m.mind_id IS DISTINCT FROM w.mind_id
