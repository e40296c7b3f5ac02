-- What imports did, so that one can be taken back, and where collections of records were read last.

-- One row an import that changed something.
CREATE TABLE codex.import_batches (
    batch      BIGINT NOT NULL,
    started_at TIMESTAMP NOT NULL,
    paths      VARCHAR NOT NULL,       -- JSON: a list
    undone_at  TIMESTAMP               -- null while it stands
);

-- The events an import appended: arrival numbers, both ends included.
CREATE TABLE codex.import_events (batch BIGINT NOT NULL, first_arrival BIGINT NOT NULL, last_arrival BIGINT NOT NULL);

-- Where a source's records were read: a hint for the next import, never an identity.
CREATE TABLE codex.import_paths (mind_id UUID NOT NULL, source VARCHAR NOT NULL, path VARCHAR NOT NULL);

-- What a source last said of a memory where a person's edit stood against it.
CREATE TABLE codex.source_versions (memory_id BIGINT NOT NULL, fingerprint VARCHAR NOT NULL);
