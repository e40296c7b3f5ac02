-- One row: the time the views tell, that of the last committed cycle (DESIGN.md: SQL never asks the wall clock).
-- What a wrong clock had run and was taken back does not count. A store that has never run a cycle stands at the beginning of time.
SELECT coalesce(max(as_of), TIMESTAMP '0001-01-01') AS as_of
FROM {{ source('codex', 'ledger') }}
WHERE outcome = 'success'
