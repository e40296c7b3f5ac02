-- One row a term of tonight's memories: in how many learned memories it stands. The IDF of the next epoch.
SELECT t.mind_id, t.term, (count(*) + coalesce(max(l.memories), 0))::INTEGER AS memories
FROM {{ ref('epoch_terms') }} t
JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
LEFT JOIN {{ source('state', 'lexicon') }} l USING (mind_id, term)
GROUP BY t.mind_id, t.term
