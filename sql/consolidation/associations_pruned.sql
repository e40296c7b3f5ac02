-- The associations that leave the network tonight, by key.
SELECT mind_id, source_id, target_id
FROM {{ ref('pruned_associations') }}
WHERE pruned_at = {{ as_of }}
