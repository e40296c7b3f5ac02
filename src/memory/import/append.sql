-- New memories, in the order in which they were read, numbered from after $1. A key is unique among what its source has:
-- a record's own id, with its conversation where another record has that id, with a number where that is not enough; without
-- an id, a hash of what the record says.
INSERT INTO raw.memories
WITH fresh AS (
    SELECT d.ordinal, i.mind_id, d.source, i.created_at, i.content, i.speaker, i.session, i.metadata,
           coalesce(i.key, concat('md5:', md5(concat_ws(chr(31), i.mind_id, d.source, i.created_at, i.speaker, i.session, i.content)))) AS key,
           CASE WHEN i.key IS NOT NULL AND i.session IS NOT NULL THEN concat(i.session, '/', i.key) END AS longer_key
    FROM temp.main.decided d
    JOIN temp.main.incoming i USING (ordinal)
    WHERE d.source IS NOT NULL
),
taken AS (
    SELECT DISTINCT m.mind_id, m.source, m.key
    FROM raw.memories m
    SEMI JOIN (SELECT DISTINCT mind_id, source FROM fresh) USING (mind_id, source)
    ANTI JOIN (SELECT memory_id FROM raw.deletions WHERE reason = 'import undone') USING (memory_id)
),
counted AS (
    SELECT f.*, count(*) OVER (PARTITION BY f.mind_id, f.source, f.key) AS doubles, t.key IS NOT NULL AS is_taken
    FROM fresh f
    LEFT JOIN taken t USING (mind_id, source, key)
),
lengthened AS (
    SELECT * EXCLUDE (key, longer_key, doubles, is_taken),
           CASE WHEN doubles > 1 OR is_taken THEN coalesce(longer_key, key) ELSE key END AS key
    FROM counted
),
numbered AS (
    SELECT l.*, row_number() OVER (PARTITION BY l.mind_id, l.source, l.key ORDER BY l.ordinal) + coalesce(b.before, 0) AS nth
    FROM lengthened l
    LEFT JOIN (
        SELECT mind_id, source, regexp_replace(key, '#[0-9]+$', '') AS key, count(*) AS before FROM taken GROUP BY ALL
    ) b USING (mind_id, source, key)
)
SELECT $1::BIGINT + row_number() OVER (ORDER BY ordinal), mind_id, created_at, $2::TIMESTAMP, source,
       CASE WHEN nth > 1 THEN concat(key, '#', nth) ELSE key END, content, speaker, session, metadata
FROM numbered
ORDER BY ordinal
