-- One row a concept a memory of the epoch is about: topics, people, places and other entities of its features, under one
-- normalised label; who speaks is no concept of what is said. A label that several rules found keeps its most telling kind
-- and the weight that this kind gives it.
WITH features AS (
    SELECT e.mind_id, e.epoch, e.memory_id, lower(e.speaker) AS speaker, f.people, f.places, f.entities, f.topics
    FROM {{ ref('epoch_memories') }} e
    JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
    JOIN {{ source('enrichment', 'features') }} f ON f.memory_id = e.memory_id AND f.revision = e.revision
    UNION ALL
    -- Revised memories of earlier epochs are taken anew.
    SELECT i.mind_id, i.epoch, i.memory_id, lower(m.speaker), f.people, f.places, f.entities, f.topics
    FROM {{ ref('interventions') }} i
    JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
    ANTI JOIN {{ ref('epoch_memories') }} e ON e.mind_id = i.mind_id AND e.epoch = i.epoch AND e.memory_id = i.memory_id
    JOIN {{ source('enrichment', 'features') }} f ON f.memory_id = i.memory_id AND f.revision = i.revision
    JOIN {{ source('raw', 'memories') }} m ON m.memory_id = i.memory_id
),

mentions AS (
    SELECT mind_id, epoch, memory_id, strip_accents(lower(unnest(list_filter(people, lambda p: lower(p) IS DISTINCT FROM speaker)))) AS concept, 'person' AS kind, 0 AS kind_rank, 1.0::DECIMAL(4, 3) AS weight FROM features
    UNION ALL
    SELECT mind_id, epoch, memory_id, strip_accents(lower(unnest(places))), 'place', 1, 1.0::DECIMAL(4, 3) FROM features
    UNION ALL
    SELECT mind_id, epoch, memory_id, strip_accents(lower(unnest(entities))), 'entity', 2, 0.9::DECIMAL(4, 3) FROM features
    UNION ALL
    SELECT mind_id, epoch, memory_id, topic.label, 'topic', 3, topic.weight
    FROM (SELECT mind_id, epoch, memory_id, unnest(topics) AS topic FROM features)
)

-- A memory edited later is in two epochs, and a backfill computes both at once: each keeps its own row.
SELECT
    mind_id,
    epoch,
    memory_id,
    concept,
    first(kind ORDER BY kind_rank, kind) AS kind,
    first(weight ORDER BY kind_rank, weight DESC) AS weight
FROM mentions
WHERE length(concept) BETWEEN 2 AND 60
GROUP BY mind_id, epoch, memory_id, concept
ORDER BY epoch, mind_id, memory_id, concept
