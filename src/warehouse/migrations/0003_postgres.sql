-- What codex knows of the PostgreSQL it reads from and publishes to.

-- One row a source table: how far its changes have been read.
CREATE TABLE codex.intakes (
    source         VARCHAR NOT NULL,    -- as in raw.memories: postgres:<name>
    run            BIGINT NOT NULL,     -- grows by one with every read that found something
    watermark      TIMESTAMP,           -- PostgreSQL's clock, UTC, when the last change was read; null before the first read
    window_rows    BIGINT NOT NULL,     -- rows within the overlap then,
    window_hash    VARCHAR NOT NULL,    -- and what they were: a tick that finds the same has nothing to do
    reconciled_at  TIMESTAMP            -- PostgreSQL's clock, UTC, when the whole table was last compared
);

-- One row a row of a source table that has been taken in: what it was when it was last read.
CREATE TABLE codex.source_rows (
    source     VARCHAR NOT NULL,
    id         VARCHAR NOT NULL,        -- the row's id, as text
    memory_id  BIGINT NOT NULL,
    hash       UUID NOT NULL,           -- md5 of its content, metadata, mind, session, speaker and time; PostgreSQL computes it
    run        BIGINT NOT NULL,         -- the read that saw it like this
    deleted    BOOLEAN NOT NULL         -- gone from the table; should its id come back, that is another memory
);

-- One row a service that failed since it last answered.
CREATE TABLE codex.breakers (
    service     VARCHAR NOT NULL,
    failures    INTEGER NOT NULL,       -- in a row
    retry_at    TIMESTAMP,              -- when to try again; null while the circuit is closed
    last_error  VARCHAR,
    failed_at   TIMESTAMP NOT NULL
);

-- One row: this store as PostgreSQL's schema `dreams` knows it.
CREATE TABLE codex.publication (
    store_id     VARCHAR NOT NULL,      -- whose dreams they are
    version      BIGINT NOT NULL,       -- highest change noted
    acknowledged BIGINT NOT NULL,       -- highest change known to have arrived
    seen_ledger  BIGINT NOT NULL,       -- ledger row the changes are computed up to
    seen_night   BIGINT NOT NULL        -- the last transition among them
);

-- One row a row of `dreams`: what it is once all changes have arrived.
CREATE TABLE codex.published (
    relation  VARCHAR NOT NULL,
    key       VARCHAR NOT NULL,
    hash      UUID NOT NULL,            -- md5 of the row
    fluid     BOOLEAN NOT NULL          -- may change by day; the others are compared after nights only
);

-- The change log: what still has to travel to PostgreSQL.
CREATE TABLE codex.changes (
    version   BIGINT NOT NULL,
    relation  VARCHAR NOT NULL,
    key       VARCHAR NOT NULL,
    row       VARCHAR                   -- JSON; null: the row goes
);
