-- The store's fixed tables. Migrations are only ever added, never edited.
-- Every timestamp is UTC and plain TIMESTAMP: DuckDB without ICU has no arithmetic on TIMESTAMPTZ.

CREATE SCHEMA codex;
CREATE SCHEMA raw;
CREATE SCHEMA enrichment;
CREATE SCHEMA lexical;
CREATE SCHEMA state;

-- codex: the store's own bookkeeping -------------------------------------------------------------------------------

CREATE TABLE codex.meta (key VARCHAR NOT NULL, value VARCHAR NOT NULL);

-- One row a mind: where its open epoch begins and what the nights before it had seen.
CREATE TABLE codex.progress (
    mind_id          UUID NOT NULL,
    epoch            INTEGER NOT NULL,    -- number of the open epoch, from 1
    epoch_start      TIMESTAMP NOT NULL,  -- the last night; 0001-01-01 before the first
    seen_arrival     BIGINT NOT NULL,     -- highest event the last night had seen
    night_at         TIMESTAMP,           -- grid time of the last night
    chain_step       INTEGER NOT NULL,    -- steps of that night's chain already done
    chain_length     INTEGER NOT NULL,    -- steps it has; the night is complete when both are equal
    homeostasis_at   TIMESTAMP            -- last night whose chain had a homeostasis
);

-- Late memories beyond `late_per_night`, waiting for a later night.
CREATE TABLE codex.late_memories (mind_id UUID NOT NULL, memory_id BIGINT NOT NULL);

-- Every cycle that wrote anything. Rows with `transition` are what replay repeats.
CREATE TABLE codex.ledger (
    ledger_id     BIGINT NOT NULL,
    generation    INTEGER NOT NULL,   -- grows by one with every rebuild
    cycle         VARCHAR NOT NULL,   -- working, short_term, hippocampal, deep_sleep, rem_sleep, homeostasis
    transition    BOOLEAN NOT NULL,   -- false: a tick that filled caches of the open epoch
    step          INTEGER NOT NULL,   -- place in the night's chain, from 1; 0 for ticks
    as_of         TIMESTAMP NOT NULL,
    minds         UUID[] NOT NULL,
    seen_arrival  BIGINT NOT NULL,    -- highest event visible to it
    fingerprint   VARCHAR NOT NULL,   -- of the project and parameters it ran with
    models        VARCHAR NOT NULL,   -- JSON: [{"model", "rows", "ms"}]
    started_at    TIMESTAMP NOT NULL, -- wall clock
    duration_ms   DECIMAL(12, 3) NOT NULL,
    outcome       VARCHAR NOT NULL    -- 'success'
);

-- Sources and parameters once per fingerprint, so that editing a model never changes the past.
CREATE TABLE codex.projects (
    fingerprint  VARCHAR NOT NULL,
    sources      VARCHAR NOT NULL,    -- JSON: {path: text}
    parameters   VARCHAR NOT NULL     -- JSON: {name: value}
);

-- raw: the log, append-only ------------------------------------------------------------------------------------------
-- `arrival` numbers all events of the store in the order they came in; a memory's arrival is its memory_id.

CREATE TABLE raw.minds (
    mind_id     UUID NOT NULL,
    arrival     BIGINT NOT NULL,
    name        VARCHAR NOT NULL,
    time_zone   VARCHAR NOT NULL,     -- IANA name
    created_at  TIMESTAMP NOT NULL
);

CREATE TABLE raw.memories (
    memory_id    BIGINT NOT NULL,
    mind_id      UUID NOT NULL,
    created_at   TIMESTAMP NOT NULL,  -- event time
    recorded_at  TIMESTAMP NOT NULL,  -- wall clock of its arrival
    source       VARCHAR NOT NULL,    -- where it came from; (mind_id, source, key) is its identity
    key          VARCHAR NOT NULL,
    content      VARCHAR NOT NULL,
    speaker      VARCHAR,
    session      VARCHAR,
    metadata     VARCHAR NOT NULL     -- a JSON object
);

CREATE TABLE raw.edits (
    arrival     BIGINT NOT NULL,
    mind_id     UUID NOT NULL,
    memory_id   BIGINT NOT NULL,
    happened_at TIMESTAMP NOT NULL,
    content     VARCHAR NOT NULL,
    metadata    VARCHAR               -- replaces the memory's metadata where not null
);

CREATE TABLE raw.deletions (
    arrival     BIGINT NOT NULL,
    mind_id     UUID NOT NULL,
    memory_id   BIGINT NOT NULL,
    happened_at TIMESTAMP NOT NULL,
    reason      VARCHAR NOT NULL
);

CREATE TABLE raw.activations (
    arrival     BIGINT NOT NULL,
    mind_id     UUID NOT NULL,
    memory_id   BIGINT NOT NULL,
    happened_at TIMESTAMP NOT NULL,
    kind        VARCHAR NOT NULL,     -- retrieved, used
    recall_id   BIGINT NOT NULL,      -- groups what one recall brought up together: the first arrival of the group
    query       VARCHAR
);

CREATE TABLE raw.naps (
    arrival     BIGINT NOT NULL,
    mind_id     UUID NOT NULL,
    happened_at TIMESTAMP NOT NULL
);

-- enrichment: what was said of a memory's content; answers, and so part of the log ------------------------------------

CREATE TABLE enrichment.features (
    memory_id    BIGINT NOT NULL,
    revision     BIGINT NOT NULL,     -- arrival of the content it describes: memory_id, or an edit's
    mind_id      UUID NOT NULL,
    provider     VARCHAR NOT NULL,    -- rules
    version      INTEGER NOT NULL,    -- of the rules or prompt
    local_at     TIMESTAMP NOT NULL,  -- created_at on the mind's wall clock
    gist         VARCHAR NOT NULL,
    entities     VARCHAR[] NOT NULL,
    people       VARCHAR[] NOT NULL,
    places       VARCHAR[] NOT NULL,
    topics       STRUCT(label VARCHAR, weight DECIMAL(4, 3))[] NOT NULL,
    times        STRUCT(text VARCHAR, "start" TIMESTAMP, "end" TIMESTAMP)[] NOT NULL,
    actions      STRUCT(verb VARCHAR, object VARCHAR)[] NOT NULL,
    goal         VARCHAR,
    task         VARCHAR,
    act          VARCHAR NOT NULL,    -- question, statement, request, exclamation
    emotion      VARCHAR,
    egocentric   VARCHAR[] NOT NULL,
    valence      DECIMAL(4, 3) NOT NULL,  -- -1..1
    arousal      DECIMAL(4, 3) NOT NULL,  -- 0..1
    urgency      DECIMAL(4, 3) NOT NULL,  -- 0..1
    importance   DECIMAL(4, 3) NOT NULL   -- 0..1
);

-- lexical: an inverted index over the current content of every memory -----------------------------------------------

CREATE TABLE lexical.postings (
    mind_id     UUID NOT NULL,
    memory_id   BIGINT NOT NULL,
    term        VARCHAR NOT NULL,
    tf          SMALLINT NOT NULL,    -- in the content
    header_tf   SMALLINT NOT NULL     -- in the speaker's name and the date
);

CREATE TABLE lexical.documents (
    mind_id       UUID NOT NULL,
    memory_id     BIGINT NOT NULL,
    revision      BIGINT NOT NULL,
    terms         INTEGER NOT NULL,   -- content terms
    header_terms  INTEGER NOT NULL
);

-- state: what nights wrote; the state hash covers this schema and nothing else --------------------------------------

CREATE TABLE state.minds (
    mind_id    UUID NOT NULL,
    nights     INTEGER NOT NULL,
    memories   INTEGER NOT NULL       -- learned so far
);

-- One row a learned memory. Strength is as of event_at; strength at any later time is computed, never stored.
CREATE TABLE state.memory_traces (
    mind_id          UUID NOT NULL,
    memory_id        BIGINT NOT NULL,
    tier             VARCHAR NOT NULL,         -- short_term, long_term, forgotten, deleted
    reason           VARCHAR,                  -- of forgotten and deleted
    settled_at       TIMESTAMP NOT NULL,       -- the night that put it into its tier
    strength         DECIMAL(9, 6) NOT NULL,   -- 0..1
    stability        DECIMAL(12, 6) NOT NULL,  -- days until retention falls to gradual_forgetting_rate
    event_at         TIMESTAMP NOT NULL,
    learned_at       TIMESTAMP NOT NULL,
    epoch            INTEGER NOT NULL,         -- learned in
    nights           INTEGER NOT NULL,         -- waited for consolidation
    consolidated_at  TIMESTAMP,                -- night it entered long-term memory
    salience         DECIMAL(4, 3) NOT NULL,
    surprise         DECIMAL(4, 3) NOT NULL,
    replays          INTEGER NOT NULL,
    uses             INTEGER NOT NULL,
    seed             UBIGINT NOT NULL,         -- its dice: a hash of source and key, the same in every store
    merged_into      BIGINT,                   -- the earlier memory it says again
    revision         BIGINT NOT NULL           -- content version its features come from
);

CREATE TABLE state.associations (
    mind_id          UUID NOT NULL,
    source_id        BIGINT NOT NULL,
    target_id        BIGINT NOT NULL,
    kind             VARCHAR NOT NULL,         -- episodic, semantic, used, rem
    weight           DECIMAL(9, 6) NOT NULL,   -- 0..1 as of event_at
    previous_weight  DECIMAL(9, 6) NOT NULL,   -- before the last night that changed it
    event_at         TIMESTAMP NOT NULL,
    born_at          TIMESTAMP NOT NULL,
    co_activations   INTEGER NOT NULL,
    provisional      BOOLEAN NOT NULL          -- dreamt in REM sleep, not yet reinforced
);

CREATE TABLE state.pruned_associations (
    mind_id     UUID NOT NULL,
    source_id   BIGINT NOT NULL,
    target_id   BIGINT NOT NULL,
    kind        VARCHAR NOT NULL,
    weight      DECIMAL(9, 6) NOT NULL,
    pruned_at   TIMESTAMP NOT NULL,
    reason      VARCHAR NOT NULL
);

CREATE TABLE state.episodes (
    mind_id       UUID NOT NULL,
    episode_id    BIGINT NOT NULL,    -- its smallest memory_id
    epoch         INTEGER NOT NULL,
    started_at    TIMESTAMP NOT NULL,
    ended_at      TIMESTAMP NOT NULL,
    session       VARCHAR,
    boundary      VARCHAR NOT NULL,   -- why it began: start, session, gap, surprise
    memories      INTEGER NOT NULL,
    goal          VARCHAR,
    tasks         VARCHAR[] NOT NULL,
    actions       VARCHAR[] NOT NULL,
    place         VARCHAR,
    egocentric    VARCHAR,
    people        VARCHAR[] NOT NULL,
    time_of_day   VARCHAR NOT NULL,
    valence       DECIMAL(4, 3) NOT NULL,
    arousal       DECIMAL(4, 3) NOT NULL,
    emotion       VARCHAR,
    gist          VARCHAR NOT NULL,
    gist_id       BIGINT NOT NULL     -- the memory the gist is taken from
);

CREATE TABLE state.episode_memories (
    mind_id     UUID NOT NULL,
    episode_id  BIGINT NOT NULL,
    memory_id   BIGINT NOT NULL,
    position    INTEGER NOT NULL
);

-- goal -> tasks -> actions, each with the memory that says so.
CREATE TABLE state.episode_steps (
    mind_id     UUID NOT NULL,
    episode_id  BIGINT NOT NULL,
    memory_id   BIGINT NOT NULL,
    level       VARCHAR NOT NULL,     -- goal, task, action
    label       VARCHAR NOT NULL,
    goal_id     BIGINT,               -- memory of the goal it serves
    task_id     BIGINT                -- memory of the task it serves
);

CREATE TABLE state.memory_concepts (
    mind_id     UUID NOT NULL,
    memory_id   BIGINT NOT NULL,
    concept     VARCHAR NOT NULL,
    kind        VARCHAR NOT NULL,     -- topic, person, place, entity
    weight      DECIMAL(4, 3) NOT NULL
);

CREATE TABLE state.concepts (
    mind_id      UUID NOT NULL,
    concept      VARCHAR NOT NULL,
    kind         VARCHAR NOT NULL,
    memories     INTEGER NOT NULL,        -- long-term memories about it
    weight       DECIMAL(18, 6) NOT NULL, -- sum of their concept weights
    first_at     TIMESTAMP NOT NULL,
    last_at      TIMESTAMP NOT NULL,
    exemplar_id  BIGINT NOT NULL,         -- the long-term memory that stands for it
    column_id    VARCHAR NOT NULL         -- its cortical column, named after the concept that founded it
);

CREATE TABLE state.concept_edges (
    mind_id   UUID NOT NULL,
    source    VARCHAR NOT NULL,           -- source < target
    target    VARCHAR NOT NULL,
    memories  INTEGER NOT NULL,           -- long-term memories about both
    weight    DECIMAL(18, 6) NOT NULL,
    last_at   TIMESTAMP NOT NULL
);

-- How many learned memories hold a term: the IDF of segmentation and novelty, frozen from night to night.
CREATE TABLE state.lexicon (
    mind_id   UUID NOT NULL,
    term      VARCHAR NOT NULL,
    memories  INTEGER NOT NULL
);

-- MinHash bands of a memory's terms: near-duplicates share at least one (Broder 1997).
CREATE TABLE state.memory_signatures (
    mind_id    UUID NOT NULL,
    signature  UBIGINT NOT NULL,
    memory_id  BIGINT NOT NULL
);
