-- One row a memory in its episode. An episode begins with a session, after a pause, or where surprise exceeds the
-- session's mean so far by some standard deviations (event segmentation, Zacks et al. 2007). Only what came before decides.
WITH history AS (
    SELECT
        s.*,
        lag(created_at) OVER sequence AS previous_at,
        count(surprise) OVER earlier AS n,
        sum(surprise::DECIMAL(4, 3)) OVER earlier AS total,
        sum((surprise * surprise)::DECIMAL(9, 6)) OVER earlier AS total_squares
    FROM {{ ref('surprise') }} s
    JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
    WINDOW
        sequence AS (PARTITION BY mind_id, epoch, session ORDER BY created_at, memory_id),
        earlier AS (PARTITION BY mind_id, epoch, session ORDER BY created_at, memory_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),

marked AS (
    SELECT
        *,
        CASE
            WHEN place = 1 AND session = '' THEN 'start'
            WHEN place = 1 THEN 'session'
            WHEN created_at - previous_at > to_seconds({{ var('episode_gap') }}) THEN 'gap'
            WHEN n >= {{ var('surprise_history') }}
                AND surprise > total / n + {{ var('surprise_sigma') }} * sqrt(greatest(total_squares / n - (total / n) * (total / n), 0)) THEN 'surprise'
        END AS boundary
    FROM history
),

numbered AS (
    SELECT *, sum((boundary IS NOT NULL)::INTEGER) OVER (
        PARTITION BY mind_id, epoch, session ORDER BY created_at, memory_id ROWS UNBOUNDED PRECEDING) AS run
    FROM marked
)

SELECT
    mind_id,
    epoch,
    min(memory_id) OVER (PARTITION BY mind_id, epoch, session, run) AS episode_id,
    memory_id,
    row_number() OVER (PARTITION BY mind_id, epoch, session, run ORDER BY created_at, memory_id)::INTEGER AS position,
    created_at,
    surprise,
    boundary
FROM numbered
ORDER BY epoch, mind_id, episode_id, position
