-- One row a replay of a memory on the hippocampus's hourly grid (sharp-wave ripples, Wilson & McNaughton 1994).
-- Priority = salience x surprise x (1 - retention); a fixed share of the candidates is drawn by priority (Schaul et al. 2016)
-- with a hash for the dice (Efraimidis & Spirakis 2006). Nothing learned in this epoch feeds back into it.
WITH waking AS (
    SELECT d.mind_id, d.epoch, d.epoch_end, coalesce(min(e.created_at) FILTER (NOT e.late), d.epoch_start) AS from_at
    FROM {{ source('cycle', 'due') }} d
    JOIN {{ ref('epoch_memories') }} e USING (mind_id, epoch)
    GROUP BY d.mind_id, d.epoch, d.epoch_start, d.epoch_end
),

candidates AS (
    SELECT e.mind_id, e.epoch, e.memory_id, w.salience, coalesce(s.surprise, 0.5)::DECIMAL(4, 3) AS surprise,
        e.learned_at AS event_at, {{ var('initial_stability') }}::DECIMAL(12, 6) AS stability,
        greatest(e.learned_at, k.from_at) AS from_at, k.epoch_end
    FROM {{ ref('epoch_memories') }} e
    JOIN waking k USING (mind_id, epoch)
    JOIN {{ ref('working_memory') }} w USING (mind_id, epoch, memory_id)
    LEFT JOIN {{ ref('surprise') }} s USING (mind_id, epoch, memory_id)
    WHERE NOT w.dropped
    UNION ALL
    SELECT t.mind_id, k.epoch, t.memory_id, t.salience, t.surprise, t.event_at, t.stability, k.from_at, k.epoch_end
    FROM {{ source('state', 'memory_traces') }} t
    JOIN waking k USING (mind_id)
    WHERE t.tier = 'short_term'
),

hours AS (
    SELECT *, date_trunc('hour', from_at) + to_hours(unnest(range(1,
        least({{ var('replay_hours') }}, greatest(0, (epoch_us(epoch_end) - epoch_us(date_trunc('hour', from_at))) // 3600000000)) + 1))) AS replayed_at
    FROM candidates
),

priorities AS (
    SELECT *, greatest(0.000001, (0.1 + salience) * (0.1 + surprise) * (1 - {{ retention('event_at', 'replayed_at', 'stability') }}))::DECIMAL(9, 6) AS priority
    FROM hours
),

drawn AS (
    SELECT
        *,
        count(*) OVER (PARTITION BY mind_id, epoch, replayed_at) AS pool,
        row_number() OVER (
            PARTITION BY mind_id, epoch, replayed_at
            ORDER BY -ln({{ hash_unit("concat_ws('/', memory_id - first_id, replayed_at)") }}) / priority, memory_id) AS draw
    FROM (SELECT *, min(memory_id) OVER (PARTITION BY mind_id, epoch) AS first_id FROM priorities)
)

SELECT mind_id, epoch, memory_id, replayed_at, priority, salience
FROM drawn
WHERE draw <= ceil(pool * {{ var('replay_share') }})
ORDER BY epoch, mind_id, replayed_at, memory_id
