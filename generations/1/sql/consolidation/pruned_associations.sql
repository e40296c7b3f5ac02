-- One row an association the night lets go, with the reason: too weak, or an end that was forgotten or deleted tonight
-- (synaptic down-selection, Tononi & Cirelli 2014).
SELECT mind_id, source_id, target_id, kind, weight, epoch_end AS pruned_at, reason
FROM {{ ref('changed_associations') }}
JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
WHERE reason IS NOT NULL
