-- Facts about people: what texts say, read when they arrive, and what is said by hand.

-- What a content version says of a slot, by the rules of facts_version in codex.meta: derived from raw rows alone, read again by
-- another version of the rules.
CREATE TABLE enrichment.fact_readings (
    memory_id  BIGINT NOT NULL,
    revision   BIGINT NOT NULL,     -- arrival of the content: memory_id, or an edit's
    ordinal    INTEGER NOT NULL,    -- its place in the text, from 1
    mind_id    UUID NOT NULL,
    subject    VARCHAR,             -- a named person; NULL: whoever speaks
    slot       VARCHAR NOT NULL,    -- of config/slots.yaml, with its key: favourite:tea
    value      VARCHAR NOT NULL,
    positive   BOOLEAN NOT NULL,
    says       VARCHAR NOT NULL,    -- holds, was, ends, plans, recurs, corrects
    from_at    TIMESTAMP,           -- local time, where the text says so
    until_at   TIMESTAMP,
    words      VARCHAR NOT NULL     -- the very words
);

-- What people and programs say of facts by hand: events.
CREATE TABLE raw.fact_statements (
    arrival      BIGINT NOT NULL,
    mind_id      UUID NOT NULL,
    happened_at  TIMESTAMP NOT NULL,
    action       VARCHAR NOT NULL,  -- set, retract, confirm; a correction is a retraction and a setting
    subject      VARCHAR NOT NULL,
    slot         VARCHAR NOT NULL,
    value        VARCHAR NOT NULL,
    state        VARCHAR NOT NULL,  -- of what is set: current, past, planned, recurring
    valid_from   TIMESTAMP,
    valid_until  TIMESTAMP,
    author       VARCHAR,
    reason       VARCHAR
);
