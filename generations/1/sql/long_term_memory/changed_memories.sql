-- One row a memory that the night settles (it enters long-term memory, or is forgotten or deleted), or that was revised in the epoch
-- while in long-term memory. A cache, so that what follows is planned for a night's few rows, whatever DuckDB thinks of all traces.
SELECT t.mind_id, d.epoch, t.memory_id, t.tier, t.strength, t.merged_into, false AS revised
FROM {{ ref('memory_traces') }} t
JOIN {{ source('cycle', 'due') }} d USING (mind_id)
WHERE t.settled_at = d.epoch_end
UNION ALL
SELECT t.mind_id, d.epoch, t.memory_id, t.tier, t.strength, t.merged_into, true
FROM {{ ref('memory_traces') }} t
JOIN {{ ref('interventions') }} i ON i.memory_id = t.memory_id AND i.revision IS NOT NULL
JOIN {{ source('cycle', 'due') }} d ON d.mind_id = i.mind_id AND d.epoch = i.epoch
WHERE t.settled_at < d.epoch_end AND t.tier = 'long_term'
ORDER BY d.epoch, t.mind_id, t.memory_id
