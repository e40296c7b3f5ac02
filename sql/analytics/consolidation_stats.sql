-- One row a cycle of the ledger: when in memory's time it ran, over how many minds, what it wrote and how long that took.
-- `timestamp` is the cycle's own time (as_of), which a backfill gives to nights long past; `started_at` is the wall clock's.
WITH written AS (
    SELECT ledger_id, count(*) AS models, coalesce(sum(model.rows), 0)::BIGINT AS rows
    FROM (
        SELECT ledger_id, unnest(from_json(models, '[{"model": "VARCHAR", "rows": "BIGINT"}]')) AS model
        FROM {{ source('codex', 'ledger') }}
    )
    GROUP BY ledger_id
)

SELECT
    l.ledger_id,
    l.as_of AS timestamp,
    l.cycle,
    l.transition,
    l.step,
    l.generation,
    len(l.minds) AS minds,
    coalesce(w.models, 0) AS models,
    coalesce(w.rows, 0) AS rows,
    l.duration_ms,
    CASE WHEN l.duration_ms > 0 THEN (coalesce(w.rows, 0) * 1000 / l.duration_ms)::DECIMAL(18, 1) END AS rows_per_second,
    l.outcome,
    l.started_at,
    l.fingerprint
FROM {{ source('codex', 'ledger') }} l
LEFT JOIN written w ON w.ledger_id = l.ledger_id
