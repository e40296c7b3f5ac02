-- One row a theme: a concept mentioned in at least three episodes on at least three days since `since`.
-- What returns after pauses is what one is occupied with (current concerns, Klinger 1975); spaced returns count more than one long day.
-- confidence = e / (e + 3) x (1 + spread) / 2 x (1 + regularity) / 2 x (1 + coherence) / 2: e episodes; spread = share of the mind's
-- time in the period between first and last mention; regularity = (sum of gaps)^2 / (gaps x sum of squared gaps), 1 for even gaps;
-- coherence = share of its memories with company (another concept) that returns in a second episode, so a mere word is no theme.
{% set start = since | default(epoch_start | default("TIMESTAMP '0001-01-01'")) -%}
WITH mentions AS (
    SELECT *
    FROM {{ ref('concept_mentions') }}
    WHERE created_at >= {{ start }} AND created_at <= {{ as_of }}
),

span AS (
    SELECT mind_id, greatest(date_diff('day', min(day), max(day)), 1) AS days FROM mentions GROUP BY mind_id
),

by_day AS (
    SELECT mind_id, concept, day, (list(memory_id ORDER BY weight DESC, memory_id))[1] AS memory_id,
        date_diff('day', lag(day) OVER (PARTITION BY mind_id, concept ORDER BY day), day) AS gap
    FROM mentions
    GROUP BY mind_id, concept, day
),

rhythms AS (
    SELECT mind_id, concept, count(*) AS days, min(day) AS first_day, max(day) AS last_day,
        coalesce(sum(gap::BIGINT), 0)::BIGINT AS gaps_total, coalesce(sum((gap * gap)::BIGINT), 0)::BIGINT AS gaps_squared, count(gap) AS gaps
    FROM by_day
    GROUP BY mind_id, concept
),

-- One memory a day, ten days at most, spread evenly.
evidence AS (
    SELECT mind_id, concept, list(memory_id ORDER BY day, memory_id) AS evidence
    FROM (
        SELECT *
        FROM (SELECT *, row_number() OVER (PARTITION BY mind_id, concept ORDER BY day, memory_id) - 1 AS place,
                count(*) OVER (PARTITION BY mind_id, concept) AS days FROM by_day)
        QUALIFY row_number() OVER (PARTITION BY mind_id, concept, place * least(days, 10) // days ORDER BY place, memory_id) = 1
    )
    GROUP BY mind_id, concept
),

themes AS (
    SELECT m.mind_id, m.concept, min(m.label) AS label, min(m.kind) AS kind, count(DISTINCT m.memory_id) AS memories, count(DISTINCT m.episode_id) AS episodes
    FROM mentions m
    GROUP BY m.mind_id, m.concept
    HAVING count(DISTINCT m.episode_id) >= 3
),

company AS (
    SELECT a.mind_id, a.concept, a.memory_id, a.episode_id, b.concept AS companion
    FROM mentions a
    JOIN themes t ON t.mind_id = a.mind_id AND t.concept = a.concept
    JOIN mentions b ON b.memory_id = a.memory_id AND b.concept <> a.concept
),

coherent AS (
    SELECT c.mind_id, c.concept, count(DISTINCT c.memory_id) AS memories
    FROM company c
    JOIN (
        SELECT mind_id, concept, companion FROM company GROUP BY mind_id, concept, companion HAVING count(DISTINCT episode_id) >= 2
    ) r ON r.mind_id = c.mind_id AND r.concept = c.concept AND r.companion = c.companion
    GROUP BY c.mind_id, c.concept
),

scored AS (
    SELECT t.*, (coalesce(h.memories, 0) / t.memories)::DECIMAL(4, 3) AS coherence, r.days, r.first_day, r.last_day, e.evidence,
        (r.gaps_total / r.gaps)::DECIMAL(9, 1) AS every_days,
        (date_diff('day', r.first_day, r.last_day) / s.days)::DECIMAL(4, 3) AS spread,
        (r.gaps_total * r.gaps_total / greatest(r.gaps * r.gaps_squared, 1))::DECIMAL(4, 3) AS regularity
    FROM themes t
    JOIN rhythms r ON r.mind_id = t.mind_id AND r.concept = t.concept
    JOIN evidence e ON e.mind_id = t.mind_id AND e.concept = t.concept
    JOIN span s ON s.mind_id = t.mind_id
    LEFT JOIN coherent h ON h.mind_id = t.mind_id AND h.concept = t.concept
    WHERE r.days >= 3
),

judged AS (
    SELECT *,
        (episodes / (episodes + 3.0) * (1 + spread) / 2 * (1 + regularity) / 2 * (1 + coherence) / 2)::DECIMAL(4, 3) AS confidence,
        row_number() OVER (PARTITION BY mind_id ORDER BY confidence DESC, memories DESC, concept) AS place
    FROM scored
    QUALIFY place <= 40
),

-- Two words of one theme: at least half of the smaller one's memories are shared. The better one speaks for both.
doubles AS (
    SELECT b.mind_id, b.concept, a.concept AS better
    FROM judged a
    JOIN mentions x ON x.mind_id = a.mind_id AND x.concept = a.concept
    JOIN mentions y ON y.memory_id = x.memory_id
    JOIN judged b ON b.mind_id = a.mind_id AND b.concept = y.concept AND b.place > a.place
    GROUP BY b.mind_id, b.concept, a.concept, a.memories, b.memories
    HAVING 2 * count(*) >= least(a.memories, b.memories)
),

absorbed AS (
    SELECT mind_id, better, list(label ORDER BY place, label) AS labels
    FROM (
        SELECT d.mind_id, d.better, j.label, min(j.place) AS place
        FROM doubles d
        JOIN judged j ON j.mind_id = d.mind_id AND j.concept = d.concept
        GROUP BY d.mind_id, d.better, j.label
    )
    GROUP BY mind_id, better
),

told AS (
    SELECT j.*, coalesce(a.labels, []) AS others
    FROM judged j
    LEFT JOIN absorbed a ON a.mind_id = j.mind_id AND a.better = j.concept
    ANTI JOIN doubles d ON d.mind_id = j.mind_id AND d.concept = j.concept
    QUALIFY row_number() OVER (PARTITION BY j.mind_id ORDER BY j.place, j.concept) <= 10
)

SELECT
    mind_id,
    'recurring_theme' AS kind,
    '“' || label || '”' || CASE WHEN len(others) > 0 THEN ' (with “' || array_to_string(others[:3], '”, “') || '”)' ELSE '' END || ' keeps coming back: ' || memories || ' memories on ' || days || ' days between ' || {{ day('first_day') }}
        || ' and ' || {{ day('last_day') }} || CASE WHEN every_days <= 1.5 THEN ', nearly every day' ELSE ', about every ' || every_days || ' days' END AS title,
    confidence,
    evidence,
    json_object('concept', concept, 'concept_kind', kind, 'memories', memories, 'episodes', episodes, 'days', days,
        'first_day', first_day::VARCHAR, 'last_day', last_day::VARCHAR, 'every_days', every_days, 'spread', spread, 'regularity', regularity, 'coherence', coherence, 'with', to_json(others))::VARCHAR AS details
FROM told
ORDER BY mind_id, confidence DESC, title
