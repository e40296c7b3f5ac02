-- One row a check of a mind: what was measured, from where on it is a worry, and what to do then.
-- Whether nights are overdue or ahead depends on what time it is, which SQL never asks: `codex health` adds that.
-- A check is an alarm when its value reaches `warning` or `critical`, or, for a range, leaves it; the bound it is judged by is shown.
WITH measured AS (
    SELECT
        d.*,
        d.pending - d.late_memories AS waiting,
        c.passed_over,
        c.states_missing,
        CASE WHEN p.chain = '' THEN 0 ELSE len(string_split(p.chain, ',')) - p.chain_step END AS steps_left,
        d.long_term + d.short_term + d.forgotten AS settled
    FROM {{ ref('memory_dashboard') }} d
    JOIN (
        SELECT mind_id, passed_over,
            abs(memories - (erased + deleted + forgotten + long_term + short_term + working + pending)) + abs(traces - learned) AS states_missing
        FROM {{ ref('conservation') }}
    ) c ON c.mind_id = d.mind_id
    LEFT JOIN {{ source('codex', 'progress') }} p ON p.mind_id = d.mind_id
),

checks AS (
    SELECT mind_id, mind, 1 AS place, 'conservation' AS check_name, (passed_over + states_missing)::DECIMAL(18, 3) AS value,
        NULL::DECIMAL(18, 3) AS low, 1::DECIMAL(18, 3) AS warning, 1::DECIMAL(18, 3) AS critical,
        'memories without exactly one state: run `codex verify`, then `codex consolidate --rebuild`' AS what_to_do
    FROM measured
    UNION ALL
    SELECT mind_id, mind, 2, 'half_done_night', coalesce(steps_left, 0), NULL, 1, NULL,
        'the last night was interrupted: run `codex consolidate`, it finishes it first'
    FROM measured
    UNION ALL
    SELECT mind_id, mind, 4, 'pending_memories', waiting, NULL, 1000, 50000,
        'memories no cycle has looked at: run `codex consolidate`'
    FROM measured
    UNION ALL
    SELECT mind_id, mind, 5, 'late_memories', late_memories, NULL, 1, 10 * {{ var('late_per_night') }},
        'memories older than the last night wait for later ones: `codex consolidate --rebuild` takes all of them in at their own time'
    FROM measured
    UNION ALL
    SELECT mind_id, mind, 6, 'pending_enrichment', pending_enrichment, NULL, 1, 50000,
        'contents without features: run `codex consolidate`, it reads them first'
    FROM measured
    UNION ALL
    SELECT mind_id, mind, 7, 'long_term_share', long_term / settled, 0.05, 0.95, NULL,
        'nearly everything or nearly nothing is kept: adjust consolidation_threshold'
    FROM measured
    WHERE settled >= 100
    UNION ALL
    SELECT mind_id, mind, 8, 'associations_per_memory', associations / (long_term + short_term), 0.5, 64, NULL,
        'the network is far too thin or too dense: check co_activation_neighbours and weak_connection_threshold'
    FROM measured
    WHERE long_term + short_term >= 100
),

judged AS (
    SELECT *,
        CASE WHEN value >= critical THEN 'CRITICAL' WHEN value >= warning OR value < low THEN 'WARNING' ELSE 'OK' END AS alert_level
    FROM checks
)

SELECT
    mind_id,
    mind,
    check_name,
    alert_level,
    value::DECIMAL(18, 3) AS value,
    CASE WHEN alert_level = 'CRITICAL' THEN critical WHEN value < low THEN low ELSE warning END::DECIMAL(18, 3) AS threshold,
    CASE WHEN alert_level <> 'OK' THEN what_to_do END AS what_to_do,
    as_of
FROM judged
CROSS JOIN {{ ref('clock') }}
ORDER BY mind, mind_id, place
