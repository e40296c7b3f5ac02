-- One row a memory: 1 - its mean cosine to the session's previous five (TextTiling, Hearst 1997; prediction error at event
-- boundaries, Zacks et al. 2007): of their meanings where all of the session's memories have vectors of one model, else over
-- TF-IDF vectors. There the mean of cosines is the product with the sum of the neighbours' unit vectors, so one window over
-- each term does without any pair.
WITH weighted AS (
    SELECT
        t.mind_id, t.epoch, t.memory_id, t.session, t.term,
        ((1 + ln(t.tf)) * t.idf)::DECIMAL(9, 6) AS weight
    FROM {{ ref('epoch_terms') }} t
    JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
),

norms AS (
    SELECT memory_id, sqrt(sum((weight * weight)::DECIMAL(18, 9)))::DECIMAL(18, 6) AS norm
    FROM weighted
    GROUP BY memory_id
),

placed AS (
    SELECT
        mind_id, epoch, memory_id, session, created_at,
        row_number() OVER (PARTITION BY mind_id, epoch, session ORDER BY created_at, memory_id) AS place
    FROM {{ ref('epoch_memories') }}
    JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
),

units AS (
    SELECT w.mind_id, w.epoch, w.session, w.memory_id, p.place, w.term,
        (w.weight / greatest(n.norm, 0.000001))::DECIMAL(9, 6) AS unit
    FROM weighted w
    JOIN norms n USING (memory_id)
    JOIN placed p USING (memory_id)
),

shared AS (
    SELECT memory_id,
        unit * coalesce(sum(unit::DECIMAL(9, 6)) OVER (
            PARTITION BY mind_id, epoch, session, term
            ORDER BY place RANGE BETWEEN {{ var('surprise_neighbours') }} PRECEDING AND 1 PRECEDING), 0) AS overlap
    FROM units
),

similarity AS (
    SELECT memory_id, sum(overlap::DECIMAL(18, 9)) AS overlap
    FROM shared
    GROUP BY memory_id
)

SELECT
    p.mind_id,
    p.epoch,
    p.memory_id,
    p.session,
    p.created_at,
    p.place::INTEGER AS place,
    CASE WHEN p.place > 1 THEN
        least(1, greatest(0, 1 - coalesce(n.mean_cosine, s.overlap / least(p.place - 1, {{ var('surprise_neighbours') }}), 0)))::DECIMAL(4, 3)
    END AS surprise
FROM placed p
LEFT JOIN similarity s USING (memory_id)
LEFT JOIN {{ ref('nearness') }} n ON n.mind_id = p.mind_id AND n.epoch = p.epoch AND n.memory_id = p.memory_id
ORDER BY p.epoch, p.mind_id, p.session, p.place
