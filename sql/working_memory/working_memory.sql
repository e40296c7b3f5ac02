-- One row a memory that asked for attention in the epoch: in which window it arrived, and when it was attended.
-- Capacity is 7 at the best arousal of the window's arrivals and falls to 5 away from it (Miller 1956; Yerkes & Dodson 1908).
-- Overflow waits, first in first out; the queue is a reflected walk (Lindley 1952), so no row depends on another query.
WITH unheard AS (
    SELECT mind_id, epoch, memory_id, avg((1.0 / (1 + document_frequency + earlier_today))::DECIMAL(9, 6))::DECIMAL(4, 3) AS novelty
    FROM {{ ref('epoch_terms') }}
    JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
    GROUP BY mind_id, epoch, memory_id
),

-- New words for what was just said are less new: where meanings are known, by the nearest of the session's previous ones.
novelty AS (
    SELECT u.mind_id, u.epoch, u.memory_id, (u.novelty * (1 - coalesce(n.best_cosine, 0) / 2))::DECIMAL(4, 3) AS novelty
    FROM unheard u
    LEFT JOIN {{ ref('nearness') }} n ON n.mind_id = u.mind_id AND n.epoch = u.epoch AND n.memory_id = u.memory_id
),

attended AS (
    SELECT
        e.mind_id,
        e.epoch,
        e.memory_id,
        e.created_at,
        e.learned_at,
        e.epoch_end,
        e.arousal,
        time_bucket(to_seconds({{ var('short_term_memory_duration') }}), e.created_at) AS window_start,
        coalesce(n.novelty, 0)::DECIMAL(4, 3) AS novelty,
        (({{ var('attention_importance') }} * e.importance
          + {{ var('attention_urgency') }} * e.urgency
          + {{ var('attention_salience') }} * e.salience
          + {{ var('attention_novelty') }} * coalesce(n.novelty, 0))
         / greatest({{ var('attention_importance') }} + {{ var('attention_urgency') }}
                    + {{ var('attention_salience') }} + {{ var('attention_novelty') }}, 0.001))::DECIMAL(4, 3) AS attention,
        e.salience
    FROM (
        -- Emotion raises what matters; it does not replace it (LaBar & Cabeza 2006).
        SELECT *, least(1, importance * (1 + {{ var('emotion_gain') }} * emotional_salience))::DECIMAL(4, 3) AS salience
        FROM {{ ref('epoch_memories') }}
    ) e
    JOIN {{ source('cycle', 'due') }} USING (mind_id, epoch)
    LEFT JOIN novelty n USING (mind_id, epoch, memory_id)
),

ranked AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY mind_id, epoch ORDER BY window_start, attention DESC, memory_id) AS queue_rank,
        row_number() OVER (PARTITION BY mind_id, epoch, window_start ORDER BY attention DESC, memory_id) AS window_rank
    FROM attended
),

windows AS (
    SELECT
        mind_id,
        epoch,
        window_start,
        count(*)::BIGINT AS arrivals,
        greatest(5, least(9, round({{ var('working_memory_capacity') }}
            - 2 * least(1.0, pow((avg(arousal::DECIMAL(4, 3)) - {{ var('arousal_optimum') }}) / {{ var('arousal_width') }}, 2)))))::BIGINT AS capacity,
        least(9, greatest(5, {{ var('working_memory_capacity') }}))::BIGINT AS idle_capacity,
        epoch_us(window_start) // ({{ var('short_term_memory_duration') }}::BIGINT * 1000000) AS window_number
    FROM ranked
    GROUP BY mind_id, epoch, window_start
),

gaps AS (
    SELECT
        *,
        window_number - lag(window_number) OVER (PARTITION BY mind_id, epoch ORDER BY window_number) - 1 AS idle_windows,
        sum(arrivals::BIGINT) OVER (PARTITION BY mind_id, epoch ORDER BY window_number) AS arrived
    FROM windows
),

-- Two steps of the walk a window: the idle windows before it, then itself.
steps AS (
    SELECT mind_id, epoch, window_number, 0 AS half, -coalesce(idle_windows, 0) * idle_capacity AS step FROM gaps
    UNION ALL
    SELECT mind_id, epoch, window_number, 1 AS half, arrivals - capacity AS step FROM gaps
),

walk AS (
    SELECT mind_id, epoch, window_number, half,
        sum(step::BIGINT) OVER (PARTITION BY mind_id, epoch ORDER BY window_number, half) AS height
    FROM steps
),

backlog AS (
    SELECT mind_id, epoch, window_number, half,
        height - least(0, min(height) OVER (PARTITION BY mind_id, epoch ORDER BY window_number, half)) AS waiting
    FROM walk
),

served AS (
    SELECT
        g.*,
        g.arrived - b.waiting AS served,
        coalesce(lag(g.arrived - b.waiting) OVER (PARTITION BY g.mind_id, g.epoch ORDER BY g.window_number), 0) AS served_before,
        lag(g.window_start) OVER (PARTITION BY g.mind_id, g.epoch ORDER BY g.window_number) AS previous_window
    FROM gaps g
    JOIN backlog b ON b.mind_id = g.mind_id AND b.epoch = g.epoch AND b.window_number = g.window_number AND b.half = 1
),

last_window AS (
    SELECT mind_id, epoch, max(served) AS served, max(window_start) AS window_start, max(idle_capacity) AS idle_capacity
    FROM served
    GROUP BY mind_id, epoch
),

slots AS (
    -- The first window whose served total reaches the memory's place in the queue, or an idle one before it.
    SELECT
        r.*,
        w.capacity AS window_capacity,
        CASE
            WHEN s.window_start IS NULL THEN
                l.window_start + to_seconds({{ var('short_term_memory_duration') }} * ceil((r.queue_rank - l.served) / l.idle_capacity)::BIGINT)
            WHEN ceil((r.queue_rank - s.served_before) / s.idle_capacity) <= coalesce(s.idle_windows, 0) AND s.previous_window IS NOT NULL THEN
                s.previous_window + to_seconds({{ var('short_term_memory_duration') }} * ceil((r.queue_rank - s.served_before) / s.idle_capacity)::BIGINT)
            ELSE s.window_start
        END AS attended_window
    FROM ranked r
    JOIN windows w USING (mind_id, epoch, window_start)
    JOIN last_window l USING (mind_id, epoch)
    ASOF LEFT JOIN served s ON s.mind_id = r.mind_id AND s.epoch = r.epoch AND s.served >= r.queue_rank
)

SELECT
    mind_id,
    epoch,
    memory_id,
    created_at,
    window_start,
    window_rank::INTEGER AS window_rank,
    window_capacity::INTEGER AS capacity,
    novelty,
    salience,
    attention,
    {% if var('overflow') == 'drop' -%}
    window_start AS attended_window,
    created_at AS attended_at,
    false AS deferred,
    window_rank > window_capacity AS dropped
    {%- else -%}
    greatest(attended_window, window_start) AS attended_window,
    -- The night cuts the queue: what still waits is attended then.
    {% if step > 0 -%}
    least(greatest(attended_window, created_at), epoch_end) AS attended_at,
    {%- else -%}
    greatest(attended_window, created_at) AS attended_at,
    {%- endif %}
    attended_window > window_start AS deferred,
    false AS dropped
    {%- endif %}
FROM slots
ORDER BY epoch, mind_id, created_at, memory_id
