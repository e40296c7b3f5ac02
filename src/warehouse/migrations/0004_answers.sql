-- What models say about memories: events of the log, each with an arrival number of its own. They are never recomputed, so a
-- replay needs no model, and never touch what nights wrote before they arrived.

CREATE TABLE raw.answers (
    arrival      BIGINT NOT NULL,
    mind_id      UUID NOT NULL,
    memory_id    BIGINT NOT NULL,     -- what it is about: a memory, an episode's or column's memory that leads to it
    revision     BIGINT NOT NULL,     -- arrival of the content it was asked about
    answered_at  TIMESTAMP NOT NULL,  -- wall clock
    kind         VARCHAR NOT NULL,    -- memory, episode, cluster, insight
    subject      VARCHAR NOT NULL,    -- the memory's or episode's number, the column's name, the insight's identity
    provider     VARCHAR NOT NULL,    -- ollama; rules where the model's answers could not be used
    model        VARCHAR NOT NULL,
    prompt       VARCHAR NOT NULL,    -- version of the prompt: its file's name and a hash of it
    content_hmac VARCHAR NOT NULL,    -- of what was asked, with the store's key: finds an answer again without keeping the words
    asked        BOOLEAN NOT NULL,    -- false: the answer to the same words was used again
    repaired     BOOLEAN NOT NULL,    -- it took a second request
    clamped      INTEGER NOT NULL,    -- values out of range, or without evidence in the text, that were set right
    answer       VARCHAR NOT NULL     -- the validated answer, a JSON object
);

-- Vectors of contents, each of one model; models are never mixed. A list of one length a model: DuckDB scans lists as fast as arrays.
CREATE TABLE enrichment.vectors (
    arrival    BIGINT NOT NULL,
    mind_id    UUID NOT NULL,
    memory_id  BIGINT NOT NULL,
    revision   BIGINT NOT NULL,      -- arrival of the content
    model      VARCHAR NOT NULL,     -- provider:name
    vector     FLOAT[] NOT NULL      -- of length 1
);

-- What could not be had yet, and when to try again.
CREATE TABLE enrichment.retries (
    mind_id    UUID NOT NULL,
    memory_id  BIGINT NOT NULL,
    revision   BIGINT NOT NULL,
    kind       VARCHAR NOT NULL,     -- memory, episode, cluster, insight, vector
    subject    VARCHAR NOT NULL,
    model      VARCHAR NOT NULL,
    attempts   INTEGER NOT NULL,
    retry_at   TIMESTAMP NOT NULL,   -- wall clock
    reason     VARCHAR NOT NULL
);

-- An answer's features are a version of their own beside the rules': revision is the answer's arrival.
ALTER TABLE enrichment.features ADD COLUMN describes BIGINT;   -- arrival of the content; NULL: revision itself
ALTER TABLE enrichment.features ADD COLUMN task_type VARCHAR;  -- what kind of work it is about, where a model says so
