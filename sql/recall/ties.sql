-- One row a name that a memory ties to somebody: "my sister Ana", "my boss is Rui", and birthdays. The latest said first.
SELECT f.memory_id, coalesce(f.subject, m.speaker) AS whose, f.subject IS NULL AS own, f.slot, f.value, f.words
FROM {{ source('enrichment', 'fact_readings') }} f
JOIN {{ source('lexical', 'documents') }} d ON d.memory_id = f.memory_id AND d.revision = f.revision
JOIN {{ source('raw', 'memories') }} m ON m.memory_id = f.memory_id
ANTI JOIN {{ source('raw', 'deletions') }} x ON x.memory_id = f.memory_id
WHERE f.mind_id = {{ mind }} AND f.positive AND m.created_at <= {{ as_of }}
    AND f.slot IN ('partner', 'child', 'sibling', 'parent', 'grandparent', 'relative', 'friend', 'colleague', 'manager', 'neighbour', 'roommate',
        'pet', 'birthday')
ORDER BY m.created_at DESC, f.memory_id DESC, f.ordinal
