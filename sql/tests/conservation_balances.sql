-- Every mind's memories are accounted for: states sum to raw memories, no night passed one over, no trace lost or doubled.
SELECT * FROM {{ ref('conservation') }} WHERE NOT balanced
