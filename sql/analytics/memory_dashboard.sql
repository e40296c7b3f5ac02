-- One row a mind: what it holds, how it is connected, and how far it has come, at the clock of the last committed cycle.
-- Strength is today's, by the retention law, over long-term memory (Wixted & Ebbesen 1991). Minds without memories have zeros.
WITH arrivals AS (
    SELECT mind_id, min(created_at) AS first_memory_at, max(created_at) AS last_memory_at
    FROM {{ source('raw', 'memories') }}
    GROUP BY mind_id
),

strengths AS (
    SELECT t.mind_id, avg((t.strength * {{ retention('t.event_at', 'as_of', 't.stability') }})::DECIMAL(9, 6))::DECIMAL(4, 3) AS average_strength
    FROM {{ ref('memory_traces') }} t
    CROSS JOIN {{ ref('clock') }}
    WHERE t.tier = 'long_term'
    GROUP BY t.mind_id
),

episode_counts AS (
    SELECT mind_id, count(*) AS episodes FROM {{ ref('long_term_episodes') }} GROUP BY mind_id
),

association_counts AS (
    SELECT mind_id, count(*) AS associations, count(*) FILTER (provisional) AS provisional
    FROM {{ ref('associations') }}
    GROUP BY mind_id
),

concept_counts AS (
    SELECT mind_id, count(*) AS concepts, count(DISTINCT column_id) AS columns
    FROM {{ ref('concepts') }}
    GROUP BY mind_id
),

revisions AS (
    SELECT mind_id, memory_id, memory_id AS revision FROM {{ source('raw', 'memories') }}
    UNION ALL
    SELECT mind_id, memory_id, arrival FROM {{ source('raw', 'edits') }}
),

unread AS (
    SELECT r.mind_id, count(*) AS revisions
    FROM revisions r
    ANTI JOIN {{ source('enrichment', 'features') }} f ON f.revision = r.revision
    GROUP BY r.mind_id
),

late AS (
    SELECT mind_id, count(*) AS memories FROM {{ source('codex', 'late_memories') }} GROUP BY mind_id
),

cycles AS (
    SELECT mind_id, max(as_of) AS last_cycle_at
    FROM (SELECT unnest(minds) AS mind_id, as_of FROM {{ source('codex', 'ledger') }} WHERE outcome = 'success')
    GROUP BY mind_id
)

SELECT
    c.mind_id,
    c.mind,
    c.memories,
    c.pending,
    c.working,
    c.short_term,
    c.long_term,
    c.forgotten,
    c.deleted,
    c.erased,
    c.balanced,
    coalesce(s.nights, 0) AS nights,
    coalesce(e.episodes, 0) AS episodes,
    coalesce(a.associations, 0) AS associations,
    coalesce(a.provisional, 0) AS provisional_associations,
    coalesce(k.concepts, 0) AS concepts,
    coalesce(k.columns, 0) AS columns,
    h.average_strength,
    m.first_memory_at,
    m.last_memory_at,
    p.night_at AS last_night_at,
    y.last_cycle_at,
    coalesce(u.revisions, 0) AS pending_enrichment,
    coalesce(l.memories, 0) AS late_memories,
    n.time_zone,
    clock.as_of
FROM {{ ref('conservation') }} c
JOIN {{ source('raw', 'minds') }} n ON n.mind_id = c.mind_id
CROSS JOIN {{ ref('clock') }} AS clock
LEFT JOIN arrivals m ON m.mind_id = c.mind_id
LEFT JOIN strengths h ON h.mind_id = c.mind_id
LEFT JOIN episode_counts e ON e.mind_id = c.mind_id
LEFT JOIN association_counts a ON a.mind_id = c.mind_id
LEFT JOIN concept_counts k ON k.mind_id = c.mind_id
LEFT JOIN unread u ON u.mind_id = c.mind_id
LEFT JOIN late l ON l.mind_id = c.mind_id
LEFT JOIN cycles y ON y.mind_id = c.mind_id
LEFT JOIN {{ source('codex', 'progress') }} p ON p.mind_id = c.mind_id
LEFT JOIN {{ ref('minds') }} s ON s.mind_id = c.mind_id
ORDER BY c.mind, c.mind_id
