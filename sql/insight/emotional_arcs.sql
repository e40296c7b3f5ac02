-- One row a theme, or the mood of a mind's days, whose feeling moves since `since`: rise, fall, fall then rise, rise then fall, the
-- simple shapes of Reagan et al. (2016). Points are a theme's episodes (or days); the two cuts in time that explain most variance
-- make three parts of at least two points each (at most 12 places to cut), and the part means decide.
-- confidence = s / (s + 0.3) x q x n / (n + 3): s = distance of the part means, n = points, q = (eta squared - c) / (1 - c) with
-- c = 5 / (n - 1), roughly what the best cuts find in noise. Below 0.05 nothing is said.
{% set start = since | default(epoch_start | default("TIMESTAMP '0001-01-01'")) -%}
WITH memories AS (
    SELECT mind_id, memory_id, episode_id, day, created_at, valence
    FROM {{ ref('live_memories') }}
    WHERE created_at >= {{ start }} AND created_at <= {{ as_of }}
),

episode_feelings AS (
    SELECT episode_id, avg(valence::DECIMAL(4, 3))::DECIMAL(6, 3) AS valence FROM memories WHERE episode_id IS NOT NULL GROUP BY episode_id
),

points AS (
    SELECT c.mind_id, min(c.label) AS subject, c.concept, c.episode_id AS point, min(c.created_at) AS at_time, min(e.valence) AS valence,
        -- The memory that speaks for the episode: the one felt most.
        (list(c.memory_id ORDER BY abs(c.valence) DESC, c.memory_id))[1] AS memory_id
    FROM {{ ref('concept_mentions') }} c
    JOIN episode_feelings e ON e.episode_id = c.episode_id
    WHERE c.created_at >= {{ start }} AND c.created_at <= {{ as_of }}
    GROUP BY c.mind_id, c.concept, c.episode_id
    UNION ALL
    SELECT mind_id, NULL, '', epoch_us(day::TIMESTAMP), min(created_at), avg(valence::DECIMAL(4, 3))::DECIMAL(6, 3),
        (list(memory_id ORDER BY abs(valence) DESC, memory_id))[1]
    FROM memories
    GROUP BY mind_id, day
),

placed AS (
    SELECT *, (row_number() OVER (PARTITION BY mind_id, concept ORDER BY at_time, point) - 1) * least(n, 12) // n AS bin
    FROM (SELECT *, count(*) OVER (PARTITION BY mind_id, concept) AS n FROM points)
    WHERE n >= 7
),

running AS (
    SELECT mind_id, concept, bin, n,
        sum(count(*)) OVER so_far AS points_so_far,
        sum(sum(valence)) OVER so_far AS total_so_far,
        max(max(at_time)) OVER so_far AS until_time
    FROM placed
    GROUP BY mind_id, concept, bin, n
    WINDOW so_far AS (PARTITION BY mind_id, concept ORDER BY bin)
),

whole AS (
    SELECT mind_id, concept, min(subject) AS subject, count(*) AS n, sum(valence) AS total, sum((valence * valence)::DECIMAL(18, 6)) AS squares,
        min(at_time) AS from_at, max(at_time) AS to_at
    FROM placed
    GROUP BY mind_id, concept
),

cuts AS (
    SELECT w.*, a.bin AS first_cut, b.bin AS second_cut, a.until_time AS first_until, b.until_time AS second_until,
        (a.total_so_far / a.points_so_far)::DECIMAL(6, 3) AS beginning,
        ((b.total_so_far - a.total_so_far) / (b.points_so_far - a.points_so_far))::DECIMAL(6, 3) AS middle,
        ((w.total - b.total_so_far) / (w.n - b.points_so_far))::DECIMAL(6, 3) AS ending,
        (a.total_so_far * a.total_so_far / a.points_so_far
            + (b.total_so_far - a.total_so_far) * (b.total_so_far - a.total_so_far) / (b.points_so_far - a.points_so_far)
            + (w.total - b.total_so_far) * (w.total - b.total_so_far) / (w.n - b.points_so_far)
            - w.total * w.total / w.n)::DECIMAL(18, 9) AS explained,
        (w.squares - w.total * w.total / w.n)::DECIMAL(18, 9) AS variance
    FROM whole w
    JOIN running a ON a.mind_id = w.mind_id AND a.concept = w.concept AND a.points_so_far >= 2
    JOIN running b ON b.mind_id = w.mind_id AND b.concept = w.concept AND b.points_so_far >= a.points_so_far + 2 AND b.points_so_far <= w.n - 2
    QUALIFY row_number() OVER (PARTITION BY w.mind_id, w.concept ORDER BY explained DESC, a.bin, b.bin) = 1
),

judged AS (
    SELECT *,
        greatest(abs(middle - beginning), abs(ending - middle), abs(ending - beginning)) AS distance,
        greatest(0, (explained / greatest(variance, 0.000001) - 5.0 / (n - 1)) / greatest(1 - 5.0 / (n - 1), 0.000001)) AS quality,
        CASE
            WHEN middle <= least(beginning, ending) - 0.1 THEN 'fall then rise'
            WHEN middle >= greatest(beginning, ending) + 0.1 THEN 'rise then fall'
            WHEN ending - beginning >= 0.2 THEN 'rise'
            WHEN beginning - ending >= 0.2 THEN 'fall'
        END AS shape
    FROM cuts
),

arcs AS (
    SELECT *, (distance / (distance + 0.3) * quality * n / (n + 3.0))::DECIMAL(4, 3) AS confidence
    FROM judged
    WHERE shape IS NOT NULL AND distance / (distance + 0.3) * quality * n / (n + 3.0) >= 0.05
    QUALIFY row_number() OVER (PARTITION BY mind_id ORDER BY confidence DESC, n DESC, concept) <= 6
),

-- In each part, up to three points, those nearest to what the part says, by their memory.
evidence AS (
    SELECT mind_id, concept, list(memory_id ORDER BY at_time, memory_id) AS evidence
    FROM (
        SELECT p.mind_id, p.concept, p.memory_id, p.at_time
        FROM placed p
        JOIN arcs a ON a.mind_id = p.mind_id AND a.concept = p.concept
        QUALIFY row_number() OVER (
            PARTITION BY p.mind_id, p.concept, CASE WHEN p.bin <= a.first_cut THEN 1 WHEN p.bin <= a.second_cut THEN 2 ELSE 3 END
            ORDER BY abs(p.valence - CASE WHEN p.bin <= a.first_cut THEN a.beginning WHEN p.bin <= a.second_cut THEN a.middle ELSE a.ending END), p.memory_id) <= 3
    )
    GROUP BY mind_id, concept
)

SELECT
    a.mind_id,
    'emotional_arc' AS kind,
    coalesce('The feeling around “' || a.subject || '”', 'The mood of the days') || CASE a.shape
            WHEN 'rise' THEN ' rose' WHEN 'fall' THEN ' fell' WHEN 'fall then rise' THEN ' fell, then rose' ELSE ' rose, then fell' END
        || ': ' || printf('%+.2f', a.beginning::DOUBLE) || ' until ' || {{ day('a.first_until') }} || ', ' || printf('%+.2f', a.middle::DOUBLE)
        || ' until ' || {{ day('a.second_until') }} || ', ' || printf('%+.2f', a.ending::DOUBLE) || ' until ' || {{ day('a.to_at') }} AS title,
    a.confidence,
    e.evidence,
    json_object('concept', nullif(a.concept, ''), 'shape', a.shape, 'points', a.n, 'beginning', a.beginning, 'middle', a.middle, 'ending', a.ending,
        'from', a.from_at::VARCHAR, 'first_until', a.first_until::VARCHAR, 'second_until', a.second_until::VARCHAR, 'to', a.to_at::VARCHAR,
        'explained', (a.explained / greatest(a.variance, 0.000001))::DECIMAL(4, 3))::VARCHAR AS details
FROM arcs a
JOIN evidence e ON e.mind_id = a.mind_id AND e.concept = a.concept
ORDER BY a.mind_id, a.confidence DESC, title
