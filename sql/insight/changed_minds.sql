-- One row a change of mind: a memory that says it replaces something ("changed my mind", "no longer", "instead of a speech",
-- "moved it"), and the earlier decision it speaks of. Told by its words, not understood; new facts replace old ones only in what is
-- said of them (knowledge updating; compare reconsolidation, Nader et al. 2000). The earlier memory is at least five minutes older, has
-- words of decision, and shares two rare stems (in at most 5 % of the
-- memories, and in 200); after "instead of", one of the next four words must be among them.
-- confidence = marker x o / (o + 3): marker 0.9 for outright words, 0.7 for others; o = IDF of the shared stems, times 1.5 where the
-- earlier memory says "decided", "confirmed" or the like outright.
{% set start = since | default(epoch_start | default("TIMESTAMP '0001-01-01'")) -%}
WITH markers AS (
    SELECT m.*,
        regexp_extract(lower(m.content), '\b(chang(ed|ing) (my|our|his|her|their) minds?|change of plans?|no longer|called off|i was wrong|on second thoughts?|decided against|reconsidered)\b') AS outright,
        regexp_extract(lower(m.content), '\b(moved it\b|postponed|rescheduled|cancell?ed|replaced:|(is|are) now (on|at|in) )') AS moved,
        regexp_extract(strip_accents(lower(m.content)), '\binstead of ((\S+ ?){1,4})', 1) AS replaced
    FROM {{ ref('live_memories') }} m
    WHERE m.created_at >= {{ start }} AND m.created_at <= {{ as_of }} AND m.act <> 'question'
),

changes AS (
    SELECT * FROM markers WHERE outright <> '' OR moved <> '' OR replaced <> ''
),

sizes AS (
    SELECT mind_id, count(*) AS memories FROM {{ source('raw', 'memories') }} GROUP BY mind_id
),

said AS (
    SELECT c.mind_id, c.memory_id, p.term,
        len(list_filter(regexp_extract_all(c.replaced, '[a-z0-9]+'), lambda word: starts_with(word, p.term))) > 0 AS replaced
    FROM changes c
    JOIN {{ source('lexical', 'postings') }} p ON p.memory_id = c.memory_id AND p.tf > 0
),

frequencies AS (
    SELECT p.mind_id, p.term, count(*) AS memories
    FROM {{ source('lexical', 'postings') }} p
    JOIN (SELECT DISTINCT mind_id, term FROM said) s ON s.mind_id = p.mind_id AND s.term = p.term
    WHERE p.tf > 0
    GROUP BY p.mind_id, p.term
),

shared AS (
    SELECT s.mind_id, s.memory_id, p.memory_id AS earlier_id, bool_or(s.replaced) AS replaced,
        sum(ln(1 + (n.memories - f.memories + 0.5) / (f.memories + 0.5))::DECIMAL(9, 6)) AS idf,
        list(s.term ORDER BY f.memories, s.term) AS stems
    FROM said s
    JOIN frequencies f ON f.mind_id = s.mind_id AND f.term = s.term
    JOIN sizes n ON n.mind_id = s.mind_id AND f.memories <= greatest(5, least(n.memories // 20, 200))
    JOIN {{ source('lexical', 'postings') }} p ON p.mind_id = s.mind_id AND p.term = s.term AND p.tf > 0 AND p.memory_id <> s.memory_id
    GROUP BY s.mind_id, s.memory_id, p.memory_id
    HAVING count(*) >= 2
),

candidates AS (
    SELECT h.mind_id, h.memory_id, h.earlier_id, h.stems, c.content, c.created_at, e.content AS earlier_content, e.created_at AS earlier_at,
        CASE WHEN c.outright <> '' THEN c.outright WHEN c.moved <> '' THEN c.moved ELSE 'instead of ' || c.replaced END AS marker,
        CASE WHEN c.outright <> '' THEN 0.9 ELSE 0.7 END::DECIMAL(2, 1) AS certainty,
        (h.idf * CASE WHEN regexp_matches(lower(e.content), '\b(decided|decision|confirmed|agreed|chose|promised|booked)\b') THEN 1.5 ELSE 1 END)::DECIMAL(12, 6) AS overlap
    FROM shared h
    JOIN changes c ON c.memory_id = h.memory_id AND (h.replaced OR c.replaced = '')
    JOIN {{ ref('live_memories') }} e ON e.memory_id = h.earlier_id
        AND e.created_at < c.created_at - INTERVAL 5 MINUTE AND e.act <> 'question'
    WHERE regexp_matches(lower(e.content), '\b(decided|decision|confirmed|agreed|chose|promised|booked|plan|plans|planned|i will|we will|i.ll|we.ll|going to|gonna|we (stop|switch|move|start)|want to|must|would rather)\b')
),

judged AS (
    SELECT *, (certainty * overlap / (overlap + 3))::DECIMAL(4, 3) AS confidence
    FROM (
        SELECT * FROM candidates
        QUALIFY row_number() OVER (PARTITION BY memory_id ORDER BY overlap DESC, earlier_at DESC, earlier_id) = 1
    )
    -- A change told twice is one change.
    QUALIFY row_number() OVER (PARTITION BY earlier_id ORDER BY overlap * certainty DESC, memory_id) = 1
),

told AS (
    SELECT * FROM judged
    QUALIFY row_number() OVER (PARTITION BY mind_id ORDER BY confidence DESC, memory_id) <= 8
)

SELECT
    mind_id,
    'changed_mind' AS kind,
    {{ quoted('earlier_content', 140) }} || ' (' || {{ day('earlier_at') }} || ') seems to be replaced by ' || {{ quoted('content', 140) }} || ' (' || {{ day('created_at') }} || ')' AS title,
    confidence,
    [earlier_id, memory_id] AS evidence,
    json_object('earlier', earlier_id, 'later', memory_id, 'marker', trim(marker), 'shared', stems)::VARCHAR AS details
FROM told
ORDER BY mind_id, confidence DESC, title
