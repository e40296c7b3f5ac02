-- Which memories the staged records may be: by id, by time, speaker and text, by what earlier readers made of the text, and,
-- where the time is only a file's, by the text alone. Memories of imports that were taken back are none.
CREATE OR REPLACE TEMP VIEW base AS
SELECT m.memory_id, m.mind_id, m.source, m.key, m.created_at, m.speaker, m.session,
       coalesce(e.content, m.content) AS content, coalesce(e.metadata, m.metadata) AS metadata
FROM raw.memories m
SEMI JOIN (SELECT DISTINCT mind_id FROM temp.main.incoming) USING (mind_id)
ANTI JOIN (SELECT memory_id FROM raw.deletions WHERE reason = 'import undone') USING (memory_id)
LEFT JOIN (
    -- What a source said last: a person's edit leaves the metadata alone, so it has none.
    SELECT memory_id, arg_max(content, arrival) AS content, arg_max(metadata, arrival) AS metadata
    FROM raw.edits
    WHERE metadata IS NOT NULL
    GROUP BY memory_id
) e USING (memory_id);

CREATE OR REPLACE TEMP TABLE matches AS
WITH pairs AS (
    SELECT i.ordinal, b.memory_id, true AS same, false AS keyed
    FROM temp.main.incoming i
    JOIN temp.main.base b ON b.mind_id = i.mind_id AND b.created_at = i.created_at AND b.content = i.content
    WHERE b.speaker IS NOT DISTINCT FROM i.speaker
    UNION ALL
    SELECT i.ordinal, b.memory_id, true, false
    FROM (SELECT * FROM temp.main.incoming WHERE former IS NOT NULL) i
    JOIN temp.main.base b ON b.mind_id = i.mind_id AND b.created_at = i.created_at AND b.content = i.former
    UNION ALL
    SELECT i.ordinal, b.memory_id, true, false
    FROM (SELECT * FROM temp.main.incoming WHERE time_from_file) i
    JOIN temp.main.base b ON b.mind_id = i.mind_id AND b.content = i.content
    UNION ALL
    SELECT i.ordinal, b.memory_id, false, true
    FROM temp.main.incoming i
    JOIN temp.main.base b ON b.mind_id = i.mind_id AND b.key = i.key
    WHERE i.scope = 0 OR i.named_session IS NULL OR b.session IS NOT DISTINCT FROM i.named_session
    UNION ALL
    SELECT i.ordinal, b.memory_id, false, true
    FROM (SELECT * FROM temp.main.incoming WHERE scope > 0 AND named_session IS NOT NULL) i
    JOIN temp.main.base b ON b.mind_id = i.mind_id AND b.key = concat(i.named_session, '/', i.key)
)
SELECT p.ordinal, p.memory_id, b.source, b.mind_id, p.same, p.keyed, b.created_at = i.created_at AS timed,
       p.memory_id IN (SELECT memory_id FROM raw.deletions) AS deleted
FROM (SELECT ordinal, memory_id, bool_or(same) AS same, bool_or(keyed) AS keyed FROM pairs GROUP BY ordinal, memory_id) p
JOIN temp.main.base b USING (memory_id)
JOIN temp.main.incoming i USING (ordinal);
