-- A memory merges into an earlier one of its mind, and never into itself.
SELECT mind_id, memory_id, merged_into
FROM {{ ref('memory_traces') }}
WHERE merged_into >= memory_id
