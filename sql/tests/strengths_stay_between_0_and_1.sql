-- A trace's strength is a probability-like share, its stability a positive number of days.
SELECT mind_id, memory_id, strength, stability
FROM {{ ref('memory_traces') }}
WHERE strength NOT BETWEEN 0 AND 1 OR stability <= 0
