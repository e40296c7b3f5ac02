-- Postings of content versions that an edit has replaced: what happened before the edit was computed from them, and is again
-- by replay. Each version has a row with the empty term, so that one without words is known too.
CREATE TABLE lexical.former_postings (
    mind_id     UUID NOT NULL,
    memory_id   BIGINT NOT NULL,
    revision    BIGINT NOT NULL,
    term        VARCHAR NOT NULL,
    tf          SMALLINT NOT NULL
);
