-- The associations that leave the network in the week's homeostasis, by key.
SELECT mind_id, source_id, target_id
FROM {{ ref('weekly_pruned_associations') }}
WHERE pruned_at = {{ as_of }}
