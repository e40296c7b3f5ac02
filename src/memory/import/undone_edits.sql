-- What the memories that import $1 edited said before it, and whether somebody edited them since.
CREATE OR REPLACE TEMP TABLE undone AS
WITH edited AS (
    SELECT x.memory_id, x.mind_id, min(x.arrival) AS first_arrival, max(x.arrival) AS last_arrival
    FROM raw.edits x
    JOIN codex.import_events e ON e.batch = $1 AND x.arrival BETWEEN e.first_arrival AND e.last_arrival
    WHERE x.memory_id NOT IN (SELECT memory_id FROM raw.deletions)
    GROUP BY x.memory_id, x.mind_id
)
SELECT d.memory_id, d.mind_id,
       coalesce(arg_max(p.content, p.arrival), any_value(m.content ORDER BY m.memory_id)) AS content,
       coalesce(arg_max(p.metadata, p.arrival), any_value(m.metadata ORDER BY m.memory_id)) AS metadata,
       count(*) FILTER (later.arrival IS NOT NULL) > 0 AS edited_since
FROM edited d
JOIN raw.memories m ON m.memory_id = d.memory_id
LEFT JOIN raw.edits p ON p.memory_id = d.memory_id AND p.arrival < d.first_arrival
LEFT JOIN raw.edits later ON later.memory_id = d.memory_id AND later.arrival > d.last_arrival
GROUP BY d.memory_id, d.mind_id
