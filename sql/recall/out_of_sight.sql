-- The one row of the memory $1, with the reason why no question finds it; NULL where questions may.
SELECT CASE
        WHEN m.created_at > {{ as_of }} THEN 'it was made later than the moment of asking'
        WHEN EXISTS (FROM {{ source('raw', 'deletions') }} d WHERE d.memory_id = m.memory_id) THEN 'it is deleted'
        WHEN (SELECT arg_max(archived, arrival) FROM {{ source('raw', 'filings') }} f WHERE f.memory_id = m.memory_id) THEN 'it is in the archive'
    END AS reason
FROM {{ source('raw', 'memories') }} m
WHERE m.mind_id = {{ mind }} AND m.memory_id = $1
