-- depends on {{ ref('revised_associations') }}: what the night changes has left before this.
-- One row a directed association that the night makes, strengthens or weakens, and keeps.
SELECT mind_id, source_id, target_id, kind, weight, previous_weight, event_at, born_at, co_activations, provisional
FROM {{ ref('changed_associations') }}
JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
WHERE reason IS NULL
