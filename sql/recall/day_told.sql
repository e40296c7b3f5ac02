-- One row a memory of $1 (a JSON list of memory ids): the day or days on which happened what it tells. The first time it names that is no
-- longer than a month, else the day it was made; on the mind's clock.
WITH told AS (
    SELECT f.memory_id, f.local_at, list_filter(f.times, t -> t."end" - t."start" <= INTERVAL 31 DAYS)[1] AS named
    FROM {{ source('enrichment', 'features') }} f
    JOIN {{ source('lexical', 'documents') }} d ON d.memory_id = f.memory_id AND d.revision = f.revision
    WHERE f.mind_id = {{ mind }} AND f.provider = 'rules' AND f.memory_id IN (SELECT unnest(from_json($1, '["BIGINT"]')))
)

SELECT memory_id,
    coalesce(named."start", date_trunc('day', local_at)) AS starts_at,
    coalesce(named."end", date_trunc('day', local_at) + INTERVAL 1 DAY) AS ends_at
FROM told
ORDER BY memory_id
