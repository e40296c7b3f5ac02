-- One row a replay of a memory on the hippocampus's hourly grid (sharp-wave ripples, Wilson & McNaughton 1994).
-- Priority = salience x (1 + surprise) / 2 x (1 - retention): what is needed and weakening comes first; as many are drawn by priority as there is need among the candidates (Schaul et al. 2016),
-- with a hash for the dice (Efraimidis & Spirakis 2006). Nothing learned in this epoch feeds back into it.
WITH fresh AS (
    SELECT e.*, d.epoch_start, d.epoch_end
    FROM {{ ref('encodings') }} e
    JOIN {{ source('cycle', 'due') }} d USING (mind_id, epoch)
),

-- Nothing is replayed before the epoch's first memory.
days AS (
    SELECT mind_id, epoch, coalesce(min(created_at) FILTER (NOT late), max(epoch_start)) AS awake_at, max(epoch_end) AS epoch_end
    FROM fresh
    GROUP BY mind_id, epoch
),

candidates AS MATERIALIZED (
    SELECT mind_id, epoch, memory_id, seed, salience, surprise, learned_at AS event_at,
        {{ encoding_stability('salience') }} AS stability, greatest(learned_at, awake_at) AS from_at, days.epoch_end
    FROM fresh
    JOIN days USING (mind_id, epoch)
    WHERE NOT dropped
    UNION ALL
    SELECT t.mind_id, k.epoch, t.memory_id, t.seed, t.salience, t.surprise, t.event_at, t.stability, k.awake_at, k.epoch_end
    FROM {{ source('state', 'memory_traces') }} t
    JOIN days k USING (mind_id)
    WHERE t.tier = 'short_term'
),

priorities AS (
    SELECT mind_id, epoch, memory_id, seed, salience, replayed_at,
        greatest(0.000001, salience * (0.5 + surprise / 2) * (1.1 - {{ retention('event_at', 'replayed_at', 'stability') }}))::DECIMAL(9, 6) AS priority
    FROM (
        SELECT *, date_trunc('hour', from_at) + to_hours(unnest(range(1,
            least({{ var('replay_hours') }}, greatest(0, (epoch_us(epoch_end) - epoch_us(date_trunc('hour', from_at))) // 3600000000)) + 1))) AS replayed_at
        FROM candidates
    )
),

drawn AS (
    SELECT mind_id, epoch, replayed_at, unnest(
        list({memory_id: memory_id, priority: priority, salience: salience}
            ORDER BY -ln({{ hash_unit("concat_ws('/', seed, replayed_at)") }}) / priority, memory_id)
        [:ceil(sum(salience::DECIMAL(4, 3)) * {{ var('replay_rate') }})::BIGINT]) AS memory
    FROM priorities
    GROUP BY mind_id, epoch, replayed_at
)

SELECT mind_id, epoch, memory.memory_id AS memory_id, replayed_at, memory.priority AS priority, memory.salience AS salience
FROM drawn
ORDER BY epoch, mind_id, replayed_at, memory_id
