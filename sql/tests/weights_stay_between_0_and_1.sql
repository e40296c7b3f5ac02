-- Hebb with a soft bound, depression, decay and scaling never leave 0..1.
SELECT mind_id, source_id, target_id, weight, previous_weight, weight_now
FROM {{ ref('association_strengths') }}
WHERE weight NOT BETWEEN 0 AND 1 OR previous_weight NOT BETWEEN 0 AND 1 OR weight_now NOT BETWEEN 0 AND weight
