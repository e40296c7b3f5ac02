-- One row a cycle of the ledger, as PostgreSQL's dreams.processing_metrics shows it: what it wrote and how long it took, by stage.
-- Ticks since the last night come first to be compared: by day nothing else is new.
WITH last_night AS (
    SELECT coalesce(max(ledger_id), 0) AS ledger_id FROM {{ source('codex', 'ledger') }} WHERE transition
),

stages AS (
    SELECT ledger_id, list(did ORDER BY did) AS stages
    FROM (
        SELECT ledger_id, {'stage': stage, 'models': count(*), 'rows': sum(rows)::BIGINT, 'ms': sum(processing_time_ms)} AS did
        FROM {{ ref('memory_pipeline_metrics') }}
        GROUP BY ledger_id, stage
    )
    GROUP BY ledger_id
)

SELECT
    c.ledger_id::VARCHAR AS key,
    c.ledger_id > l.ledger_id AS fluid,
    c.ledger_id,
    c.cycle,
    c.transition,
    c.step,
    c.generation,
    c.timestamp AS as_of,
    c.minds,
    c.models,
    c.rows AS rows_written,
    c.duration_ms,
    coalesce(s.stages, []) AS stages,
    c.outcome,
    c.started_at
FROM {{ ref('consolidation_stats') }} c
CROSS JOIN last_night l
LEFT JOIN stages s ON s.ledger_id = c.ledger_id
