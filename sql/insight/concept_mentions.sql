-- One row a mention of a concept in a memory that is not deleted, learned or of the open epoch. Whoever says at least a tenth of
-- a mind's memories tells the story rather than being told of, and is left out: a node tied to everything says nothing (the fan
-- effect, Anderson 1974).
WITH open_epoch AS (
    SELECT c.mind_id, c.memory_id, c.concept, c.kind, c.weight
    FROM {{ ref('epoch_concepts') }} c
    JOIN {{ source('codex', 'progress') }} p ON p.mind_id = c.mind_id AND p.epoch = c.epoch
),

known AS (
    SELECT k.mind_id, k.memory_id, k.concept, k.kind, k.weight
    FROM {{ ref('memory_concepts') }} k
    -- A revised memory is in the open epoch's cache too, and there in its new words.
    ANTI JOIN open_epoch o ON o.memory_id = k.memory_id
    UNION ALL
    SELECT * FROM open_epoch
),

voices AS (
    SELECT mind_id, lower(speaker) AS speaker, count(*) AS said
    FROM {{ source('raw', 'memories') }}
    GROUP BY mind_id, lower(speaker)
),

narrators AS (
    SELECT mind_id, speaker
    FROM voices
    QUALIFY speaker IS NOT NULL AND 10 * said >= sum(said) OVER (PARTITION BY mind_id)
),

-- Their names, and short forms of them: "mel" for Melanie.
names AS (
    SELECT DISTINCT k.mind_id, k.concept
    FROM (SELECT DISTINCT mind_id, concept FROM known) k
    JOIN narrators n ON n.mind_id = k.mind_id
        AND (k.concept = n.speaker OR (length(k.concept) >= 3 AND starts_with(n.speaker, k.concept)) OR starts_with(k.concept, n.speaker || ' '))
)

SELECT
    k.mind_id,
    k.memory_id,
    k.concept,
    -- As it is written here: Bolota, not bolota.
    coalesce(list_filter(m.names, lambda n: strip_accents(lower(n)) = strip_accents(k.concept))[1], k.concept) AS label,
    k.kind,
    k.weight,
    m.created_at,
    m.day,
    m.episode_id,
    m.valence,
    m.arousal
FROM known k
JOIN {{ ref('live_memories') }} m ON m.memory_id = k.memory_id
ANTI JOIN names n ON n.mind_id = k.mind_id AND n.concept = k.concept
WHERE k.concept IS DISTINCT FROM lower(m.speaker)
    -- What somebody edited out is not told on, though the night that forgets it is still to come.
    AND (NOT m.edited OR list_contains(m.subjects, k.concept))
