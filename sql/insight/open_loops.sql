-- One row a goal or task that nothing shows to be done (unfinished tasks stay in mind: Zeigarnik 1927; Klinger 1975). Looked for: a
-- later memory of the same mind in which something is done (a stated action) or that speaks in the past, about the same thing: it
-- shares stems with the goal's own words, by weight (IDF) at least 40 %. Vague goals ("make it work") are left out: two stems at
-- least, one of them in at most 2 % of the memories.
-- confidence = (1 - best) x i / (i + 4) x d / (d + 2): best = the highest share found, i = the goal's IDF, d = days it has waited.
{% set start = since | default(epoch_start | default("TIMESTAMP '0001-01-01'")) -%}
WITH steps AS (
    SELECT mind_id, memory_id, level, label FROM {{ ref('long_term_episode_steps') }} WHERE level <> 'action'
    UNION ALL
    SELECT c.mind_id, c.memory_id, c.level, c.label
    FROM {{ ref('episode_steps') }} c
    JOIN {{ source('codex', 'progress') }} p ON p.mind_id = c.mind_id AND p.epoch = c.epoch
    WHERE c.level <> 'action'
),

-- A past episode keeps its steps; of a memory edited since, the goal or task in its words of now counts.
intentions AS (
    SELECT mind_id, memory_id, level, label, created_at, episode_id, speaker
    FROM (
        SELECT s.mind_id, s.memory_id, s.level, m.created_at, m.episode_id, m.speaker,
            CASE WHEN NOT m.edited THEN s.label WHEN s.level = 'goal' THEN m.goal ELSE m.task END AS label
        FROM steps s
        JOIN {{ ref('live_memories') }} m ON m.memory_id = s.memory_id
        WHERE m.created_at >= {{ start }} AND m.created_at <= {{ as_of }}
    )
    WHERE label IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY memory_id ORDER BY level, label) = 1
),

sizes AS (
    SELECT mind_id, count(*) AS memories FROM {{ source('raw', 'memories') }} GROUP BY mind_id
),

-- The goal's stems: terms of its memory that begin a word of its label.
stems AS (
    SELECT i.mind_id, i.memory_id, p.term
    FROM intentions i
    JOIN {{ source('lexical', 'postings') }} p ON p.memory_id = i.memory_id AND p.tf > 0
    WHERE len(list_filter(regexp_extract_all(strip_accents(lower(i.label)), '[a-z0-9]+'),
            lambda word: starts_with(word, p.term) OR (length(p.term) >= 4 AND starts_with(word, left(p.term, length(p.term) - 1))))) > 0
),

frequencies AS (
    SELECT p.mind_id, p.term, count(*) AS memories
    FROM {{ source('lexical', 'postings') }} p
    JOIN (SELECT DISTINCT mind_id, term FROM stems) s ON s.mind_id = p.mind_id AND s.term = p.term
    WHERE p.tf > 0
    GROUP BY p.mind_id, p.term
),

weighted AS (
    SELECT s.mind_id, s.memory_id, s.term, f.memories,
        ln(1 + (n.memories - f.memories + 0.5) / (f.memories + 0.5))::DECIMAL(9, 6) AS idf,
        f.memories <= greatest(3, n.memories // 50) AS rare
    FROM stems s
    JOIN frequencies f ON f.mind_id = s.mind_id AND f.term = s.term
    JOIN sizes n ON n.mind_id = s.mind_id
),

goals AS (
    SELECT i.*, w.idf, w.stems
    FROM intentions i
    JOIN (
        SELECT memory_id, sum(idf::DECIMAL(9, 6)) AS idf, list(term ORDER BY idf DESC, term) AS stems
        FROM weighted
        GROUP BY memory_id
        HAVING count(*) >= 2 AND bool_or(rare)
    ) w ON w.memory_id = i.memory_id
),

-- Later memories in which something is done, with what they share with the goal.
followed AS (
    SELECT g.memory_id, l.memory_id AS later_id, l.gist AS later_gist, sum(w.idf::DECIMAL(9, 6)) / max(g.idf) AS share
    FROM goals g
    JOIN weighted w ON w.memory_id = g.memory_id
    JOIN {{ source('lexical', 'postings') }} p ON p.mind_id = g.mind_id AND p.term = w.term AND p.tf > 0
    JOIN {{ ref('live_memories') }} l ON l.memory_id = p.memory_id AND l.created_at > g.created_at AND l.created_at <= {{ as_of }}
    WHERE l.memory_id NOT IN (SELECT memory_id FROM intentions)
      AND l.act <> 'question'
      AND (len(l.actions) > 0 OR regexp_matches(lower(l.content), '\b(did|done|made|went|got|took|gave|told|sent|paid|booked|bought|rang|called|met|saw|finished|fetched|[a-z]{3,}ed)\b'))
    GROUP BY g.memory_id, l.memory_id, l.gist
),

best AS (
    SELECT *
    FROM followed
    QUALIFY row_number() OVER (PARTITION BY memory_id ORDER BY share DESC, later_id) = 1
),

open_goals AS (
    SELECT g.*, b.later_id, coalesce(b.share, 0)::DECIMAL(4, 3) AS share,
        (epoch_us({{ as_of }}) - epoch_us(g.created_at)) / 86400000000 AS days
    FROM goals g
    LEFT JOIN best b ON b.memory_id = g.memory_id
    WHERE coalesce(b.share, 0) < 0.4
),

judged AS (
    SELECT *, ((1 - share) * idf / (idf + 4) * days / (days + 2))::DECIMAL(4, 3) AS confidence
    FROM open_goals
    QUALIFY row_number() OVER (PARTITION BY mind_id ORDER BY confidence DESC, memory_id) <= 10
)

SELECT
    mind_id,
    'open_loop' AS kind,
    coalesce(speaker || '''s ', 'The ') || level || ' ' || {{ quoted('label') }} || ' (' || {{ day('created_at') }} || ') looks open: nothing later shows it done' AS title,
    confidence,
    [memory_id] AS evidence,
    json_object('level', level, 'label', label, 'said_at', created_at::VARCHAR, 'looked_for', stems, 'best_share', share, 'nearest_id', later_id,
        'days', days::DECIMAL(9, 1))::VARCHAR AS details
FROM judged
ORDER BY mind_id, confidence DESC, title
