-- One row a memory learned in an earlier epoch and revised in this one, with the revision that now stands.
SELECT x.mind_id, d.epoch, x.memory_id, max(x.arrival) AS revision
FROM {{ source('raw', 'edits') }} x
JOIN {{ source('cycle', 'due') }} d ON d.mind_id = x.mind_id AND x.at < d.epoch_end AND x.arrival <= d.highest_arrival
JOIN {{ source('state', 'memory_traces') }} t ON t.mind_id = x.mind_id AND t.memory_id = x.memory_id AND t.revision < x.arrival
GROUP BY x.mind_id, d.epoch, x.memory_id
