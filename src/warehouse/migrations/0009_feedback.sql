-- What people and programs said of a memory's use: the ground on which a mind learns what it needs. Only events that say something
-- of their own count; that a memory was retrieved, injected or evaluated is no feedback.
CREATE TABLE raw.feedback (
    arrival      BIGINT NOT NULL,
    mind_id      UUID NOT NULL,
    memory_id    BIGINT NOT NULL,
    happened_at  TIMESTAMP NOT NULL,
    kind         VARCHAR NOT NULL,    -- used, opened, cited, pinned, corrected; dismissed counts against
    source       VARCHAR NOT NULL     -- what says so: query, insight, facts, context, mcp, http, cli
);
