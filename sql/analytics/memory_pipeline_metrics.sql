-- One row a model that a cycle ran: in which stage, what it wrote and how long it took.
-- Rows of views and tests do not appear: only what a committed cycle ran is in the ledger.
WITH runs AS (
    SELECT ledger_id, as_of, cycle, transition, started_at,
        unnest(from_json(models, '[{"model": "VARCHAR", "stage": "VARCHAR", "rows": "BIGINT", "ms": "DECIMAL(12, 3)"}]')) AS run
    FROM {{ source('codex', 'ledger') }}
)

SELECT
    ledger_id,
    as_of AS timestamp,
    run.stage AS stage,
    run.model AS model,
    cycle,
    transition,
    run.rows AS rows,
    run.ms AS processing_time_ms,
    started_at
FROM runs
