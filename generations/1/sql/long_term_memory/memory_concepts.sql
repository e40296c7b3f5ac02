-- depends on {{ ref('revised_concepts') }}: what a revised memory was about has left before this.
-- One row a concept of a memory learned or revised tonight. Which of them the semantic network takes up is decided when the
-- memory enters long-term memory.
SELECT mind_id, memory_id, concept, kind, weight
FROM {{ ref('epoch_concepts') }}
JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
