-- One row a memory of a session all of whose memories have a vector of one and the same model: how near in meaning it is to the
-- session's previous ones. Only vectors that had arrived count, so a replay sees what the night saw.
WITH contents AS (
    SELECT e.mind_id, e.epoch, e.session, e.memory_id, e.content_revision, d.highest_arrival,
        row_number() OVER (PARTITION BY e.mind_id, e.epoch, e.session ORDER BY e.created_at, e.memory_id) AS place,
        count(*) OVER (PARTITION BY e.mind_id, e.epoch, e.session) AS memories
    FROM {{ ref('epoch_memories') }} e
    JOIN {{ source('cycle', 'due') }} d USING (mind_id, epoch)
),

embedded AS (
    SELECT c.mind_id, c.epoch, c.session, c.memory_id, c.place, c.memories, v.model, v.vector
    FROM contents c
    JOIN {{ source('enrichment', 'vectors') }} v ON v.memory_id = c.memory_id AND v.revision = c.content_revision AND v.arrival <= c.highest_arrival
),

-- One model a session: of several that know all of it, the first by name.
sessions AS (
    SELECT mind_id, epoch, session, min(model) AS model
    FROM (SELECT mind_id, epoch, session, model FROM embedded GROUP BY mind_id, epoch, session, model HAVING count(*) = max(memories))
    GROUP BY mind_id, epoch, session
),

meant AS (
    SELECT e.mind_id, e.epoch, e.session, e.memory_id, e.place, e.vector
    FROM embedded e
    JOIN sessions s ON s.mind_id = e.mind_id AND s.epoch = e.epoch AND s.session = e.session AND s.model = e.model
),

compared AS (
    SELECT a.mind_id, a.epoch, a.memory_id, list_inner_product(a.vector, b.vector)::DECIMAL(9, 6) AS cosine
    FROM meant a
    CROSS JOIN (SELECT unnest(range(1, {{ var('surprise_neighbours') }} + 1)) AS distance) n
    JOIN meant b ON b.mind_id = a.mind_id AND b.epoch = a.epoch AND b.session = a.session AND b.place = a.place - n.distance
)

SELECT mind_id, epoch, memory_id,
    least(1, greatest(0, avg(cosine::DECIMAL(9, 6))))::DECIMAL(9, 6) AS mean_cosine,
    least(1, greatest(0, max(cosine)))::DECIMAL(9, 6) AS best_cosine
FROM compared
GROUP BY mind_id, epoch, memory_id
ORDER BY epoch, mind_id, memory_id
