-- The known memories of which the source says something else than it last did.
CREATE OR REPLACE TEMP TABLE differing AS
WITH seen AS (
    SELECT d.ordinal, d.memory_id, i.mind_id, i.content, i.metadata,
           i.content <> b.content AND i.former IS DISTINCT FROM b.content AS words_differ,
           -- Where a time was found is no part of what a source says.
           i.metadata_counts AND i.metadata <> b.metadata
               AND regexp_replace(i.metadata, ',?"time_from":"[a-z ]+"', '') <> regexp_replace(b.metadata, ',?"time_from":"[a-z ]+"', '')
               AS metadata_differs
    FROM temp.main.decided d
    JOIN temp.main.incoming i USING (ordinal)
    JOIN temp.main.base b ON b.memory_id = d.memory_id
)
SELECT s.ordinal, s.memory_id, s.mind_id, s.content, s.metadata,
       md5(concat(s.content, chr(31), s.metadata)) AS fingerprint,
       x.memory_id IS NOT NULL AS deleted,
       coalesce(h.arrival > coalesce(h.source_arrival, 0), false) AS edited_by_hand,
       coalesce(h.content, '') = s.content AS already_so
FROM seen s
LEFT JOIN (SELECT DISTINCT memory_id FROM raw.deletions) x ON x.memory_id = s.memory_id
LEFT JOIN (
    SELECT memory_id, max(arrival) FILTER (metadata IS NULL) AS arrival, max(arrival) FILTER (metadata IS NOT NULL) AS source_arrival,
           arg_max(content, arrival) AS content
    FROM raw.edits
    GROUP BY memory_id
) h ON h.memory_id = s.memory_id
LEFT JOIN codex.source_versions v
       ON v.memory_id = s.memory_id AND v.fingerprint = md5(concat(s.content, chr(31), s.metadata))
WHERE (s.words_differ OR s.metadata_differs) AND v.memory_id IS NULL;
