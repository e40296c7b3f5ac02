-- 7±2 (Miller 1956): no window of the open epoch attends to more than nine memories, whatever arrived.
SELECT mind_id, epoch, attended_window, count(*) AS attended
FROM {{ ref('working_memory') }}
WHERE NOT dropped
GROUP BY mind_id, epoch, attended_window
HAVING count(*) > 9
