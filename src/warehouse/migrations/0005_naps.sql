-- A nap ends an epoch and is no night of the week: which night was the last one says whether a Sunday has begun since.
ALTER TABLE codex.progress ADD COLUMN last_night_at TIMESTAMP;
UPDATE codex.progress AS p
SET last_night_at = (
    SELECT max(l.as_of)
    FROM (SELECT unnest(minds) AS mind_id, as_of FROM codex.ledger WHERE cycle = 'deep_sleep') l
    WHERE l.mind_id = p.mind_id AND l.as_of <= p.night_at
      AND l.as_of NOT IN (SELECT n.happened_at FROM raw.naps n WHERE n.mind_id = l.mind_id));
