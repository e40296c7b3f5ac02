-- One row a directed pair of memories that fired together in the epoch. "Cells that fire together wire together" (Hebb 1949)
-- in closed form: 1 - w' = (1 - w) x product of (1 - rate x activity x activity), so the order of events does not matter and
-- no weight leaves 0..1; the logarithm of the product is kept. Forward links gain more than backward ones (Kahana 1996).
WITH together AS (
    SELECT mind_id, epoch, earlier_id, later_id, kind, fired_at, 1 AS times,
        ((0.5 + earlier_activity / 2) * (0.5 + later_activity / 2) / distance)::DECIMAL(9, 6) AS activity
    FROM {{ ref('co_activations') }}
    JOIN {{ source('cycle', 'due') }} d USING (mind_id, epoch)
    WHERE fired_at <= d.epoch_end
),

replayed_tonight AS MATERIALIZED (
    SELECT mind_id, epoch, memory_id, replayed_at, salience
    FROM {{ ref('replays') }}
    JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
),

-- A replayed memory brings its company back.
replayed AS (
    SELECT r.mind_id, r.epoch, t.earlier_id, t.later_id, t.kind, max(r.replayed_at) AS fired_at, count(*) AS times, max(t.activity) AS activity
    FROM replayed_tonight r
    JOIN together t ON t.epoch = r.epoch AND t.earlier_id = r.memory_id AND t.fired_at < r.replayed_at
    WHERE t.kind = 'episodic'
    GROUP BY r.mind_id, r.epoch, t.earlier_id, t.later_id, t.kind
),

brought_back AS MATERIALIZED (
    SELECT mind_id, epoch, memory_id, count(*) AS times, max(replayed_at) AS fired_at, max(salience) AS salience
    FROM replayed_tonight
    GROUP BY mind_id, epoch, memory_id
),

-- Replay interleaves the new with the old (McClelland et al. 1995): the memory that stands for each of its two rarest known concepts.
about AS (
    SELECT r.*, c.concept, c.weight
    FROM brought_back r
    JOIN {{ ref('epoch_concepts') }} c USING (mind_id, epoch, memory_id)
    UNION ALL
    SELECT r.*, c.concept, c.weight
    FROM brought_back r
    JOIN {{ source('state', 'memory_concepts') }} c USING (memory_id)
),

partners AS (
    SELECT a.mind_id, a.epoch, a.memory_id, min(a.times) AS times, min(a.fired_at) AS fired_at, min(a.salience) AS salience,
        unnest(arg_min({exemplar_id: k.exemplar_id, weight: a.weight}, (k.memories, -a.weight, a.concept, k.exemplar_id), 2)) AS partner
    FROM about a
    JOIN {{ source('state', 'concepts') }} k USING (mind_id, concept)
    JOIN {{ source('state', 'memory_traces') }} t ON t.memory_id = k.exemplar_id AND t.tier = 'long_term'
    WHERE k.exemplar_id <> a.memory_id
    GROUP BY a.mind_id, a.epoch, a.memory_id
),

interleaved AS (
    SELECT mind_id, epoch, partner.exemplar_id AS earlier_id, memory_id AS later_id, 'semantic' AS kind,
        max(fired_at) AS fired_at, sum(times::BIGINT)::BIGINT AS times, max((partner.weight * (0.5 + salience / 2))::DECIMAL(9, 6)) AS activity
    FROM partners
    GROUP BY mind_id, epoch, partner.exemplar_id, memory_id
),

repeated AS (
    SELECT mind_id, epoch, earlier_id, memory_id AS later_id, 'semantic' AS kind, d.epoch_end AS fired_at, 1 AS times, similarity AS activity
    FROM {{ ref('duplicates') }}
    JOIN {{ source('cycle', 'due') }} d USING (mind_id, epoch)
),

events AS (
    SELECT mind_id, epoch, earlier_id, later_id, kind, fired_at, times, activity FROM together
    UNION ALL BY NAME SELECT * FROM replayed
    UNION ALL BY NAME SELECT * FROM interleaved
    UNION ALL BY NAME SELECT * FROM repeated
),

directed AS (
    SELECT mind_id, epoch, earlier_id AS source_id, later_id AS target_id, kind, fired_at, times, activity, 1.0 AS direction FROM events
    UNION ALL
    SELECT mind_id, epoch, later_id, earlier_id, kind, fired_at, times, activity,
        CASE WHEN kind = 'episodic' THEN {{ var('backward_asymmetry') }} ELSE 1.0 END
    FROM events
)

SELECT
    mind_id,
    epoch,
    source_id,
    target_id,
    min(kind) AS kind,
    sum(times::INTEGER)::INTEGER AS co_activations,
    sum((times * ln(1 - {{ var('hebbian_learning_rate') }} * direction * activity))::DECIMAL(18, 9))::DECIMAL(18, 9) AS log_complement,
    max(fired_at) AS fired_at
FROM directed
WHERE source_id <> target_id
GROUP BY mind_id, epoch, source_id, target_id
ORDER BY epoch, mind_id, source_id, target_id
