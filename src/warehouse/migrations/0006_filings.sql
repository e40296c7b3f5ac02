-- What people and programs say about memories beside their words. Tables of their own: a store that does not use them stays as it was.

-- Where a memory is filed: each row is the whole filing, a memory's latest one counts.
CREATE TABLE raw.filings (
    arrival      BIGINT NOT NULL,
    mind_id      UUID NOT NULL,
    memory_id    BIGINT NOT NULL,
    happened_at  TIMESTAMP NOT NULL,
    action       VARCHAR NOT NULL,    -- add, edit, move, delete, restore, cleanup, undo
    author       VARCHAR,             -- who did it, where that was said
    batch        VARCHAR,             -- the cleanup it belongs to
    reason       VARCHAR,
    space        VARCHAR,             -- working_memory, long_term_memory, personal_logs, archive; no tier
    kind         VARCHAR,             -- episodic, semantic, procedural, reflection, own ones
    archived     BOOLEAN NOT NULL,    -- out of default recall
    pinned       BOOLEAN NOT NULL,    -- never cleaned up
    importance   DECIMAL(4, 3),       -- 0..1, as its owner sees it
    source       VARCHAR,             -- where its owner has it from; its identity is raw.memories' source
    tags         VARCHAR[] NOT NULL,
    valid_from   TIMESTAMP,
    valid_until  TIMESTAMP
);

-- Relations drawn by hand: the latest row between two memories of one kind counts.
CREATE TABLE raw.relations (
    arrival         BIGINT NOT NULL,
    mind_id         UUID NOT NULL,
    memory_id       BIGINT NOT NULL,  -- from; the smaller id where it goes both ways
    other_id        BIGINT NOT NULL,  -- to
    happened_at     TIMESTAMP NOT NULL,
    author          VARCHAR,
    kind            VARCHAR NOT NULL, -- related_to, causes, contradicts, part_of, supersedes, restores, own ones
    directed        BOOLEAN NOT NULL,
    strength        DECIMAL(4, 3) NOT NULL,  -- 0..1 when it was drawn
    half_life_days  DECIMAL(12, 3),          -- NULL: it does not fade
    removed         BOOLEAN NOT NULL
);

-- What is said about a conversation: each row is the whole of it, the latest one counts. That memories belong to it, they say themselves.
CREATE TABLE raw.sessions (
    arrival      BIGINT NOT NULL,
    mind_id      UUID NOT NULL,
    happened_at  TIMESTAMP NOT NULL,
    session      VARCHAR NOT NULL,    -- as memories name it
    author       VARCHAR,
    title        VARCHAR,
    person       VARCHAR,             -- who the conversation is with
    ended_at     TIMESTAMP
);
