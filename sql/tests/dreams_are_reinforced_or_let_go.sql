-- A dreamt association that nothing reinforced for four weeks is gone by the next homeostasis; a week of slack.
SELECT a.mind_id, a.source_id, a.target_id, a.born_at, p.homeostasis_at
FROM {{ ref('associations') }} a
JOIN {{ source('codex', 'progress') }} p ON p.mind_id = a.mind_id
WHERE a.provisional AND a.born_at <= p.homeostasis_at - INTERVAL 35 DAY
